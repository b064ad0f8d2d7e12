# SPDX-License-Identifier: Apache-2.0
"""From inlets and outlets to flows: which pairs are asked about, and what an asset may claim."""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.enforcement.declared import declared, flows_of, store_uri
from airflow_xborder.errors import FlowError, UnknownTermError
from tests.deployment import CATALOG, PEOPLE, TARGET

KNOWN = Asset("known", uri="postgres://pg-eu:5432/appdb/public/people")
COPY = Asset("copy", uri="postgres://pg-us:5432/appdb/public/people")
UNKNOWN = Asset("unknown", uri="s3://nobody/x")


def flows(inlets: list[Any], outlets: list[Any], worker: str | None = None) -> list[DataFlow]:
    catalog = Catalog(deepcopy(CATALOG))
    return list(flows_of(declared(inlets, catalog), declared(outlets, catalog), catalog, worker))


def ends(found: list[DataFlow]) -> list[tuple[str | None, str | None]]:
    return [
        (flow.source.store or flow.source.region, flow.destination.store or flow.destination.region)
        for flow in found
    ]


@pytest.mark.parametrize(
    ("asset", "catalog"),
    [
        ("postgres://h:5432/db/public/people", "postgres://h:5432/db.public.people"),
        ("postgresql://h:5432/db/public/people/", "postgres://h:5432/db.public.people"),
        ("postgres://h:5432/db.public.people", "postgres://h:5432/db.public.people"),
        ("s3://bucket/a/b.csv", "s3://bucket/a/b.csv"),
        ("s3://bucket/a/", "s3://bucket/a/"),
        (
            "postgresql+psycopg2://u:p@h/db/public/people?sslmode=require",
            "postgres://h:5432/db.public.people",
        ),
        ("S3A://aws_eu@bucket/a/B.csv", "s3://bucket/a/B.csv"),
        (" s3n://bucket", "s3://bucket"),
        ("gs://Bucket/a", "gs://Bucket/a"),
        ("no-scheme", "no-scheme"),
    ],
)
def test_a_table_is_named_as_the_catalog_names_it(asset, catalog):
    assert store_uri(asset) == catalog


class TestPairs:
    def test_each_inlet_with_each_outlet(self):
        other = Asset("other", uri="s3://dark/x")
        assert ends(flows([KNOWN, other], [COPY])) == [(PEOPLE, TARGET), ("s3://dark/x", TARGET)]

    def test_one_known_end_is_enough_to_ask(self):
        assert ends(flows([KNOWN], [UNKNOWN])) == [(PEOPLE, "s3://nobody/x")]
        assert ends(flows([UNKNOWN], [COPY])) == [("s3://nobody/x", TARGET)]

    @pytest.mark.parametrize("uri", ["conn://pg_eu/public.people", "postgres://u@PG-EU/appdb/public/people"])
    def test_a_known_store_is_known_however_it_is_spelled(self, uri: str):
        assert ends(flows([], [SimpleNamespace(name="n", uri=uri, extra={})], "us")) == [("us", PEOPLE)]

    def test_a_connection_that_the_catalog_does_not_have_is_unknown(self):
        assert flows([], [SimpleNamespace(name="n", uri="conn://other/x", extra={})], "us") == []

    def test_an_alias_is_an_end_that_nobody_knows(self):
        assert ends(flows([KNOWN], [AssetAlias("later")])) == [(PEOPLE, "later")]

    def test_what_the_catalog_does_not_know_at_all_is_not_asked_about(self):
        assert flows([UNKNOWN], [UNKNOWN], "eu") == flows([], [], "eu") == []

    def test_inlets_alone_bring_data_to_this_worker(self):
        (flow,) = flows([KNOWN], [], "us")
        assert ends([flow]) == [(PEOPLE, "us")]
        assert flow.access_mode == "process"

    def test_outlets_alone_bring_data_from_it(self):
        assert ends(flows([], [COPY], "eu")) == [("eu", TARGET)]

    def test_without_a_worker_region_there_is_no_other_end(self):
        assert flows([KNOWN], []) == flows([], [COPY]) == []


def test_data_passes_through_the_worker_wherever_it_goes():
    (flow,) = flows([KNOWN], [COPY], "eu")
    assert flow.places is not None
    assert [end.region for end in flow.places.processing or ()] == ["eu"]


def test_a_folder_is_what_the_catalog_has_in_it():
    catalog = Catalog(
        {
            "regions": {"eu": {"country": "DE"}},
            "stores": {"s3://b": {"region": "eu"}},
            "datasets": [{"match": "s3://b/visits/*", "categories": {"x": "personal_data.behaviour"}}],
        }
    )
    folder, file, other = declared(
        [Asset(uri=f"s3://b/{path}") for path in ("visits/", "visits/1.csv", "people/")], catalog
    )
    # Airflow takes the final slash of a folder off; the catalog knows it all the same.
    assert (folder.uri, file.uri) == ("s3://b/visits", "s3://b/visits/1.csv")
    assert catalog.dataset_of("s3://b/visits") is not None
    assert other.uri == "s3://b/people"
    assert catalog.dataset_of("s3://b/people") is None


class TestClaims:
    def asset(self, claims: object) -> Asset:
        return Asset("claiming", uri=COPY.uri, extra={"xborder": claims})

    def test_a_purpose_and_a_kind_of_access_are_the_authors(self):
        (flow,) = flows([KNOWN], [self.asset({"purpose": "analytics", "access_mode": "replicate"})])
        assert (flow.purpose, flow.access_mode) == ("analytics", "replicate")

    def test_a_purpose_may_have_the_deployments_own_name(self):
        (flow,) = flows([KNOWN], [self.asset({"purpose": "model_inference"})])
        assert flow.purpose == "ml_inference"

    def test_other_extra_is_nothing_to_us(self):
        (flow,) = flows(
            [KNOWN], [Asset("a", uri=COPY.uri, extra={"classification": "public", "purpose": "x"})]
        )
        assert flow.purpose is None

    @pytest.mark.parametrize("name", ["source", "destination", "as_of"])
    def test_places_and_times_cannot_be_claimed(self, name):
        with pytest.raises(FlowError, match=f"`{name}` cannot be claimed"):
            flows([KNOWN], [self.asset({name: {"region": "eu"}})])

    def test_a_claim_that_is_no_mapping_is_an_error(self):
        with pytest.raises(FlowError, match=r"extra.xborder. must be a mapping"):
            flows([KNOWN], [self.asset("public")])

    def test_an_unknown_term_is_an_error_with_a_suggestion(self):
        with pytest.raises(UnknownTermError, match="analytics"):
            flows([KNOWN], [self.asset({"purpose": "analytic"})])

    def test_an_object_that_is_no_asset_is_one_that_nobody_knows(self):
        assert ends(flows([KNOWN], [SimpleNamespace(name="thing")])) == [(PEOPLE, "thing")]
