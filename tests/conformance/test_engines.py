# SPDX-License-Identifier: Apache-2.0
"""What holds for every policy engine: it answers in the question's frame, alike each time, several as each alone."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_xborder.adapters.engines.cached import CachedEngine
from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.adapters.engines.opa import OpaEngine
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.ports.policy_engine import PolicyEngine, Question
from tests.engines import ALIASES, CONSENT, NOON, REGO, make_question
from tests.factories import make_pack, make_row

# What the sample policy says, as a pack: only that which the engines' answers have in common is compared.
PACK = make_pack("t", make_row("t.rule", when={"purpose": "marketing"}, effect="forbid", triggers=[]))


class Clock:
    def now(self) -> Any:
        return NOON + timedelta(seconds=1)


@pytest.fixture(params=["native", "cached", "opa", "rego"])
def engine(request: pytest.FixtureRequest) -> PolicyEngine:
    if request.param == "native":
        return NativeEngine()
    if request.param == "cached":
        return CachedEngine(NativeEngine(), Clock())
    if request.param == "opa":
        server = request.getfixturevalue("opa_server")
        server.put_policy("crossborder", (REGO / "crossborder.rego").read_text())
        return OpaEngine(server.url, aliases=ALIASES)
    pytest.importorskip("regorus", reason="the extra `rego` is not installed")
    from airflow_xborder.adapters.engines.rego import RegoEngine

    return RegoEngine([REGO / "crossborder.rego"], aliases=ALIASES)


def ask(**changes: Any) -> Question:
    places = {"source": {"region": "eu", "country": "DE"}, "destination": {"region": "us", "country": "US"}}
    fields = {**places, "data_categories": ["personal_data.contact.email"], **changes}
    return replace(make_question(**fields), policies=Policies([PACK]))


QUESTIONS = [
    {"consent": CONSENT, "flow_id": "first"},
    {"purpose": "marketing", "flow_id": "second"},
    {"destination": {"store": "s3://somewhere"}, "flow_id": "third"},
    {"consent": CONSENT, "flow_id": "again"},
]


def test_it_answers_in_the_frame_of_the_question(engine: PolicyEngine) -> None:
    question = ask(consent=CONSENT, flow_id="f-1")
    frame = replace(question.frame, decision_id="d-9", simulated=True, evaluated_at=NOON + timedelta(hours=1))
    decision = engine.decide(replace(question, frame=frame))
    assert (decision.flow_id, decision.decision_id, decision.simulated) == ("f-1", "d-9", True)
    assert (decision.as_of, decision.evaluated_at) == (NOON, NOON + timedelta(hours=1))
    assert decision.policy_digest == question.policies.digest
    assert decision.engine.startswith(engine.name)


def test_the_same_question_has_the_same_answer(engine: PolicyEngine) -> None:
    assert len({engine.decide(ask(**QUESTIONS[0])).decision_key for _ in range(3)}) == 1
    assert engine.decide(ask(**QUESTIONS[0])) == engine.decide(ask(**QUESTIONS[0]))


def test_several_questions_are_answered_as_each_alone(engine: PolicyEngine) -> None:
    questions = [ask(**fields) for fields in QUESTIONS]
    alone = [engine.decide(question) for question in questions]
    assert engine.decide_many(questions) == alone
    assert [decision.outcome for decision in alone] == [
        Outcome.ALLOW,
        Outcome.DENY,
        Outcome.REVIEW,
        Outcome.ALLOW,
    ]
    assert engine.decide_many([]) == []


def test_its_answer_travels_between_processes(engine: PolicyEngine) -> None:
    decision = engine.decide(ask(**QUESTIONS[1]))
    assert pickle.loads(pickle.dumps(decision)) == decision


def test_it_says_whether_its_answers_may_be_kept(engine: PolicyEngine) -> None:
    assert engine.repeatable is engine.name.startswith("native/")
