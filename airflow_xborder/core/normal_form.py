# SPDX-License-Identifier: Apache-2.0
"""Conditions as clauses: all of them hold, each because some question in it is answered yes, or no, as it says.

The rewriting is exact for three-valued answers: Kleene's logic is distributive, and De Morgan's laws hold in it
(S. C. Kleene, *Introduction to Metamathematics*, 1952, section 64).
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import NamedTuple, TypeAlias

from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.requirement import Alternative


class Literal(NamedTuple):
    """A question, and whether it must hold or must not."""

    question: Condition
    holds: bool = True


Clause: TypeAlias = tuple[Literal, ...]
_MOST = 16


def clauses_of(condition: Condition, holds: bool = True) -> list[Clause]:
    """Return the clauses of a condition, or of its contrary; none for what is always so, an empty one for never.

    A part that would multiply into too many clauses stays a question of its own.
    """
    match condition:
        case Not():
            return clauses_of(condition.condition, not holds)
        case Alternative():
            return clauses_of(condition.needs, holds)
        case All() | Any():
            parts = [clauses_of(part, holds) for part in condition.conditions]
            if isinstance(condition, All) is holds:
                return [clause for part in parts for clause in part]
            if prod(map(len, parts)) > _MOST:
                return [(Literal(condition, holds),)]
            return [sum(chosen, ()) for chosen in product(*parts)]
        case _:
            return [(Literal(condition, holds),)]
