# SPDX-License-Identifier: Apache-2.0
"""Three values, written naively: true, false, and None for unknown."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def conjoin(truths: Iterable[Truth]) -> Truth:
    truths = list(truths)
    return False if False in truths else None if None in truths else True


def disjoin(truths: Iterable[Truth]) -> Truth:
    truths = list(truths)
    return True if True in truths else None if None in truths else False


def negate(truth: Truth) -> Truth:
    return None if truth is None else not truth
