# SPDX-License-Identifier: Apache-2.0
"""Starts a whole Airflow in a folder: database, API server, scheduler, DAG processor, triggerer.

LocalExecutor; SQLite, or a PostgreSQL database that the caller made. Users are named and have passwords, since
reviews by an anonymous administrator prove nothing. Nothing is sent anywhere: usage reports are off, and each
service listens on loopback only.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    :param python: the interpreter that has Airflow.
    """

    home: Path
    bundles: Mapping[str, Path]
    database: str | None = None
    connections: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=lambda: {"admin": "admin"})
    env: Mapping[str, str] = field(default_factory=dict)
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
        migrate = self._command("db-migrate", ["db", "migrate"])
        self._supervisor.run(migrate, limit=_MIGRATION_SECONDS)
        self.servers = {
            name: self._supervisor.start(self._command(name, arguments))
            for name, arguments in _SERVICES.items()
        }
        api = AirflowClient(self.url, "", "")
        for name, server in self.servers.items():
            wait_until_ready(server, lambda name=name: api.is_healthy(name), limit=_START_SECONDS)  # type: ignore[misc]

    def stop(self) -> None:
        """End the services; what they wrote stays in the home folder."""
        self._supervisor.stop(*self.servers.values())

    def _command(self, name: str, arguments: list[str]) -> Command:
        return Command(
            name=f"airflow-{name}",
            argv=[self.settings.python, "-m", "airflow", *arguments],
            env=self.environment,
            cwd=self.settings.home,
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
    port = free_port()
    bundles = [
        {
            "name": name,
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(path), "refresh_interval": 5},
        }
        for name, path in settings.bundles.items()
    ]
    sections = {
        "CORE": {
            "LOAD_EXAMPLES": "False",
            "DAGS_FOLDER": str(next(iter(settings.bundles.values()))),
            "DAGS_ARE_PAUSED_AT_CREATION": "False",
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": str(settings.parallelism),
            "EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in settings.users.items()),
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_write_passwords(settings)),
        },
        "DATABASE": {"SQL_ALCHEMY_CONN": settings.database or f"sqlite:///{settings.home / 'airflow.db'}"},
        "API": {
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "BASE_URL": f"http://127.0.0.1:{port}",
            "WORKERS": "1",
            "SECRET_KEY": secrets.token_urlsafe(32),
        },
        "API_AUTH": {"JWT_SECRET": secrets.token_urlsafe(64)},
        "DAG_PROCESSOR": {
            "DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "REFRESH_INTERVAL": "5",
            "MIN_FILE_PROCESS_INTERVAL": "5",
        },
        "USAGE_DATA_COLLECTION": {"ENABLED": "False"},
        "XBORDER": {name.upper(): value for name, value in settings.options.items()},
    }
    configured = {
        f"AIRFLOW__{section}__{name}": value
        for section, rows in sections.items()
        for name, value in rows.items()
    }
    connections = {f"AIRFLOW_CONN_{name.upper()}": value for name, value in settings.connections.items()}
    return {
        **environment_without("AIRFLOW", "AWS_", "PG"),
        "AIRFLOW_HOME": str(settings.home),
        "NO_PROXY": "127.0.0.1,localhost",
        **configured,
        **connections,
        **settings.env,
    }


def _passwords_file(settings: AirflowSettings) -> Path:
    return settings.home / "passwords.json"


def _write_passwords(settings: AirflowSettings) -> Path:
    file = _passwords_file(settings)
    file.touch(mode=0o600)
    file.write_text(json.dumps({name: secrets.token_urlsafe(9) for name in settings.users}))
    return file
