# SPDX-License-Identifier: Apache-2.0
"""A reviewer's row in the register, from the question it answers to the record of what it let pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.explanation import explain
from airflow_xborder.errors import FlowError
from airflow_xborder.ports.policy_engine import Question
from airflow_xborder.services.gate import GateOptions
from tests.deployment import Deployment, flow

TARGET_EU = "postgres://pg-eu:5432/appdb.public.copy"


def rule(name: str, **fields: Any) -> dict[str, Any]:
    """Return a requirement that leaves personal data to a person."""
    return {
        "requirement_id": name,
        "jurisdiction": "EU",
        "description": f"A person judges {name}.",
        "citation": f"Test {name}",
        "effect": "review",
        "when": "personal_data",
        "constraints": [{"evidence": "dpo_review"}],
        "effective_date": "2018-05-25",
        **fields,
    }


def make_deployment(*rules: dict[str, Any]) -> Deployment:
    """Return a deployment whose rules ask a person; one, `test.judgement`, unless others are given."""
    deployment = Deployment()
    deployment.pack["requirements"] += list(rules) or [rule("test.judgement")]
    deployment.catalog["reviewers"] = [{"jurisdiction": "EU", "role": "dpo", "users": ["dana"]}]
    return deployment


def approval(key: str | None, **fields: Any) -> dict[str, Any]:
    """Return a row that answers `test.judgement` for all of 2026."""
    return {
        "key": key,
        "requirements": ["test.judgement"],
        "role": "dpo",
        "reference": "APR-1",
        "reason": "looked at it",
        "granted_at": "2026-01-01",
        "valid_until": "2026-12-31",
        **fields,
    }


def decide_with(deployment: Deployment, *rows: dict[str, Any], **request: Any) -> Decision:
    """Return the decision of the deployment with these rows in its register, as a new process would take it."""
    deployment.catalog["registers"]["approvals"] = list(rows)
    deployment.restart()
    return deployment.decide(**request).decision


def key_of(deployment: Deployment, **request: Any) -> str:
    """Return what an approval has to be keyed on."""
    key = decide_with(deployment, **request).approval_key
    assert key is not None
    return key


def test_a_review_says_what_an_approval_is_keyed_on_and_the_row_lets_it_pass() -> None:
    deployment = make_deployment()
    asked = decide_with(deployment)
    assert asked.outcome is Outcome.REVIEW
    decision = decide_with(deployment, approval(asked.approval_key))
    assert decision.allowed
    assert (decision.reasons, decision.violations) == ((), ())
    (approved,) = decision.approvals
    assert (approved.reference, approved.role, approved.answers) == ("APR-1", "dpo", ("test.judgement",))


def test_a_reader_is_told_the_key_and_afterwards_who_approved() -> None:
    deployment = make_deployment()
    asked = decide_with(deployment)
    assert asked.approval_key is not None
    assert asked.approval_key in explain(asked)
    told = explain(decide_with(deployment, approval(asked.approval_key)))
    assert "approved by dpo, APR-1: test.judgement" in told
    assert "approval key" not in told


def test_the_record_of_an_allow_shows_the_approval_that_it_rests_on() -> None:
    deployment = make_deployment()
    key = key_of(deployment)
    decide_with(deployment, approval(key))
    bodies = [event.body["decision"] for event in deployment.events("eu")]
    (allowed,) = [body for body in bodies if body["outcome"] == "allow"]
    assert allowed["approval_key"] == key
    assert [entry["reference"] for entry in allowed["approvals"]] == ["APR-1"]
    assert len({event.decision_key for event in deployment.events("eu")}) == 2, (
        "asked and approved are two answers"
    )
    assert b"looked at it" not in deployment.events("eu")[0].to_bytes()


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({}, True),
        ({"valid_until": "2026-11-24"}, True),
        ({"valid_until": "2026-11-23"}, False),
        ({"granted_at": "2026-11-24"}, True),
        ({"granted_at": "2026-11-25"}, False),
        ({"recorded_at": "2026-11-24"}, True),
        ({"recorded_at": "2026-11-25"}, False),
        ({"key": "0" * 64}, False),
        ({"requirements": ["test.transfer"]}, False),
        ({"requirements": None, "gaps": ["US"]}, False),
        ({"max_count": 10**9}, False),
    ],
    ids=str,
)
def test_it_counts_only_while_it_stands_and_for_what_it_names(change: dict[str, Any], stands: bool) -> None:
    deployment = make_deployment()
    row = {**approval(key_of(deployment)), **change}
    assert decide_with(deployment, row).allowed is stands


@pytest.mark.parametrize(("n", "stands"), [(0, True), (999, True), (1000, True), (1001, False)])
def test_a_count_above_the_ceiling_is_another_matter(n: int, stands: bool) -> None:
    deployment = make_deployment()
    deployment.catalog["datasets"][0]["counts"] = [{"category": "personal_data", "n": 10}]
    key = key_of(deployment)
    deployment.catalog["datasets"][0]["counts"][0]["n"] = n
    decision = decide_with(deployment, approval(key, max_count=1000))
    assert decision.allowed is stands
    assert decision.approval_key == key, "counts are not in the key"


def test_an_author_cannot_claim_a_count_below_the_ceiling() -> None:
    deployment = make_deployment()
    asked = flow(counts=[{"category": "personal_data", "n": 1}])
    key = key_of(deployment, flow=asked)
    assert not decide_with(deployment, approval(key, max_count=1000), flow=asked).allowed


def test_an_allow_stands_no_longer_than_its_approval() -> None:
    deployment = make_deployment()
    key = key_of(deployment)
    until = decide_with(deployment, approval(key, valid_until="2026-12-01")).valid_until
    assert until is not None and until.isoformat() == "2026-12-02T00:00:00+00:00"
    deployment.clock.moment = until - timedelta(microseconds=1)
    assert decide_with(deployment, approval(key, valid_until="2026-12-01")).allowed
    deployment.clock.moment = until
    assert decide_with(deployment, approval(key, valid_until="2026-12-01")).outcome is Outcome.REVIEW


def test_a_review_stands_until_an_approval_of_it_begins() -> None:
    deployment = make_deployment()
    key = key_of(deployment)
    until = decide_with(deployment, approval(key, granted_at="2026-11-30")).valid_until
    assert until is not None and until.isoformat() == "2026-11-30T00:00:00+00:00"


def test_each_review_needs_its_own_answer_and_rows_add_up() -> None:
    deployment = make_deployment(rule("test.one"), rule("test.two"))
    key = key_of(deployment)
    one = approval(key, requirements=["test.one"])
    two = approval(key, requirements=["test.two"], reference="APR-2")
    partly = decide_with(deployment, one)
    assert partly.outcome is Outcome.REVIEW
    assert [dict(reason.parameters)["citation"] for reason in partly.reasons] == ["Test test.two"]
    assert [entry.reference for entry in partly.approvals] == ["APR-1"]
    whole = decide_with(deployment, one, two)
    assert whole.allowed
    assert [entry.reference for entry in whole.approvals] == ["APR-1", "APR-2"]


def test_a_conflict_is_answered_by_its_pair() -> None:
    fields = {"effect": "require", "constraints": ["personal_data"]}
    deployment = make_deployment(
        rule("test.keep", **fields, conflicts=["test.erase"]), rule("test.erase", **fields)
    )
    key = key_of(deployment)
    assert not decide_with(deployment, approval(key, requirements=["test.keep", "test.erase"])).allowed
    row = approval(key, requirements=None, conflicts=[["test.keep", "test.erase"]])
    assert decide_with(deployment, row).allowed


def test_a_place_without_rules_is_answered_by_its_name() -> None:
    deployment = make_deployment(rule("test.none", when="non_personal"))
    deployment.pack["covers"] = ["EU"]
    key = key_of(deployment)
    assert not decide_with(deployment, approval(key, requirements=["US"])).allowed
    assert decide_with(deployment, approval(key, requirements=None, gaps=["US", "US-VA"])).allowed


class TestWhatNobodyCanAnswer:
    def test_a_denial(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment), requirements=["test.judgement", "test.transfer"])
        deployment.catalog["registers"]["evidence"] = []
        decision = decide_with(deployment, row)
        assert decision.outcome is Outcome.DENY
        assert (decision.approval_key, decision.approvals) == (None, ())

    def test_a_gap_that_the_deployment_denies(self) -> None:
        deployment = make_deployment(rule("test.none", when="non_personal"))
        deployment.pack["covers"] = ["EU"]
        row = approval(key_of(deployment), requirements=None, gaps=["US", "US-VA"])
        deployment.options = GateOptions(worker_region="eu", on_gap=Outcome.DENY)
        assert decide_with(deployment, row).outcome is Outcome.DENY

    def test_a_missing_fact(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment))
        deployment.catalog["datasets"][0]["categories"]["shoe_size"] = "data.unknown"
        decision = decide_with(deployment, row)
        assert decision.outcome is Outcome.REVIEW
        assert decision.approval_key is None, "the fact is added, and the flow decided again"

    def test_a_restriction(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment))
        deployment.catalog["registers"]["restrictions"] = [{"id": "case-1", "match": "*"}]
        assert decide_with(deployment, row).approval_key is None

    def test_an_obligation_that_nobody_carries_out(self) -> None:
        owed = rule("test.judgement", obligations=["pseudonymise"])
        deployment = make_deployment(owed)
        row = approval(key_of(deployment))
        assert decide_with(deployment, row).outcome is Outcome.DENY
        decision = decide_with(deployment, row, discharges=frozenset({"pseudonymise"}), step="discharging")
        assert decision.allowed
        assert [entry.because for entry in decision.obligations] == [("test.judgement",)]

    def test_another_engines_review(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment))
        deployment.engines = (NativeEngine(), Doubting())
        assert decide_with(deployment, row).outcome is Outcome.REVIEW


class Doubting:
    """An engine that wants a person to look, and does not say why."""

    name = "doubting"

    def decide(self, question: Question) -> Decision:
        answer = NativeEngine().decide(question)
        return answer.with_changes(outcome=Outcome.REVIEW, reasons=(), applicable=(), conflicts=())


class TestReleases:
    def test_one_that_touches_other_rules_voids_nothing(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment))
        deployment.pack["version"] = "2"
        deployment.pack["requirements"][1]["description"] = "Health data needs consent, as ever."
        deployment.pack["requirements"].append(rule("test.other", when="non_personal"))
        deployment.catalog["aliases"]["purposes"]["bi"] = "analytics"
        assert decide_with(deployment, row).allowed

    def test_one_that_changes_the_deciding_rule_voids(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment))
        deployment.pack["requirements"][2]["constraints"] = [{"evidence": "dpia"}]
        decision = decide_with(deployment, row)
        assert decision.outcome is Outcome.REVIEW
        assert decision.approval_key != row["key"]

    def test_one_with_another_review_voids(self) -> None:
        deployment = make_deployment()
        row = approval(key_of(deployment))
        deployment.pack["requirements"].append(rule("test.other"))
        assert decide_with(deployment, row).outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "abc"}, "registers.approvals[0].key: no approval key"),
        ({"role": "intern"}, "registers.approvals[0].role: no reviewer has the role `intern`"),
        ({"requirements": None}, "registers.approvals[0]: an approval of nothing"),
        ({"valid_until": None}, "registers.approvals[0].valid_until: missing"),
        ({"valid_until": "2025-01-01"}, "is before `granted_at`"),
        ({"conflicts": [["test.one"]]}, "a conflict is between two requirements"),
        ({"reference": "dana said yes"}, "registers.approvals[0].reference: no identifier"),
        ({"max_count": -1}, "registers.approvals[0].max_count: expected a number that is not negative"),
    ],
)
def test_a_row_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowError) as caught:
        decide_with(make_deployment(), {**approval("0" * 64), **change})
    assert message in caught.value.message


def test_two_rows_have_two_references() -> None:
    with pytest.raises(FlowError, match="`APR-1` has a row already"):
        decide_with(make_deployment(), approval("0" * 64), approval("1" * 64))
