# SPDX-License-Identifier: Apache-2.0
"""Places without rules, and data that nobody categorised."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.gaps import Gap, find_gaps
from tests.factories import EMAIL, HEALTH, make_facts, make_pack

TEXAS = {
    "places": ["US-TX"],
    "status": "rule_known",
    "categories": [HEALTH],
    "reviewed_at": "2026-01-01",
    "note": "SB 1188",
}
OTHERS = {"places": ["US-VA", "GL"], "status": "no_rule_known", "reviewed_at": "2026-01-01", "note": "looked"}


def gaps(**fields: Any) -> list[Gap]:
    """Return the gaps of a flow, with packs for the EEA and the US."""
    policies = Policies([make_pack("t", covers=["EEA30", "US"], coverage=[TEXAS, OTHERS])])
    return find_gaps(policies, make_facts(**fields))


def kinds(**fields: Any) -> list[tuple[str, str]]:
    """Return kind and place of the gaps."""
    return [(gap.kind, gap.place) for gap in gaps(**fields)]


class TestPlaces:
    @pytest.mark.parametrize(
        "fields",
        [
            {"source": "JP"}, {"destination": "JP"}, {"exporter": {"country": "JP"}}, {"importer": {"country": "JP"}},
            {"subjects": {"countries": ["JP"]}}, {"places": {"access": ["JP"]}}, {"importer": {"subprocessors": ["JP"]}},
        ],
        ids=lambda fields: next(iter(fields)),
    )  # fmt: skip
    def test_every_connection_counts(self, fields: dict[str, Any]) -> None:
        assert kinds(**fields) == [("jurisdiction", "JP")]

    def test_residence_counts_where_data_is_or_may_be_about_people(self) -> None:
        abroad = {"subjects": {"countries": ["JP"]}}
        assert kinds(data_categories=["non_personal"], **abroad) == []
        assert kinds(data_categories=None, **abroad) == [("categories", ""), ("jurisdiction", "JP")]

    def test_where_an_incomplete_row_does_not_say_it_it_may_be_anywhere(self) -> None:
        policies = Policies([make_pack("t")])
        found = find_gaps(policies, make_facts(complete=False))
        assert [(gap.kind, gap.missing) for gap in found] == [("place", ("subjects.countries",))]
        assert find_gaps(policies, make_facts(complete=False, data_categories=["non_personal"])) == []
        assert find_gaps(policies, make_facts(complete=False, subjects={"countries": []})) == []

    def test_transit_and_custody_of_keys_do_not(self) -> None:
        assert kinds(places={"transit": ["JP"], "key_custody": ["JP"]}) == []

    def test_covered_and_reviewed_places_are_none(self) -> None:
        assert kinds(source="DE", destination="US-VA") == kinds(destination="GL") == []

    def test_a_place_that_is_not_named(self) -> None:
        found = gaps(places={"logs": [{"region": "any"}]})
        assert [(gap.kind, gap.missing) for gap in found] == [("place", ("reach",))]

    def test_without_packs_everything_is_one(self) -> None:
        assert [gap.place for gap in find_gaps(Policies([]), make_facts())] == ["DE", "FR"]


class TestParts:
    def test_a_part_with_rules_is_one_for_the_data_they_concern(self) -> None:
        assert kinds(destination="US-TX", data_categories=[HEALTH]) == [("rules_known", "US-TX")]
        assert kinds(destination="US-TX", data_categories=[EMAIL]) == []
        assert kinds(destination="US-TX", data_categories=["derived.model"]) == [("rules_known", "US-TX")]

    def test_it_says_which(self) -> None:
        gap = gaps(destination="US-TX", data_categories=[HEALTH])[0]
        assert (gap.category, gap.note, gap.connection, gap.missing) == (HEALTH, "SB 1188", "destination", ())

    def test_a_part_that_nobody_looked_at_is_one_where_parts_are_told_apart(self) -> None:
        assert kinds(destination="US-OR") == [("jurisdiction", "US-OR")]
        assert kinds(destination="FR-IDF") == []

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"source": "US"}, False),
            ({"source": "US", "data_categories": [EMAIL]}, True),
            ({"source": "US-VA"}, True),
            ({"source": "US", "subjects": {"countries": ["US-VA"]}}, True),
            ({"source": "US", "destination": "US"}, True),
            ({"source": "DE"}, True),
        ],
    )
    def test_data_that_leaves_must_say_which_part_it_leaves(self, fields: dict[str, Any], told: bool) -> None:
        found = gaps(**{"data_categories": [HEALTH], **fields})
        assert [(gap.kind, gap.missing) for gap in found] == (
            [] if told else [("subdivision", ("source.subdivision",))]
        )


class TestCategories:
    @pytest.mark.parametrize("categories", [None, [], ["data.unknown"], ["data", EMAIL]])
    def test_what_nobody_categorised(self, categories: list[str] | None) -> None:
        assert ("categories", "") in kinds(data_categories=categories)
        assert gaps(data_categories=categories)[0].missing == ("data_categories",)

    def test_it_may_be_what_a_part_has_rules_for(self) -> None:
        assert kinds(destination="US-TX", data_categories=None) == [
            ("categories", ""),
            ("rules_known", "US-TX"),
        ]
