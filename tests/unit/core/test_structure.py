# SPDX-License-Identifier: Apache-2.0
"""Plain data to frozen dataclasses: strict, with the path in every complaint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any

import pytest

from airflow_xborder.core.places import require_country
from airflow_xborder.core.structure import build, checked, fraction, instant, parse_json, plain
from airflow_xborder.errors import FlowError, UnknownTermError


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    country: str | None = checked(require_country)
    share: str | None = checked(fraction)

    def __post_init__(self) -> None:
        if self.country == "AQ":
            raise FlowError("nobody lives there")

    @staticmethod
    def from_short(text: str) -> dict[str, str]:
        return {"country": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    inner: Inner | None = None
    inners: tuple[Inner, ...] | None = None
    number: int | None = None
    flag: bool | None = None
    day: date | None = None
    moment: datetime | None = None
    more: Mapping[str, Any] | None = None
    roles: Mapping[str, str] | None = None
    texts: tuple[str, ...] = field(default=())


class TestBuilding:
    def test_everything_at_once(self) -> None:
        built = build(
            Outer,
            {
                "name": "a", "inner": "DE", "inners": ["FR", {"share": 0.25}], "number": 3, "flag": False, "day": "2026-01-31",
                "moment": "2026-01-31T01:00:00+01:00", "more": {"x": [1]}, "texts": ["t"],
            },
        )  # fmt: skip
        assert built.inner == Inner(country="DE")
        assert built.inners == (Inner(country="FR"), Inner(share="0.25"))
        assert built.day == date(2026, 1, 31)
        assert built.moment == datetime(2026, 1, 31, tzinfo=timezone.utc)
        assert built.more == {"x": [1]}

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ([], "document: expected a mapping, got a list"),
            ("x", "document: expected a mapping, got `x`"),
            (None, "document: expected a mapping, got nothing"),
            ({"name": "a", "nmber": 1}, "nmber: unknown key `nmber`"),
            ({}, "name: missing"),
            ({"name": 3}, "name: expected text, got `3`"),
            ({"name": "a", "number": "3"}, "number: expected a whole number, got `3`"),
            ({"name": "a", "number": True}, "number: expected a whole number, got `true`"),
            ({"name": "a", "number": -1}, "number: expected a number that is not negative, got `-1`"),
            ({"name": "a", "flag": "yes"}, "flag: expected true or false, got `yes`"),
            ({"name": "a", "inner": {"country": "UK"}}, "inner.country: unknown country `UK`"),
            ({"name": "a", "inner": {"share": "2"}}, "inner.share: expected a fraction between 0 and 1, got `2`"),
            ({"name": "a", "inner": "AQ"}, "inner: nobody lives there"),
            ({"name": "a", "inners": "DE"}, "inners: expected a list, got `DE`"),
            ({"name": "a", "inners": [{"x": 1}]}, "inners[0].x: unknown key `x`"),
            ({"name": "a", "more": [1]}, "more: expected a mapping, got a list"),
            ({"name": "a", "day": "31.1.2026"}, "day: expected a date, got `31.1.2026`"),
            ({"name": "a", "day": "2026-13-01"}, "day: expected a date, got `2026-13-01`"),
            ({"name": "a", "moment": "2026-01-01T00:00:00"}, "moment: expected a time with its offset, got `2026-01-01T00:00:00`"),
            ({"name": "a", "moment": "soon"}, "moment: expected a time with its offset, got `soon`"),
            ({"name": "a", "moment": 3}, "moment: expected a time with its offset, got `3`"),
            ({"name": "a", "texts": {"x": 1}}, "texts: expected a list, got a mapping"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_with_its_path(self, data: object, message: str) -> None:
        with pytest.raises(FlowError) as caught:
            build(Outer, data)
        assert caught.value.message == message

    def test_an_error_keeps_its_kind(self) -> None:
        with pytest.raises(UnknownTermError):
            build(Outer, {"name": "a", "inner": "UK"})

    def test_null_is_unknown(self) -> None:
        assert build(Outer, {"name": "a", "inner": None, "number": None}) == Outer(name="a")

    def test_dates_and_times_may_come_parsed(self) -> None:
        moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
        built = build(Outer, {"name": "a", "day": date(2026, 1, 1), "moment": moment})
        assert (built.day, built.moment) == (date(2026, 1, 1), moment)

    @pytest.mark.parametrize(
        ("given", "text"), [(0.93, "0.93"), (1, "1"), (1.0, "1"), (0, "0"), ("0.930", "0.930")]
    )
    def test_fractions_become_decimal_text(self, given: object, text: str) -> None:
        assert build(Inner, {"share": given}).share == text

    def test_a_boolean_is_no_fraction(self) -> None:
        with pytest.raises(FlowError):
            build(Inner, {"share": True})


class TestInstants:
    @pytest.mark.parametrize("text", ["2026-11-21", "2026-11-21T00:00:00Z", "2026-11-21T09:00:00+09:00"])
    def test_one_moment_in_many_ways(self, text: str) -> None:
        assert instant(text, "as_of") == datetime(2026, 11, 21, tzinfo=timezone.utc)


class TestPlain:
    def test_what_is_unknown_is_left_out(self) -> None:
        value = Outer(name="a", inners=(Inner(country="DE"),), day=date(2026, 1, 1), texts=("t",))
        assert plain(value) == {
            "name": "a",
            "inners": [{"country": "DE"}],
            "day": "2026-01-01",
            "texts": ["t"],
        }

    def test_sets_are_sorted_and_times_are_utc(self) -> None:
        assert plain(frozenset({"b", "a"})) == ["a", "b"]
        assert plain({"m": datetime(2026, 1, 1, 9, tzinfo=timezone.utc)}) == {"m": "2026-01-01T09:00:00.000Z"}
        assert plain(3) == 3


class TestNonsense:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ({"texts": [None]}, "texts[0]: expected text, got nothing"),
            ({"inners": ["DE", None]}, "inners[1]: expected a value, got nothing"),
            ({"number": 2**53}, "number: expected a number up to 9007199254740991"),
            ({"number": 10**4000}, "number: expected a number up to 9007199254740991"),
            ({"texts": ["a\ud800"]}, "texts[0]: expected text, got half of a character (a lone surrogate)"),
            ({"roles": {"us.hipaa": ["x"]}}, "roles.us.hipaa: expected text, got a list"),
            ({"roles": {"us.hipaa": None}}, "roles.us.hipaa: expected text, got nothing"),
        ],
    )
    def test_what_no_field_can_hold_is_refused(self, data: dict[str, Any], message: str) -> None:
        with pytest.raises(FlowError) as refused:
            build(Outer, {"name": "a", **data})
        assert refused.value.message == message

    @pytest.mark.parametrize(
        "text",
        [
            "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2016-12-31T23:59:60Z", "2026-02-30",
            "2026-W01-1T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+99:99", "\uff12026-01-01", "2026-01-01T00Z",
        ],
    )  # fmt: skip
    def test_a_moment_that_no_calendar_has_is_refused(self, text: str) -> None:
        with pytest.raises(FlowError, match="expected a time with its offset"):
            instant(text, "as_of")

    def test_a_part_of_a_second_is_read_however_many_digits_it_has(self) -> None:
        assert instant("2026-01-01T00:00:00.5Z", "x").microsecond == 500_000

    @pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"b": {"c": 1, "c": 1}}]', "NaN", "[-Infinity]"])
    def test_json_that_readers_understand_differently_is_none(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"duplicate key|is no JSON"):
            parse_json(text)
