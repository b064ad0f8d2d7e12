# SPDX-License-Identifier: Apache-2.0
"""Real servers on one machine, for ``make demo`` and for the tests: what a company runs in three regions."""
