# SPDX-License-Identifier: Apache-2.0
"""What engines are compared by: the outcome, and the ids of the requirements that are not met, or may not be."""

from __future__ import annotations

from typing import TypeAlias

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.decision import Decision
from airflow_xborder.ports.policy_engine import Question

# Sorted ids; ``None`` where an engine does not tell, and nothing can be compared.
Said: TypeAlias = tuple[str, tuple[str, ...] | None]


def say(engine: NativeEngine, question: Question) -> Said:
    """Ask our engine for the answer alone."""
    found = engine.answer(question)
    return found.outcome.value, found.violated


def said_by(decision: Decision) -> Said:
    """Read a whole decision."""
    return decision.outcome.value, tuple(sorted(one.requirement_id for one in decision.violations))
