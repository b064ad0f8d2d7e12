# SPDX-License-Identifier: Apache-2.0
"""Which rules can tell the parts of a flow apart, and what the parts are."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.pack import read_designation
from airflow_xborder.core.partitions import (
    count_parts,
    dividing_of_conditions,
    dividing_of_rule,
    dividing_paths,
    is_divisible,
    parts_of,
)
from tests.factories import EMAIL, HEALTH, make_facts, make_requirement

NO_ROWS = Designations([])
PEOPLE, DATA = "subjects.countries", "data_categories"


class TestDividing:
    @pytest.mark.parametrize(
        ("fields", "paths"),
        [
            ({"when": HEALTH, "triggers": []}, set()),
            ({"when": {PEOPLE: "DE"}}, set()),
            ({"when": {"not": {PEOPLE: "DE"}}}, {PEOPLE}),
            ({"when": {PEOPLE: {"within": ["DE"]}}}, {PEOPLE}),
            ({"when": {"not": {PEOPLE: {"within": ["DE"]}}}}, set()),
            ({"constraints": [{PEOPLE: "DE"}]}, {PEOPLE}),
            ({"constraints": [{"not": {PEOPLE: "DE"}}]}, set()),
            ({"constraints": [HEALTH]}, {DATA}),
            ({"constraints": [{"listed": {"framework": "x"}}]}, {DATA}),
            ({"when": {"count": {"category": HEALTH, "more_than": 5, "window": "12_months"}}}, set()),
            (
                {"when": {"not": {"count": {"category": HEALTH, "more_than": 5, "window": "12_months"}}}},
                {DATA},
            ),
            ({"when": {"source.country": {"within": ["DE"]}}}, set()),
        ],
    )
    def test_of_a_rule(self, fields: dict[str, Any], paths: set[str]) -> None:
        assert dividing_of_rule(make_requirement(**fields), NO_ROWS) == paths

    def test_before_which_another_gives_way(self) -> None:
        rule = make_requirement(when={PEOPLE: "DE"})
        assert dividing_of_rule(rule, NO_ROWS, prevails=True) == {PEOPLE, DATA}

    def test_a_designation_counts_with_its_scope(self) -> None:
        row = {
            "id": "d",
            "by": "EU",
            "kind": "adequacy",
            "of": "JP",
            "valid_from": "2020-01-01",
            "scope": HEALTH,
        }
        ground = {"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries"}}
        rows = Designations([read_designation(row, ())])
        assert dividing_of_rule(make_requirement(constraints=[ground]), rows) == {DATA}
        assert dividing_of_rule(make_requirement(constraints=[ground]), NO_ROWS) == frozenset()

    def test_of_connecting_factors(self) -> None:
        factors = [parse_condition({PEOPLE: "DE"}), parse_condition({"not": HEALTH})]
        assert dividing_of_conditions(factors, NO_ROWS) == {DATA}


class TestParts:
    FACTS = make_facts(subjects={"countries": ["US-CA", "DE"]}, data_categories=[EMAIL, HEALTH])

    def test_only_where_there_are_several_members_and_a_rule_that_tells(self) -> None:
        assert is_divisible(self.FACTS)
        assert not is_divisible(make_facts(subjects={"countries": ["DE"]}))
        assert dividing_paths(self.FACTS, frozenset({PEOPLE})) == (PEOPLE,)
        assert dividing_paths(self.FACTS, frozenset({"subjects.nationality"})) == ()

    def test_each_part_has_one_member_and_all_else_of_the_whole(self) -> None:
        assert count_parts(self.FACTS, [PEOPLE, DATA]) == 4
        found = list(parts_of(self.FACTS, [PEOPLE, DATA]))
        assert [where for where, _ in found] == [
            {"residence": place, "category": category}
            for place in ("DE", "US-CA")
            for category in (EMAIL, HEALTH)
        ]
        values = found[-1][1].values
        assert (values[PEOPLE], values[DATA]) == (frozenset({"US", "US-CA"}), frozenset({HEALTH}))
        rest = {path: value for path, value in self.FACTS.values.items() if path not in (PEOPLE, DATA)}
        assert {path: value for path, value in values.items() if path not in (PEOPLE, DATA)} == rest
