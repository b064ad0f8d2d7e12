# SPDX-License-Identifier: Apache-2.0
"""Cloud regions against botocore and pycountry, what spans several countries, and names that nobody knows."""

import subprocess
import sys

import pycountry
import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.core import places
from airflow_xborder.core.cloud_regions import (
    AWS,
    AZURE,
    GOOGLE,
    SPREAD,
    cloud_regions,
    locate_cloud_region,
)
from airflow_xborder.errors import UnknownTermError

TABLES = {"aws": AWS, "gcp": GOOGLE, "azure": AZURE}
PLAIN = sorted(f"{cloud}:{name}" for cloud, table in TABLES.items() for name in table)
names = st.text("abcdefghijklmnopqrstuvwxyz-:0123456789ABCDEU", max_size=24)


def aws_regions() -> set[str]:
    """Return every region of every partition that botocore knows."""
    partitions = Session().get_component("data_loader").load_data("partitions")["partitions"]
    assert len(partitions) >= 8
    return {region for partition in partitions for region in partition["regions"]}


class TestTables:
    def test_every_aws_region_is_mapped_and_no_other(self) -> None:
        spread = {name.removeprefix("aws:") for name in SPREAD if name.startswith("aws:")}
        assert aws_regions() == set(AWS) | spread

    def test_the_google_list_is_complete(self) -> None:
        assert len(GOOGLE) == 43

    def test_azure_names_are_written_as_its_api_writes_them(self) -> None:
        assert [name for name in AZURE if not name.isalnum() or not name.islower()] == []

    def test_the_subdivisions_are_those_of_iso_3166(self) -> None:
        # Telangana got a new code (IN-TG to IN-TS) that not every edition has.
        known = {entry.code for entry in pycountry.subdivisions} | places.COUNTRIES | {"IN-TS"}
        assert {place for table in TABLES.values() for place in table.values()} - known == set()

    @pytest.mark.parametrize("region", PLAIN)
    def test_a_region_lies_in_its_country(self, region: str) -> None:
        located = locate_cloud_region(region)
        assert located.country in places.COUNTRIES
        assert located.subdivision is None or located.subdivision.startswith(f"{located.country}-")
        assert located.members == {located.subdivision or located.country}

    @pytest.mark.parametrize(
        ("region", "country", "subdivision"),
        [("aws:eu-central-2", "CH", "CH-ZH"), ("aws:eusc-de-east-1", "DE", "DE-BB"), ("aws:ap-southeast-3", "ID", "ID-JB"),
         ("gcp:europe-west3", "DE", "DE-HE"), ("gcp:europe-west6", "CH", "CH-ZH"), ("gcp:europe-west2", "GB", "GB-ENG"),
         ("gcp:me-central2", "SA", "SA-04"), ("gcp:asia-southeast3", "TH", "TH-10"), ("gcp:asia-east2", "HK", None),
         ("azure:germanywestcentral", "DE", "DE-HE"), ("azure:norwaye", "NO", "NO-03"), ("azure:ukwest", "GB", "GB-WLS"),
         ("azure:southeastus3", "US", None), ("azure:eastasia", "HK", None), ("azure:southeastasia", "SG", None)],
    )  # fmt: skip
    def test_known_regions(self, region: str, country: str, subdivision: str | None) -> None:
        located = locate_cloud_region(region)
        assert (located.country, located.subdivision, located.confirmed) == (country, subdivision, True)

    @pytest.mark.parametrize(
        "region", ["azure:chinaeast2", "azure:usgovtexas", "azure:saudiarabiaeast", "aws:us-iso-east-1"]
    )
    def test_what_no_provider_list_confirms_is_told_apart(self, region: str) -> None:
        assert not locate_cloud_region(region).confirmed


class TestSpread:
    @pytest.mark.parametrize("region", sorted(SPREAD))
    def test_what_spans_regions_is_never_in_one_country(self, region: str) -> None:
        located = locate_cloud_region(region)
        assert (located.country, located.subdivision, located.confirmed) == (None, None, False)
        assert located.members <= places.COUNTRIES

    @pytest.mark.parametrize(
        "region", [name for name in sorted(SPREAD) if "global" in name or "edge:" in name]
    )
    def test_what_is_global_may_be_anywhere(self, region: str) -> None:
        assert locate_cloud_region(region).members == frozenset()

    def test_the_european_ones(self) -> None:
        assert locate_cloud_region("gcp:eu").members == places.SETS["EU27"]
        assert locate_cloud_region("azure-openai:data-zone-eu").members == places.SETS["EU27"]
        # Amazon's geography is Europe, in which it has regions outside the Union.
        assert {"GB", "CH", "DE"} < locate_cloud_region("bedrock:eu").members

    def test_a_geography_holds_every_country_of_its_regions(self) -> None:
        assert locate_cloud_region("bedrock:us").members == {"US"}
        asian = {"HK", "ID", "IN", "JP", "KR", "SG", "TH", "TW"}
        assert locate_cloud_region("gcp:asia").members == asian
        assert asian < locate_cloud_region("bedrock:apac").members


class TestNames:
    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("aws:eu-west-33", "aws:eu-west-3"), ("gcp:europe-west33", "gcp:europe-west3"), ("gcp:EU", "gcp:eu"),
         ("azure:germanywestcentrall", "azure:germanywestcentral"), ("AWS:EU-CENTRAL-1", "aws:eu-central-1"),
         ("eu-central-1", "aws:eu-central-1"), ("google:europe-west3", "gcp:europe-west3"),
         ("azure:Germany West Central", "azure:germanywestcentral"), ("gpc:europe-west1", "gcp:europe-west1")],
    )  # fmt: skip
    def test_a_slip_gets_the_nearest_name(self, wrong: str, right: str) -> None:
        with pytest.raises(UnknownTermError, match="unknown cloud region") as caught:
            locate_cloud_region(wrong)
        assert caught.value.hint == f"did you mean `{right}`?"

    @pytest.mark.parametrize("wrong", ["", ":", "nowhere", "aws:", "aws", "qqq:zzz"])
    def test_one_that_is_near_nothing_is_told_how_to_write_it(self, wrong: str) -> None:
        with pytest.raises(UnknownTermError) as caught:
            locate_cloud_region(wrong)
        assert caught.value.hint == "write it as `aws:eu-central-1`"

    @given(names)
    def test_a_name_is_in_the_tables_or_refused(self, name: str) -> None:
        if name not in cloud_regions():
            with pytest.raises(UnknownTermError):
                locate_cloud_region(name)

    @given(st.sampled_from(sorted(cloud_regions())), st.integers(0, 40), st.sampled_from("abcx019-"))
    def test_one_wrong_letter_never_leads_elsewhere(self, name: str, at: int, letter: str) -> None:
        wrong = name[:at] + letter + name[at + 1 :]
        if wrong not in cloud_regions():
            with pytest.raises(UnknownTermError) as caught:
                locate_cloud_region(wrong)
            assert caught.value.hint


def test_a_process_without_clouds_never_loads_the_tables() -> None:
    program = (
        "import sys; from airflow_xborder.core.catalog import Catalog; Catalog({'regions': {'x': {'country': 'DE'}}}); "
        "sys.exit('airflow_xborder.core.cloud_regions' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
