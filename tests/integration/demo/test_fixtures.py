# SPDX-License-Identifier: Apache-2.0
"""The servers that the other tests rest on are what they say."""

import os

import psycopg
import pytest
import requests
from botocore.exceptions import ClientError

pytestmark = pytest.mark.integration

POLICY = """
package crossborder

import rego.v1

default allow := false

allow if input.request.region_from == input.request.region_to
"""
OLD_POLICY = "package old_syntax_check\ndefault allow = false\nallow { input.request.consent == true }\n"


def ask(server, path: str, request: dict[str, object]) -> dict[str, object]:
    return requests.post(
        f"{server.url}/v1/data/{path}", json={"input": {"request": request}}, timeout=10
    ).json()


class TestOpa:
    def test_it_answers_from_the_policy_it_was_given(self, opa_server):
        opa_server.put_policy("fixture-check", POLICY.replace("crossborder", "fixture_check"))
        assert ask(opa_server, "fixture_check/allow", {"region_from": "EU", "region_to": "EU"}) == {
            "result": True
        }
        assert ask(opa_server, "fixture_check/allow", {"region_from": "EU", "region_to": "US"}) == {
            "result": False
        }

    def test_what_is_undefined_has_no_result(self, opa_server):
        assert "result" not in ask(opa_server, "no_such_package/allow", {})

    def test_a_policy_that_does_not_compile_is_refused(self, opa_server):
        answer = requests.put(
            f"{opa_server.url}/v1/policies/broken", data=b"package broken\nallow {", timeout=10
        )
        assert answer.status_code == 400

    def test_data_documents_are_seen(self, opa_server):
        opa_server.put_data("fixture_data", {"regions": ["eu"]})
        answer = requests.post(
            f"{opa_server.url}/v1/data/fixture_data/regions", json={"input": {}}, timeout=10
        )
        assert answer.json() == {"result": ["eu"]}

    def test_the_old_syntax_needs_its_own_server(self, opa_server, opa_v0_server):
        opa_v0_server.put_policy("old", OLD_POLICY)
        assert ask(opa_v0_server, "old_syntax_check/allow", {"consent": True}) == {"result": True}
        refused = requests.put(f"{opa_server.url}/v1/policies/old", data=OLD_POLICY.encode(), timeout=10)
        assert refused.status_code == 400


class TestVersitygw:
    def test_it_creates_if_absent(self, versitygw):
        client = versitygw.client()
        client.create_bucket(
            Bucket="fixture-check", CreateBucketConfiguration={"LocationConstraint": versitygw.region}
        )
        client.put_object(Bucket="fixture-check", Key="k", Body=b"1", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            client.put_object(Bucket="fixture-check", Key="k", Body=b"2", IfNoneMatch="*")

    def test_it_refuses_a_wrong_secret(self, versitygw):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            versitygw.client(secret_key="wrong").list_buckets()

    def test_it_refuses_a_signature_for_another_region(self, versitygw):
        with pytest.raises(ClientError):
            versitygw.client(region="us-east-1").head_bucket(Bucket="fixture-check")


def test_the_regions_have_databases_and_buckets_of_their_own(postgres_servers, s3_endpoints):
    assert sorted(postgres_servers) == sorted(s3_endpoints) == ["eu", "jp", "us"]
    assert len({server.port for server in postgres_servers.values()}) == 3
    with psycopg.connect(postgres_servers["jp"].url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert s3_endpoints["jp"].region == "ap-northeast-1"


def test_the_airflow_of_this_process_is_ours(airflow_home):
    assert os.environ["AIRFLOW_HOME"] == str(airflow_home)
    assert (airflow_home / "airflow.db").stat().st_size > 100_000
    assert (airflow_home / "dags").is_dir()
