# SPDX-License-Identifier: Apache-2.0
"""Implementations of the ports, family by family; families do not know each other."""
