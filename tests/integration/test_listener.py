# SPDX-License-Identifier: Apache-2.0
"""The audit listener in real DAG runs: what it tells the ledger, what it never tells, and that it is never in the way."""

from __future__ import annotations

import pytest

from tests.tools.dag_runs import Result, Site

pytestmark = [pytest.mark.integration, pytest.mark.limit(600)]

SECRET = "jane.doe@example.org"
DAGS = f'''
from datetime import timedelta
from airflow.sdk import DAG, Asset, task
from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.lineage import get_hook_lineage_collector

class Hook:
    """Stands for a hook that reports what it touches."""

with DAG("lives", schedule=None):
    @task
    def reads_and_writes():
        collector = get_hook_lineage_collector()
        collector.add_input_asset(Hook(), uri="s3://here/{SECRET}.csv")
        collector.add_input_asset(Hook(), uri="s3://here/other.csv")
        collector.add_output_asset(Hook(), uri="s3://there/{SECRET}.csv")
        collector.add_output_asset(Hook(), uri="s3://nobody/{SECRET}.csv")
    @task(retries=1, retry_delay=timedelta(0))
    def fails():
        raise ValueError("{SECRET} has no visits")
    @task
    def skips():
        raise AirflowSkipException("{SECRET} is not here")
    @task
    def many(n):
        return n
    reads_and_writes()
    fails()
    skips()
    many.expand(n=[1, 2])
'''


def make(site: Site) -> Site:
    site.catalog["stores"] |= {"s3://here": {"region": "eu"}, "s3://there": {"region": "us"}}
    site.make()
    site.write("lives.py", DAGS)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make(Site(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="module")
def result(site: Site) -> Result:
    return site.run("lives")


def told(site: Site, task: str) -> list[tuple[str, int, int]]:
    """Return the phase, the try and the number of each event about a task."""
    return [
        (event.phase, event.task.try_number, event.sequence)
        for event in site.events("eu")
        if event.task.task_id == task
    ]


@pytest.mark.parametrize(
    ("task", "events"),
    [
        ("reads_and_writes", [("running", 1, 1), ("success", 1, 2)]),
        ("skips", [("running", 1, 1), ("skipped", 1, 2)]),
        ("fails", [("running", 1, 1), ("failed", 1, 2), ("running", 2, 1), ("failed", 2, 2)]),
    ],
)
def test_the_life_of_a_task_is_told(site, result, task, events):
    assert told(site, task) == events


def test_each_mapped_instance_has_a_life_of_its_own(site, result):
    lives = [
        (event.task.map_index, event.phase) for event in site.events("eu") if event.task.task_id == "many"
    ]
    assert sorted(lives) == [(0, "running"), (0, "success"), (1, "running"), (1, "success")]


def test_a_failure_is_told_by_its_class_and_says_what_is_withheld(site, result):
    (event, _) = [event for event in site.events("eu") if event.phase == "failed"]
    assert event.body["error"]["class"] == "builtins.ValueError"
    assert event.withheld == ("error.message",)


def test_what_hooks_touched_is_told_by_store_here_and_by_region_elsewhere(site, result):
    (event,) = [
        event
        for event in site.events("eu")
        if event.task.task_id == "reads_and_writes" and event.phase == "success"
    ]
    assert event.body["observed"] == {
        "reads": [{"region": "eu", "store": "s3://here", "accesses": 2}],
        "writes": [
            {"region": None, "store": None, "accesses": 1},
            {"region": "us", "store": None, "accesses": 1},
        ],
    }


def test_no_event_has_what_a_task_read_or_said(site, result):
    assert len(site.events("eu")) == 12
    assert not [event.object_name for event in site.events("eu") if SECRET in event.to_bytes().decode()]


def test_the_other_region_hears_nothing_of_tasks_that_run_here(site, result):
    assert site.events("us") == []


def test_a_ledger_out_of_reach_is_loud_and_changes_no_task(tmp_path):
    site = make(Site(tmp_path))
    site.ledger("eu").parent.mkdir(parents=True)
    site.ledger("eu").write_text("not a folder")
    result = site.run("lives")
    assert result.task("lives", "reads_and_writes") == ("success", 1)
    assert result.task("lives", "fails") == ("failed", 2)
    assert "the audit listener could not record `running` of this task" in result.output
    assert "the audit listener could not record `success` of this task" in result.output


def test_a_deployment_that_has_not_begun_hears_nothing(tmp_path):
    site = make(Site(tmp_path))
    del site.options["release"]
    result = site.run("lives")
    assert result.task("lives", "reads_and_writes") == ("success", 1)
    assert "audit listener" not in result.output
    assert site.events("eu") == []
