# SPDX-License-Identifier: Apache-2.0
"""Countries against pycountry, and sets."""

import pycountry
import pytest

from airflow_xborder.core import places
from airflow_xborder.errors import UnknownTermError


class TestTables:
    def test_the_countries_are_those_of_iso_3166_and_kosovo(self) -> None:
        assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == places.COUNTRIES

    def test_sets_have_known_members_and_the_right_sizes(self) -> None:
        subdivisions = {entry.code for entry in pycountry.subdivisions}
        assert all(members <= places.COUNTRIES | subdivisions for members in places.SETS.values())
        sizes = {name: len(members) for name, members in places.SETS.items()}
        assert sizes == {
            "EU27": 27, "EEA30": 30, "US_DSP_CONCERN": 8, "US_PADFAA": 4, "EU_OUTERMOST": 6, "CBPR_GLOBAL": 9,
            "CLOUDACT_PARTNERS": 2, "GBA": 3, "CONV108": 55,
        }  # fmt: skip
        assert {"HK", "MO"} <= places.SETS["US_DSP_CONCERN"]
        assert set(places.ORDERS.values()) <= places.SETS.keys()

    def test_sets_say_what_they_mean_at_their_borders(self) -> None:
        assert places.SETS["EEA30"] < places.SETS["CONV108"]
        assert {"GB", "CH", "RU"} <= places.SETS["CONV108"]
        assert not places.SETS["CONV108"] & {"BY", "XK", "US", "VA"}
        # Not part of the Union, though they belong to member states.
        assert not (places.SETS["EEA30"] | places.SETS["EU_OUTERMOST"]) & {
            "GL",
            "FO",
            "AW",
            "CW",
            "SX",
            "NC",
            "PF",
        }
        assert places.SETS["US_PADFAA"] < places.SETS["US_DSP_CONCERN"]

    def test_no_two_sets_have_the_same_members(self) -> None:
        """Reports call a set of places by its name: by which one must be clear."""
        assert len(set(places.SETS.values())) == len(places.SETS)


class TestNames:
    @pytest.mark.parametrize(
        ("wrong", "hint"), [("UK", "use GB"), ("EL", "use GR"), ("EU", "use one of its member states")]
    )
    def test_usual_slips_are_named(self, wrong: str, hint: str) -> None:
        with pytest.raises(UnknownTermError) as caught:
            places.require_country(wrong)
        assert caught.value.hint == hint

    @pytest.mark.parametrize("wrong", ["DEU", "de", "", "USA"])
    def test_what_is_no_country(self, wrong: str) -> None:
        with pytest.raises(UnknownTermError, match="unknown country"):
            places.require_place(wrong)

    @pytest.mark.parametrize("wrong", ["US-", "QQ-AB", "US-ABCD", "us-il"])
    def test_what_is_no_subdivision(self, wrong: str) -> None:
        with pytest.raises(UnknownTermError, match="unknown subdivision"):
            places.require_place(wrong)

    def test_places(self) -> None:
        assert places.require_place("DE") == "DE"
        assert places.require_place("US-IL") == "US-IL"

    @pytest.mark.parametrize(("name", "size"), [("EU27", 27), ("EU", 30), ("DE", 1), ("US-IL", 1)])
    def test_a_name_stands_for_places(self, name: str, size: int) -> None:
        assert len(places.members(name)) == size

    @pytest.mark.parametrize("wrong", ["EEA31", "XX", "XX-1"])
    def test_a_name_that_stands_for_nothing(self, wrong: str) -> None:
        with pytest.raises(UnknownTermError, match="unknown jurisdiction"):
            places.members(wrong)
