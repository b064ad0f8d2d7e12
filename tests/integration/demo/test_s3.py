# SPDX-License-Identifier: Apache-2.0
import pytest
from botocore.exceptions import ClientError

from airflow_xborder.demo.processes import Supervisor
from airflow_xborder.demo.s3 import start_s3

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory):
    with Supervisor(tmp_path_factory.mktemp("s3-logs")) as supervisor:
        endpoints = start_s3(supervisor, ["eu-central-1", "us-east-1", "ap-northeast-1"])
        endpoints["eu-central-1"].create_bucket("guarded-eu")
        endpoints["us-east-1"].create_bucket("guarded-us")
        endpoints["ap-northeast-1"].create_bucket("guarded-jp", locked_days=1)
        yield endpoints


def statuses_of(client) -> list[int]:
    """Return a list that grows by the status of each answer the client gets."""
    seen: list[int] = []

    def note(response_dict, **_):
        seen.append(response_dict["status_code"])

    client.meta.events.register("before-parse.s3", note)
    return seen


class TestRegions:
    def test_a_client_of_the_wrong_region_gets_301_and_the_right_region(self, endpoints):
        client = endpoints["eu-central-1"].client(region="us-east-1")
        seen = statuses_of(client)
        client.put_object(Bucket="guarded-eu", Key="followed", Body=b"x")
        assert seen == [301, 200]  # boto3 follows by itself, which is why our hooks remove that from it

    def test_a_bucket_is_not_served_by_another_regions_endpoint(self, endpoints):
        client = endpoints["us-east-1"].client()
        with pytest.raises(ClientError) as caught:
            client.head_object(Bucket="guarded-eu", Key="followed")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 301
        assert (
            caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-central-1"
        )

    @pytest.mark.parametrize("asker", ["eu-central-1", "us-east-1"])
    def test_every_region_says_where_a_bucket_is(self, endpoints, asker):
        answer = endpoints[asker].client().get_bucket_location(Bucket="guarded-jp")
        assert answer["LocationConstraint"] == "ap-northeast-1"


class TestWrites:
    def test_create_if_absent_succeeds_once(self, endpoints):
        client = endpoints["eu-central-1"].client()
        client.put_object(Bucket="guarded-eu", Key="once", Body=b"first", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            client.put_object(Bucket="guarded-eu", Key="once", Body=b"second", IfNoneMatch="*")
        assert client.get_object(Bucket="guarded-eu", Key="once")["Body"].read() == b"first"

    def test_buckets_keep_versions(self, endpoints):
        client = endpoints["us-east-1"].client()
        first = client.put_object(Bucket="guarded-us", Key="k", Body=b"1")["VersionId"]
        second = client.put_object(Bucket="guarded-us", Key="k", Body=b"2")["VersionId"]
        assert first != second
        assert client.get_object(Bucket="guarded-us", Key="k", VersionId=first)["Body"].read() == b"1"

    def test_a_locked_bucket_refuses_to_delete_a_version(self, endpoints):
        client = endpoints["ap-northeast-1"].client()
        version = client.put_object(Bucket="guarded-jp", Key="kept", Body=b"1")["VersionId"]
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket="guarded-jp", Key="kept", VersionId=version)
