# SPDX-License-Identifier: Apache-2.0
"""A table answers as the conditions themselves would, whatever they and the facts are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.core import tables
from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.conditions import Case
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.facts import Facts, Values, normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.tables import Table
from airflow_xborder.core.truth import Truth
from tests.factories import HEALTH, TODAY, make_case
from tests.generators import conditions, flags, flows

uncured = st.sampled_from([frozenset(), frozenset({"anonymisation"}), frozenset({"pseudonymisation"})])


@settings(max_examples=300)
@given(st.lists(st.tuples(conditions, uncured), min_size=1, max_size=12), flows, flags, flags)
def test_it_answers_as_the_conditions_do(
    rules: list[tuple[Any, frozenset[str]]], flow: DataFlow, complete: bool, connecting: bool
) -> None:
    parsed = [parse_condition(data) for data, _ in rules]
    table = Table(parsed, [cures_nothing for _, cures_nothing in rules])
    facts = normalise(flow, complete=complete)
    cases = [
        Case(facts=facts, on=TODAY.date(), designations=Designations([]), connecting=connecting, uncured=cures_nothing)
        for _, cures_nothing in rules
    ]  # fmt: skip
    expected = {
        number: truth
        for number, condition in enumerate(parsed)
        if (truth := condition.truth(cases[number])) is not Truth.FALSE
    }
    for _ in range(2):  # the second time from what was kept
        # What a table tells does not depend on the safeguards of the case: they are those of each condition.
        found = {left.number: left.truth(cases[left.number]) for left in table.answers(cases[0], -1)}
        assert {number: truth for number, truth in found.items() if truth is not Truth.FALSE} == expected
        assert all(table.possible(cases[0]) >> number & 1 for number in expected)


def test_one_of_hundred_is_found() -> None:
    countries = ["DE", "FR", "US", "JP", "CN", "GB", "BR", "IN", "KR", "RU"]
    purposes = ["payment", "support", "analytics", "advertising", "audit", "profiling", "sale_or_brokerage", "ml_training", "ml_inference", "hr_management"]  # fmt: skip
    table = Table(
        [
            parse_condition({"all": [{"source.country": a}, {"purpose": b}]})
            for a in countries
            for b in purposes
        ]
    )
    assert [
        (left.number, left.answer) for left in table.answers(make_case(source="US", purpose="audit"), -1)
    ] == [(24, Truth.TRUE)]
    assert table.possible(make_case(source="US")) == 0
    undecided = make_case(source="US", collected_purposes=["audit", "support"])
    assert [(left.answer, left.clauses) for left in table.answers(undecided, -1)] == [(Truth.UNKNOWN, ())] * 2
    assert table.answers(undecided, 1 << 99) == []


def test_only_what_no_single_fact_tells_is_left_to_ask() -> None:
    rule = parse_condition({"all": [{"source.country": "DE"}, {"any": [HEALTH, {"evidence": "tia"}]}]})
    (left,) = Table([rule]).answers(
        make_case(source="DE", data_categories=["personal_data.contact.email"]), -1
    )
    assert (left.answer, len(left.clauses)) == (Truth.TRUE, 1)
    (certain,) = Table([rule]).answers(make_case(source="DE", data_categories=[HEALTH]), -1)
    assert (certain.answer, certain.clauses) == (Truth.TRUE, ())


def test_a_one_is_not_a_yes() -> None:
    table = Table([parse_condition({"crosses_border": True})])

    def answer(value: bool | int) -> list[Truth]:
        facts = Facts(values=Values({"crosses_border": value}), flow=make_case().facts.flow, complete=False)
        case = Case(facts=facts, on=TODAY.date(), designations=Designations([]))
        return [left.truth(case) for left in table.answers(case, -1)]

    assert answer(True) == [Truth.TRUE]
    assert answer(1) == [Truth.UNKNOWN]
    assert answer(False) == []
    assert answer(0) == [Truth.UNKNOWN]


def test_what_was_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_KEPT", 2)
    table = Table([parse_condition({"source.country": "DE"})])
    for country in ["DE", "FR", "US", "DE", "FR", "US"]:
        assert table.possible(make_case(source=country)) == (1 if country == "DE" else 0)
    ((_, kept, _),) = table._columns
    assert len(kept) <= 2
