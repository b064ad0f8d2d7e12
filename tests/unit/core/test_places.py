# SPDX-License-Identifier: Apache-2.0
"""Countries against pycountry, cloud regions against botocore, and sets."""

import pycountry
import pytest
from botocore.session import Session

from airflow_xborder.core import places
from airflow_xborder.errors import UnknownTermError

# Partitions of other governments' intelligence services, which nobody outside can use.
PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-eusc")


def aws_regions() -> set[str]:
    """Return every region that botocore knows in the partitions that customers can use."""
    partitions = Session().get_component("data_loader").load_data("partitions")["partitions"]
    named = {
        name: {region for region in partition["regions"] if not region.endswith("-global")}
        for partition in partitions
        if (name := partition["id"]) in PARTITIONS
    }
    assert set(named) == set(PARTITIONS)
    return set().union(*named.values())


class TestTables:
    def test_the_countries_are_those_of_iso_3166_and_kosovo(self) -> None:
        assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == places.COUNTRIES

    def test_every_aws_region_is_mapped_and_no_other(self) -> None:
        assert aws_regions() == set(places.AWS_REGIONS)

    @pytest.mark.parametrize("region", sorted(places.AWS_REGIONS))
    def test_a_region_lies_in_its_country(self, region: str) -> None:
        country, subdivision = places.locate_cloud_region(f"aws:{region}")
        assert country in places.COUNTRIES
        assert subdivision is None or subdivision.startswith(f"{country}-")

    def test_the_subdivisions_of_regions_are_those_of_iso_3166(self) -> None:
        known = {entry.code for entry in pycountry.subdivisions}
        # Telangana got a new code (IN-TG to IN-TS) that not every edition has.
        wrong = {code for _, code in places.AWS_REGIONS.values() if code and code not in known | {"IN-TS"}}
        assert wrong == set()

    def test_sets_have_known_members_and_the_right_sizes(self) -> None:
        assert all(members <= places.COUNTRIES for members in places.SETS.values())
        assert (len(places.SETS["EU27"]), len(places.SETS["EEA30"])) == (27, 30)
        assert {"HK", "MO"} <= places.SETS["US_DSP_CONCERN"]
        assert set(places.ORDERS.values()) <= places.SETS.keys()


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

    @pytest.mark.parametrize(
        ("wrong", "hint"),
        [("aws:eu-west-33", "did you mean `eu-west-3`?"), ("gcp:europe-west1", "did you mean `eu-west-1`?"),
         ("nowhere", "write it as `aws:eu-central-1`")],
    )  # fmt: skip
    def test_a_region_is_never_guessed(self, wrong: str, hint: str) -> None:
        with pytest.raises(UnknownTermError, match="unknown cloud region") as caught:
            places.locate_cloud_region(wrong)
        assert caught.value.hint == hint
