# SPDX-License-Identifier: Apache-2.0
"""The cluster policy; the guard that it attaches follows."""
