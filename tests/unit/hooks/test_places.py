# SPDX-License-Identifier: Apache-2.0
"""What a bucket's answer means; databases are asked in tests/integration/hooks/test_postgres.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airflow_xborder.errors import (
    ConfigurationError,
    EvaluationError,
    RegionMismatchError,
    StoreUnavailableError,
)
from airflow_xborder.hooks import places
from airflow_xborder.hooks.regions import Target


class Answering:
    """A client whose bucket gives one answer."""

    def __init__(self, answer: str | Exception | None, *, clock: timedelta = timedelta()) -> None:
        self._answer = answer
        self._clock = clock

    def get_bucket_location(self, Bucket: str) -> dict[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        date = format_datetime(places.now() + self._clock, usegmt=False)
        return {"LocationConstraint": self._answer, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    places.forget_places()
    yield
    places.forget_places()


def target(cloud: str | None = "aws:eu-central-1") -> Target:
    return Target(connection_id="aws_eu", store="s3://acme-eu", region="eu", cloud=cloud)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "x"}}, "GetBucketLocation")


@pytest.mark.parametrize(
    ("answer", "cloud"),
    [
        ("eu-central-1", "aws:eu-central-1"),
        ("EU", "aws:eu-west-1"),
        (None, "aws:us-east-1"),
        ("", "aws:us-east-1"),
    ],
)
def test_a_bucket_that_is_where_it_should_be_is_remembered(answer: str | None, cloud: str) -> None:
    assert not places.is_checked(target(cloud))
    places.require_bucket_place(target(cloud), Answering(answer))
    assert places.is_checked(target(cloud))
    assert not places.is_checked(target("aws:eu-south-1"))


@pytest.mark.parametrize("answer", [None, "", "EU", "us-east-1", "eu-central-2", "EU-CENTRAL-1"])
def test_a_bucket_that_is_elsewhere(answer: str | None) -> None:
    with pytest.raises(RegionMismatchError, match="the catalog has it in `aws:eu-central-1`"):
        places.require_bucket_place(target(), Answering(answer))
    assert not places.is_checked(target())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(refused("NoSuchBucket"), ConfigurationError, id="no-bucket"),
        pytest.param(refused("AccessDenied"), ConfigurationError, id="no-right-to-ask"),
        pytest.param(refused("SlowDown"), StoreUnavailableError, id="busy"),
        pytest.param(EndpointConnectionError(endpoint_url="http://x"), StoreUnavailableError, id="no-answer"),
    ],
)
def test_a_bucket_that_does_not_tell(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        places.require_bucket_place(target(), Answering(error))
    assert not places.is_checked(target())


def test_a_region_outside_of_any_cloud_cannot_be_compared() -> None:
    with pytest.raises(ConfigurationError, match="has no `cloud`"):
        places.require_bucket_place(target(None), Answering("eu-central-1"))


@pytest.mark.parametrize(("minutes", "agree"), [(4, True), (-4, True), (6, False), (-6, False)])
def test_clocks_may_be_five_minutes_apart(minutes: int, agree: bool) -> None:
    client = Answering("eu-central-1", clock=timedelta(minutes=minutes))
    if agree:
        places.require_bucket_place(target(), client)
    else:
        with pytest.raises(EvaluationError, match="clocks"):
            places.require_bucket_place(target(), client)
    assert places.is_checked(target()) is agree
