# SPDX-License-Identifier: Apache-2.0
"""Laws are not timed: a busy machine must not break one."""

from hypothesis import settings

settings.register_profile("laws", deadline=None)
settings.load_profile("laws")
