# SPDX-License-Identifier: Apache-2.0
"""Who may stand in for whom, and who contradicts whom, by the rules alone."""

from __future__ import annotations

from typing import Any

from airflow_xborder.core.legal_orders import LegalOrder, LegalOrders
from airflow_xborder.core.standing import standings
from tests.factories import make_requirement

ORDERS = LegalOrders([LegalOrder(id="EU", members=frozenset({"DE", "FR"}))])


def standing(**rules: dict[str, Any]) -> dict[str, Any]:
    made = {name: make_requirement(name, **fields) for name, fields in rules.items()}
    return dict(standings(made, ORDERS))


def test_a_higher_rule_may_stand_in_for_a_lower_one_and_not_the_other_way() -> None:
    high, low = {"level": "supranational"}, {"level": "national", "jurisdiction": "DE"}
    assert standing(a={**high, "displaces": ["b"]}, b=low)["a"]["displaces"] == ["b"]
    assert standing(a=high, b={**low, "displaces": ["a"]}) == {}


def test_a_lower_rule_may_where_it_is_left_to_it() -> None:
    low = {"level": "national", "jurisdiction": "DE"}
    by_name = standing(a={"level": "supranational", "derogable_by": ["b"]}, b=low)
    by_level = standing(
        a={"level": "supranational", "derogable_by": ["national"]}, b={**low, "displaces": ["a"]}
    )
    assert by_name["b"]["displaces"] == by_level["b"]["displaces"] == ["a"]


def test_no_rule_stands_in_for_one_of_another_sovereign() -> None:
    assert standing(a={"displaces": ["b"]}, b={"jurisdiction": "US"}) == {}


def test_a_conflict_is_one_of_both_and_the_lower_yields() -> None:
    found = standing(
        a={"level": "supranational", "conflicts": ["b"]}, b={"level": "national", "jurisdiction": "DE"}
    )
    assert found["a"] == {"contradicts": ["b"], "yields_to": {}}
    assert found["b"] == {"contradicts": ["a"], "yields_to": {"a": True}}


def test_a_duty_that_yields_by_its_own_word_is_no_conflict() -> None:
    erase = {"level": "supranational", "demands": {"erase_days": 30}, "derogable_by": ["national"]}
    keep = {"level": "national", "jurisdiction": "DE", "demands": {"keep_days": 400}}
    assert standing(a=erase, b=keep) == {}
    assert standing(a=erase, b={**keep, "jurisdiction": "US"})["b"]["contradicts"] == ["a"]


def test_opposite_demands_are_a_conflict() -> None:
    found = standing(
        a={"demands": {"keep_days": 400}}, b={"demands": {"erase_days": 30}, "jurisdiction": "US"}
    )
    assert found["a"]["contradicts"] == ["b"]
    assert found["b"] == {"contradicts": ["a"], "yields_to": {}}


def test_what_is_not_there_is_left_out() -> None:
    assert standing(a={"conflicts": ["gone"], "displaces": ["gone"], "derogable_by": ["national"]}) == {}
