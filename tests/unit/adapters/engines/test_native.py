# SPDX-License-Identifier: Apache-2.0
"""The native engine answers alike for alike questions, and keeps nothing in between."""

from __future__ import annotations

from copy import deepcopy

from airflow_xborder.adapters.engines.native import NAME, NativeEngine
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.ports.policy_engine import Question
from tests.deployment import NOW, PACK


def question(destination: str) -> Question:
    flow = DataFlow.parse(
        {"source": "DE", "destination": destination, "data_categories": ["personal_data.contact.email"]}
    )
    frame = Frame(decision_id="1", as_of=NOW, evaluated_at=NOW, simulated=False, engine=NAME)
    return Question(facts=normalise(flow, complete=True), policies=Policies([deepcopy(PACK)]), frame=frame)


def test_it_answers_and_says_who_it_is() -> None:
    decision = NativeEngine().decide(question("FR"))
    assert (decision.outcome, decision.engine) == (Outcome.ALLOW, NAME)


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    engine = NativeEngine()
    first = engine.decide(question("US"))
    engine.decide(question("FR"))
    assert engine.decide(question("US")) == first
