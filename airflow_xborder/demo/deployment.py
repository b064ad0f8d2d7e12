# SPDX-License-Identifier: Apache-2.0
"""The company of the demo: three regions with their databases, buckets, keys, catalog and policy release."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.adapters.object_stores.opening import open_store
from airflow_xborder.adapters.signers.ed25519 import generate_signer, write_key_pair
from airflow_xborder.authoring.catalog import load_catalog
from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.demo.data import LoadedTable, load_model, load_patients, load_people, make_patients
from airflow_xborder.demo.postgres import PostgresLauncher, PostgresServer
from airflow_xborder.demo.processes import Supervisor
from airflow_xborder.demo.s3 import ACCESS_KEY, SECRET_KEY, S3Endpoint, start_s3
from airflow_xborder.services.release import build_release, publish

if TYPE_CHECKING:
    import psycopg

CLOUD_REGIONS = {"eu": "eu-central-1", "us": "us-east-1", "jp": "ap-northeast-1"}
PARTIES = {"eu": "acme-gmbh", "us": "acme-inc", "jp": "acme-kk"}
# database -> the connection ids of the example DAGs
DATABASES = {"eu": {"appdb": "pg_eu", "analytics": "pg_eu_analytics"}, "us": {"appdb": "pg_us", "partnerdb": "pg_us_partner"}, "jp": {"appdb": "pg_jp"}}  # fmt: skip
_EU_RESIDENTS = ["DE", "FR", "NL", "ES", "IT", "AT", "IE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What runs, and what was loaded into it. ``metadata`` is the address of Airflow's own database."""

    folder: Path
    databases: Mapping[str, PostgresServer]
    buckets: Mapping[str, S3Endpoint]
    patients: LoadedTable
    people: LoadedTable
    connections: Mapping[str, str]
    metadata: str

    @property
    def keys(self) -> Path:
        """The folder of the regions' keys."""
        return self.folder / "keys-private"

    @property
    def options(self) -> dict[str, str]:
        """The ``[xborder]`` options of the demo's Airflow."""
        return {
            "release": str(self.folder / "release"),
            "release_key": str(self.keys / "release.pub"),
            "enforcement": "enforce",
            "worker_region": "eu",
            "keys": str(self.keys),
            "cache": str(self.folder / "cache"),
        }

    def ledger_options(self, region: str) -> dict[str, object]:
        """Return how to reach a region's ledger bucket from outside Airflow."""
        endpoint = self.buckets[region]
        return {
            "endpoint": endpoint.url,
            "region": endpoint.region,
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
        }


def start_deployment(supervisor: Supervisor, folder: Path, policies: list[str]) -> Deployment:
    """Start the regions, load the data, and publish catalog and policies.

    :param policies: ids and paths of packs besides the shipped ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    launcher = PostgresLauncher(supervisor, folder / "postgres")
    databases = {region: launcher.start(region) for region in CLOUD_REGIONS}
    endpoints = start_s3(supervisor, CLOUD_REGIONS.values())
    buckets = {region: endpoints[cloud] for region, cloud in CLOUD_REGIONS.items()}
    for region, endpoint in buckets.items():
        endpoint.create_bucket(f"acme-ledger-{region}")
    connections = _create_databases(databases)
    connections |= {f"aws_{region}": _aws_connection(endpoint) for region, endpoint in buckets.items()}
    with _open(connections["pg_eu"]) as connection:
        patients, people = load_patients(connection), load_people(connection)
    with _open(connections["pg_us"]) as connection:
        load_model(connection)
    deployment = Deployment(
        folder=folder,
        databases=databases,
        buckets=buckets,
        patients=patients,
        people=people,
        connections=connections,
        metadata=_metadata_database(launcher.start("airflow")),
    )
    _make_keys(deployment)
    _publish(deployment, policies)
    return deployment


def _create_databases(servers: Mapping[str, PostgresServer]) -> dict[str, str]:
    from psycopg import sql

    connections: dict[str, str] = {}
    for region, server in servers.items():
        for name, connection_id in DATABASES[region].items():
            url = server.create_database(name, owner=f"{name}_owner", password=secrets.token_urlsafe(18))
            connections[connection_id] = url.replace("postgresql://", "postgres://", 1)
            with server.connect() as connection:
                # The region marker that the regional hook compares with the catalog.
                statement = sql.SQL("ALTER DATABASE {} SET xborder.region = {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Literal(region)))
    return connections


def _metadata_database(server: PostgresServer) -> str:
    url = server.create_database("airflow", owner="airflow_owner", password=secrets.token_urlsafe(18))
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def _open(url: str) -> psycopg.Connection[tuple[object, ...]]:
    import psycopg

    return psycopg.connect(url, autocommit=True, connect_timeout=10)


def _aws_connection(endpoint: S3Endpoint) -> str:
    import json

    extra = {"endpoint_url": endpoint.url, "region_name": endpoint.region}
    return json.dumps({"conn_type": "aws", "login": ACCESS_KEY, "password": SECRET_KEY, "extra": extra})


def _make_keys(deployment: Deployment) -> None:
    deployment.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("release", *(f"{region}.seal" for region in CLOUD_REGIONS)):
        write_key_pair(generate_signer(), deployment.keys / name)
    for region in CLOUD_REGIONS:
        path = deployment.keys / f"{region}.pseudonym"
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))


def _publish(deployment: Deployment, policies: list[str]) -> None:
    from airflow_xborder.adapters.signers.ed25519 import load_signer
    from airflow_xborder.authoring.loading import shipped_folder

    document = deployment.folder / "catalog.yaml"
    document.write_text(_as_yaml(make_catalog(deployment.databases)), "utf-8")
    shipped = [
        path.name.removesuffix(".yaml")
        for path in shipped_folder().glob("*.yaml")
        if ".cases" not in path.name
    ]
    release = build_release(load_policies([*shipped, *policies]), load_catalog(document))
    store = open_store(str(deployment.folder / "release"))
    publish(store, release, load_signer(deployment.keys / "release"), datetime.now(timezone.utc))


def _as_yaml(data: dict[str, Any]) -> str:
    import yaml

    class Written(yaml.SafeDumper):
        """YAML as people write it: no anchors."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(data, Dumper=Written, sort_keys=False, width=110)


def make_catalog(databases: Mapping[str, PostgresServer]) -> dict[str, Any]:
    """Return the demo's catalog, as an officer would write it, for the ports of this run."""
    stores = {
        f"postgres://127.0.0.1:{databases[region].port}/{name}": {"region": region, "connection": connection}
        for region, names in DATABASES.items()
        for name, connection in names.items()
    }
    eu, us = (f"postgres://127.0.0.1:{databases[region].port}" for region in ("eu", "us"))
    stores[f"{us}/partnerdb"]["party"] = "partner-inc"
    return {
        "version": 1,
        "regions": {
            region: {
                "cloud": f"aws:{cloud}",
                "aliases": [region.upper()],
                "connections": {"s3": f"aws_{region}", "postgres": list(DATABASES[region].values())},
                "ledger": f"s3://acme-ledger-{region}/",
                "party": PARTIES[region],
            }
            for region, cloud in CLOUD_REGIONS.items()
        },
        "stores": stores,
        "datasets": _datasets(eu, us),
        "parties": _PARTY_ROWS,
        "registers": _registers(eu, us),
        "reviewers": [{"jurisdiction": "EU", "role": "dpo", "users": ["dana"]}],
        "aliases": {"purposes": {"model_inference": "ml_inference"}},
        "control_prices": {"scc_eu": 3, "tia": 5},
    }


_PARTY_ROWS: dict[str, Any] = {
    "acme-gmbh": {"country": "DE", "role": "controller"},
    "acme-inc": {
        "country": "US",
        "role": "processor",
        "legal_roles": {},  # no covered entity and no business associate: HIPAA does not bind it
        "same_group": True,
        "owners": [{"country": "DE", "share": "1"}],
        "listings": [{"framework": "eu_us_dpf", "covers": ["non_hr"], "status": "active", "checked_at": "2026-11-01"}],
    },
    "acme-kk": {"country": "JP", "role": "processor", "same_group": True, "owners": [{"country": "DE", "share": "1"}], "attributes": {"jp.appi_operator": True}},
    "partner-inc": {"country": "US", "role": "controller", "owners": [{"country": "US", "share": "1"}], "listings": []},
}  # fmt: skip


_AUDIENCE = {"countries": _EU_RESIDENTS, "us_persons": False, "complete": True}
_HEALTH = "personal_data.sensitive.health"
_PEOPLE = {
    "person_id": "personal_data.identifiers.covered",
    "full_name": "personal_data.identifiers.name",
    "email": "personal_data.contact.email",
    "country": "personal_data.demographic",
    "birth_year": "personal_data.demographic",
    "postcode": "personal_data.location",
    "monthly_spend": "personal_data.behaviour.purchase",
    "visits": "personal_data.behaviour",
}
_LOG = {
    "patient_id": "personal_data.pseudonymised",
    "predicted": _HEALTH,
    "probability": _HEALTH,
    "model": "non_personal",
    "predicted_at": "non_personal",
}


def _datasets(eu: str, us: str) -> list[dict[str, Any]]:
    columns, _ = make_patients()
    measured = {name: _HEALTH for name in columns if name not in ("patient_id", "country")}
    patients = {"patient_id": "personal_data.identifiers.covered", "country": "personal_data.demographic"}
    # What the pseudonyms stand for is said, since data under pseudonyms may otherwise be of any kind.
    abroad = {
        "purposes": ["ml_inference", "audit"],
        "origin_regimes": ["eu.gdpr"],
        "subjects": _AUDIENCE,
        "attributes": {"source_categories": ["personal_data.identifiers.covered", _HEALTH]},
    }
    return [
        {
            "match": f"{eu}/appdb.public.patients",
            "categories": patients | measured,
            "subjects": _AUDIENCE | {"groups": ["patient"]},
            "purposes": ["care_treatment", "ml_inference"],
            "retention_days": 3650,
            "consent": _consent(eu, "patient_id", "special_category"),
        },
        {
            "match": f"{eu}/appdb.public.people",
            "categories": _PEOPLE,
            "subjects": _AUDIENCE | {"groups": ["customer"]},
            "purposes": ["service_delivery", "analytics", "ml_inference"],
            "retention_days": 365,
            "consent": _consent(eu, "person_id", "processing"),
        },
        {
            "match": f"{us}/appdb.public.model_input",
            "categories": {"patient_id": "personal_data.pseudonymised"} | measured,
            **abroad,
        },
        {"match": f"{us}/appdb.public.inference_log", "categories": _LOG, **abroad},
    ]


def _consent(eu: str, subject: str, ground: str) -> dict[str, str]:
    table = f"{eu}/appdb.public.consents"
    return {"table": table, "subject": subject, "type": "consent_explicit", "ground_for": ground}


def _registers(eu: str, us: str) -> dict[str, Any]:
    decided = {"human_review": True, "explanation": True, "recorded_at": "2026-10-01"}
    return {
        "mechanisms": [
            {"type": "scc_eu", "module": 2, "reference": "SCC-2026-014", "exporter": "acme-gmbh", "importer": "acme-inc", "valid_from": "2026-01-01", "recorded_at": "2026-01-02"},
            {"type": "contract_ds", "ground_for": "automated_decision", "reference": "TREATMENT-CONTRACT", "purposes": ["ml_inference"], "recorded_at": "2026-01-02"},
            {"type": "care", "ground_for": "special_category", "reference": "CARE-7", "exporter": "acme-inc", "recorded_at": "2026-01-02"},
        ],
        "evidence": [
            {"type": "tia", "reference": "TIA-17", "importer": "acme-inc", "issued_at": "2026-02-01", "valid_until": "2027-02-01", "recorded_at": "2026-02-01"},
            {"type": "dpia", "reference": "DPIA-3", "issued_at": "2026-02-01", "recorded_at": "2026-02-01"},
        ],
        "automated_decisions": [
            {"match": f"{eu}/appdb.public.patients", "purpose": "ml_inference", "significant_effect": True, "reference": "MODEL-1", **decided},
            {"match": f"{us}/appdb.public.*", "purpose": "ml_inference", "significant_effect": True, "reference": "MODEL-1", **decided},
            {"match": f"{eu}/appdb.public.people", "purpose": "ml_inference", "significant_effect": False, "reference": "MODEL-2", **decided},
        ],
    }  # fmt: skip
