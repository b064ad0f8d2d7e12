# SPDX-License-Identifier: Apache-2.0
"""The flows of the example DAGs get the answers that the DAGs tell of: from the demo's catalog and every shipped pack."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.authoring.catalog import load_catalog
from airflow_xborder.authoring.loading import load_policies, shipped_ids
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision
from airflow_xborder.demo.deployment import CLOUD_REGIONS, _as_yaml, make_catalog
from airflow_xborder.services.gate import Gate, GateOptions, GateRequest
from airflow_xborder.services.release import build_release
from airflow_xborder.services.resolution import Measured
from tests.deployment import Clock, Deployment, FixedPolicies

pytestmark = [pytest.mark.integration]

COMPANY = Path(__file__).resolve().parents[3] / "policies" / "examples" / "company.acme.yaml"
REDUCED = ("filter_rows_by_consent", "minimise_columns", "pseudonymise")
MEASUREMENTS = ("patient_id", "mean_radius", "mean_texture")


class Asked(NamedTuple):
    """A copy of one table, as a DAG asks for it."""

    source: str
    destination: str
    purpose: str
    columns: tuple[str, ...] | None = None


PARTNER = Asked("pg_eu/public.people", "pg_us_partner/public.people", "analytics")
ALLOWED = {
    "example_eu_us_jp: input_to_us": (
        Asked("pg_eu/public.patients", "pg_us/public.model_input", "model_inference", MEASUREMENTS),
        REDUCED,
    ),
    "example_eu_us_jp: log_to_jp": (
        Asked("pg_us/public.inference_log", "pg_jp/public.inference_log", "audit"),
        (),
    ),
    "example_transfer_with_obligations": (
        Asked("pg_eu/public.people", "pg_us/public.people", "model_inference"),
        REDUCED,
    ),
    "example_transfer_inside_eu": (
        Asked("pg_eu/public.people", "pg_eu_analytics/public.people", "analytics"),
        (),
    ),
    "example_regional_transfer": (
        Asked("pg_eu/public.people", "pg_us/public.spending", "model_inference", ("person_id", "visits")),
        REDUCED,
    ),
    "example_compliance_gate": (Asked("pg_eu/public.people", "pg_us/public.people", "analytics"), REDUCED),
}


@pytest.fixture(scope="module")
def policies() -> Policies:
    """What the demo publishes."""
    return load_policies([*shipped_ids(), str(COMPANY)])


def document() -> dict[str, Any]:
    """Return the demo's catalog, as it would be with its servers at some ports."""
    servers = {region: SimpleNamespace(port=5000 + number) for number, region in enumerate(CLOUD_REGIONS)}
    return deepcopy(make_catalog(servers))  # type: ignore[arg-type]


def make_gate(policies: Policies, catalog: dict[str, Any], folder: Path) -> Gate:
    """Return the demo's gate, with ledgers in memory."""
    path = folder / "catalog.yaml"
    path.write_text(_as_yaml(catalog))
    release = build_release(policies, load_catalog(path))
    options = GateOptions(worker_region="eu")
    return Gate(FixedPolicies(release), (NativeEngine(),), Deployment().ledger, Clock(), options)


@pytest.fixture(scope="module")
def gate(policies: Policies, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    return make_gate(policies, document(), tmp_path_factory.mktemp("demo"))


def decide(gate: Gate, asked: Asked) -> Decision:
    """Decide a scheduled copy, as the transfer operator does."""
    flow = {
        "source": {"store": f"conn://{asked.source}"},
        "destination": {"store": f"conn://{asked.destination}"},
        "purpose": asked.purpose,
    }
    measured = Measured(columns=asked.columns, frequency="repetitive")
    request = GateRequest(
        flow=gate.read_flow(flow), point="transfer", discharges=frozenset(REDUCED), measured=measured
    )
    return gate.decide(request).decision


@pytest.mark.parametrize(("asked", "owed"), ALLOWED.values(), ids=ALLOWED)
def test_what_an_example_moves_may_be_moved(gate: Gate, asked: Asked, owed: tuple[str, ...]) -> None:
    decision = decide(gate, asked)
    assert decision.allowed, decision.reasons
    assert tuple(obligation.type for obligation in decision.obligations) == owed


def test_the_partner_gets_nothing_and_hears_what_would_help(gate: Gate) -> None:
    decision = decide(gate, PARTNER)
    assert decision.outcome.value == "deny"
    assert [violation.citation for violation in decision.violations] == ["GDPR Art. 44"]
    assert decision.remediations
    assert all(remedy.makes.value == "allow" for remedy in decision.remediations)


def test_without_a_word_on_hipaa_a_person_decides_where_the_log_goes(
    policies: Policies, tmp_path: Path
) -> None:
    catalog = document()
    del catalog["parties"]["acme-inc"]["legal_roles"]
    decision = decide(make_gate(policies, catalog, tmp_path), ALLOWED["example_eu_us_jp: log_to_jp"][0])
    assert (decision.outcome.value, decision.missing_facts) == ("review", ("exporter.legal_roles",))


def test_without_a_word_on_what_the_pseudonyms_stand_for_too(policies: Policies, tmp_path: Path) -> None:
    catalog = document()
    (log,) = [row for row in catalog["datasets"] if row["match"].endswith("inference_log")]
    del log["attributes"]["source_categories"]
    decision = decide(make_gate(policies, catalog, tmp_path), ALLOWED["example_eu_us_jp: log_to_jp"][0])
    assert (decision.outcome.value, decision.missing_facts) == ("review", ("data_categories",))
