# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.errors import ConfigurationError, RegionMismatchError
from airflow_xborder.hooks import regions
from tests.deployment import CATALOG


@pytest.fixture(autouse=True)
def catalog(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    data = deepcopy(CATALOG)
    data["regions"]["us"]["connections"] = {"s3": ["aws_us", "aws_us_too"], "postgres": "pg_us_reader"}
    data["stores"]["s3://acme-eu"] = {"region": "eu", "connection": "aws_eu"}
    monkeypatch.setattr(regions.runtime, "catalog", lambda: Catalog(data))
    return data


def connection(connection_id: str = "pg_eu", **changes: Any) -> Any:
    extra = changes.pop("extra", {})
    fields = {
        "conn_id": connection_id,
        "host": "pg-eu",
        "port": 5432,
        "schema": "appdb",
        "extra_dejson": extra,
    }
    return SimpleNamespace(**{**fields, **changes})


class TestPostgres:
    def test_host_port_and_database_are_the_store(self) -> None:
        target = regions.postgres_target(connection(), None)
        assert target == regions.Target(
            connection_id="pg_eu",
            store="postgres://pg-eu:5432/appdb",
            region="eu",
            cloud="aws:eu-central-1",
        )

    def test_the_port_may_be_left_out(self) -> None:
        assert regions.postgres_target(connection(port=None), None).region == "eu"

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"host": "pg-us"}, id="the-store-of-another-connection"),
            pytest.param({"host": "elsewhere"}, id="host"),
            pytest.param({"host": "pg-eu,pg-us"}, id="hosts"),
            pytest.param({"host": None}, id="no-host"),
            pytest.param({"port": 6432}, id="port"),
            pytest.param({"schema": "other"}, id="database"),
        ],
    )
    def test_anything_else_is_a_mismatch(self, changes: dict[str, Any]) -> None:
        with pytest.raises(RegionMismatchError, match="the catalog says `postgres://pg-eu:5432/appdb`"):
            regions.postgres_target(connection(**changes), None)

    def test_another_database_may_be_named(self) -> None:
        with pytest.raises(RegionMismatchError):
            regions.postgres_target(connection(), "other")

    def test_a_connection_of_the_region_reaches_its_stores(self) -> None:
        assert regions.postgres_target(connection("pg_us_reader", host="pg-us"), None).region == "us"
        with pytest.raises(ConfigurationError, match="does not have `postgres://pg-eu:5432/appdb` behind"):
            regions.postgres_target(connection("pg_us_reader"), None)

    def test_an_unknown_connection_gets_a_suggestion(self) -> None:
        with pytest.raises(ConfigurationError, match="did you mean `pg_us_reader`"):
            regions.postgres_target(connection("pg_us_raeder"), None)

    @pytest.mark.parametrize(
        "name", ["hostaddr", "host", "port", "dbname", "service", "options", "target_session_attrs"]
    )
    def test_an_extra_that_leads_elsewhere_is_refused(self, name: str) -> None:
        for extra in ({name: "x"}, {"sqlalchemy_query": {name: "x"}}):
            with pytest.raises(ConfigurationError, match=f"the extra `{name}` is not allowed"):
                regions.postgres_target(connection(extra=extra), None)

    def test_what_is_about_the_session_or_about_us_is_allowed(self) -> None:
        extra = {"sslmode": "require", "region": "eu", "sqlalchemy_query": {"application_name": "x"}}
        assert regions.postgres_target(connection(extra=json.loads(json.dumps(extra))), None).region == "eu"


class TestBuckets:
    def test_a_bucket_of_the_catalog(self) -> None:
        assert regions.bucket_target("aws_eu", "acme-eu").cloud == "aws:eu-central-1"

    @pytest.mark.parametrize(
        "bucket", ["acme-ue", "acme-eu/", "arn:aws:s3:eu-central-1:1:accesspoint/acme-eu"]
    )
    def test_any_other_is_none(self, bucket: str) -> None:
        with pytest.raises(ConfigurationError, match="the catalog has no bucket"):
            regions.bucket_target("aws_eu", bucket)

    @pytest.mark.parametrize(
        ("connection_id", "region"),
        [("aws_eu", "eu-central-1"), ("aws_us", "us-east-1"), ("aws_us_too", "us-east-1"), ("nobody", None)],
    )
    def test_the_region_of_a_connection(self, connection_id: str, region: str | None) -> None:
        assert regions.cloud_region_of(connection_id) == region

    def test_a_connection_of_two_regions_has_none(self, catalog: dict[str, Any]) -> None:
        catalog["regions"]["us"]["connections"]["s3"].append("aws_eu")
        assert regions.cloud_region_of("aws_eu") is None


@pytest.mark.parametrize("connection_id", [None, ""])
def test_a_hook_needs_a_connection_id(connection_id: str | None) -> None:
    with pytest.raises(ConfigurationError, match="needs a connection id"):
        regions.require_connection(connection_id)
