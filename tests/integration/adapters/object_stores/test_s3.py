# SPDX-License-Identifier: Apache-2.0
"""Buckets that are locked, missing, elsewhere, closed or silent."""

import socket
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.cli.main import main
from airflow_xborder.demo.s3 import ACCESS_KEY, SECRET_KEY
from airflow_xborder.errors import ConfigurationError, LedgerConflictError, LedgerUnavailableError
from tests.evidence import append_events


def new_name():
    return f"ledger-{uuid.uuid4().hex[:12]}"


def options_for(endpoint, region, keys, timeout=3):
    return {
        "endpoint": endpoint,
        "region": region,
        "access_key_id": keys[0],
        "secret_access_key": keys[1],
        "timeout": timeout,
    }


def calls(store):
    return [lambda: store.create("events/a", b"x"), lambda: store.get("events/a"), lambda: list(store.list())]


@pytest.fixture
def silent_endpoint():
    """An address that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_bucket_with_a_default_object_lock_takes_objects_and_holds_them(versitygw):
    client, bucket = versitygw.client(), new_name()
    client.create_bucket(
        Bucket=bucket,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": versitygw.region},
    )
    retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    keys = (versitygw.access_key, versitygw.secret_key)
    store = open_store(f"s3://{bucket}", options_for(versitygw.url, versitygw.region, keys))
    store.create("events/a", b"one")
    with pytest.raises(LedgerConflictError):
        store.create("events/a", b"two")
    assert list(store.list()) == ["events/a"]
    assert store.get("events/a") == b"one"
    version = client.head_object(Bucket=bucket, Key="events/a")["VersionId"]
    with pytest.raises(ClientError, match=r"(?i)denied|locked"):
        client.delete_object(Bucket=bucket, Key="events/a", VersionId=version)
    assert store.get("events/a") == b"one"


def test_the_command_line_verifies_a_bucket_with_the_credentials_of_a_profile(
    versitygw, tmp_path, monkeypatch, capsys
):
    bucket = new_name()
    versitygw.client().create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": versitygw.region}
    )
    location = f"s3://{bucket}/ledger"
    keys = (versitygw.access_key, versitygw.secret_key)
    append_events(open_store(location, options_for(versitygw.url, versitygw.region, keys)), 3)
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[auditor]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_PROFILE", "auditor")
    monkeypatch.setenv("AWS_ENDPOINT_URL", versitygw.url)
    monkeypatch.setenv("AWS_REGION", versitygw.region)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    key = str(tmp_path / "eu.key")
    assert main(["ledger", "keygen", "--out", key]) == 0
    assert main(["ledger", "seal", location, "--region", "eu", "--signing-key", key]) == 0
    assert main(["ledger", "verify", location, "--key", f"{key}.pub"]) == 0
    assert "region eu: 3 sealed in 1 checkpoints" in capsys.readouterr().out


def test_a_missing_bucket_is_a_mistake_of_the_deployment(versitygw):
    keys = (versitygw.access_key, versitygw.secret_key)
    store = open_store(f"s3://{new_name()}", options_for(versitygw.url, versitygw.region, keys))
    for call in calls(store):
        with pytest.raises(ConfigurationError, match="there is no bucket"):
            call()


def test_wrong_keys_leave_the_ledger_out_of_reach(versitygw):
    bucket = new_name()
    versitygw.client().create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": versitygw.region}
    )
    store = open_store(
        f"s3://{bucket}", options_for(versitygw.url, versitygw.region, (versitygw.access_key, "wrong"))
    )
    for call in calls(store):
        with pytest.raises(LedgerUnavailableError, match="SignatureDoesNotMatch"):
            call()


def test_a_bucket_in_another_region_is_a_mistake_of_the_deployment(s3_endpoints):
    bucket = s3_endpoints["us"].create_bucket(new_name())
    eu = s3_endpoints["eu"]
    store = open_store(f"s3://{bucket}", options_for(eu.url, eu.region, (ACCESS_KEY, SECRET_KEY)))
    for call in calls(store):
        with pytest.raises(ConfigurationError, match="is in another region"):
            call()


@pytest.mark.parametrize("timeout", [1, 2.5])
def test_a_server_that_never_answers_is_given_up_in_time(silent_endpoint, timeout):
    store = open_store("s3://ledger", options_for(silent_endpoint, "eu-central-1", ("a", "b"), timeout))
    for call in calls(store):
        began = time.monotonic()
        with pytest.raises(LedgerUnavailableError):
            call()
        assert time.monotonic() - began < timeout + 1


def test_a_server_that_is_not_there_is_given_up_in_time():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        store = open_store("s3://ledger", options_for(endpoint, "eu-central-1", ("a", "b"), 2))
        for call in calls(store):
            began = time.monotonic()
            with pytest.raises(LedgerUnavailableError):
                call()
            assert time.monotonic() - began < 3
