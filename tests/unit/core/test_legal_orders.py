# SPDX-License-Identifier: Apache-2.0
"""Levels decide inside one legal order, and nowhere else."""

from __future__ import annotations

from airflow_xborder.core.legal_orders import LegalOrder, LegalOrders

EU = LegalOrder(
    id="EU", members=frozenset({"DE", "FR"}), levels=("supranational", "constitutional", "national")
)
ORDERS = LegalOrders([EU, LegalOrder(id="US", members=frozenset({"US"}))])


def test_a_member_belongs_to_the_order_of_its_union() -> None:
    assert ORDERS.of("DE").id == "EU"
    assert ORDERS.same("EU", "FR")


def test_a_subdivision_belongs_to_its_country() -> None:
    assert ORDERS.same("US-IL", "US")
    assert ORDERS.same("CA-QC", "CA")
    assert ORDERS.same("DE-BY", "EU")


def test_sovereigns_are_strangers() -> None:
    assert not ORDERS.same("EU", "US")
    assert not ORDERS.prevails(("EU", "supranational"), ("US", "state"))


def test_which_level_is_higher_is_the_order_s_own_affair() -> None:
    assert ORDERS.prevails(("EU", "supranational"), ("DE", "constitutional"))
    assert ORDERS.prevails(("US", "constitutional"), ("US-IL", "state"))
    assert not ORDERS.prevails(("DE", "constitutional"), ("EU", "supranational"))


def test_equals_do_not_prevail_over_each_other() -> None:
    assert not ORDERS.prevails(("DE", "national"), ("FR", "national"))


def test_a_level_that_an_order_does_not_know_stands_below_all() -> None:
    assert ORDERS.prevails(("DE", "national"), ("DE", "company"))
    assert not ORDERS.prevails(("DE", "company"), ("DE", "industry"))
