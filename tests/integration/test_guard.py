# SPDX-License-Identifier: Apache-2.0
"""The guard of all tasks in real DAG runs: what it stops, what it leaves alone, and the ways around it."""

from __future__ import annotations

import pytest

from tests.tools.dag_runs import Result, Site

pytestmark = [pytest.mark.integration, pytest.mark.limit(600)]

HEADER = """
import os
from datetime import timedelta
from pathlib import Path
from airflow.sdk import DAG, Asset, AssetAlias, BaseOperator, get_current_context, task
from airflow_xborder.operators import ComplianceGateOperator

PURPOSE = {"xborder": {"purpose": "analytics"}}
PEOPLE = Asset("people", uri="postgres://pg-eu:5432/appdb/public/people")
PATIENTS = Asset("patients", uri="postgres://pg-eu:5432/appdb/public/patients")
COPY = Asset("copy", uri="postgres://pg-us:5432/appdb/public/people", extra=PURPOSE)
SECOND = Asset("second", uri="postgres://pg-us:5432/appdb/public/second", extra=PURPOSE)
UNKNOWN = Asset("unknown", uri="s3://nobody/knows")
MISSPELT = Asset("misspelt", uri="postgres://pg-us:5432/appdb/public/x", extra={"xborder": {"purpos": "analytics"}})
CURED = Asset("cured", uri="postgres://pg-us:5432/appdb/public/y", extra={"xborder": {
    "purpose": "analytics", "consent": {"type": "consent_explicit", "ground_for": "special_category", "coverage": "1"}}})
AGAIN = {"retries": 3, "retry_delay": timedelta(0)}
MARKS = Path(os.environ["MARKS"])

def mark():
    ti = get_current_context()["ti"]
    MARKS.joinpath(f"{ti.dag_id}.{ti.task_id}.{ti.map_index}").touch()

def move():
    mark()

def author(context):
    MARKS.joinpath(f"hook.{context['ti'].task_id}").touch()

class Mover(BaseOperator):
    def __init__(self, *, n=0, **kwargs):
        super().__init__(**kwargs)
    def execute(self, context):
        mark()
"""
DAGS = (
    HEADER
    + """
with DAG("allowed", schedule=None):
    task(inlets=[PEOPLE], outlets=[COPY, SECOND], pre_execute=author)(move)()

with DAG("denied", schedule=None):
    task(inlets=[PATIENTS], outlets=[COPY], pre_execute=author, **AGAIN)(move)()

with DAG("unknown_end", schedule=None):
    task(inlets=[PEOPLE], outlets=[UNKNOWN], **AGAIN)(move)()

with DAG("undeclared", schedule=None):
    task(inlets=[UNKNOWN], outlets=[AssetAlias("later")])(move)()
    task(task_id="nothing")(move)()

with DAG("claims", schedule=None):
    task(task_id="misspelt", inlets=[PEOPLE], outlets=[MISSPELT], **AGAIN)(move)()
    task(task_id="cured", inlets=[PATIENTS], outlets=[CURED])(move)()

with DAG("mapped", schedule=None):
    Mover.partial(task_id="mover", inlets=[PATIENTS], outlets=[COPY]).expand(n=[1, 2])

with DAG("own_gate", schedule=None):
    class Sly(ComplianceGateOperator):
        def execute(self, context):
            mark()
    flow = {"source": {"store": "postgres://pg-eu:5432/appdb.public.people"}, "destination": {"region": "us"}, "purpose": "analytics"}
    ComplianceGateOperator(task_id="gate", flow=flow, inlets=[PEOPLE], outlets=[COPY])
    Sly(task_id="sly", inlets=[PATIENTS], outlets=[COPY])

with DAG("swept_away", schedule=None):
    Mover.partial(task_id="mover", inlets=[PATIENTS], outlets=[COPY]).expand_kwargs(
        [{"pre_execute": author, "post_execute": None}], strict=False
    )

with DAG("told_off", schedule=None):
    os.environ["AIRFLOW__XBORDER__ENFORCEMENT"] = "off"
    task(inlets=[PATIENTS], outlets=[COPY])(move)()
"""
)
HIDING = (
    HEADER
    + """
class Hiding(Mover):
    _pre_execute_hook = property(lambda self: None, lambda self, hook: None)

with DAG("hiding", schedule=None):
    Hiding(task_id="mover", inlets=[PATIENTS], outlets=[COPY])
"""
)
ALL = (
    "allowed",
    "denied",
    "unknown_end",
    "undeclared",
    "claims",
    "mapped",
    "own_gate",
    "swept_away",
    "told_off",
)


def run(site: Site, *dags: str, mode: str) -> Result:
    site.options["enforcement"] = mode
    marks = site.folder / "marks"
    marks.mkdir()
    site.env["MARKS"] = str(marks)
    site.make()
    site.write("guarded.py", DAGS)
    site.write("hiding.py", HIDING)
    return site.run(*dags)


def marks(site: Site) -> set[str]:
    """Return which tasks got as far as their own code."""
    return {path.name for path in (site.folder / "marks").iterdir()}


def decisions(site: Site, dag: str, task: str = "move", region: str = "eu") -> list[tuple[str, str]]:
    """Return the phase and the outcome of each decision about a task."""
    return [
        (event.phase, event.body["decision"]["outcome"])
        for event in site.events(region)
        if event.kind == "decision" and (event.task.dag_id, event.task.task_id) == (dag, task)
    ]


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Result]:
    site = Site(tmp_path_factory.mktemp("enforced"))
    return site, run(site, *ALL, mode="enforce")


@pytest.fixture(scope="module")
def shadowed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Result]:
    site = Site(tmp_path_factory.mktemp("shadowed"))
    return site, run(site, "allowed", "denied", "unknown_end", "claims", "hiding", mode="shadow")


class TestEnforced:
    def test_each_pair_is_decided_before_and_completed_after(self, enforced):
        site, result = enforced
        assert result.task("allowed", "move") == ("success", 1)
        told = [
            event for event in site.events("eu") if event.task.dag_id == "allowed" and event.kind != "task"
        ]
        assert [(event.kind, event.phase) for event in told] == [
            ("decision", "decision-guard"),
            ("decision", "decision-guard-2"),
            ("movement", "completed"),
            ("movement", "completed-2"),
        ]
        assert [event.body["flow"]["destination"]["store"] for event in told[:2]] == [
            "postgres://pg-us:5432/appdb.public.people",
            "postgres://pg-us:5432/appdb.public.second",
        ]

    def test_the_far_side_hears_of_it_without_the_counts(self, enforced):
        site, _ = enforced
        completed = [event for event in site.events("us") if event.phase == "completed"]
        assert [event.task.dag_id for event in completed] == ["allowed"]
        assert "counts" in completed[0].withheld
        assert "counts" not in completed[0].body

    def test_the_authors_own_hook_still_runs_and_after_the_guard(self, enforced):
        site, _ = enforced
        assert "hook.move" in marks(site)

    def test_a_denial_stops_the_task_at_its_first_try(self, enforced):
        site, result = enforced
        assert result.task("denied", "move") == ("failed", 1)
        assert "denied.move.-1" not in marks(site)
        assert (
            decisions(site, "denied")
            == decisions(site, "denied", region="us")
            == [("decision-guard", "deny")]
        )

    def test_a_pair_with_one_end_that_nobody_knows_is_not_allowed(self, enforced):
        site, result = enforced
        assert result.task("unknown_end", "move") == ("failed", 1)
        assert decisions(site, "unknown_end") == [("decision-guard", "review")]

    def test_what_lies_outside_the_catalog_runs_and_is_logged(self, enforced):
        site, result = enforced
        assert result.task("undeclared", "move") == result.task("undeclared", "nothing") == ("success", 1)
        assert decisions(site, "undeclared") == []
        assert "undeclared: the catalog does not know `unknown`" in result.output

    def test_a_claim_that_is_none_is_an_error_without_retry(self, enforced):
        _, result = enforced
        assert result.task("claims", "misspelt") == ("failed", 1)
        assert "unknown key `purpos`" in result.output

    def test_what_an_asset_says_of_itself_cures_nothing(self, enforced):
        site, result = enforced
        assert result.task("claims", "cured") == ("failed", 1)
        assert "claims.cured.-1" not in marks(site)

    def test_each_mapped_instance_is_guarded(self, enforced):
        site, result = enforced
        assert {result.task("mapped", f"mover[{index}]")[0] for index in (0, 1)} == {"failed"}
        assert not {mark for mark in marks(site) if mark.startswith("mapped.")}

    def test_a_gate_is_left_to_ask_for_itself(self, enforced):
        site, result = enforced
        assert result.task("own_gate", "gate") == ("success", 1)
        assert decisions(site, "own_gate", "gate") == [("decision-gate", "allow")]


class TestWaysAround:
    def test_an_operator_that_only_says_it_asks_is_guarded(self, enforced):
        site, result = enforced
        assert result.task("own_gate", "sly") == ("failed", 1)
        assert "own_gate.sly.-1" not in marks(site)

    def test_mapped_arguments_that_replace_the_hooks_stop_the_task(self, enforced):
        site, result = enforced
        assert result.task("swept_away", "mover[0]")[0] == "failed"
        assert "swept_away.mover.0" not in marks(site)
        assert "has no guard" in result.output

    def test_a_dag_file_cannot_turn_the_guard_off(self, enforced):
        site, result = enforced
        assert result.task("told_off", "move") == ("failed", 1)
        assert "told_off.move.-1" not in marks(site)

    def test_a_dag_whose_operator_hides_the_guard_is_not_loaded(self, enforced):
        _, result = enforced
        assert ["hides the hook that guards it" in text for text in result.errors.values()] == [True]

    def test_a_dag_that_was_imported_and_not_loaded_does_not_run_its_tasks(self, enforced):
        site, _ = enforced
        code = "import runpy, sys; runpy.run_path(sys.argv[1])['dag'].test()"
        site.write("imported.py", HEADER + IMPORTED)
        state = site.python(code, str(site.dags / "imported.py"))
        assert "has no guard" in state
        assert "imported.move.-1" not in marks(site)


IMPORTED = """
with DAG("imported", schedule=None) as dag:
    task(inlets=[PATIENTS], outlets=[COPY])(move)()
"""


class TestShadow:
    @pytest.mark.parametrize("task", ["denied.move", "unknown_end.move", "claims.misspelt", "claims.cured"])
    def test_nothing_is_stopped(self, shadowed, task):
        site, result = shadowed
        assert result.task(*task.split(".")) == ("success", 1)
        assert f"{task}.-1" in marks(site)

    def test_the_decisions_are_recorded_as_they_would_be(self, shadowed):
        site, result = shadowed
        assert decisions(site, "denied") == [("decision-guard", "deny")]
        assert "shadow: this task would not have run: eu (DE-HE) → us (US-VA)" in result.output

    def test_that_it_moved_all_the_same_is_recorded(self, shadowed):
        site, _ = shadowed
        (event,) = [
            event
            for event in site.events("eu")
            if event.task.dag_id == "denied" and event.phase == "completed"
        ]
        assert (event.body["mode"], event.body["decision"]) == ("shadow", "deny")

    def test_a_failure_of_its_own_is_loud_and_stops_nothing(self, shadowed):
        _, result = shadowed
        assert "shadow: could not decide what this task moves" in result.output

    def test_an_operator_that_hides_the_guard_is_named_and_its_dag_loads(self, shadowed):
        _, result = shadowed
        assert result.errors == {}
        assert result.task("hiding", "mover") == ("success", 1)
        assert "hides the hook that guards it" in result.output


def test_off_leaves_every_task_alone(tmp_path):
    site = Site(tmp_path)
    result = run(site, "denied", mode="off")
    assert result.task("denied", "move") == ("success", 1)
    assert [event for event in site.events("eu") if event.kind != "task"] == []


OUTAGE = """
with DAG("outage", schedule=None):
    task(task_id="before", inlets=[PEOPLE], outlets=[COPY], retries=1, retry_delay=timedelta(0))(move)()

with DAG("late", schedule=None):
    @task(inlets=[PEOPLE], outlets=[COPY], **AGAIN)
    def breaks_the_ledger():
        mark()
        ledger = Path(os.environ["US_LEDGER"])
        ledger.rename(ledger.with_name("away"))
        ledger.write_text("not a folder")

    breaks_the_ledger()
"""


def test_a_ledger_out_of_reach_stops_a_task_before_it_runs_and_fails_it_for_good_after(tmp_path):
    site = Site(tmp_path)
    site.options["enforcement"] = "enforce"
    site.env |= {"MARKS": str(tmp_path / "marks"), "US_LEDGER": str(site.ledger("us"))}
    (tmp_path / "marks").mkdir()
    site.make()
    site.write("outage.py", HEADER + OUTAGE)
    result = site.run("late", "outage")
    # Once the data has moved, a retry would move it again.
    assert result.task("late", "breaks_the_ledger") == ("failed", 1)
    assert "the task has run, and that could not be recorded" in result.output
    assert result.task("outage", "before") == ("failed", 2)
    assert marks(site) == {"late.breaks_the_ledger.-1"}
