# SPDX-License-Identifier: Apache-2.0
"""The index leaves out only what is false, whatever the condition and the facts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.conditions import Case
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.indexing import KINDS_PATH, OUTSIDE, Index, clauses_of
from airflow_xborder.core.truth import Truth
from tests.factories import HEALTH, TODAY, make_case
from tests.generators import conditions, flags, flows

uncured = st.sampled_from([frozenset(), frozenset({"anonymisation"}), frozenset({"pseudonymisation"})])


@settings(max_examples=300)
@given(st.lists(st.tuples(conditions, uncured), min_size=1, max_size=12), flows, flags, flags)
def test_what_is_left_out_is_false(
    rules: list[tuple[Any, frozenset[str]]], flow: DataFlow, complete: bool, connecting: bool
) -> None:
    parsed = [parse_condition(data) for data, _ in rules]
    index = Index(parsed, [cures_nothing for _, cures_nothing in rules])
    facts = normalise(flow, complete=complete)
    for _ in range(2):  # the second time from what was kept
        for number, (condition, (_, cures_nothing)) in enumerate(zip(parsed, rules, strict=True)):
            case = Case(
                facts=facts, on=TODAY.date(), designations=Designations([]), connecting=connecting, uncured=cures_nothing
            )  # fmt: skip
            if condition.truth(case) is not Truth.FALSE:
                assert index.candidates(case.values) >> number & 1


@pytest.mark.parametrize(
    ("condition", "clauses"),
    [
        ({"source.country": ["DE", "FR"]}, [{"source.country": {"DE", "FR"}}]),
        ({"crosses_border": True}, [{"crosses_border": {True}}]),
        (HEALTH, [{KINDS_PATH: {HEALTH}}]),
        ({"not": {"reach.countries": {"within": ["DE"]}}}, [{f"{OUTSIDE}reach.countries": {"DE"}}]),
        ({"all": [HEALTH, {"purpose": "payment"}]}, [{KINDS_PATH: {HEALTH}}, {"purpose": {"payment"}}]),
        ({"any": [{"purpose": "payment"}, {"purpose": "support"}]}, [{"purpose": {"payment", "support"}}]),
        ({"any": [{"source.country": "DE"}, {"reach": "FR"}]}, [{"source.country": {"DE"}, "reach": {"FR"}}]),
        ({"any": [{"source.country": "DE"}, {"evidence": "tia"}]}, []),
        ({"any": []}, []),
        ({"not": {"source.country": "DE"}}, []),
    ],
)
def test_clauses(condition: Any, clauses: list[Any]) -> None:
    assert clauses_of(parse_condition(condition)) == clauses


def test_one_of_hundred_is_found() -> None:
    countries = ["DE", "FR", "US", "JP", "CN", "GB", "BR", "IN", "KR", "RU"]
    purposes = ["payment", "support", "analytics", "advertising", "audit", "profiling", "sale_or_brokerage", "ml_training", "ml_inference", "hr_management"]  # fmt: skip
    rules = [
        parse_condition({"all": [{"source.country": a}, {"purpose": b}]}) for a in countries for b in purposes
    ]
    index = Index(rules)
    case = make_case(source="US", purpose="audit")
    assert index.candidates(case.values) == 1 << 24
    assert index.candidates(make_case(source="US").values).bit_count() == 0
    assert (
        index.candidates(make_case(source="US", collected_purposes=["audit", "support"]).values).bit_count()
        == 10
    )


def test_what_was_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_xborder.core import indexing

    monkeypatch.setattr(indexing, "_KEPT", 2)
    index = Index([parse_condition({"source.country": "DE"})])
    for country in ["DE", "FR", "US", "DE", "FR", "US"]:
        assert index.candidates(make_case(source=country).values) == (1 if country == "DE" else 0)
    (_, (path,)) = index._groups[0]
    assert len(path.kept) <= 2
