# SPDX-License-Identifier: Apache-2.0
"""Ledgers: what ``ports.ledger`` promises, on real parts."""
