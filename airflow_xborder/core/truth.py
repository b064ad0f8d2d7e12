# SPDX-License-Identifier: Apache-2.0
"""Three-valued truth (Kleene's strong logic): what an answer is made of while facts may be missing."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """TRUE, FALSE, or UNKNOWN because a fact is missing."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, value: bool | None) -> Truth:
        """Lift a Boolean; ``None`` is unknown."""
        if value is None:
            return cls.UNKNOWN
        return cls.TRUE if value else cls.FALSE

    def __invert__(self) -> Truth:
        if self is Truth.UNKNOWN:
            return self
        return Truth.FALSE if self is Truth.TRUE else Truth.TRUE

    def __bool__(self) -> bool:
        raise TypeError("a Truth has three values: compare it with `is`")


# Members by a name of their own: looking one up in its class takes longer than most questions.
TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def all_of(truths: Iterable[Truth]) -> Truth:
    """Conjoin: FALSE wins, then UNKNOWN; TRUE for none."""
    answer = Truth.TRUE
    for truth in truths:
        if truth is Truth.FALSE:
            return truth
        if truth is Truth.UNKNOWN:
            answer = truth
    return answer


def any_of(truths: Iterable[Truth]) -> Truth:
    """Disjoin: TRUE wins, then UNKNOWN; FALSE for none."""
    answer = Truth.FALSE
    for truth in truths:
        if truth is Truth.TRUE:
            return truth
        if truth is Truth.UNKNOWN:
            answer = truth
    return answer
