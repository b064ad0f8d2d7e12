# SPDX-License-Identifier: Apache-2.0
"""Where a region of the catalog lies, and what officers may say of one that spans several countries."""

import pytest

from airflow_xborder.core.places import SETS
from airflow_xborder.core.regions import Region
from airflow_xborder.errors import FlowError, UnknownTermError


@pytest.mark.parametrize(
    ("cloud", "country", "subdivision"),
    [
        ("aws:eu-central-1", "DE", "DE-HE"),
        ("gcp:europe-west3", "DE", "DE-HE"),
        ("azure:eastasia", "HK", None),
    ],
)
def test_a_cloud_region_says_where_it_is(cloud: str, country: str, subdivision: str | None) -> None:
    region = Region(cloud=cloud)
    assert (region.country, region.subdivision, region.spread) == (country, subdivision, frozenset())


def test_one_that_spans_countries_is_in_none() -> None:
    region = Region(cloud="gcp:eu")
    assert (region.country, region.spread) == (None, SETS["EU27"])
    assert Region(cloud="vertex:global").spread == frozenset()


@pytest.mark.parametrize(
    ("cloud", "told"), [("gcp:eur4", "FI, NL"), ("vertex:global", "no country by itself")]
)
def test_nobody_may_say_that_it_is_in_one(cloud: str, told: str) -> None:
    with pytest.raises(FlowError, match=f"is in {told}, not in NL"):
        Region(cloud=cloud, country="NL")


def test_what_is_all_in_one_country_officers_may_say_so_of() -> None:
    region = Region(cloud="gcp:us", country="US")
    assert (region.country, region.spread) == ("US", frozenset())
    assert Region(cloud="gcp:us").country is None


def test_a_region_needs_a_place() -> None:
    with pytest.raises(FlowError, match="needs `cloud` or `country`"):
        Region()
    with pytest.raises(UnknownTermError, match="unknown cloud region"):
        Region(cloud="aws:eu-west-9")


@pytest.mark.parametrize(
    "row",
    [{"country": "DE", "subdivision": "FR-IDF"}, {"cloud": "gcp:eu", "subdivision": "DE-HE"},
     {"cloud": "aws:us-east-1", "subdivision": "CA-QC"}],
)  # fmt: skip
def test_a_part_of_another_country_is_an_error(row: dict[str, str]) -> None:
    with pytest.raises(FlowError, match="is not in"):
        Region(**row)  # type: ignore[arg-type]
