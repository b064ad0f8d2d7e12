# SPDX-License-Identifier: Apache-2.0
"""Clauses say what the condition says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.conditions import Case
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.normal_form import clauses_of
from airflow_xborder.core.truth import all_of, any_of
from tests.factories import HEALTH, TODAY
from tests.generators import conditions, flags, flows


@settings(max_examples=300)
@given(conditions, flows, flags, flags)
def test_they_have_the_same_answer(data: Any, flow: DataFlow, complete: bool, holds: bool) -> None:
    condition = parse_condition(data)
    case = Case(facts=normalise(flow, complete=complete), on=TODAY.date(), designations=Designations([]))
    found = all_of(
        any_of(one.question.truth(case) if one.holds else ~one.question.truth(case) for one in clause)
        for clause in clauses_of(condition, holds)
    )
    assert found is (condition.truth(case) if holds else ~condition.truth(case))


@pytest.mark.parametrize(
    ("condition", "lengths"),
    [
        ({"source.country": "DE"}, [1]),
        ({"all": []}, []),
        ({"any": []}, [0]),
        ({"not": {"any": [{"source.country": "DE"}, HEALTH]}}, [1, 1]),
        ({"not": {"all": [{"source.country": "DE"}, HEALTH]}}, [2]),
        ({"any": [{"all": [HEALTH, {"purpose": "audit"}]}, {"source.country": "DE"}]}, [2, 2]),
        ({"all": [HEALTH, {"any": [HEALTH]}]}, [1, 1]),
    ],
)
def test_shape(condition: Any, lengths: list[int]) -> None:
    assert [len(clause) for clause in clauses_of(parse_condition(condition))] == lengths


def test_what_would_multiply_stays_one_question() -> None:
    ends = [("DE", "FR"), ("FR", "IT"), ("IT", "US"), ("US", "JP"), ("JP", "DE")]
    pairs = [{"all": [{"source.country": a}, {"destination.country": b}]} for a, b in ends]
    condition = parse_condition({"any": pairs})
    assert clauses_of(condition) == [((condition, True),)]
