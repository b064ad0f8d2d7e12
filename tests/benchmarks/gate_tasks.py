# SPDX-License-Identifier: Apache-2.0
"""What a gate costs in a real Airflow: task against task of one DAG run, each of them a process of its own.

The plain task is a ``PythonOperator`` that does nothing and that the guard leaves alone; then the same under the
guard without a flow, the same with a flow between two regions, and a ``ComplianceGateOperator`` for that flow. The
last two write both ledgers, durably. They take turns in one chain, so that what the machine does besides hits all.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from airflow_xborder.demo.accounts import make_folder, unprivileged_account
from airflow_xborder.demo.airflow import AirflowSettings, start_airflow
from airflow_xborder.demo.postgres import PostgresLauncher
from airflow_xborder.demo.processes import Supervisor
from tests.tools.dag_runs import Site

ROUNDS = 12
ARMS = {
    "plain": "PythonOperator, not guarded",
    "guarded": "guarded, no flow",
    "flow": "guarded, flow, 2 ledger writes",
    "gate": "ComplianceGateOperator, 2 ledger writes",
}
_DAG = """
import json, os, resource
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset
from airflow_xborder.operators import ComplianceGateOperator

SOURCE = Asset(name="source", uri="postgres://pg-eu:5432/appdb/public/people")
TARGET = Asset(name="target", uri="postgres://pg-us:5432/appdb/public/people")


class Plain(PythonOperator):
    # The guard leaves alone what is ours; for the sake of the comparison this pretends to be.
    __module__ = "airflow_xborder.benchmark"
    xborder_enforces = True

    def execute(self, context):
        return super().execute(context)


def nothing():
    return None


def tell(context):
    used = resource.getrusage(resource.RUSAGE_SELF)
    with open(os.environ["BENCH_CPU"], "a") as file:
        file.write(json.dumps([context["ti"].task_id, used.ru_utime + used.ru_stime]) + "\\n")


with DAG("bench", schedule=None, default_args={"on_success_callback": tell}) as dag:
    last = None
    for number in range(%(rounds)d):
        tasks = [
            Plain(task_id=f"plain_{number}", python_callable=nothing),
            PythonOperator(task_id=f"guarded_{number}", python_callable=nothing),
            PythonOperator(task_id=f"flow_{number}", python_callable=nothing,
                           inlets=[SOURCE], outlets=[TARGET]),
            ComplianceGateOperator(task_id=f"gate_{number}", flow={"source": {"store": "conn://pg_eu/public.people"},
                                   "destination": {"store": "conn://pg_us/public.people"}, "purpose": "analytics"}),
        ]
        for task in tasks:
            if last is not None:
                last >> task
            last = task
"""


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, list[float]]]:
    """Return wall and CPU milliseconds of each task, by arm."""
    with tempfile.TemporaryDirectory(prefix="xborder-bench-") as name:
        folder = Path(name)
        make_folder(folder, unprivileged_account())
        site = Site(folder / "site", options={"enforcement": "enforce"}).make()
        site.write("bench.py", _DAG % {"rounds": rounds})
        with Supervisor(folder / "logs") as supervisor:
            metadata = PostgresLauncher(supervisor, folder / "postgres").start("airflow")
            url = metadata.create_database("airflow", owner="airflow_owner", password="bench")
            settings = AirflowSettings(
                home=folder / "airflow",
                bundles={"dags": site.dags},
                database=url.replace("postgresql://", "postgresql+psycopg2://", 1),
                options=site.options,
                env={"BENCH_CPU": str(folder / "cpu.jsonl")},
            )
            client = start_airflow(supervisor, settings).client()
            client.wait_for_dag("bench")
            run_id = client.trigger("bench")
            state = client.wait_for_run("bench", run_id, limit=600)
            tasks = client.task_instances("bench", run_id)
            failed = next((task["task_id"] for task in tasks if task["state"] == "failed"), None)
            if failed is not None:
                raise SystemExit(
                    f"the benchmark's DAG run ended as {state}:\n{client.log('bench', run_id, failed)}"
                )
        cpu = dict(json.loads(line) for line in (folder / "cpu.jsonl").read_text().splitlines())
    found: dict[str, dict[str, list[float]]] = {arm: {"wall": [], "cpu": []} for arm in ARMS}
    for task in tasks:
        arm, _, number = task["task_id"].partition("_")
        if number != "0":  # the first of each warms the caches of files
            found[arm]["wall"].append(task["duration"] * 1000)
            found[arm]["cpu"].append(cpu[task["task_id"]] * 1000)
    return found


def report() -> str:
    """Return the table."""
    found = measure()
    base = {kind: statistics.median(found["plain"][kind]) for kind in ("wall", "cpu")}
    lines = [
        f"A task in a real Airflow (LocalExecutor; ms, median of {ROUNDS - 1}, and over the plain task of the same run)"
    ]
    lines.append(f"{'':42}{'wall':>8}{'over':>8}{'ratio':>7}{'CPU':>9}{'over':>8}{'ratio':>7}")
    for arm, title in ARMS.items():
        cells = ""
        for kind, width in (("wall", 8), ("cpu", 9)):
            median = statistics.median(found[arm][kind])
            cells += f"{median:{width}.0f}{median - base[kind]:+8.0f}{median / base[kind]:7.2f}"
        lines.append(f"{title:42}{cells}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
