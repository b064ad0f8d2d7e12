# SPDX-License-Identifier: Apache-2.0
"""A deployment on real servers, in this process: databases and buckets of two regions, ledgers in folders."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import airflow  # noqa: F401  (it loads our cluster policy, which must not come first through us)
import pytest
from psycopg import sql

from airflow_xborder import runtime
from airflow_xborder.audit.event import Event, parse_event
from airflow_xborder.demo.postgres import PostgresServer
from airflow_xborder.demo.processes import free_port
from airflow_xborder.demo.s3 import ACCESS_KEY, SECRET_KEY
from airflow_xborder.hooks import access, asking, places
from tests import deployment

ABROAD = {"not": {"reach.countries": {"within": "EU"}}}
REDUCED = {
    "requirement_id": "test.reduced",
    "jurisdiction": "EU",
    "description": "What goes abroad goes without contact data and under pseudonyms.",
    "citation": "Test Art. 3",
    "when": {"all": ["personal_data.sensitive.health", ABROAD]},
    "constraints": [
        {"obligation": {"type": "minimise_columns", "parameters": {"drop": "personal_data.contact"}}},
        {"obligation": {"type": "pseudonymise", "parameters": {"categories": "personal_data.identifiers"}}},
    ],
    "effective_date": "2018-05-25",
}
_TABLES = """
    create table people (email text, visits int);
    insert into people select 'p' || n || '@example.org', n from generate_series(1, 50) n;
    create table patients (patient_id text, email text, size int);
    insert into patients select 'P-' || n, 'p' || n || '@example.org', n from generate_series(1, 100) n;
    create table consents (subject_id text, purpose text, granted_at timestamptz, withdrawn_at timestamptz);
    insert into consents select 'P-' || n, 'ml_inference', now() - interval '1 day',
        case when n % 10 = 0 then now() - interval '1 hour' end from generate_series(1, 60) n;
"""


@dataclass
class Database:
    """One database of a region."""

    server: PostgresServer
    name: str
    password: str

    @property
    def uri(self) -> str:
        return f"postgres://127.0.0.1:{self.server.port}/{self.name}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.server.connect(self.name) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def mark(self, region: str | None) -> None:
        """Say where the database is, or nothing."""
        change = "RESET xborder.region" if region is None else f"SET xborder.region = '{region}'"
        self.ask(f'ALTER DATABASE "{self.name}" {change}')

    def connection(self, **changes: Any) -> str:
        """Return the Airflow connection, as JSON."""
        fields = {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": self.server.port,
            "schema": self.name,
            "login": f"{self.name}_user",
            "password": self.password,
        }
        return json.dumps({**fields, **changes})


def make_database(server: PostgresServer, region: str) -> Database:
    """Create an empty database that says where it is."""
    made = Database(server, f"x{uuid4().hex[:10]}", secrets.token_hex(8))
    server.create_database(made.name, owner=f"{made.name}_user", password=made.password)
    made.mark(region)
    return made


def fill(database: Database) -> None:
    """Make the tables of people and patients, with the consent of some."""
    with database.server.connect(
        database.name, user=f"{database.name}_user", password=database.password
    ) as connection:
        connection.execute(_TABLES.encode())


@dataclass
class Regional:
    """The deployment; ``catalog`` and ``pack`` may be changed until the first use, or before ``restart``."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    databases: Mapping[str, Database]
    catalog: dict[str, Any] = field(default_factory=dict)
    pack: dict[str, Any] = field(default_factory=lambda: deepcopy(deployment.PACK))

    def __post_init__(self) -> None:
        eu, us = (self.databases[region].uri for region in ("eu", "us"))
        self.pack["notice"] = "Not legal advice."
        self.pack["requirements"].append(deepcopy(REDUCED))
        catalog = deepcopy(deployment.CATALOG)
        catalog["stores"] = {
            eu: {"region": "eu", "connection": "pg_eu"},
            us: {"region": "us", "connection": "pg_us"},
        }
        people, patients = catalog["datasets"]
        people["match"] = f"{eu}.public.people"
        patients["match"] = f"{eu}.public.patients"
        patients["categories"] = {"email": "personal_data.contact.email", **patients["categories"]}
        patients["purposes"] = ["care_treatment", "ml_inference"]
        patients["consent"]["table"] = f"{eu}.public.consents"
        for name in ("eu", "us"):
            catalog["regions"][name]["ledger"] = str(self.ledger(name))
        self.catalog = catalog
        keys = self.folder / "keys"
        keys.mkdir()
        for name in ("eu", "us"):
            (keys / f"{name}.pseudonym").write_bytes(secrets.token_bytes(32))
            self.connect(f"pg_{name}", self.databases[name].connection())
        self.options(keys=str(keys), cache=str(self.folder / "cache"), worker_region="eu")

    def ledger(self, region: str) -> Path:
        return self.folder / "ledgers" / region

    def connect(self, connection_id: str, text: str) -> None:
        """Define an Airflow connection."""
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", text)

    def options(self, **options: str) -> None:
        """Set options of ``[xborder]``."""
        for name, value in options.items():
            self.monkeypatch.setenv(f"AIRFLOW__XBORDER__{name.upper()}", value)

    def start(self) -> Regional:
        """Begin as a new process would, with catalog and pack as they are now."""
        catalog, pack = self.folder / "catalog.yaml", self.folder / "pack.yaml"
        catalog.write_text(json.dumps(self.catalog))
        pack.write_text(json.dumps(self.pack))
        self.options(catalog=str(catalog), packs=str(pack))
        restart()
        return self

    def events(self, region: str) -> list[Event]:
        """Return the events of a region's ledger in the order in which they were told."""
        found = [parse_event(path.read_bytes()) for path in self.ledger(region).glob("events/**/*.json")]
        return sorted(found, key=lambda event: (event.occurred_at, event.sequence))

    def decisions(self) -> list[Event]:
        return [event for event in self.events("eu") if event.kind == "decision"]


def restart() -> None:
    """Forget all that this process knows of its deployment and of what it did."""
    for name in dir(runtime):
        clear = getattr(getattr(runtime, name), "cache_clear", None)
        if clear is not None:
            clear()
    access.forget_accesses()
    asking.forget_answers()
    places.forget_places()


@pytest.fixture(scope="module")
def databases(postgres_servers: Mapping[str, PostgresServer]) -> dict[str, Database]:
    """One database in each of two regions; the European one has people in it."""
    made = {region: make_database(postgres_servers[region], region) for region in ("eu", "us")}
    fill(made["eu"])
    return made


@pytest.fixture
def regional(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, databases: Mapping[str, Database]
) -> Iterator[Regional]:
    """The deployment, not started yet."""
    yield Regional(tmp_path, monkeypatch, databases)
    monkeypatch.undo()
    restart()


def drop_tables(database: Database) -> None:
    """Make a database as empty as it was."""
    with database.server.connect(database.name) as connection:
        found = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (name,) in found:
            connection.execute(sql.SQL("drop table {}").format(sql.Identifier(str(name))))


def closed(database: Database) -> tuple[str, str]:
    """Return the URI and the connection of a database of this name where nothing listens."""
    port = free_port()
    return f"postgres://127.0.0.1:{port}/{database.name}", database.connection(port=port)


def aws_connection(
    endpoint: Any, *, login: str = ACCESS_KEY, password: str = SECRET_KEY, **extra: Any
) -> str:
    """Return the Airflow connection of an S3 endpoint, as JSON."""
    told = {"endpoint_url": endpoint.url, "region_name": endpoint.region, **extra}
    return json.dumps({"conn_type": "aws", "login": login, "password": password, "extra": told})


def make_context(
    task: Any, *, try_number: int = 1, schedule: str | None = None
) -> tuple[Any, dict[str, Any]]:
    """Return the context of a task's try, and the XComs that it pushes."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="moves",
        run_id="manual__1",
        task_id=task.task_id,
        map_index=-1,
        try_number=try_number,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return {"ti": ti, "task": task, "dag": SimpleNamespace(schedule=schedule)}, pushed
