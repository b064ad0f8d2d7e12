# SPDX-License-Identifier: Apache-2.0
"""Starts a whole Airflow in a folder: database, API server, scheduler, DAG processor, triggerer.

LocalExecutor; SQLite, or a PostgreSQL database that the caller made. Users are named and have passwords, since
reviews by an anonymous administrator prove nothing. Nothing is sent anywhere: usage reports are off, and each
service listens on loopback only.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from airflow_xborder.demo.airflow_client import AirflowClient
from airflow_xborder.demo.processes import (
    Command,
    Server,
    Supervisor,
    environment_without,
    free_port,
    wait_until_ready,
)

_SERVICES = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
_MIGRATION_SECONDS = 180.0
_START_SECONDS = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSettings:
    """What an Airflow is started with.

    :param home: its folder; made when absent.
    :param bundles: folders of DAGs, by bundle name.
    :param database: SQLAlchemy address; None means SQLite in ``home``.
    :param connections: addresses or JSON, by connection id.
    :param options: the ``[xborder]`` section.
    :param users: their roles (``admin``, ``op``, ``user``, ``viewer``), by name; passwords are made.
    :param env: more variables, last word.
    :param cache: a folder that keeps an empty SQLite database of each Airflow version, since making one takes
        ten seconds.
    :param python: the interpreter that has Airflow.
    """

    home: Path
    bundles: Mapping[str, Path]
    database: str | None = None
    connections: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=lambda: {"admin": "admin"})
    env: Mapping[str, str] = field(default_factory=dict)
    cache: Path | None = None
    parallelism: int = 4
    python: str = sys.executable


class AirflowServer:
    """A running Airflow.

    :param environment: what its services were started with; commands of its own need the same.
    """

    def __init__(
        self, settings: AirflowSettings, supervisor: Supervisor, environment: dict[str, str]
    ) -> None:
        self.settings = settings
        self.environment = environment
        self.port = int(environment["AIRFLOW__API__PORT"])
        self.passwords: dict[str, str] = json.loads(_passwords_file(settings).read_text())
        self.servers: dict[str, Server] = {}
        self._supervisor = supervisor

    @property
    def url(self) -> str:
        """The address of the UI and the API."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, user: str | None = None) -> AirflowClient:
        """Return an API client logged in as a user; default: the first."""
        name = user or next(iter(self.settings.users))
        return AirflowClient(self.url, name, self.passwords[name])

    def start(self) -> None:
        """Make the database and start the services side by side; return when all report healthy.

        :raises ConfigurationError: one of them ended, or is not healthy in time.
        """
        make_database(self._supervisor, self.settings, self.environment)
        self.servers = {
            name: self._supervisor.start(_command(self.settings, self.environment, name, arguments))
            for name, arguments in _SERVICES.items()
        }
        api = AirflowClient(self.url, "", "")
        for name, server in self.servers.items():
            wait_until_ready(server, lambda name=name: api.is_healthy(name), limit=_START_SECONDS)  # type: ignore[misc]

    def stop(self) -> None:
        """End the services; what they wrote stays in the home folder."""
        self._supervisor.stop(*self.servers.values())


def make_database(supervisor: Supervisor, settings: AirflowSettings, environment: Mapping[str, str]) -> None:
    """Make the metadata database, or copy an empty one that was made before.

    :raises ConfigurationError: the migration failed.
    """
    database, cached = settings.home / "airflow.db", _cached_database(settings)
    if cached is not None and cached.exists():
        shutil.copyfile(cached, database)
        return
    supervisor.run(_command(settings, environment, "db-migrate", ["db", "migrate"]), limit=_MIGRATION_SECONDS)
    if cached is not None:
        cached.parent.mkdir(parents=True, exist_ok=True)
        unfinished = cached.with_suffix(f".{os.getpid()}")
        shutil.copyfile(database, unfinished)
        unfinished.replace(cached)


def _cached_database(settings: AirflowSettings) -> Path | None:
    if settings.cache is None or settings.database is not None or settings.python != sys.executable:
        return None
    return settings.cache / f"airflow-{version('apache-airflow-core')}.db"


def _command(
    settings: AirflowSettings, environment: Mapping[str, str], name: str, arguments: Sequence[str]
) -> Command:
    return Command(
        name=f"airflow-{name}",
        argv=[settings.python, "-m", "airflow", *arguments],
        env=environment,
        cwd=settings.home,
    )


def start_airflow(supervisor: Supervisor, settings: AirflowSettings) -> AirflowServer:
    """Start an Airflow and return when each of its services reports healthy.

    :raises ConfigurationError: one of them ended, or is not healthy in time.
    """
    server = AirflowServer(settings, supervisor, make_environment(settings))
    server.start()
    return server


def make_environment(settings: AirflowSettings) -> dict[str, str]:
    """Make the home folder and return the variables under which every command of this Airflow runs."""
    settings.home.mkdir(parents=True, exist_ok=True)
    sections = _sections(settings, f"http://127.0.0.1:{free_port()}")
    connections = {f"AIRFLOW_CONN_{name.upper()}": value for name, value in settings.connections.items()}
    return {
        **environment_without("AIRFLOW", "AWS_", "PG"),
        "AIRFLOW_HOME": str(settings.home),
        "NO_PROXY": "127.0.0.1,localhost",
        **{
            f"AIRFLOW__{name}__{key}": value for name, rows in sections.items() for key, value in rows.items()
        },
        **connections,
        **settings.env,
    }


def _sections(settings: AirflowSettings, url: str) -> dict[str, dict[str, str]]:
    """Return the options of each section of Airflow's configuration."""
    return {
        "CORE": {
            "LOAD_EXAMPLES": "False",
            "DAGS_FOLDER": str(next(iter(settings.bundles.values()))),
            "DAGS_ARE_PAUSED_AT_CREATION": "False",
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": str(settings.parallelism),
            "EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in settings.users.items()),
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_write_passwords(settings)),
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": settings.database or f"sqlite:///{settings.home / 'airflow.db'}"},
        "API": {
            "HOST": "127.0.0.1",
            "PORT": url.rpartition(":")[2],
            "BASE_URL": url,
            "WORKERS": "1",
            "SECRET_KEY": secrets.token_urlsafe(32),
        },
        "API_AUTH": {"JWT_SECRET": secrets.token_urlsafe(64)},
        "DAG_PROCESSOR": {
            "DAG_BUNDLE_CONFIG_LIST": json.dumps(
                [_bundle(name, path) for name, path in settings.bundles.items()]
            ),
            "REFRESH_INTERVAL": "5",
            "MIN_FILE_PROCESS_INTERVAL": "5",
        },
        "USAGE_DATA_COLLECTION": {"ENABLED": "False"},
        "XBORDER": {name.upper(): value for name, value in settings.options.items()},
    }


def _bundle(name: str, path: Path) -> dict[str, object]:
    classpath = "airflow.dag_processing.bundles.local.LocalDagBundle"
    return {"name": name, "classpath": classpath, "kwargs": {"path": str(path), "refresh_interval": 5}}


def _passwords_file(settings: AirflowSettings) -> Path:
    return settings.home / "passwords.json"


def _write_passwords(settings: AirflowSettings) -> Path:
    file = _passwords_file(settings)
    file.touch(mode=0o600)
    file.write_text(json.dumps({name: secrets.token_urlsafe(9) for name in settings.users}))
    return file
