# SPDX-License-Identifier: Apache-2.0
"""Dated statements: validity, suspension, sets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from airflow_xborder.core.designations import Designation, Designations, turning_days


def row(name: str = "a", **more: Any) -> Designation:
    """Return a designation of Japan."""
    base: dict[str, Any] = {
        "by": "EU",
        "kind": "adequacy",
        "of": "JP",
        "places": frozenset({"JP"}),
        "valid_from": date(2020, 1, 1),
    }
    return Designation(id=name, **{**base, **more})


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2019-12-31", False), ("2020-01-01", True), ("2025-12-31", True), ("2026-01-01", False)],
)
def test_the_first_and_the_last_day_are_valid(day: str, holds: bool) -> None:
    assert row(valid_until=date(2025, 12, 31)).holds_on(date.fromisoformat(day)) is holds


def test_days_that_turn() -> None:
    assert list(row().boundaries()) == [date(2020, 1, 1)]
    assert list(row(valid_until=date(2025, 12, 31)).boundaries()) == [date(2020, 1, 1), date(2026, 1, 1)]
    assert list(turning_days(None, None)) == []
    assert list(turning_days(None, date.max)) == []


def test_one_row_suspends_another_while_it_is_valid() -> None:
    stop = row("s", suspends="a", valid_from=date(2027, 3, 1), valid_until=date(2027, 3, 31))
    rows = Designations([stop, row()])
    decided = rows.about("EU", "adequacy", "JP")[0]
    days = ("2027-02-28", "2027-03-01", "2027-03-31", "2027-04-01")
    assert [rows.in_force(decided, date.fromisoformat(day)) for day in days] == [True, False, False, True]
    assert rows.suspensions(decided) == [stop]


def test_a_row_about_a_set_is_about_each_member() -> None:
    rows = Designations([row(of="EEA30", places=frozenset({"DE", "FR"}))])
    assert [entry.id for entry in rows.about("EU", "adequacy", "FR")] == ["a"]
    assert rows.about("EU", "adequacy", "JP") == rows.about("JP", "adequacy", "FR") == []


def test_each_row_is_listed_once() -> None:
    rows = Designations([row(places=frozenset({"DE", "FR"})), row("s", suspends="a")])
    assert sorted(entry.id for entry in rows) == ["a", "s"]
