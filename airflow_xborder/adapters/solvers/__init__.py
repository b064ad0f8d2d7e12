# SPDX-License-Identifier: Apache-2.0
"""Solvers of the choice among plans."""
