# SPDX-License-Identifier: Apache-2.0
"""Real servers as fixtures: each starts once a session, when the first test asks for it, and ends with it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from airflow_xborder.demo.airflow import make_database
from airflow_xborder.demo.postgres import PostgresLauncher, PostgresServer
from airflow_xborder.demo.processes import Supervisor
from airflow_xborder.demo.s3 import S3Endpoint, start_s3
from tests.tools import programs
from tests.tools.airflow_home import configure
from tests.tools.servers import OpaServer, S3Server, start_opa, start_versitygw

_Server = TypeVar("_Server", OpaServer, S3Server)
AIRFLOW = configure()
REGIONS = {"eu": "eu-central-1", "us": "us-east-1", "jp": "ap-northeast-1"}


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A folder that the account of the database servers can enter; pytest's own temporary folders are closed."""
    with tempfile.TemporaryDirectory(prefix="xborder-tests-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def supervisor(servers_folder: Path) -> Iterator[Supervisor]:
    """Ends every server of the session, whatever happens to it."""
    with Supervisor(servers_folder / "logs") as supervisor:
        yield supervisor


@pytest.fixture(scope="session")
def postgres_servers(supervisor: Supervisor, servers_folder: Path) -> dict[str, PostgresServer]:
    """Real PostgreSQL servers ``eu``, ``us`` and ``jp``."""
    launcher = PostgresLauncher(supervisor, servers_folder / "postgres")
    return {region: launcher.start(region) for region in REGIONS}


@pytest.fixture(scope="session")
def s3_endpoints(supervisor: Supervisor) -> dict[str, S3Endpoint]:
    """S3 endpoints ``eu``, ``us`` and ``jp``: moto behind the region guard, one store of buckets."""
    endpoints = start_s3(supervisor, REGIONS.values())
    return {region: endpoints[cloud] for region, cloud in REGIONS.items()}


@pytest.fixture(scope="session")
def versitygw(supervisor: Supervisor, servers_folder: Path) -> S3Server:
    """A real S3 server (``eu-central-1``) that checks signatures; skips where it cannot be had."""
    return _present(start_versitygw(supervisor, servers_folder / "versitygw"))


@pytest.fixture(scope="session")
def opa_server(supervisor: Supervisor) -> OpaServer:
    """A real OPA, or its library behind HTTP; new syntax. Skips where neither is there."""
    return _present(start_opa(supervisor))


@pytest.fixture(scope="session")
def opa_v0_server(supervisor: Supervisor) -> OpaServer:
    """A real OPA that takes the old syntax."""
    return _present(start_opa(supervisor, v0=True, name="opa-v0"))


@pytest.fixture(scope="session")
def airflow_home(supervisor: Supervisor) -> Path:
    """The home of the Airflow in this process, with its database made; DAG files go to ``dags`` in it."""
    settings = replace(AIRFLOW, cache=programs.cache())
    make_database(supervisor, settings, os.environ)
    return settings.home


def _present(started: _Server | str) -> _Server:
    if isinstance(started, str):
        pytest.skip(f"{started}: run `make servers`")
    return started
