# SPDX-License-Identifier: Apache-2.0
"""The deployment on real servers."""

from tests.regional import databases, regional

__all__ = ["databases", "regional"]
