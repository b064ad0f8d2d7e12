# SPDX-License-Identifier: Apache-2.0
"""From documents that people write to core objects: strict, with file, line and column."""
