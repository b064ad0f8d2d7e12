# SPDX-License-Identifier: Apache-2.0
"""Use cases: what the package does, on ports."""
