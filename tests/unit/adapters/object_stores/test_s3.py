# SPDX-License-Identifier: Apache-2.0
"""What can be said of the adapter without a server; with one: tests/conformance and tests/integration."""

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError, GenericError, InvalidPathError

from airflow_xborder.adapters.object_stores.s3 import S3ObjectStore, S3Options
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerIntegrityError,
    LedgerUnavailableError,
)


class Answer:
    """What obstore gives for an object."""

    def __init__(self, data):
        self.data = data
        self.meta = {"size": len(data)}

    def bytes(self):
        return self.data


def answers(*given):
    """Return a function that gives or raises these, one a call."""
    queue = list(given)

    def answer(*arguments, **options):
        value = queue.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    return answer


@pytest.fixture
def store():
    return S3ObjectStore("s3://acme/ledger", {"access_key_id": "a", "secret_access_key": "b", "region": "x"})


NO_KEY = FileNotFoundError("<Error><Code>NoSuchKey</Code></Error>")


class TestOptions:
    def test_an_unknown_one_is_refused_with_those_that_there_are(self):
        with pytest.raises(ConfigurationError, match="unknown option `endpoint_url`") as caught:
            S3Options.from_mapping({"endpoint_url": "x"})
        assert "endpoint, region" in caught.value.hint or "endpoint" in caught.value.hint

    @pytest.mark.parametrize("timeout", [0, -1, "10", True, float("inf"), float("nan"), None])
    def test_a_time_out_is_a_number_of_seconds(self, timeout):
        with pytest.raises(ConfigurationError, match="is no time-out"):
            S3Options.from_mapping({"timeout": timeout})

    @pytest.mark.parametrize(
        "location",
        [
            *("s3://", "s3:///prefix", "s3://bucket/a?b", "s3://bucket/a#b", "s3://b ucket", "s3://b:u@c"),
            *("s3://b/../a", "s3://b/a//b", "s3://b/./a", "s3://b/a\x01"),
        ],
    )
    def test_a_location_needs_a_bucket_and_nothing_more(self, location):
        with pytest.raises(ConfigurationError, match="is no place in a bucket"):
            S3ObjectStore(location)

    @pytest.mark.parametrize(
        "endpoint",
        ["nonsense", "ftp://host", "http://", "http://ho st", "http://host:x", "http://[", "http://a\nb"],
    )
    def test_an_endpoint_that_is_none_is_a_mistake_of_the_deployment(self, endpoint):
        store = S3ObjectStore("s3://bucket/prefix", {"endpoint": endpoint})
        with pytest.raises(ConfigurationError, match="is no endpoint"):
            list(store.list())

    @pytest.mark.parametrize(
        "endpoint", ["http://127.0.0.1:1", "http://[::1]:1/", "https://host_1.example/path"]
    )
    def test_an_endpoint_that_is_one_is_asked(self, endpoint):
        with pytest.raises(LedgerUnavailableError):
            list(S3ObjectStore("s3://bucket/prefix", {"endpoint": endpoint, "timeout": 0.2}).list())


class TestLostAnswers:
    def test_a_write_that_meets_its_own_object_has_succeeded(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "put", answers(AlreadyExistsError("taken")))
        monkeypatch.setattr(obstore, "get", answers(Answer(b"one")))
        store.create("events/a", b"one")

    def test_a_write_that_meets_another_object_is_a_conflict(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "put", answers(AlreadyExistsError("taken")))
        monkeypatch.setattr(obstore, "get", answers(Answer(b"two")))
        with pytest.raises(LedgerConflictError):
            store.create("events/a", b"one")

    def test_a_rival_that_failed_leaves_the_name_to_us(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "put", answers(AlreadyExistsError("taken"), None))
        monkeypatch.setattr(obstore, "get", answers(NO_KEY))
        store.create("events/a", b"one")

    def test_a_name_that_is_always_taken_and_never_there_is_given_up(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "put", answers(*[AlreadyExistsError("taken")] * 3))
        monkeypatch.setattr(obstore, "get", answers(*[NO_KEY] * 3))
        with pytest.raises(LedgerUnavailableError, match="taken but cannot be read"):
            store.create("events/a", b"one")


class TestAbsence:
    def test_only_the_servers_own_word_counts(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "get", answers(NO_KEY))
        assert store.get("events/a") is None
        monkeypatch.setattr(obstore, "get", answers(FileNotFoundError("404 from a proxy")))
        with pytest.raises(LedgerUnavailableError, match="404 from a proxy"):
            store.get("events/a")

    def test_what_was_said_is_told_in_one_line(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "put", answers(GenericError("first line\n\nDebug source:\nsecret")))
        with pytest.raises(LedgerUnavailableError) as caught:
            store.create("events/a", b"one")
        assert "first line" in caught.value.message
        assert "\n" not in caught.value.message


class TestListing:
    def test_the_prefix_is_not_part_of_the_names(self, store, monkeypatch):
        pages = [[{"path": "ledger/events/b"}], [{"path": "ledger/events/a"}]]
        monkeypatch.setattr(obstore, "list", answers(pages))
        assert list(store.list("events/")) == ["events/a", "events/b"]

    def test_a_name_that_cannot_be_read_is_a_finding(self, store, monkeypatch):
        monkeypatch.setattr(obstore, "list", answers(InvalidPathError("a//b")))
        with pytest.raises(LedgerIntegrityError, match="no ledger writes"):
            list(store.list())
