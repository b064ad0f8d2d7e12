# SPDX-License-Identifier: Apache-2.0
"""The embedded Rego and a real OPA answer alike: the sample policy on generated flows, and the whole self-test."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_xborder.adapters.engines.opa import OpaEngine
from airflow_xborder.adapters.engines.rego import RegoEngine
from airflow_xborder.adapters.engines.rego_selftest import EXPECTED, INPUT, POLICY
from airflow_xborder.core.decision import Outcome
from tests.engines import ALIASES, CONSENT, REGO, make_question
from tests.tools.servers import OpaServer

pytest.importorskip("regorus", reason="the extra `rego` is not installed")
pytestmark = pytest.mark.integration

ends = st.sampled_from(
    [{"region": "eu"}, {"region": "us"}, {"region": "jp"}, {"country": "DE"}, {"country": "US", "subdivision": "US-IL"},
     {"region": "us", "country": "US"}, {"store": "s3://somewhere"}]
)  # fmt: skip
consents = st.builds(
    lambda coverage, purpose: {**CONSENT, **({"coverage": coverage} if coverage else {}), "purpose": purpose},
    st.sampled_from(["0", "0.93", "1", "1.0", None]),
    st.sampled_from(["ml_inference", "marketing"]),
)
changes = st.fixed_dictionaries(
    {"source": ends, "destination": ends},
    optional={
        "purpose": st.sampled_from(["ml_inference", "marketing", "ml_training"]),
        "consent": consents,
        "places": st.dictionaries(
            st.sampled_from(["processing", "access", "backup"]), st.lists(ends, max_size=2), max_size=2
        ),
        "subjects": st.just({"countries": ["DE"], "us_persons": False}),
        "retention_days": st.just(30),
    },
)
questions = st.builds(
    lambda fields, filters: make_question(filters_rows=filters, **fields), changes, st.booleans()
)


@pytest.fixture(scope="module", params=["new syntax", "old syntax"])
def engines(request: pytest.FixtureRequest) -> tuple[RegoEngine, OpaEngine]:
    old = request.param == "old syntax"
    server = request.getfixturevalue("opa_v0_server" if old else "opa_server")
    file = REGO / ("crossborder_v0.rego" if old else "crossborder.rego")
    server.put_policy("crossborder", file.read_text())
    return RegoEngine([file], aliases=ALIASES, old_syntax=old), OpaEngine(server.url, aliases=ALIASES)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(questions, min_size=1, max_size=10))
def test_both_answer_generated_flows_alike(engines: tuple[RegoEngine, OpaEngine], asked: list[Any]) -> None:
    embedded, server = engines
    for one, other in zip(embedded.decide_many(asked), server.decide_many(asked), strict=True):
        assert _answer(one) == _answer(other)


def test_the_sample_allows_and_denies_and_leaves_to_a_person(engines: tuple[RegoEngine, OpaEngine]) -> None:
    asked = [
        make_question(consent=CONSENT),
        make_question(),
        make_question(destination={"store": "s3://somewhere"}),
    ]
    for engine in engines:
        assert [decision.outcome for decision in engine.decide_many(asked)] == [
            Outcome.ALLOW,
            Outcome.DENY,
            Outcome.REVIEW,
        ]


def test_the_selftest_expects_what_opa_answers(opa_server: OpaServer) -> None:
    opa_server.put_policy("selftest", POLICY)
    reply = requests.post(f"{opa_server.url}/v1/data/selftest", json={"input": dict(INPUT)}, timeout=10)
    answered = reply.json()["result"]
    for rule, expected in EXPECTED.items():
        found = answered.get(rule, EXPECTED["undefined"])
        assert (type(found), found) == (type(expected), expected), rule


def _answer(decision: Any) -> tuple[Any, ...]:
    details = [dict(reason.parameters).get("detail") for reason in decision.reasons]
    return decision.outcome, details, decision.missing_facts, [entry.type for entry in decision.obligations]
