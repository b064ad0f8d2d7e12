# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import pytest

from airflow_xborder.adapters.transfers.postgres import CopyJob
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.tables import TableName


def make_job(**changes):
    fields = {"destination": TableName("public", "users"), "idempotency_key": "k", "secret": b"s" * 32}
    return CopyJob(**{**fields, **changes})


def test_the_secret_is_not_shown():
    assert "ssss" not in repr(make_job())


@pytest.mark.parametrize(
    "changes",
    [
        {"idempotency_key": ""}, {"idempotency_key": "x" * 501}, {"idempotency_key": "a\0b"}, {"secret": b""},
        {"secret": b"s" * 15}, {"chunk_bytes": 0},
    ],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(changes):
    with pytest.raises(ConfigurationError) as caught:
        make_job(**changes)
    assert "sss" not in str(caught.value)


def test_importing_the_copy_loads_no_database_client():
    code = (
        "import sys, airflow_xborder.adapters.transfers.postgres, airflow_xborder.services.obligations;"
        "print([name for name in ('psycopg', 'sqlglot', 'sqlalchemy', 'airflow') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
