# SPDX-License-Identifier: Apache-2.0
"""Which rules may give way to which, read from documents alone."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.legal_orders import LegalOrder, LegalOrders
from airflow_xborder.core.relations import Relations
from tests.factories import make_pack, make_row

ORDERS = LegalOrders([LegalOrder(id="EU", members=frozenset({"DE"}), levels=("supranational", "national"))])


def relations(*rows: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return which of some rules may prevail, and which may yield."""
    found = Relations([make_pack("t", *rows)], ORDERS)
    return set(found.prevailing), set(found.yielding)


def test_rules_that_say_nothing_of_each_other() -> None:
    assert relations(make_row("a"), make_row("b")) == (set(), set())


def test_displacing() -> None:
    assert relations(make_row("a", displaces=["b", "gone"]), make_row("b")) == ({"a"}, {"b"})


def test_delegating_to_a_rule_or_a_level() -> None:
    assert relations(make_row("a", derogable_by=["b", "national"]), make_row("b")) == ({"b"}, {"a"})


@pytest.mark.parametrize(
    ("one", "other", "settled"),
    [
        (("EU", "supranational"), ("DE", "national"), True),
        (("DE", "national"), ("DE", "national"), False),
        (("EU", "supranational"), ("US", "national"), False),
    ],
)
@pytest.mark.parametrize(
    "fields", [({"demands": {"keep_days": 9}}, {"demands": {"erase_days": 1}}), ({"conflicts": ["b"]}, {}), ({}, {"effect": "local_only"})]
)  # fmt: skip
def test_opposing_ones_at_different_levels_of_one_order(
    one: tuple[str, str], other: tuple[str, str], settled: bool, fields: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    rows = [
        make_row(name, jurisdiction=jurisdiction, level=level, **more)
        for name, (jurisdiction, level), more in zip("ab", (one, other), fields, strict=True)
    ]
    both = {"a", "b"} if settled and fields[0] else set()  # one alone opposes nobody
    assert relations(*rows) == (both, both)
