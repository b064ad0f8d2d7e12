# SPDX-License-Identifier: Apache-2.0
"""Transfers and hooks as tasks of a real Airflow: what is retried, what is not, and what a mark by hand changes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from tests.regional import Regional, drop_tables
from tests.tools.dag_runs import Site

pytestmark = [pytest.mark.integration, pytest.mark.limit(600)]
DAGS = """
from datetime import timedelta

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import dag, task

from airflow_xborder.hooks import RegionalPostgresHook
from airflow_xborder.operators import ComplianceGateOperator, RegionalTransferOperator

RETRIES = {"retries": 1, "retry_delay": timedelta(seconds=0)}


def transfer(task_id, table, purpose):
    return RegionalTransferOperator(
        task_id=task_id,
        source_conn_id="pg_eu",
        source_table="{{ params.schema }}." + table,
        destination_conn_id="pg_us",
        destination_table="public." + table,
        purpose=purpose,
        params={"schema": "public"},
    )


@dag(schedule=None, default_args=RETRIES)
def allowed():
    transfer("move", "patients", "model_inference")


@dag(schedule=None, default_args=RETRIES)
def denied():
    gate = ComplianceGateOperator(
        task_id="gate",
        flow={
            "source": {"store": "conn://pg_eu/public.people"},
            "destination": {"store": "conn://pg_us/public.people"},
            "purpose": "analytics",
        },
    )
    gate >> transfer("move", "people", "analytics")


@dag(schedule=None, default_args=RETRIES)
def hooks():
    @task
    def forbidden():
        try:
            RegionalPostgresHook(postgres_conn_id="pg_eu", purpose="analytics").get_records("select * from patients")
        except ValueError:
            print("not this one")

    forbidden()


@dag(schedule=None, default_args=RETRIES)
def outage():
    @task(trigger_rule="all_done")
    def mend():
        import os
        os.remove(os.environ["IN_THE_WAY"])

    first, second = transfer("first", "people", "ml_inference"), transfer("second", "people", "ml_inference")
    first >> mend() >> second
    second.trigger_rule = "all_done"


allowed()
denied()
hooks()
outage()
"""


@pytest.fixture
def site(regional: Regional, tmp_path: Path) -> Site:
    """A deployment whose Airflow runs in a process of its own."""
    drop_tables(regional.databases["us"])
    regional.catalog["registers"]["mechanisms"][0]["purposes"] = ["ml_inference"]
    made = Site(tmp_path / "site", catalog=regional.catalog, pack=regional.pack)
    made.env = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_PG_")}
    for region in ("eu", "us"):
        regional.catalog["regions"][region]["ledger"] = str(made.ledger(region))
    made.make()
    for region in ("eu", "us"):
        (made.keys / f"{region}.pseudonym").write_bytes(secrets.token_bytes(32))
    made.write("moves.py", DAGS)
    return made


def test_what_is_allowed_moves_and_what_is_denied_does_not(site: Site, regional: Regional) -> None:
    result = site.run("allowed", "denied", {"dag": "denied", "marked": "gate"}, "hooks")
    assert not result.errors
    assert result.task("allowed", "move") == ("success", 1)
    assert regional.databases["us"].ask("select count(*) from patients") == [(54,)]
    # A gate marked success by hand lets nothing through, and no denial is tried twice.
    assert result.task("denied", "gate")[0] == "success"
    assert result.task("denied", "move") == ("failed", 1)
    assert regional.databases["us"].ask("select 1 from pg_tables where tablename = 'people'") == []
    assert "flow_denied" in result.output
    # A denial inside somebody's function is none to try again either.
    assert result.task("hooks", "forbidden") == ("failed", 1)
    assert any(phase.startswith("decision-hook-") for phase in site.phases("eu", "hooks", "forbidden"))
    assert "P-1" not in result.output
    assert "@example.org" not in result.output


def test_an_outage_of_the_far_ledger_is_retried_and_leaves_one_copy(site: Site, regional: Regional) -> None:
    far = site.ledger("us")
    far.parent.mkdir(exist_ok=True)
    far.write_text("in the way")
    site.env["IN_THE_WAY"] = str(far)
    result = site.run("outage")
    assert not result.errors
    assert result.task("outage", "first") == ("failed", 2)
    assert result.task("outage", "second")[0] == "success"
    assert regional.databases["us"].ask("select count(*) from people") == [(50,)]
    assert site.phases("us", "outage", "second") == ["decision-transfer", "started", "completed"]
