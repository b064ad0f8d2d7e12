# SPDX-License-Identifier: Apache-2.0
"""What engines are compared by: the outcome, and the ids of the requirements that are certainly not met."""

from __future__ import annotations

from typing import TypeAlias

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.ports.policy_engine import Question

# Nothing is compared where an engine does not tell what is violated.
Said: TypeAlias = tuple[str, frozenset[str] | None]


def say(engine: NativeEngine, question: Question) -> Said:
    """Ask our engine for the answer alone, by the cheapest way that it has."""
    if hasattr(engine, "answer"):
        found = engine.answer(question)
        return found.outcome.value, frozenset(found.violated)
    return said_by(engine.decide(question))


def said_by(decision: Decision) -> Said:
    """Read a whole decision."""
    violated = {
        one.requirement_id
        for one in decision.applicable
        if one.status == "unmet"
        and one.outcome is not Outcome.ALLOW
        and one.requirement_id not in decision.overridden
    }
    return decision.outcome.value, frozenset(violated)
