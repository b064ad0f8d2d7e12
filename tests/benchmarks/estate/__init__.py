# SPDX-License-Identifier: Apache-2.0
"""A made-up world for benchmarks: the law of 30 jurisdictions at any size, and flows between them. Seeded."""
