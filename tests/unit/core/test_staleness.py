# SPDX-License-Identifier: Apache-2.0
"""What is due: at the edges of the window, with what rests on it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.authoring.linking import link
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.staleness import Due, find_due
from tests.factories import make_pack, make_row

ON = date(2026, 11, 24)
ABOUT = {"by": "EU", "kind": "adequacy", "of": "GB", "citation": "a decision"}
ASKS = {"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}}


def policies(*rows: dict[str, Any], **fields: Any) -> Policies:
    return link([make_pack("t", *rows, **{"last_checked": "2026-11-24", **fields})])


def due(made: Policies, within: int = 30, kind: str | None = None) -> list[Due]:
    return [entry for entry in find_due(made, ON, within) if kind in (None, entry.kind)]


@pytest.mark.parametrize(("checked", "is_due"), [("2026-10-25", False), ("2026-10-24", True)])
def test_a_pack_is_due_after_more_than_so_many_days(checked: str, is_due: bool) -> None:
    found = due(policies(make_row("t.a"), last_checked=checked), kind="unchecked")
    assert [entry.rests for entry in found] == ([("t.a",)] if is_due else [])


@pytest.mark.parametrize(
    ("day", "is_due"),
    [("2026-11-23", False), ("2026-11-24", True), ("2026-12-24", True), ("2026-12-25", False)],
)
@pytest.mark.parametrize("field", ["effective_date", "expires"])
def test_a_date_is_due_from_its_own_day_back(day: str, is_due: bool, field: str) -> None:
    found = due(policies(make_row("t.a", **{"effective_date": "2020-01-01", field: day})))
    kinds = {"effective_date": "begins", "expires": "ends"}
    assert [(entry.kind, entry.day.isoformat()) for entry in found] == (
        [(kinds[field], day)] if is_due else []
    )


def test_what_rests_on_a_row_and_what_stands_in_for_it() -> None:
    rows = [
        {"id": "t.1", "valid_from": "2020-01-01", "valid_until": "2026-11-30", **ABOUT},
        {"id": "t.2", "valid_from": "2026-12-01", **ABOUT},
        {"id": "t.late", "valid_from": "2027-06-01", "valid_until": "2027-06-30", **ABOUT},
    ]
    made = policies(
        make_row("t.a", constraints=[ASKS]), make_row("t.b", dependencies=["t.a"]), designations=rows[:2]
    )
    (ends,) = due(made, kind="ends")
    assert (ends.id, ends.rests, ends.instead) == ("t.1", ("t.a", "t.b"), ("t.2",))
    made = policies(make_row("t.a", constraints=[ASKS]), designations=[rows[0], rows[2]])
    (ends,) = due(made, kind="ends")
    assert ends.instead == ()


def test_a_suspension_is_told_as_one() -> None:
    rows = [
        {"id": "t.1", "valid_from": "2020-01-01", **ABOUT},
        {"id": "t.stop", "suspends": "t.1", "valid_from": "2026-12-01", "valid_until": "2026-12-05", **ABOUT},
    ]
    found = due(policies(make_row("t.a", constraints=[ASKS]), designations=rows))
    assert {(entry.kind, entry.what) for entry in found} == {
        ("ends", "EU suspends t.1"),
        ("begins", "EU suspends t.1"),
    }
    assert found[0].instead == ("t.1",)


@pytest.mark.parametrize(
    ("fields", "is_due"),
    [({}, False), ({"confidence": "mixed"}, True), ({"review_required": True}, True),
     ({"confidence": "recalled", "expires": "2026-11-23"}, False), ({"confidence": "recalled", "expires": "2026-11-24"}, True)],
)  # fmt: skip
def test_what_is_still_law_and_was_never_confirmed(fields: dict[str, Any], is_due: bool) -> None:
    found = due(policies(make_row("t.a", effective_date="2020-01-01", **fields)), kind="unconfirmed")
    assert [entry.presses for entry in found] == ([False] if is_due else [])


@given(st.integers(0, 1500), st.integers(0, 1500))
def test_a_wider_window_finds_what_a_narrow_one_finds_but_for_the_checks(one: int, other: int) -> None:
    few, many = sorted((one, other))
    day = (ON + timedelta(days=700)).isoformat()
    made = policies(make_row("t.a", effective_date=day, confidence="mixed"), last_checked="2024-01-01")
    narrow, wide = ({(e.kind, e.id) for e in find_due(made, ON, days)} for days in (few, many))
    assert {entry for entry in narrow if entry[0] != "unchecked"} <= wide
    assert {entry for entry in wide if entry[0] == "unchecked"} <= narrow


def test_the_end_of_time_is_no_end() -> None:
    rows = [{"id": "t.1", "valid_from": "2020-01-01", "valid_until": "9999-12-31", **ABOUT}]
    made = policies(make_row("t.a", constraints=[ASKS]), designations=rows, last_checked="9999-12-01")
    (ends,) = [entry for entry in find_due(made, date(9999, 12, 1), 30) if entry.kind == "ends"]
    assert ends.instead == ()
