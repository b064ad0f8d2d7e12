# SPDX-License-Identifier: Apache-2.0
"""What must hold inside one pack, and what each breach of it gets."""

from __future__ import annotations

import time
from typing import Any

import pytest

from airflow_xborder.authoring.checking import MAX_NESTING, check_pack
from airflow_xborder.errors import PolicyValidationError
from tests.factories import make_pack, make_row

FLAG = {"t.flag": {"type": "boolean", "description": "d"}}
TEXT = {"t.text": {"type": "text", "values": ["atlas", "hermes"], "description": "d"}}
NUMBER = {"t.number": {"type": "number", "description": "d"}}
KINDS = {"t.kinds": {"type": "categories", "description": "d"}}
ROW = {"id": "t.d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2026-01-01", "citation": "c"}


def wrong(pack: dict[str, Any]) -> PolicyValidationError:
    """Return what is wrong with a pack."""
    with pytest.raises(PolicyValidationError) as caught:
        check_pack(pack)
    return caught.value


class TestDates:
    def test_a_rule_that_ends_before_it_begins(self) -> None:
        error = wrong(make_pack("t", make_row(expires="2019-12-31")))
        assert error.message == "`expires` 2019-12-31 is before `effective_date` 2020-01-01"
        assert error.path == ("requirements", 0, "expires")

    def test_a_row_that_ends_before_it_begins(self) -> None:
        error = wrong(make_pack("t", designations=[{**ROW, "valid_until": "2025-12-31"}]))
        assert error.message == "`valid_until` 2025-12-31 is before `valid_from` 2026-01-01"
        assert error.path == ("designations", 0, "valid_until")

    def test_one_day_is_long_enough(self) -> None:
        rule = make_row(expires="2020-01-01")
        check_pack(make_pack("t", rule, designations=[{**ROW, "valid_until": "2026-01-01"}]))

    @pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01", "2025-02-29"])
    def test_a_day_that_no_calendar_has(self, day: str) -> None:
        assert wrong(make_pack("t", make_row(effective_date=day))).message == f"expected a date, got `{day}`"


class TestTimeZones:
    @pytest.mark.parametrize(
        "zone", ["Europe/Berln", "../../etc/passwd", "/etc/localtime", "Europe", "x" * 1000, "a\0b"]
    )
    def test_one_that_there_is_not(self, zone: str) -> None:
        error = wrong(make_pack("t", time_zone=zone))
        assert (error.message, error.path) == (f"unknown time zone `{zone}`", ("time_zone",))


class TestDefinitions:
    def test_one_that_no_rule_uses_must_be_right_too(self) -> None:
        error = wrong(make_pack("t", definitions={"unused": "personal_dta"}))
        assert (error.hint, error.path) == ("did you mean `personal_data`?", ("definitions", "unused"))

    def test_a_circle_that_no_rule_uses(self) -> None:
        assert "defined by itself" in wrong(make_pack("t", definitions={"a": "b", "b": {"not": "a"}})).message

    def test_one_of_another_regime(self) -> None:
        error = wrong(make_pack("t", make_row(when={"all": ["firm_safeguards"]})))
        assert (
            error.message
            == "`firm_safeguards` is a definition of `eu.gdpr`, and definitions are a pack's own"
        )
        assert error.path == ("requirements", 0, "when", "all", 0)

    def test_laughs_are_cheap(self) -> None:
        """Each definition names the one before twice: written out, the last stands for 2**45 conditions."""
        bomb: dict[str, Any] = {"d0": "personal_data"}
        bomb |= {f"d{n}": {"any": [f"d{n - 1}", f"d{n - 1}"]} for n in range(1, 20)}
        started = time.monotonic()
        error = wrong(make_pack("t", make_row(when="d19"), definitions=bomb))
        assert "more than 10000 conditions" in error.message and error.path[0] == "definitions"
        assert time.monotonic() - started < 1

    def test_a_long_chain_is_refused_before_it_is_followed(self) -> None:
        chain: dict[str, Any] = {"d0": "personal_data"}
        chain |= {f"d{n}": f"d{n - 1}" for n in range(1, 5000)}
        assert f"nest deeper than {MAX_NESTING}" in wrong(make_pack("t", definitions=chain)).message
        backwards = dict(reversed(chain.items()))
        assert f"nest deeper than {MAX_NESTING}" in wrong(make_pack("t", definitions=backwards)).message

    def test_what_people_write_is_far_below_the_limits(self) -> None:
        chain: dict[str, Any] = {"d0": "personal_data"} | {
            f"d{n}": {"any": [f"d{n - 1}"]} for n in range(1, 12)
        }
        check_pack(make_pack("t", make_row(when="d11"), definitions=chain))


class TestAttributes:
    @pytest.mark.parametrize(
        ("declared", "test", "message"),
        [
            (FLAG, {"attributes.t.flag": "yes"}, "`t.flag` is a boolean, never `yes`"),
            (FLAG, {"attributes.t.flag": {"at_least": 1}}, "`t.flag` is a boolean, not a number"),
            (TEXT, {"attributes.t.text": "atlass"}, "`t.text` is never `atlass`"),
            (TEXT, {"importer.attributes.t.text": {"stated": ["atlas", "nobody"]}}, "`t.text` is never `nobody`"),
            (TEXT, {"attributes.t.text": True}, "`t.text` is a text, never `true`"),
            (NUMBER, {"attributes.t.number": "3"}, "`t.number` is a number, never `3`"),
            (KINDS, {"attributes.t.kinds": "personal_dta"}, "`t.kinds` is never `personal_dta`"),
        ],
    )  # fmt: skip
    def test_a_test_that_can_never_pass(self, declared: Any, test: Any, message: str) -> None:
        error = wrong(make_pack("t", make_row(when={"not": test}), attributes=declared))
        assert error.message == message
        assert error.path == ("requirements", 0, "when", "not", next(iter(test)))

    def test_the_nearest_value_is_named(self) -> None:
        error = wrong(make_pack("t", make_row(when={"attributes.t.text": "atlass"}), attributes=TEXT))
        assert error.hint == "did you mean `atlas`?"

    @pytest.mark.parametrize(
        ("declared", "test"),
        [
            (FLAG, {"attributes.t.flag": {"stated": True}}), (TEXT, {"exporter.attributes.t.text": ["atlas"]}), (TEXT, {"attributes.t.text": {"known": True}}),
            (NUMBER, {"attributes.t.number": {"at_least": 3, "less_than": 5}}), (KINDS, {"attributes.t.kinds": "personal_data"}),
        ],
    )  # fmt: skip
    def test_a_test_that_can(self, declared: Any, test: Any) -> None:
        check_pack(make_pack("t", make_row(when=test), attributes=declared))

    def test_one_that_only_another_regime_declares(self) -> None:
        error = wrong(make_pack("t", make_row(when={"attributes.jp.not_handled": True})))
        assert error.message == "attribute `jp.not_handled` is declared by `jp.appi`, not here"
        assert error.hint == "declare it under `attributes` here too"

    def test_values_are_for_text(self) -> None:
        error = wrong(make_pack("t", attributes={"t.flag": {**FLAG["t.flag"], "values": ["x"]}}))
        assert error.message == "`t.flag` is a boolean, which has no `values`"


class TestAlternatives:
    @pytest.mark.parametrize(
        ("option", "message", "key"),
        [
            ({"id": "../x", "needs": "personal_data"}, "`id` cannot be `../x`", "id"),
            (
                {"warnings": "abc", "needs": "personal_data"},
                "`warnings` should be a list, got `abc`",
                "warnings",
            ),
            ({"citation": 3, "needs": "personal_data"}, "`citation` should be text, got `3`", "citation"),
            ({"obligation": [], "needs": "personal_data"}, "unknown key `obligation`", "obligation"),
        ],
    )
    def test_its_shape_is_checked(self, option: Any, message: str, key: str) -> None:
        error = wrong(make_pack("t", make_row(constraints=[{"any_of": [option]}])))
        assert (error.message, error.path) == (
            message,
            ("requirements", 0, "constraints", 0, "any_of", 0, key),
        )


def test_a_jurisdiction_that_is_no_place() -> None:
    error = wrong(make_pack("t", make_row(jurisdiction="UK")))
    assert (error.message, error.path) == ("unknown jurisdiction `UK`", ("requirements", 0, "jurisdiction"))
