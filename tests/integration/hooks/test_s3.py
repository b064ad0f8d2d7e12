# SPDX-License-Identifier: Apache-2.0
"""RegionalS3Hook against servers that refuse the wrong region: asked before a call, and no body to another region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from airflow.sdk.exceptions import AirflowFailException
from botocore.utils import S3RegionRedirectorv2

from airflow_xborder.demo.s3 import S3Endpoint
from airflow_xborder.errors import (
    ConfigurationError,
    EnforcementError,
    FlowDeniedError,
    RegionMismatchError,
    ReviewRequiredError,
)
from airflow_xborder.hooks import RegionalS3Hook
from tests.regional import Regional, aws_connection
from tests.tools.servers import S3Server

pytestmark = pytest.mark.integration


@pytest.fixture
def buckets(s3_endpoints: Mapping[str, S3Endpoint]) -> dict[str, str]:
    """One bucket in each region, the European one with two objects of which one is about people."""
    made = {
        name: endpoint.create_bucket(f"{name}-{uuid4().hex[:8]}") for name, endpoint in s3_endpoints.items()
    }
    for key in ("people/all.csv", "prices/all.csv", "unknown.csv"):
        s3_endpoints["eu"].client().put_object(Bucket=made["eu"], Key=key, Body=b"kept")
    return made


@pytest.fixture
def site(regional: Regional, s3_endpoints: Mapping[str, S3Endpoint], buckets: dict[str, str]) -> Regional:
    """The deployment with buckets; the worker is in the EU, and nobody has documents."""
    regional.catalog["registers"] = {}
    for name in ("eu", "us"):
        regional.catalog["stores"][f"s3://{buckets[name]}"] = {"region": name, "connection": f"aws_{name}"}
        regional.connect(f"aws_{name}", aws_connection(s3_endpoints[name]))
    people = regional.catalog["datasets"][0]
    nobody = {"subjects": {"countries": [], "complete": True}, "purposes": ["analytics"]}
    regional.catalog["datasets"] = [
        {**people, "match": f"s3://{buckets['eu']}/people/*"},
        *({"match": f"s3://{buckets[name]}/prices/*", "categories": {"price": "non_personal"}, **nobody}
          for name in ("eu", "us")),
    ]  # fmt: skip
    return regional


def hook(name: str = "eu", **options: Any) -> RegionalS3Hook:
    return RegionalS3Hook(aws_conn_id=f"aws_{name}", purpose="analytics", **options)


def requests_of(client: Any) -> list[str]:
    """Return a list that grows by each request that leaves for the store."""
    sent: list[str] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(request.method)

    client.meta.events.register("before-send.s3", note)
    return sent


@pytest.fixture
def in_the_us(site: Regional) -> Iterator[Regional]:
    """A worker in the US, which may not read about people in the EU."""
    site.options(worker_region="us")
    yield site.start()


class TestTheDecision:
    READS = {
        "get_object": lambda hook, bucket: hook.get_conn().get_object(Bucket=bucket, Key="people/all.csv"),
        "read_key": lambda hook, bucket: hook.read_key("people/all.csv", bucket),
        "get_key": lambda hook, bucket: hook.get_key("people/all.csv", bucket),
        "check_for_key": lambda hook, bucket: hook.check_for_key("people/all.csv", bucket),
        "list_keys": lambda hook, bucket: hook.list_keys(bucket),
        "download_file": lambda hook, bucket: hook.download_file("people/all.csv", bucket),
        "session": lambda hook, bucket: (
            hook.get_session()
            .client("s3", endpoint_url=hook.conn_config.endpoint_url)
            .get_object(Bucket=bucket, Key="people/all.csv")
        ),
        "resource": lambda hook, bucket: hook.resource.Object(bucket, "people/all.csv").get(),
        "paginator": lambda hook, bucket: list(
            hook.get_conn().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        ),
        "bucket": lambda hook, bucket: list(hook.get_bucket(bucket).objects.all()),
    }

    @pytest.mark.parametrize("way", READS)
    def test_every_way_to_read_is_denied(
        self, in_the_us: Regional, buckets: dict[str, str], way: str
    ) -> None:
        with pytest.raises(FlowDeniedError, match=r"Test Art\. 1") as caught:
            self.READS[way](hook(), buckets["eu"])
        assert isinstance(caught.value, AirflowFailException)
        assert in_the_us.decisions()[-1].body["decision"]["outcome"] == "deny"

    def test_a_denied_read_sends_nothing(self, in_the_us: Regional, buckets: dict[str, str]) -> None:
        client = hook().get_conn()
        sent = requests_of(client)
        with pytest.raises(FlowDeniedError):
            client.get_object(Bucket=buckets["eu"], Key="people/all.csv")
        assert sent == []

    def test_what_is_allowed_works_as_ever(
        self, site: Regional, buckets: dict[str, str], tmp_path: Path
    ) -> None:
        site.start()
        bucket, drop_in = buckets["eu"], hook()
        assert drop_in.read_key("people/all.csv", bucket) == "kept"
        drop_in.load_string("1", "prices/new.csv", bucket)
        (tmp_path / "big").write_bytes(b"x" * (9 << 20))
        drop_in.load_file(tmp_path / "big", "prices/big.csv", bucket)
        assert drop_in.list_keys(bucket, prefix="prices/") == [
            "prices/all.csv",
            "prices/big.csv",
            "prices/new.csv",
        ]
        assert drop_in.check_for_bucket(bucket)
        drop_in.copy_object("prices/new.csv", "prices/copy.csv", bucket, bucket)
        drop_in.delete_objects(bucket, ["prices/new.csv", "prices/copy.csv"])
        assert not drop_in.check_for_key("prices/copy.csv", bucket)
        assert {event.body["decision"]["outcome"] for event in site.decisions()} == {"allow"}
        stores = {event.body["flow"]["source"]["store"] for event in site.decisions()}
        assert stores == {f"s3://{bucket}/people/*", f"s3://{bucket}/prices/*"}  # no name of an object

    def test_an_object_that_nobody_described_needs_a_person(
        self, site: Regional, buckets: dict[str, str]
    ) -> None:
        site.start()
        with pytest.raises(ReviewRequiredError):
            hook().read_key("unknown.csv", buckets["eu"])

    def test_what_was_read_may_not_be_written_abroad(self, site: Regional, buckets: dict[str, str]) -> None:
        site.start()
        data = hook().read_key("people/all.csv", buckets["eu"])
        abroad = hook("us")
        sent = requests_of(abroad.get_conn())
        with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
            abroad.load_string(data, "prices/all.csv", buckets["us"])
        assert sent == ["HEAD"]

    def test_what_was_made_here_has_no_known_category_across_a_border(
        self, site: Regional, buckets: dict[str, str]
    ) -> None:
        site.start()
        with pytest.raises(ReviewRequiredError):
            hook("us").load_string("x", "prices/all.csv", buckets["us"])

    def test_a_copy_is_a_flow_from_bucket_to_bucket(self, site: Regional, buckets: dict[str, str]) -> None:
        site.start()
        with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
            hook("us").copy_object("people/all.csv", "prices/all.csv", buckets["eu"], buckets["us"])
        hook("us").get_conn().copy_object(
            Bucket=buckets["us"], Key="prices/all.csv", CopySource=f"{buckets['eu']}/prices/all.csv"
        )
        assert hook("us").read_key("prices/all.csv", buckets["us"]) == "kept"

    @pytest.mark.parametrize("method", ["get_object", "put_object"])
    def test_whoever_holds_an_address_may_be_anywhere(
        self, site: Regional, buckets: dict[str, str], method: str
    ) -> None:
        site.start()
        hook().read_key("people/all.csv", buckets["eu"])
        with pytest.raises(ReviewRequiredError):
            hook().generate_presigned_url(method, params={"Bucket": buckets["eu"], "Key": "people/all.csv"})


class TestTheRegion:
    def test_a_bucket_in_another_region_than_declared(
        self, site: Regional, s3_endpoints: Mapping[str, S3Endpoint], buckets: dict[str, str]
    ) -> None:
        site.catalog["stores"][f"s3://{buckets['jp']}"] = {"region": "eu", "connection": "aws_eu"}
        site.catalog["datasets"].append(
            {**site.catalog["datasets"][1], "match": f"s3://{buckets['jp']}/prices/*"}
        )
        site.start()
        client = hook().get_conn()
        sent = requests_of(client)
        with pytest.raises(RegionMismatchError, match="is in `aws:ap-northeast-1`") as caught:
            client.put_object(Bucket=buckets["jp"], Key="prices/x", Body=b"x")
        assert isinstance(caught.value, AirflowFailException)
        assert sent == []
        assert "Contents" not in s3_endpoints["jp"].client().list_objects_v2(Bucket=buckets["jp"])

    def test_a_client_of_another_region_sends_nothing(self, site: Regional, buckets: dict[str, str]) -> None:
        site.start()
        client = hook(region_name="us-east-1").get_conn()
        sent = requests_of(client)
        with pytest.raises(RegionMismatchError, match="the client is for `aws:us-east-1`"):
            client.put_object(Bucket=buckets["eu"], Key="prices/x", Body=b"x")
        with pytest.raises(RegionMismatchError, match="signed for `aws:us-east-1`"):
            client.generate_presigned_url(
                "delete_object", Params={"Bucket": buckets["eu"], "Key": "prices/x"}
            )
        assert sent == []

    def test_a_redirect_of_the_store_is_not_followed(
        self, site: Regional, s3_endpoints: Mapping[str, S3Endpoint], buckets: dict[str, str]
    ) -> None:
        # The endpoint of the US, which answers 301 for a European bucket: as after a bucket has moved.
        site.connect("aws_eu", aws_connection(s3_endpoints["us"], region_name="eu-central-1"))
        site.start()
        client = hook().get_conn()
        client.get_bucket_location(Bucket=buckets["eu"])
        sent = requests_of(client)
        with pytest.raises(RegionMismatchError, match="belongs to region `eu-central-1`"):
            client.put_object(Bucket=buckets["eu"], Key="prices/x", Body=b"x")
        assert sent == ["PUT"]

    def test_no_client_of_the_hook_has_botocores_redirector(self, site: Regional) -> None:
        site.start()
        plain = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        assert redirectors(plain)  # else this test says nothing: botocore has changed
        drop_in = hook()
        assert not redirectors(drop_in.get_conn())
        assert not redirectors(drop_in.resource.meta.client)
        assert not redirectors(drop_in.get_client_type(region_name="us-east-1"))

    def test_a_region_that_is_no_cloud_region_cannot_be_compared(
        self, site: Regional, buckets: dict[str, str]
    ) -> None:
        del site.catalog["regions"]["eu"]["cloud"]
        site.catalog["regions"]["eu"]["country"] = "DE"
        site.start()
        with pytest.raises(ConfigurationError, match="has no `cloud`"):
            hook().read_key("prices/all.csv", buckets["eu"])

    def test_a_bucket_is_created_where_the_catalog_says(
        self, site: Regional, s3_endpoints: Mapping[str, S3Endpoint]
    ) -> None:
        name = f"new-{uuid4().hex[:8]}"
        site.catalog["stores"][f"s3://{name}"] = {"region": "eu", "connection": "aws_eu"}
        site.start()
        with pytest.raises(RegionMismatchError, match="would be made in `aws:us-west-2`"):
            hook().create_bucket(name, region_name="us-west-2")
        hook().create_bucket(name, region_name="eu-central-1")
        where = s3_endpoints["eu"].client().get_bucket_location(Bucket=name)
        assert where["LocationConstraint"] == "eu-central-1"

    def test_a_connection_without_a_region_takes_the_catalogs(
        self, site: Regional, s3_endpoints: Mapping[str, S3Endpoint], buckets: dict[str, str]
    ) -> None:
        site.connect("aws_eu", aws_connection(s3_endpoints["eu"], region_name=None))
        site.start()
        assert hook().get_conn().meta.region_name == "eu-central-1"
        assert hook().read_key("prices/all.csv", buckets["eu"]) == "kept"


def redirectors(client: Any) -> list[Any]:
    handlers = client.meta.events._emitter._handlers.prefix_search("needs-retry.s3")
    return [entry for entry in handlers if isinstance(getattr(entry, "__self__", None), S3RegionRedirectorv2)]


class TestWhatItDoesNotDo:
    REFUSED = {
        "list_buckets": lambda client, bucket: client.list_buckets(),
        "replication": lambda client, bucket: client.put_bucket_replication(
            Bucket=bucket, ReplicationConfiguration={"Role": "r", "Rules": []}
        ),
        "acl": lambda client, bucket: client.put_object_acl(
            Bucket=bucket, Key="prices/all.csv", ACL="public-read"
        ),
        "public": lambda client, bucket: client.put_object(
            Bucket=bucket, Key="prices/x", Body=b"1", ACL="public-read"
        ),
        "form": lambda client, bucket: client.generate_presigned_post(bucket, "prices/all.csv"),
        "arn": lambda client, bucket: client.copy_object(
            Bucket=bucket, Key="prices/x", CopySource="arn:aws:s3:us-east-1:1:accesspoint/a/object/k"
        ),
    }

    @pytest.mark.parametrize("name", REFUSED)
    def test_it_refuses(self, site: Regional, buckets: dict[str, str], name: str) -> None:
        site.start()
        client = hook().get_conn()
        sent = requests_of(client)
        with pytest.raises(EnforcementError) as caught:
            self.REFUSED[name](client, buckets["eu"])
        assert isinstance(caught.value, AirflowFailException)
        assert sent == []

    def test_other_services_are_not_for_its_session(self, site: Regional) -> None:
        site.start()
        with pytest.raises(EnforcementError, match="is not for `dynamodb`"):
            hook().get_session().client("dynamodb", region_name="eu-central-1").list_tables()

    def test_nor_is_there_an_asynchronous_client(self, site: Regional) -> None:
        site.start()
        with pytest.raises(EnforcementError, match="asynchronous"):
            hook()._get_async_conn()

    def test_a_bucket_that_the_catalog_does_not_have(self, site: Regional, buckets: dict[str, str]) -> None:
        site.start()
        with pytest.raises(ConfigurationError, match="the catalog has no bucket"):
            hook().read_key("k", buckets["jp"])

    def test_a_connection_that_does_not_exist(self, site: Regional, monkeypatch: pytest.MonkeyPatch) -> None:
        site.start()
        monkeypatch.delenv("AIRFLOW_CONN_AWS_EU")
        with pytest.raises(ConfigurationError, match="no connection `aws_eu`"):
            hook().get_conn()
        with pytest.raises(ConfigurationError, match="needs a connection id"):
            RegionalS3Hook(aws_conn_id=None).get_conn()


class TestARealServer:
    def test_what_is_allowed_works_and_its_place_is_compared(
        self, site: Regional, versitygw: S3Server
    ) -> None:
        name = f"real-{uuid4().hex[:8]}"
        versitygw.client().create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        site.catalog["stores"][f"s3://{name}"] = {"region": "eu", "connection": "aws_real"}
        site.catalog["datasets"].append({**site.catalog["datasets"][1], "match": f"s3://{name}/prices/*"})
        keys = {"login": versitygw.access_key, "password": versitygw.secret_key}
        site.connect("aws_real", aws_connection(versitygw, **keys))
        site.start()
        drop_in = RegionalS3Hook(aws_conn_id="aws_real", purpose="analytics")
        drop_in.load_string("1", "prices/a.csv", name)
        assert drop_in.read_key("prices/a.csv", name) == "1"
        site.catalog["stores"][f"s3://{name}"]["region"] = "us"
        site.options(worker_region="us")
        site.start()
        other = RegionalS3Hook(aws_conn_id="aws_real", purpose="analytics", region_name="us-east-1")
        with pytest.raises(RegionMismatchError):
            other.load_string("1", "prices/b.csv", name)
        assert "prices/b.csv" not in str(versitygw.client().list_objects_v2(Bucket=name))
