# SPDX-License-Identifier: Apache-2.0
"""One rule: its days, its alternatives, its defaults."""

from __future__ import annotations

from datetime import date

import pytest

from airflow_xborder.core.conditions import All, Any
from airflow_xborder.core.requirement import Effect, Level, OnUnmet
from airflow_xborder.core.truth import Truth
from tests.factories import make_case, make_requirement

ALTERNATIVES = [
    {"any_of": [
        {"id": "a", "citation": "Art. 1", "needs": {"evidence": "tia"}, "obligations": ["pseudonymise"], "warnings": ["careful"]},
        {"mechanism": "scc_eu"},
    ]},
    {"evidence": "dpia"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2019-12-31", False), ("2020-01-01", True), ("2026-12-31", True), ("2027-01-01", False)],
)
def test_its_first_and_its_last_day_are_law(day: str, holds: bool) -> None:
    assert make_requirement(expires="2026-12-31").in_force(date.fromisoformat(day)) is holds


def test_without_an_end_it_stays() -> None:
    assert make_requirement().in_force(date.max)


@pytest.mark.parametrize(
    ("effect", "on_unmet"),
    [(None, "deny"), ("forbid", "deny"), ("local_only", "deny"), ("assessment", "deny"), ("review", "review"), ("duty", "track")],
)  # fmt: skip
def test_what_follows_by_default(effect: str | None, on_unmet: str) -> None:
    rule = make_requirement(**({"effect": effect} if effect else {}))
    assert (rule.on_unmet, rule.effect) == (OnUnmet(on_unmet), Effect(effect or "require"))
    assert rule.level is Level.NATIONAL


def test_without_constraint_it_cannot_be_met() -> None:
    assert make_requirement().constraint == Any(())
    assert make_requirement(effect="duty").constraint == Any(())


def test_its_citation_is_its_id_unless_it_has_one() -> None:
    assert make_requirement().citation == "t.rule"
    assert make_requirement(citation="Art. 1").citation == "Art. 1"


def test_its_thresholds_are_those_of_both_sides_each_once() -> None:
    count = {"count": {"category": "telemetry", "more_than": 5, "window": "12_months"}}
    rule = make_requirement(
        when={"all": [count, {"not": count}]},
        constraints=[count, {"count": {"category": "telemetry", "more_than": 6, "window": "12_months"}}],
    )
    assert [counted.bound for counted in rule.thresholds] == [6, 7]


class TestAlternatives:
    RULE = make_requirement(constraints=ALTERNATIVES)

    def test_they_are_named_in_the_order_written(self) -> None:
        assert [(entry.id, entry.citation) for entry in self.RULE.alternatives()] == [
            ("a", "Art. 1"),
            ("", ""),
        ]
        assert list(make_requirement(constraints=[{"evidence": "tia"}]).alternatives()) == []

    def test_one_answers_as_what_it_needs_with_its_own_strings(self) -> None:
        first, second = self.RULE.alternatives()
        case = make_case(evidence=[{"type": "tia", "valid_until": "2027-01-01"}])
        assert first.truth(case) is Truth.TRUE
        assert [entry.type for entry in first.obligations(case)] == ["pseudonymise"]
        assert list(first.warnings(case)) == ["careful"]
        assert list(first.boundaries(case)) == [date(2027, 1, 2)]
        assert list(first.unmet(make_case())) == ["evidence tia"]
        assert list(first.parts()) == [first.needs]
        assert list(second.missing(case)) == ["mechanisms.module"]

    def test_the_ways_of_meeting_it(self) -> None:
        assert isinstance(self.RULE.constraint, All)
        assert self.RULE.constraint.ways(make_case()) == [
            ("evidence tia", "evidence dpia"),
            ("mechanism scc_eu", "evidence dpia"),
        ]
