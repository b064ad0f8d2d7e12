# SPDX-License-Identifier: Apache-2.0
"""``python -m airflow_xborder.demo``: three regions, a whole Airflow, real flows, and what came of them."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import requests

from airflow_xborder.cli.output import print_table
from airflow_xborder.demo.accounts import make_folder, unprivileged_account
from airflow_xborder.demo.airflow import AirflowServer, AirflowSettings, start_airflow
from airflow_xborder.demo.deployment import Deployment, start_deployment
from airflow_xborder.demo.processes import Supervisor, ends_on_signals
from airflow_xborder.demo.scenario import Scenario, check_evidence, copy_evidence
from airflow_xborder.errors import XborderError

_ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Run the demo.

    :returns: 0 when every expectation held, 1 when one did not, 2 when something could not be started.
    """
    parser = argparse.ArgumentParser(prog="python -m airflow_xborder.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when all is checked, with an exit code")
    parser.add_argument("--results", type=Path, default=Path(".demo"), help="where results and evidence go")
    arguments = parser.parse_args()
    results: Path = arguments.results.resolve()
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    folder = Path(tempfile.mkdtemp(prefix="xborder-demo-"))
    make_folder(folder, unprivileged_account())
    try:
        with ends_on_signals(), Supervisor(results / "logs") as supervisor:
            return _run(supervisor, folder, results, once=arguments.once)
    except KeyboardInterrupt:
        return 0
    except XborderError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(supervisor: Supervisor, folder: Path, results: Path, *, once: bool) -> int:
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {text}", flush=True)

    say("starting PostgreSQL and S3 in eu, us and jp, and loading the data")
    deployment = start_deployment(
        supervisor, folder, [str(_ROOT / "policies" / "examples" / "company.acme.yaml")]
    )
    patients, people = deployment.patients, deployment.people
    say(
        f"  {patients.rows} patients, {people.rows} customers; {patients.consented} and {people.consented} of them agreed"
    )
    say("starting Airflow: API server, scheduler, DAG processor, triggerer")
    airflow = start_airflow(supervisor, _settings(deployment, folder))
    say(f"  {airflow.url} is up; running the DAGs")
    scenario = Scenario(deployment, airflow.client(), say)
    try:
        scenario.run()
    except (XborderError, requests.RequestException) as error:
        scenario.expect("the scenario runs to its end", False, error)
    copy_evidence(deployment, results)
    check_evidence(scenario, results)
    held = _report(scenario, results)
    if not once:
        _stay(airflow)
        copy_evidence(deployment, results)
    _print_last_line(scenario)
    return 0 if held else 1


def _settings(deployment: Deployment, folder: Path) -> AirflowSettings:
    return AirflowSettings(
        home=folder / "airflow",
        bundles={"dags": _ROOT / "dags"},
        connections=deployment.connections,
        options=deployment.options,
        users={"admin": "admin", "dana": "op", "erik": "user", "vera": "viewer"},
        database=deployment.metadata,
    )


def _report(scenario: Scenario, results: Path) -> bool:
    print()
    rows = [("DAG", "task", "state", "answer", "why")]
    rows += [
        (entry.dag, entry.task, entry.state, entry.outcome, entry.why[:90]) for entry in scenario.answers
    ]
    print_table(rows)
    print()
    for expectation in scenario.expectations:
        print(f"  {'ok  ' if expectation.held else 'FAIL'} {expectation.name} ({expectation.found})")
    print()
    print(f"ledgers: {results / 'ledger'}; verify one with")
    print(f"  xborder ledger verify {results / 'ledger' / 'eu'} --key {results / 'keys' / 'eu.pub'}")
    report = {
        "expectations": [{"name": e.name, "held": e.held, "found": e.found} for e in scenario.expectations],
        "answers": [
            {"dag": a.dag, "task": a.task, "state": a.state, "outcome": a.outcome, "why": a.why}
            for a in scenario.answers
        ],
    }
    (results / "result.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return all(expectation.held for expectation in scenario.expectations)


def _print_last_line(scenario: Scenario) -> None:
    held = sum(expectation.held for expectation in scenario.expectations)
    print(f"demo: {held} of {len(scenario.expectations)} expectations held", flush=True)


def _stay(airflow: AirflowServer) -> None:
    print()
    print(f"Airflow stays at {airflow.url} until Ctrl-C. Users and passwords:")
    for name, password in airflow.passwords.items():
        print(f"  {name}: {password}")
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print("\nstopping")


if __name__ == "__main__":
    sys.exit(main())
