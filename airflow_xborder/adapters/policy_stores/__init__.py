# SPDX-License-Identifier: Apache-2.0
"""Where the policies in force come from."""
