# SPDX-License-Identifier: Apache-2.0
"""The gate as a task of real DAGs: what it lets through, what it stops, and what the ledgers hear."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.demo.processes import free_port
from tests.tools.dag_runs import Result, Site

pytestmark = [pytest.mark.integration, pytest.mark.limit(600)]

HEADER = """
from datetime import timedelta
from airflow.sdk import DAG, task
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.operators import ComplianceGateOperator

PEOPLE = "postgres://pg-eu:5432/appdb.public.people"
PATIENTS = "postgres://pg-eu:5432/appdb.public.patients"
UNCATEGORISED = "postgres://pg-eu:5432/appdb.public.nobody_knows"
TARGET = "postgres://pg-us:5432/appdb.public.people"
AGAIN = {"retries": 3, "retry_delay": timedelta(0)}

def flow(source, purpose="analytics", destination=TARGET, **more):
    return {"source": {"store": source}, "destination": {"store": destination}, "purpose": purpose, **more}

@task
def after():
    pass

@task(trigger_rule="all_done")
def whatever():
    pass
"""
DAGS = (
    HEADER
    + """
with DAG("allowed", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=flow(PEOPLE, "{{ 'ana' ~ 'lytics' }}")) >> after()

with DAG("ready_made", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=DataFlow.parse(flow(PEOPLE))) >> after()

with DAG("denied", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=flow(PATIENTS, "care_treatment"), **AGAIN) >> after()

with DAG("skipped", schedule=None):
    gate = ComplianceGateOperator(task_id="gate", flow=flow(PATIENTS, "care_treatment"), on_deny="skip")
    gate >> after() >> whatever()

with DAG("skipped_mapped", schedule=None):
    gate = ComplianceGateOperator.partial(task_id="gate", on_deny="skip").expand(
        flow=[flow(PEOPLE), flow(PATIENTS, "care_treatment")]
    )
    gate >> after()

with DAG("reviewed", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=flow(UNCATEGORISED), on_deny="skip", **AGAIN) >> after()

with DAG("decorated", schedule=None):
    @task.compliance_gate(**AGAIN)
    def gate(table, purpose=None, run_id=None):
        assert run_id
        return flow(table, purpose)
    gate(PEOPLE, purpose="analytics") >> after()
    gate.override(task_id="gate_of_patients")(PATIENTS, purpose="care_treatment") >> after.override(task_id="never")()

with DAG("unknown_region", schedule=None):
    ComplianceGateOperator(task_id="gate", flow={**flow(PEOPLE), "destination": {"region": "uss"}}, **AGAIN) >> after()

with DAG("unknown_category", schedule=None):
    ComplianceGateOperator(
        task_id="gate", flow=flow(PEOPLE, data_categories=["personal_data.contact.emial"]), **AGAIN
    ) >> after()

with DAG("malformed", schedule=None):
    ComplianceGateOperator(task_id="gate", flow={"source": {"store": PEOPLE}, "to": {"region": "us"}}, **AGAIN) >> after()

with DAG("empty", schedule=None):
    ComplianceGateOperator(task_id="gate", **AGAIN) >> after()
"""
)
ALL = (
    "allowed", "ready_made", "denied", "skipped", "skipped_mapped", "reviewed", "decorated", "unknown_region",
    "unknown_category", "malformed", "empty",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site")).make()


@pytest.fixture(scope="module")
def result(site: Site) -> Result:
    site.write("gates.py", DAGS)
    return site.run(*ALL)


def outcomes(site: Site, dag: str, region: str = "eu", task: str = "gate") -> list[object]:
    """Return the outcomes of the decisions of a gate that a ledger has."""
    return [
        event.body["decision"]["outcome"]
        for event in site.events(region)
        if event.kind == "decision" and (event.task.dag_id, event.task.task_id) == (dag, task)
    ]


def test_the_dags_load(result):
    assert result.errors == {}


@pytest.mark.parametrize("dag", ["allowed", "ready_made", "decorated"])
def test_what_is_allowed_goes_on_and_both_ledgers_know(site, result, dag):
    assert result.task(dag, "gate") == ("success", 1)
    assert result.task(dag, "after") == ("success", 1)
    assert outcomes(site, dag, "eu") == outcomes(site, dag, "us") == ["allow"]


class TestDenied:
    def test_it_fails_at_the_first_try_with_retries_left(self, result):
        assert result.task("denied", "gate") == ("failed", 1)
        assert result.task("denied", "after")[0] == "upstream_failed"

    def test_the_function_form_fails_the_same_way(self, result):
        assert result.task("decorated", "gate_of_patients") == ("failed", 1)
        assert result.task("decorated", "never")[0] == "upstream_failed"

    def test_both_ledgers_have_one_denial(self, site, result):
        assert outcomes(site, "denied", "eu") == outcomes(site, "denied", "us") == ["deny"]

    def test_the_exception_says_in_one_line_from_where_to_where_and_why(self, result):
        line = next(
            line for line in result.output.splitlines() if "AirflowFailException: flow_denied" in line
        )
        assert "eu (DE-HE) → us (US-VA)" in line
        assert "filter_rows_by_consent" in line
        assert "hint:" in line

    def test_the_log_has_the_whole_explanation_as_a_warning(self, result):
        assert "[warning  ] DENY" in result.output
        assert "what would make it lawful:" in result.output
        assert "not legal advice" in result.output


class TestSkipped:
    def test_the_direct_downstream_is_skipped_and_the_gate_is_not_a_failure(self, result):
        assert result.task("skipped", "gate") == ("success", 1)
        assert result.task("skipped", "after")[0] == "skipped"

    def test_it_is_weaker_than_failing_as_documented(self, result):
        assert result.task("skipped", "whatever") == ("success", 1)

    def test_one_denied_instance_of_a_mapped_gate_holds_the_downstream_back(self, result):
        assert result.task("skipped_mapped", "gate[0]")[0] == "success"
        assert result.task("skipped_mapped", "gate[1]")[0] == "skipped"
        assert result.task("skipped_mapped", "after")[0] == "skipped"

    def test_the_denial_is_recorded_all_the_same(self, site, result):
        assert outcomes(site, "skipped") == ["deny"]


def test_a_review_fails_without_retry_even_where_a_denial_would_skip(site, result):
    assert result.task("reviewed", "gate") == ("failed", 1)
    assert result.task("reviewed", "after")[0] == "upstream_failed"
    assert outcomes(site, "reviewed") == ["review"]
    assert "AirflowFailException: review_required" in result.output


class TestBadInput:
    @pytest.mark.parametrize(
        ("dag", "message"),
        [
            ("unknown_region", "destination.region: unknown region `uss`"),
            ("unknown_category", "did you mean `personal_data.contact.email`"),
            ("malformed", "unknown key `to`"),
            ("empty", "expected a mapping, got nothing"),
        ],
    )
    def test_it_is_a_clear_error_and_no_retry(self, site, result, dag, message):
        assert result.task(dag, "gate") == ("failed", 1)
        assert result.task(dag, "after")[0] == "upstream_failed"
        assert message in result.output
        assert outcomes(site, dag) == []


def test_what_the_gate_shows_in_xcom_is_the_decision_and_it_returns_nothing(site, result):
    import sqlite3

    with sqlite3.connect(site.folder / "airflow" / "airflow.db") as database:
        keys = {row[0] for row in database.execute("select key from xcom where task_id = 'gate'")}
        (value,) = database.execute(
            "select value from xcom where dag_id = 'allowed' and key = 'xborder_decision'"
        ).fetchone()
    assert keys == {"xborder_decision", "skipmixin_key"}
    assert '"outcome": "allow"' in value


def test_events_name_no_person_and_no_value(site, result):
    for region in ("eu", "us"):
        for event in site.events(region):
            assert "@" not in event.to_bytes().decode()


@pytest.fixture(scope="module")
def outages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Result]:
    """A ledger whose folder is a file, and one in a bucket where nothing listens."""
    site = Site(tmp_path_factory.mktemp("outages"))
    site.catalog["regions"]["jp"] = {
        "cloud": "aws:ap-northeast-1",
        "party": "acme-inc",
        "ledger": "s3://acme-ledger-jp",
        "connections": {"s3": "aws_jp"},
    }
    site.catalog["stores"]["s3://acme-jp"] = {"region": "jp"}
    site.pack["covers"].append("JP")
    site.options["ledger_timeout"] = "2"
    site.env["AIRFLOW_CONN_AWS_JP"] = _closed_s3()
    site.make()
    site.ledger("us").parent.mkdir(parents=True)
    site.ledger("us").write_text("not a folder")
    site.write("outages.py", HEADER + _OUTAGES)
    return site, site.run("folder", "bucket")


class TestOutages:
    """What cannot be recorded is not allowed, and is tried again."""

    @pytest.mark.parametrize("dag", ["folder", "bucket"])
    def test_the_gate_is_tried_again_and_never_allows(self, outages, dag):
        _, result = outages
        assert result.task(dag, "gate") == ("failed", 2)
        assert result.task(dag, "after")[0] == "upstream_failed"
        assert "LedgerUnavailableError" in result.output

    def test_the_near_side_knows_of_each_try(self, outages):
        site, _ = outages
        assert outcomes(site, "folder") == ["allow", "allow"]


_OUTAGES = """
ONCE = {"retries": 1, "retry_delay": timedelta(0)}
with DAG("folder", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=flow(PEOPLE), **ONCE) >> after()
with DAG("bucket", schedule=None):
    ComplianceGateOperator(task_id="gate", flow=flow(PEOPLE, destination="s3://acme-jp/x"), **ONCE) >> after()
"""


def _closed_s3() -> str:
    import json

    extra = {"endpoint_url": f"http://127.0.0.1:{free_port()}", "region_name": "ap-northeast-1"}
    return json.dumps({"conn_type": "aws", "login": "x", "password": "y", "extra": extra})


def test_without_a_release_the_gate_fails_with_the_reason_and_the_dag_still_loads(tmp_path: Path):
    site = Site(tmp_path).make()
    site.options["release"] = str(site.folder / "elsewhere")
    site.write("gates.py", DAGS)
    result = site.run("denied")
    assert result.errors == {}
    assert result.task("denied", "gate") == ("failed", 1)
    assert "policy_not_found: no policy release at" in result.output
