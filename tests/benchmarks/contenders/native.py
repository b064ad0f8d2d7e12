# SPDX-License-Identifier: Apache-2.0
"""Our engine, in three ways: the answer alone, the whole decision with its explanation, and from a raw flow."""

from __future__ import annotations

from typing import Any

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.ports.policy_engine import Question
from tests.benchmarks.estate.traffic import Flow
from tests.benchmarks.estate.world import World, read

ENGINE = NativeEngine()
# An outcome, and the ids of what is not met, or may not be.
Said = tuple[str, tuple[str, ...]]


def answer(question: Question) -> Any:
    """Return the answer, by the cheapest way that the engine has."""
    ask = getattr(ENGINE, "answer", None) or ENGINE.decide
    found = ask(question)
    return found.outcome, found.violated if hasattr(found, "violated") else found.violations


def decide(question: Question) -> dict[str, Any]:
    """Return the whole decision as plain data, explanation included."""
    return ENGINE.decide(question).to_dict()


def decide_raw(world: World, flow: Flow) -> Any:
    """Return the answer to a flow in plain data."""
    return answer(world.ask(read(flow)))
