# SPDX-License-Identifier: Apache-2.0
"""What the law says about one flow: pure, standard library only, no clock and no I/O."""
