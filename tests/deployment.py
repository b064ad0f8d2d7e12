# SPDX-License-Identifier: Apache-2.0
"""A small deployment in memory: two regions, a catalog, one pack of rules and their gate."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.audit.event import Event, TaskKey, parse_event
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.services.gate import Gate, GateOptions, GateRequest, Ruling
from airflow_xborder.services.release import Release, build_release
from airflow_xborder.services.resolution import Measured

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
PEOPLE = "postgres://pg-eu:5432/appdb.public.people"
TARGET = "postgres://pg-us:5432/appdb.public.people"
TASK = TaskKey(dag_id="d", run_id="r", task_id="t")

PACK: dict[str, Any] = {
    "pack": "test.eu",
    "jurisdiction": "EU",
    "title": "a small European rule set",
    "version": "1",
    "last_checked": "2026-11-01",
    "covers": ["EU", "US"],
    "connects": [{"source.country": "EU"}, {"subjects.countries": "EU"}],
    "transfer": {"not": {"reach.countries": {"within": "EU"}}},
    "attributes": {"eu.vital": {"type": "boolean", "description": "test"}},
    "requirements": [
        {
            "requirement_id": "test.transfer",
            "jurisdiction": "EU",
            "description": "A transfer needs clauses and an assessment.",
            "citation": "Test Art. 1",
            "when": {"all": ["personal_data", {"not": {"reach.countries": {"within": "EU"}}}]},
            "constraints": [{"mechanism": "scc_eu"}, {"evidence": "tia"}],
            "effective_date": "2018-05-25",
        },
        {
            "requirement_id": "test.health",
            "jurisdiction": "EU",
            "description": "Health data needs consent.",
            "citation": "Test Art. 2",
            "triggers": ["personal_data.sensitive.health"],
            "constraints": [{"consent": {"type": "consent_explicit", "ground_for": "special_category"}}],
            "effective_date": "2018-05-25",
        },
    ],
}
CATALOG: dict[str, Any] = {
    "version": 1,
    "regions": {
        "eu": {"cloud": "aws:eu-central-1", "aliases": ["EU"], "ledger": "memory://eu", "party": "acme-gmbh"},
        "us": {"cloud": "aws:us-east-1", "aliases": ["US"], "ledger": "memory://us", "party": "acme-inc"},
        "dark": {"country": "FR"},
    },
    "stores": {
        "postgres://pg-eu:5432/appdb": {"region": "eu", "connection": "pg_eu"},
        "postgres://pg-us:5432/appdb": {"region": "us", "connection": "pg_us"},
        "s3://dark": {"region": "dark"},
    },
    "datasets": [
        {
            "match": PEOPLE,
            "categories": {"email": "personal_data.contact.email", "visits": "personal_data.behaviour"},
            "subjects": {"countries": ["DE"], "groups": ["customer"], "complete": True},
            "purposes": ["analytics", "ml_inference"],
        },
        {
            "match": "postgres://pg-eu:5432/appdb.public.patients",
            "categories": {
                "patient_id": "personal_data.identifiers",
                "size": "personal_data.sensitive.health",
            },
            "subjects": {"countries": ["DE"], "complete": True},
            "purposes": ["care_treatment"],
            "consent": {"table": "postgres://pg-eu:5432/appdb.public.consents", "subject": "patient_id"},
        },
    ],
    "parties": {
        "acme-gmbh": {"country": "DE", "role": "controller"},
        "acme-inc": {"country": "US", "role": "processor"},
    },
    "registers": {
        "mechanisms": [
            {
                "type": "scc_eu",
                "module": 2,
                "reference": "SCC-1",
                "exporter": "acme-gmbh",
                "importer": "acme-inc",
                "valid_from": "2026-01-01",
                "recorded_at": "2026-01-02",
            }
        ],
        "evidence": [
            {"type": "tia", "reference": "TIA-1", "issued_at": "2026-01-01", "valid_until": "2027-01-01"}
        ],
    },
    "aliases": {"purposes": {"model_inference": "ml_inference"}},
    "control_prices": {"tia": 2},
}


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class FixedPolicies:
    """A policy store that always gives one release."""

    release: Release

    def current(self) -> Release:
        return self.release


@dataclass
class Deployment:
    """The whole of it; ``catalog`` and ``pack`` may be changed before the first use of ``gate``."""

    catalog: dict[str, Any] = field(default_factory=lambda: deepcopy(CATALOG))
    pack: dict[str, Any] = field(default_factory=lambda: deepcopy(PACK))
    options: GateOptions = field(default_factory=lambda: GateOptions(worker_region="eu"))
    clock: Clock = field(default_factory=Clock)
    engines: tuple[Any, ...] = field(default_factory=lambda: (NativeEngine(),))
    stores: dict[str, MemoryObjectStore] = field(default_factory=dict)
    ledgers: dict[str, Any] = field(default_factory=dict)
    _gate: Gate | None = None

    @property
    def gate(self) -> Gate:
        if self._gate is None:
            release = build_release(Policies([self.pack]), self.catalog)
            self._gate = Gate(FixedPolicies(release), self.engines, self.ledger, self.clock, self.options)
        return self._gate

    def restart(self) -> Gate:
        """Begin anew as another process would, with the same ledgers."""
        self._gate = None
        return self.gate

    def ledger(self, region: str) -> Any:
        store = self.stores.setdefault(region, MemoryObjectStore(f"memory://{region}"))
        return self.ledgers.setdefault(region, ObjectLedger(store, region))

    def decide(self, measured: Measured | None = None, **request: Any) -> Ruling:
        given = {"flow": flow(), "point": "transfer", "task": TASK, **request}
        return self.gate.decide(GateRequest(measured=measured or Measured(), **given))

    def events(self, region: str) -> list[Event]:
        store = self.stores.get(region)
        return [] if store is None else [parse_event(store.objects[name]) for name in store.list()]


def flow(
    source: str = PEOPLE, destination: str = TARGET, purpose: str | None = "analytics", **more: Any
) -> DataFlow:
    """Return a flow between two stores."""
    data = {"source": {"store": source}, "destination": {"store": destination}, "purpose": purpose, **more}
    return DataFlow.parse(data)


Make = Callable[..., Deployment]
