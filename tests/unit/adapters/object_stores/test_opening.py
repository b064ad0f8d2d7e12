# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.adapters.object_stores.directory import DirectoryObjectStore
from airflow_xborder.adapters.object_stores.s3 import S3ObjectStore
from airflow_xborder.errors import ConfigurationError


@pytest.mark.parametrize(
    ("location", "kind", "named"),
    [
        ("/srv/ledger", DirectoryObjectStore, "/srv/ledger"),
        ("/srv/ledger/", DirectoryObjectStore, "/srv/ledger"),
        ("file:///srv/a%20b", DirectoryObjectStore, "/srv/a b"),
        ("s3://acme-ledger-eu", S3ObjectStore, "s3://acme-ledger-eu"),
        ("s3://acme-ledger-eu/", S3ObjectStore, "s3://acme-ledger-eu"),
        ("S3://acme/a/b/", S3ObjectStore, "s3://acme/a/b"),
    ],
)
def test_a_location_says_which_store_it_is(location, kind, named):
    store = open_store(location)
    assert isinstance(store, kind)
    assert store.location == named


@pytest.mark.parametrize("location", ["gs://bucket", "http://host/a", "memory://x", "", "  "])
def test_another_location_is_a_mistake_of_the_deployment(location):
    with pytest.raises(ConfigurationError, match="cannot be kept at"):
        open_store(location)


def test_opening_a_bucket_imports_no_client_before_it_is_used():
    program = (
        "import sys; from airflow_xborder.adapters.object_stores import open_store; open_store('s3://a')"
    )
    check = "; print({'obstore', 'boto3', 'airflow', 'cryptography'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program + check], capture_output=True, text=True, timeout=50
    )
    assert result.stdout.strip() == "set()", result.stderr
