# SPDX-License-Identifier: Apache-2.0
"""Keys that sign and check checkpoints."""
