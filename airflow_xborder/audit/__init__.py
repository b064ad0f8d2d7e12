# SPDX-License-Identifier: Apache-2.0
"""The evidence as bytes and hashes: pure, standard library only, no input or output, no clock.

Start with ``event.py`` (what is recorded) and ``verification.py`` (how it is checked).
"""
