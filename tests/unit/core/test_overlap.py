# SPDX-License-Identifier: Apache-2.0
"""Soundness is a law (tests/property/test_overlap.py); here: how good the answers are, and what they say."""

from datetime import date

import pytest

from airflow_xborder.core import overlap as module
from airflow_xborder.core.condition_syntax import Definitions, parse_condition
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.narrowing import Voice
from airflow_xborder.core.overlap import Period, Side, overlap
from airflow_xborder.core.pack import read_designation

ADEQUATE = {"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}}
ROW = {"id": "d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2027-01-01", "citation": "c"}


def meet(one, other, rows=(), **fields):
    designations = Designations([read_designation(row, ()) for row in rows])
    return overlap(
        Side.of(parse_condition(one)), Side.of(parse_condition(other)), designations, fields.get("period")
    )


class TestImpossible:
    def test_one_branch_after_the_other(self) -> None:
        one = {
            "any": [{"source.country": "DE"}, {"source.country": "JP"}, {"all": ["personal_data", {"not": "personal_data"}]}]
        }  # fmt: skip
        assert meet(one, {"source.country": "US"}) is None
        assert meet(one, {"source.country": "EEA30"}) is not None

    def test_a_choice_that_leaves_nothing(self) -> None:
        assert meet({"any": []}, "personal_data") is None

    def test_a_shared_definition_cannot_be_so_and_not_so(self) -> None:
        wide = {"any": [{"all": [{"evidence": name}, {"reach": place}]} for name in ("tia", "dpia", "audit_report") for place in ("CN", "US", "JP")]}  # fmt: skip
        names = Definitions({"wide": wide})
        one, other = parse_condition("wide", (), names), parse_condition({"not": "wide"}, (), names)
        assert overlap(Side.of(one), Side.of(other)) is None

    def test_a_safeguard_that_cures_nothing_is_never_there(self) -> None:
        side = Side.of(
            parse_condition({"safeguard": "anonymisation"}), Voice(uncured=frozenset({"anonymisation"}))
        )
        assert overlap(side, side) is None


class TestDesignations:
    def test_without_a_row_nothing_outside_is_designated(self) -> None:
        assert meet(ADEQUATE, {"reach.countries": "JP"}) is None
        assert meet(ADEQUATE, {"reach.countries": "DE"}) is not None

    def test_with_a_row_the_overlap_begins_with_it(self) -> None:
        found = meet(ADEQUATE, {"reach.countries": "JP"}, [ROW])
        assert found is not None
        assert found.since == date(2027, 1, 1)

    def test_a_row_that_is_not_decisive_says_nothing_of_the_beginning(self) -> None:
        found = meet(ADEQUATE, {"source.country": "DE"}, [ROW])
        assert found is not None
        assert found.since is None

    def test_a_row_that_is_over_before_the_period_does_not_count(self) -> None:
        old = {**ROW, "valid_from": "2020-01-01", "valid_until": "2020-12-31"}
        assert meet(ADEQUATE, {"reach.countries": "JP"}, [old], period=Period(date(2021, 1, 1))) is None
        assert meet(ADEQUATE, {"reach.countries": "JP"}, [old]) is not None


class TestWords:
    def test_what_all_have_in_common_and_an_example(self) -> None:
        one = {"all": [{"source.country": "EEA30"}, {"any": [{"purpose": "support"}, {"purpose": "audit"}]}]}
        found = meet(one, {"all": ["personal_data", "personal_data.sensitive.health"]})
        assert found is not None
        assert found.always == ("data personal_data.sensitive.health", "source EEA30")
        assert found.example == ("purpose support",)
        assert str(found) == "data personal_data.sensitive.health, source EEA30; for example purpose support"

    def test_any_flow(self) -> None:
        assert str(meet({"all": []}, {"all": []})) == "any flow"

    def test_a_search_that_takes_too_long_says_perhaps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_STEPS", 1)
        one = {"any": [{"source.country": "DE"}, {"source.country": "JP"}]}
        found = meet(one, {"source.country": "US"})
        assert found is not None
        assert not found.certain


class TestPeriods:
    def test_days_of_both(self) -> None:
        one = Period(date(2026, 1, 1), date(2026, 6, 30))
        assert one.meet(Period(date(2026, 6, 30))) == Period(date(2026, 6, 30), date(2026, 6, 30))
        assert one.meet(Period(date(2026, 7, 1))) is None
        assert Period(date(2026, 1, 1)).meet(Period(date(2027, 1, 1))) == Period(date(2027, 1, 1))
