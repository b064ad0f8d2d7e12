# SPDX-License-Identifier: Apache-2.0
"""Which reviews a person can answer, what an answer is keyed on, and when it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_xborder.core.approvals import (
    Approval,
    Reviews,
    apply_approvals,
    approval_key,
    reviews_of,
    standing_approvals,
    turns_of,
)
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.structure import build
from tests.factories import EMAIL, decide, make_facts, make_pack, make_row

KEY = "a" * 64
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def make_approval(**fields: Any) -> Approval:
    """Return an approval of `t.rule` for all of November."""
    given: dict[str, Any] = {
        "key": KEY, "role": "dpo", "reference": "APR-1", "reason": "r", "requirements": ["t.rule"],
        "granted_at": "2026-11-01", "valid_until": "2026-11-30", **fields,
    }  # fmt: skip
    return build(Approval, given)


def asked(*rows: dict[str, Any], **fields: Any) -> Decision:
    """Return the answer to a flow under these rules, of which one asks a person unless others are given."""
    return decide(
        [make_pack("t", *(rows or (make_row(effect="review"),)), **fields.pop("pack", {}))], **fields
    )


def key(reviews: Reviews | None = None, rules: Any = None, **flow: Any) -> str:
    """Return the key of the reviews of `t.rule`."""
    reviews = reviews or reviews_of([asked()])
    return approval_key(reviews, {"t.rule": make_row()} if rules is None else rules, [make_facts(**flow)])


class TestReviews:
    def test_rules_conflicts_and_gaps_are_named(self) -> None:
        one, other = (
            make_row("t.a", constraints=["personal_data"], conflicts=["t.b"]),
            make_row("t.b", effect="review"),
        )
        answer = asked(one, other, destination="CN")
        reviews = reviews_of([answer])
        assert reviews.names == {"t.b", "t.a/t.b", "gap CN"}
        assert reviews.is_answerable

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(asked(make_row()), id="denied"),
            pytest.param(asked(make_row(constraints=["personal_data"])), id="allowed"),
            pytest.param(asked(data_categories=["data.unknown", EMAIL]), id="uncategorised"),
            pytest.param(asked(make_row(when={"frequency": "one_off"})), id="fact-missing"),
            pytest.param(asked(provenance={"restrictions": ["case-1"]}), id="restricted"),
            pytest.param(asked(places={"logs": [{"region": "any"}]}), id="place-missing"),
            pytest.param(replace(asked(), applicable=(), reasons=()), id="nothing-named"),
            pytest.param(asked(make_row(constraints=[{"evidence": "tia"}]), make_row("t.r", effect="review")), id="one-denies"),
        ],
    )  # fmt: skip
    def test_nothing_else_can_be_answered(self, answer: Decision) -> None:
        assert not reviews_of([answer]).is_answerable
        assert not reviews_of([asked(), answer]).is_answerable or answer.allowed

    def test_one_answer_that_cannot_be_answered_is_enough(self) -> None:
        assert reviews_of([asked()]).is_answerable
        assert not reviews_of([asked(), asked(data_categories=["data.unknown"])]).is_answerable
        assert not reviews_of([]).is_answerable


class TestKey:
    BASE: dict[str, Any] = {
        "counts": [{"category": EMAIL, "n": 5}],
        "mechanisms": [{"type": "scc_eu", "reference": "S-1", "valid_until": "2027-01-01"}],
        "consent": {"type": "consent_explicit", "ground_for": "transfer", "coverage": "0.9"},
        "importer": {
            "country": "US",
            "listings": [{"framework": "eu_us_dpf", "status": "active", "checked_at": "2026-11-01"}],
        },
    }

    @pytest.mark.parametrize(
        "change",
        [
            {"counts": [{"category": EMAIL, "n": 6000000}]},
            {"counts": None},
            {"flow_id": "another"},
            {"as_of": "2027-01-01"},
            {"mechanisms": [{"type": "scc_eu", "reference": "S-1", "valid_until": "2028-01-01"}]},
            {"consent": {"type": "consent_explicit", "ground_for": "transfer", "coverage": "0.8"}},
            {"importer": {"country": "US", "listings": [{"framework": "eu_us_dpf", "status": "active"}]}},
        ],
        ids=str,
    )
    def test_what_changes_from_run_to_run_is_not_in_it(self, change: dict[str, Any]) -> None:
        assert key(**{**self.BASE, **change}) == key(**self.BASE)

    @pytest.mark.parametrize(
        "change",
        [
            {"destination": "US-IL"},
            {"source": "FR"},
            {"access_mode": "remote_access"},
            {"purpose": "analytics"},
            {"data_categories": [EMAIL, "telemetry"]},
            {"exporter": {"party": "acme-gmbh"}},
            {"importer": {"country": "US", "listings": []}},
            {"mechanisms": [{"type": "scc_eu", "reference": "S-2"}]},
            {"mechanisms": None},
            {"evidence": ["tia"]},
            {"consent": None},
            {"safeguards": ["pseudonymisation"]},
            {"frequency": "one_off"},
            {"retention_days": 30},
            {"subjects": {"countries": ["DE"]}},
            {"places": {"access": [{"country": "IN"}]}},
            {"provenance": {"origin_regimes": ["eu.gdpr"]}},
        ],
        ids=str,
    )
    def test_every_other_fact_is(self, change: dict[str, Any]) -> None:
        assert key(**{**self.BASE, **change}) != key(**self.BASE)

    def test_stores_are(self) -> None:
        facts = make_facts()
        other = replace(facts, flow=replace(facts.flow, source=replace(facts.flow.source, store="s3://b")))
        reviews = reviews_of([asked()])
        assert approval_key(reviews, {}, [facts]) != approval_key(reviews, {}, [other])
        assert approval_key(reviews, {}, [facts, other]) == approval_key(reviews, {}, [other, facts, other])

    def test_the_deciding_rules_and_only_they_are(self) -> None:
        changed = make_row(description="Another text.")
        assert key() != key(rules={"t.rule": changed})
        assert key() == key(rules={"t.rule": make_row(), "t.other": changed})

    def test_another_review_is(self) -> None:
        assert key() != key(
            reviews_of([asked(make_row(effect="review"), make_row("t.two", effect="review"))])
        )


class TestStanding:
    @pytest.mark.parametrize(
        ("moment", "stands"),
        [
            ("2026-10-31T23:59:59", False),
            ("2026-11-01T00:00:00", True),
            ("2026-11-30T23:59:59", True),
            ("2026-12-01T00:00:00", False),
        ],
    )
    def test_it_stands_on_its_days(self, moment: str, stands: bool) -> None:
        now = datetime.fromisoformat(f"{moment}+00:00")
        assert bool(standing_approvals([make_approval()], KEY, None, now)) is stands

    @pytest.mark.parametrize(
        ("ceiling", "counts", "stands"),
        [(None, None, True), (None, [9], True), (5, None, False), (5, [], True), (5, [5, 0], True), (5, [0, 6], False)],
    )  # fmt: skip
    def test_up_to_its_ceiling(self, ceiling: int | None, counts: list[int] | None, stands: bool) -> None:
        row = make_approval(max_count=ceiling)
        assert bool(standing_approvals([row], KEY, counts, NOON)) is stands

    def test_when_it_begins_and_ends(self) -> None:
        row = make_approval(granted_at="2026-11-25", recorded_at="2026-11-27")
        moments = [moment.date().isoformat() for moment in turns_of([row], KEY, NOON)]
        assert moments == ["2026-11-27", "2026-12-01"]
        assert list(turns_of([row], "b" * 64, NOON)) == []


class TestApplying:
    def test_a_denial_stays_one_whatever_is_approved(self) -> None:
        denied = asked(make_row())
        reviews = reviews_of([asked()])
        assert apply_approvals(denied, reviews, [make_approval()]) is denied

    def test_rows_about_something_else_change_nothing(self) -> None:
        answer = asked()
        assert (
            apply_approvals(answer, reviews_of([answer]), [make_approval(requirements=["t.else"])]) is answer
        )

    def test_of_two_rules_of_one_citation_the_reason_stays_until_both_are_answered(self) -> None:
        same = {"effect": "review", "citation": "Art. 1"}
        answer = asked(make_row(**same), make_row("t.twin", **same))
        left = apply_approvals(answer, reviews_of([answer]), [make_approval()])
        assert left.outcome is Outcome.REVIEW
        assert [entry.requirement_id for entry in left.violations] == ["t.twin"]
        assert left.reasons
