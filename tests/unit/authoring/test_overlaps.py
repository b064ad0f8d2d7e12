# SPDX-License-Identifier: Apache-2.0
"""What may not be said twice of one day, and what may."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.authoring.linking import link
from airflow_xborder.errors import PolicyValidationError
from tests.factories import make_pack, make_row


def row(name: str, of: str = "JP", **fields: Any) -> dict[str, Any]:
    """Return a designation by the EU."""
    return {
        "id": name,
        "by": "EU",
        "kind": "adequacy",
        "of": of,
        "valid_from": "2020-01-01",
        "citation": "c",
        **fields,
    }


def wrong(*rows: dict[str, Any]) -> PolicyValidationError:
    """Return what is wrong with designations that stand in two packs."""
    with pytest.raises(PolicyValidationError) as caught:
        link([make_pack("t", designations=list(rows[:1])), make_pack("u", designations=list(rows[1:]))])
    return caught.value


def right(*rows: dict[str, Any]) -> None:
    """Put designations together that fit."""
    link([make_pack("t", designations=list(rows))])


class TestDesignations:
    def test_one_said_twice(self) -> None:
        error = wrong(row("a"), row("b", valid_from="2025-01-01"))
        assert error.message == "`b` says what `a` says already from 2025-01-01 on"
        assert error.hint == "let `a` end with `valid_until`, or suspend it"
        assert error.path == ("designations", 0, "valid_from")

    def test_two_scopes(self) -> None:
        error = wrong(row("a"), row("b", scope={"purpose": "support"}))
        assert error.message == "`b` contradicts `a` from 2020-01-01 on: one place, two scopes"

    def test_a_set_and_one_of_its_members(self) -> None:
        assert "says what `a` says already" in wrong(row("a", of="EEA30"), row("b", of="FR")).message

    def test_trust_and_concern(self) -> None:
        error = wrong(row("a"), row("b", kind="country_of_concern", valid_from="2026-01-01"))
        assert (
            error.message
            == "`b` contradicts `a` from 2026-01-01 on: country_of_concern and adequacy of one place"
        )

    def test_the_last_day_of_one_is_not_the_first_of_the_next(self) -> None:
        assert (
            "from 2024-12-31 on"
            in wrong(row("a", valid_until="2024-12-31"), row("b", valid_from="2024-12-31")).message
        )
        right(row("a", valid_until="2024-12-31"), row("b", valid_from="2025-01-01"))

    def test_what_differs_in_by_kind_or_place(self) -> None:
        right(
            row("a"),
            row("b", by="GB"),
            row("c", of="KR"),
            row("d", kind="membership"),
            row("e", kind="equivalence"),
        )

    def test_a_row_that_is_suspended_says_nothing_meanwhile(self) -> None:
        stop = row("stop", valid_from="2024-01-01", suspends="a")
        right(row("a"), stop, row("b", valid_from="2024-01-01"))
        right(row("a"), stop, row("b", valid_from="2030-01-01"))

    def test_until_the_suspension_ends(self) -> None:
        stop = row("stop", valid_from="2024-01-01", valid_until="2025-12-31", suspends="a")
        assert "from 2026-01-01 on" in wrong(row("a"), stop, row("b", valid_from="2024-06-01")).message
        right(row("a"), stop, row("b", valid_from="2024-06-01", valid_until="2025-12-31"))

    def test_two_suspensions_of_one_row_are_fine(self) -> None:
        right(row("a"), row("b", suspends="a"), row("c", suspends="a", valid_from="2021-01-01"))

    def test_a_suspension_of_a_suspension(self) -> None:
        error = wrong(row("a"), row("b", suspends="a"), row("c", suspends="b"))
        assert error.message == "`suspends` names `b`, which is itself a suspension"

    @pytest.mark.parametrize(("key", "value"), [("of", "KR"), ("by", "GB"), ("kind", "equivalence")])
    def test_a_suspension_that_speaks_of_something_else(self, key: str, value: str) -> None:
        error = wrong(row("a"), {**row("b", suspends="a"), key: value})
        assert error.message.startswith(f"`{key}` is `{value}`, but `a`, which it suspends, says `")


class TestVersions:
    OLD = make_row("old", effective_date="2020-01-01")

    def wrong(self, *rules: dict[str, Any]) -> PolicyValidationError:
        """Return what is wrong with rules of one pack."""
        with pytest.raises(PolicyValidationError) as caught:
            link([make_pack("t", *rules)])
        return caught.value

    def new(self, name: str = "new", first: str = "2025-01-01", **fields: Any) -> dict[str, Any]:
        """Return a rule that supersedes the old one."""
        return make_row(name, effective_date=first, supersedes=["old"], **fields)

    def test_one_that_ends_as_the_next_begins(self) -> None:
        link([make_pack("t", {**self.OLD, "expires": "2024-12-31"}, self.new())])
        link([make_pack("t", self.OLD, self.new())])

    def test_one_that_says_it_lasts_longer(self) -> None:
        error = self.wrong({**self.OLD, "expires": "2025-01-01"}, self.new())
        assert error.message == "replaces `old` from 2025-01-01 on, which is in force until 2025-01-01"
        assert error.path == ("requirements", 1, "supersedes", 0)

    def test_one_that_would_never_have_been_in_force(self) -> None:
        error = self.wrong(self.OLD, self.new(first="2020-01-01"))
        assert error.message == "replaces `old` from 2020-01-01 on, which is not in force before 2020-01-01"

    def test_two_later_versions_side_by_side(self) -> None:
        error = self.wrong(self.OLD, self.new("b"), self.new("c", "2026-01-01"))
        assert error.message == "replaces `old`, as `b` does, and both are in force side by side"

    def test_two_later_versions_one_after_the_other(self) -> None:
        link([make_pack("t", self.OLD, self.new("b", expires="2025-12-31"), self.new("c", "2026-01-01"))])
        link(
            [
                make_pack(
                    "t",
                    self.OLD,
                    self.new("b"),
                    make_row("c", effective_date="2026-01-01", supersedes=["old", "b"]),
                )
            ]
        )

    def test_a_rule_that_is_split_in_two(self) -> None:
        link([make_pack("t", self.OLD, self.new("b"), self.new("c"))])
