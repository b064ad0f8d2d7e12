# SPDX-License-Identifier: Apache-2.0
"""The audit export as a DAG: it seals what gates told the ledgers, and what it sealed verifies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from airflow_xborder.adapters.object_stores.opening import open_store
from airflow_xborder.adapters.signers.ed25519 import load_verifier, parse_verifier
from airflow_xborder.services.auditing import audit_ledger
from tests.tools.dag_runs import Result, Site

pytestmark = [pytest.mark.integration, pytest.mark.limit(600)]

REPOSITORY = Path(__file__).resolve().parents[2]
EXPORT = "xborder_audit_export"
GATE = """
from airflow.sdk import DAG
from airflow_xborder.operators import ComplianceGateOperator

FLOW = {
    "source": {"store": "postgres://pg-eu:5432/appdb.public.people"},
    "destination": {"store": "postgres://pg-us:5432/appdb.public.people"},
    "purpose": "analytics",
}
with DAG("gate", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=FLOW)
"""


def make(site: Site) -> Site:
    site.make()
    site.write("gate.py", GATE)
    shutil.copy(REPOSITORY / "dags" / "audit_export.py", site.dags)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make(Site(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="module")
def result(site: Site) -> Result:
    return site.run("gate", EXPORT)


@pytest.mark.parametrize("region", ["eu", "us"])
def test_each_regions_ledger_verifies_with_its_public_key(site, result, region):
    key = load_verifier(site.keys / f"{region}.seal.pub")
    audit = audit_ledger(open_store(str(site.ledger(region))), key, parse_verifier)
    assert audit.verification.is_intact
    assert audit.verification.region == region
    assert audit.verification.size >= 1


def test_one_mapped_task_a_region_and_none_for_a_region_without_ledger(result):
    states = {name: state for name, (state, _) in result.tries[EXPORT].items()}
    assert states == {"regions_to_seal": "success", "seal_ledger[0]": "success", "seal_ledger[1]": "success"}


def test_the_checkpoint_is_in_the_log(result):
    assert "of region `eu`: log/checkpoints/000000000001" in result.output


def test_a_changed_log_fails_the_next_export_without_retry(site, result):
    checkpoint = site.ledger("us") / "log" / "checkpoints" / f"{1:012d}"
    checkpoint.chmod(0o600)
    checkpoint.write_bytes(checkpoint.read_bytes().replace(b"us", b"uz", 1))
    again = site.run(EXPORT)
    assert again.task(EXPORT, "seal_ledger[0]")[0] == "success"
    assert again.task(EXPORT, "seal_ledger[1]") == ("failed", 1)


def test_without_catalog_or_keys_the_dag_loads_and_its_run_says_what_is_missing(tmp_path):
    site = make(Site(tmp_path))
    del site.options["keys"]
    result = site.run(EXPORT)
    assert result.errors == {}
    assert result.task(EXPORT, "regions_to_seal") == ("failed", 1)
    assert "no ledger can be sealed here" in result.output
