# SPDX-License-Identifier: Apache-2.0
"""What the catalog knows of stores, regions and data sets."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.errors import FlowError, UnknownRegionError, UnknownTermError
from tests.deployment import CATALOG, PEOPLE


def catalog(**changes: Any) -> Catalog:
    return Catalog({**deepcopy(CATALOG), **changes})


def test_a_cloud_region_says_its_country() -> None:
    region = catalog().regions["eu"]
    assert (region.country, region.subdivision) == ("DE", "DE-HE")


def test_a_country_that_is_not_the_cloud_regions_is_an_error() -> None:
    with pytest.raises(FlowError, match="is in DE, not in FR"):
        catalog(regions={"eu": {"cloud": "aws:eu-central-1", "country": "FR"}}, stores={})


def test_zurich_is_not_in_the_european_union() -> None:
    assert Catalog({"regions": {"z": {"cloud": "aws:eu-central-2"}}}).regions["z"].country == "CH"


def test_the_longest_prefix_names_the_store() -> None:
    stores = {"s3://a": {"region": "eu"}, "s3://a/us": {"region": "us"}}
    found = catalog(stores=stores).store_of("s3://a/us/x")
    assert found is not None
    assert found[0] == "s3://a/us"


def test_a_name_that_only_begins_alike_is_another_store() -> None:
    assert catalog(stores={"s3://acme": {"region": "eu"}}).store_of("s3://acme-eu/x") is None


def test_the_longest_match_describes_the_data_set() -> None:
    rows = [
        {"match": "s3://a/*", "categories": {}},
        {"match": "s3://a/people*", "categories": {"x": "public"}},
    ]
    row = catalog(datasets=rows).dataset_of("s3://a/people.csv")
    assert row is not None
    assert row.categories == {"x": "public"}


def test_a_column_without_category_is_unknown_data() -> None:
    row = catalog().dataset_of(PEOPLE)
    assert row is not None
    assert row.categories_of(("email", "shoe_size")) == ("data.unknown", "personal_data.contact.email")


def test_an_unknown_region_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownRegionError) as caught:
        catalog().region_name("uss")
    assert caught.value.hint == "did you mean `us`?"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"stores": {"s3://x": {"region": "mars"}}}, UnknownRegionError, id="store-in-no-region"),
        pytest.param({"regions": {"eu": {"ledger": "x"}}, "stores": {}}, FlowError, id="region-nowhere"),
        pytest.param(
            {"datasets": [{"match": "x", "categories": {"a": "helth"}}]}, UnknownTermError, id="category"
        ),
        pytest.param({"parties": {}, "stores": {}}, FlowError, id="unknown-party"),
        pytest.param(
            {"regions": {"eu": {"cloud": "aws:eu-west-9"}}, "stores": {}}, UnknownTermError, id="cloud"
        ),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        catalog(**changes)


def test_stores_by_connection() -> None:
    assert list(catalog().stores_of_connection("pg_us")) == ["postgres://pg-us:5432/appdb"]


def test_a_store_may_be_named_by_its_connection() -> None:
    assert catalog().store_uri("conn://pg_us/public.people") == "postgres://pg-us:5432/appdb.public.people"
    assert catalog().store_uri("s3://x/y") == "s3://x/y"


def test_a_connection_that_the_catalog_does_not_know_is_named() -> None:
    with pytest.raises(FlowError) as caught:
        catalog().store_uri("conn://pg_uss/x")
    assert caught.value.hint == "did you mean `pg_us`?"


def test_a_connection_to_several_stores_names_none() -> None:
    stores = {
        "s3://a": {"region": "eu", "connection": "aws"},
        "s3://b": {"region": "eu", "connection": "aws"},
    }
    with pytest.raises(FlowError, match="2 stores"):
        catalog(stores=stores).store_uri("conn://aws/x")


class TestNames:
    """A name that stands for two things would be decided as the one that happens to come last."""

    @pytest.mark.parametrize("alias", ["eu", "EU"])
    def test_no_region_goes_by_the_name_of_another(self, alias: str) -> None:
        regions = deepcopy(CATALOG)["regions"]
        regions["us"]["aliases"] = [alias]
        with pytest.raises(FlowError, match=f"`{alias}` is what `eu` is called"):
            catalog(regions=regions)

    def test_a_store_may_name_its_region_by_an_alias(self) -> None:
        found = catalog(stores={"s3://a": {"region": "EU"}}).store_of("s3://a/x")
        assert found is not None
        assert found[1].region == "eu"

    def test_one_store_has_one_row(self) -> None:
        with pytest.raises(FlowError, match="`s3://a` has a row already"):
            catalog(stores={"s3://a": {"region": "eu"}, "s3://a/": {"region": "us"}})

    def test_no_alias_turns_one_purpose_into_another(self) -> None:
        with pytest.raises(FlowError, match="`marketing` is a purpose itself"):
            catalog(aliases={"purposes": {"marketing": "analytics"}})
        with pytest.raises(UnknownTermError):
            catalog(aliases={"purposes": {"ads": "advertisingg"}})


class TestContainers:
    ROWS = (
        {"match": "s3://a/*", "categories": {"x": "public"}},
        {"match": "s3://a/users/*", "categories": {"x": "personal_data"}},
    )

    @pytest.mark.parametrize(
        ("uri", "matches"),
        [
            ("s3://a", ["s3://a/*", "s3://a/users/*"]),
            ("s3://a/", ["s3://a/*", "s3://a/users/*"]),
            ("s3://a/users", ["s3://a/users/*"]),
            ("s3://a/users/x", ["s3://a/users/*"]),
            ("s3://a/other", ["s3://a/*"]),
        ],
    )
    def test_a_container_holds_what_other_rows_describe(self, uri: str, matches: list[str]) -> None:
        assert [row.match for row in catalog(datasets=self.ROWS).datasets_in(uri)] == matches

    def test_a_dot_ends_no_name_of_a_bucket_or_an_object(self) -> None:
        found = catalog(stores={"s3://acme": {"region": "eu"}, "s3://b/x": {"region": "eu"}})
        assert found.store_of("s3://acme.us/x") is None
        assert found.store_of("s3://b/x.csv") is None

    def test_a_pattern_is_described_by_its_own_row_alone(self) -> None:
        found = catalog(datasets=self.ROWS)
        assert found.dataset_of("s3://a/users*") is None
        assert found.dataset_of("s3://a/users/*") is found.datasets[1]

    def test_two_rows_of_one_pattern_are_an_error(self) -> None:
        with pytest.raises(FlowError, match=r"datasets\[2\]: `s3://a/\*` has a row already"):
            catalog(datasets=[*self.ROWS, self.ROWS[0]])

    @pytest.mark.parametrize("turn", [1, -1])
    def test_of_two_rows_as_long_the_order_in_the_file_does_not_choose(self, turn: int) -> None:
        rows = [{"match": match, "categories": {}} for match in ("s3://a/x*", "s3://a/*x")][::turn]
        row = catalog(datasets=rows).dataset_of("s3://a/xx")
        assert row is not None
        assert row.match == "s3://a/x*"


def test_a_flow_may_use_the_deployments_own_names_of_purposes() -> None:
    flow = catalog().read_flow({"source": "DE", "destination": "US", "purpose": "model_inference"})
    assert flow.purpose == "ml_inference"
    with pytest.raises(UnknownTermError):
        catalog().read_flow({"source": "DE", "destination": "US", "purpose": "modell_inference"})


def test_a_column_needs_a_name() -> None:
    with pytest.raises(FlowError, match="without a name"):
        catalog(datasets=[{"match": "x", "categories": {"": "non_personal"}}])
