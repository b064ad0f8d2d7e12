# SPDX-License-Identifier: Apache-2.0
"""The output contract."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from airflow_xborder.core.decision import Duty, Obligation, Outcome, Remediation, strictest
from tests.factories import TODAY, decide, make_pack, make_row

KEYS = [
    "flow_id", "decision_id", "decision_key", "outcome", "allowed", "is_transfer", "simulated", "as_of", "evaluated_at", "valid_until",
    "policy_digest", "facts_digest", "engine", "regimes", "not_considered", "partitions", "applicable", "violations", "reasons",
    "missing_facts", "conflicts", "overridden", "obligations", "duties", "carries", "remediations", "warnings",
]  # fmt: skip


def test_strictness() -> None:
    assert strictest([]) is Outcome.ALLOW
    assert strictest([Outcome.REVIEW, Outcome.DENY, Outcome.ALLOW]) is Outcome.DENY
    assert [outcome.strictness for outcome in (Outcome.ALLOW, Outcome.REVIEW, Outcome.DENY)] == [0, 1, 2]


def test_it_is_written_in_the_order_of_the_contract() -> None:
    decision = decide(
        [make_pack("t", make_row(citation="Art. 1", constraints=[{"evidence": "tia"}]))], flow_id="f"
    )
    data = decision.to_dict()
    assert list(data) == KEYS
    assert json.loads(json.dumps(data)) == data
    assert (data["flow_id"], data["outcome"], data["allowed"], data["as_of"]) == (
        "f",
        "deny",
        False,
        "2026-11-21T12:00:00.000Z",
    )
    assert data["applicable"] == [
        {
            "requirement_id": "t.rule",
            "status": "unmet",
            "citation": "Art. 1",
            "level": "national",
            "review_required": False,
        }
    ]
    assert data["violations"] == [
        {
            "requirement_id": "t.rule",
            "citation": "Art. 1",
            "unmet": ["evidence tia"],
            "explanation": "A rule of a test.",
        }
    ]
    assert data["regimes"] == [{"id": "t", "is_transfer": False, "outcome": "deny"}]
    assert data["valid_until"] is None


def test_the_rest_of_it_is_written_too() -> None:
    decision = decide([make_pack("t", connects=[{"source.country": "JP"}])]).with_changes(
        remediations=(Remediation("stay", Outcome.ALLOW, 1),),
        partitions=(((("residence", "DE"),), Outcome.REVIEW),),
        duties=(Duty("notice", "met", "r", "NOTICE-4"), Duty("record", "open", "r")),
        obligations=(Obligation("pseudonymise", (("k", "5"),), ("r",)),),
        valid_until=datetime(2027, 1, 1, tzinfo=timezone.utc),
    )
    data = decision.to_dict()
    assert data["remediations"] == [{"change": "stay", "makes": "allow", "cost": 1}]
    assert data["partitions"] == [{"where": {"residence": "DE"}, "outcome": "review"}]
    assert data["duties"] == [
        {"type": "notice", "state": "met", "because": "r", "evidence": "NOTICE-4"},
        {"type": "record", "state": "open", "because": "r"},
    ]
    assert data["obligations"] == [{"type": "pseudonymise", "parameters": {"k": "5"}, "because": ["r"]}]
    assert decision.obligations[0].parameter_dict == {"k": "5"}
    assert data["not_considered"][0]["id"] == "t"
    assert data["valid_until"] == "2027-01-01T00:00:00.000Z"


def test_the_same_question_gets_the_same_bytes() -> None:
    one, other = (decide([make_pack("t", make_row())], as_of=TODAY).to_dict() for _ in range(2))
    assert json.dumps(one) == json.dumps(other)


def test_an_answer_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        decide([make_pack("t")]).outcome = Outcome.ALLOW  # type: ignore[misc]
