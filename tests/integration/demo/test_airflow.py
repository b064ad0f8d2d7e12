# SPDX-License-Identifier: Apache-2.0
"""One real Airflow, started by a process that is killed with SIGKILL at the end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_xborder.demo.airflow_client import AirflowClient
from airflow_xborder.demo.keeper import descendants_of
from airflow_xborder.errors import ConfigurationError
from tests.tools.programs import cache

pytestmark = pytest.mark.integration

DAGS = """
from airflow.sdk import dag, get_current_context, task
from airflow.sdk.bases.hook import BaseHook

@dag(schedule=None)
def adds():
    @task
    def one():
        print("hello from the worker")
        return {"n": 1, "host": BaseHook.get_connection("pg_eu").host, "by": get_current_context()["params"].get("by")}

    @task
    def two(x):
        return x["n"] + 1

    two(one())

@dag(schedule=None)
def sleeps():
    @task
    def long():
        import time
        time.sleep(600)

    long()

adds()
sleeps()
"""
STARTER = """
import json, sys, time
from pathlib import Path
from airflow_xborder.demo.airflow import AirflowSettings, start_airflow
from airflow_xborder.demo.processes import Supervisor

home = Path(sys.argv[1])
settings = AirflowSettings(
    home=home,
    bundles={"tests": home / "dags"},
    users={"alice": "admin", "vera": "viewer"},
    connections={"pg_eu": "postgres://app:secret@pg-eu.acme:5432/appdb"},
    cache=Path(sys.argv[2]),
)
server = start_airflow(Supervisor(home / "services"), settings)
print(json.dumps({"url": server.url, "passwords": server.passwords}), flush=True)
time.sleep(600)
"""


class Started:
    def __init__(self, process: subprocess.Popen[str], url: str, passwords: dict[str, str]) -> None:
        self.process = process
        self.alice = AirflowClient(url, "alice", passwords["alice"])
        self.vera = AirflowClient(url, "vera", passwords["vera"])


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    (home / "dags" / "trivial.py").write_text(DAGS)
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home), str(cache())], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Started(process, **json.loads(process.stdout.readline()))
        finally:
            process.kill()


def test_each_service_is_healthy(started):
    assert all(
        started.alice.is_healthy(name) for name in ("api-server", "scheduler", "dag-processor", "triggerer")
    )


def test_a_run_succeeds_and_can_be_looked_into(started):
    alice = started.alice
    alice.wait_for_dag("adds")
    run = alice.trigger("adds")
    assert alice.wait_for_run("adds", run) == "success"
    assert {task["task_id"]: task["state"] for task in alice.task_instances("adds", run)} == {
        "one": "success",
        "two": "success",
    }
    assert alice.xcom("adds", run, "one")["host"] == "pg-eu.acme"
    assert alice.xcom("adds", run, "two") == 2
    assert alice.xcom("adds", run, "two", "no_such_key") is None
    assert "hello from the worker" in alice.log("adds", run, "one")
    alice.set_state("adds", run, "two", "failed")
    assert alice.wait_for_task("adds", run, "two", states=("failed",)) == "failed"
    alice.clear("adds", run, "two")
    assert alice.wait_for_run("adds", run) == "success"


def test_a_viewer_may_look_and_not_act(started):
    assert started.vera.request("GET", "/dags/adds").status_code == 200
    refused = started.vera.request("POST", "/dags/adds/dagRuns", json={"logical_date": None})
    assert refused.status_code == 403


def test_a_wrong_password_is_refused(started):
    with pytest.raises(ConfigurationError, match="Airflow answered 401"):
        AirflowClient(started.alice.url, "alice", "wrong").token()


def test_a_dag_that_is_not_there_is_an_error_in_time(started):
    with pytest.raises(ConfigurationError, match=r"no DAG `nowhere` after 1 s \(no file failed to load"):
        started.alice.wait_for_dag("nowhere", limit=1)


def test_a_run_that_does_not_end_is_an_error_that_names_its_tasks(started):
    run = started.alice.trigger("sleeps")
    started.alice.wait_for_task("sleeps", run, "long", states=("running",))
    with pytest.raises(ConfigurationError, match=r"has not ended after 1 s: \{'long': 'running'\}"):
        started.alice.wait_for_run("sleeps", run, limit=1)


def test_nothing_is_left_when_the_starter_is_killed_while_a_task_runs(started):
    below = descendants_of(started.process.pid)
    assert len(below) > 8  # four keepers, four services, workers and the task
    started.process.send_signal(signal.SIGKILL)
    started.process.wait()
    deadline = time.monotonic() + 25
    while left := [pid for pid in below if Path(f"/proc/{pid}/cmdline").exists()]:
        assert time.monotonic() < deadline, f"left running: {left}"
        time.sleep(0.2)
