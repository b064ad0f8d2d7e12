# SPDX-License-Identifier: Apache-2.0
"""Where the conformance suites run: every kind of place that a ledger can be kept in."""

import uuid
from dataclasses import dataclass, field

import pytest

from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.demo.s3 import ACCESS_KEY, SECRET_KEY


@dataclass
class Place:
    """One fresh place; each ``open`` gives another handle to it, as another process would have."""

    location: str
    options: dict = field(default_factory=dict)
    shared: MemoryObjectStore | None = None

    def open(self):
        return self.shared or open_store(self.location, self.options)


def memory(request, folder):
    return Place("memory://ledger", shared=MemoryObjectStore())


def directory(request, folder):
    return Place(str(folder / "ledger"))


def moto(request, folder):
    endpoint = request.getfixturevalue("s3_endpoints")["eu"]
    bucket = endpoint.create_bucket(_new_name())
    return _bucket(bucket, endpoint.url, endpoint.region, (ACCESS_KEY, SECRET_KEY))


def versitygw(request, folder):
    server = request.getfixturevalue("versitygw")
    bucket = _new_name()
    server.client().create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": server.region}
    )
    return _bucket(bucket, server.url, server.region, (server.access_key, server.secret_key))


def _new_name():
    return f"ledger-{uuid.uuid4().hex[:12]}"


def _bucket(name, endpoint, region, keys):
    options = {"endpoint": endpoint, "region": region, "timeout": 20}
    return Place(
        f"s3://{name}/some/prefix", {**options, "access_key_id": keys[0], "secret_access_key": keys[1]}
    )


@pytest.fixture(params=[memory, directory, moto, versitygw], ids=lambda kind: kind.__name__)
def place(request, tmp_path):
    """A fresh place of each kind."""
    return request.param(request, tmp_path)


# Not moto: it looks whether a name is free and then takes it, and between the two another writer may come.
@pytest.fixture(params=[directory, versitygw], ids=lambda kind: kind.__name__)
def shared_place(request, tmp_path):
    """A fresh place of each kind that several processes can write to at once."""
    return request.param(request, tmp_path)
