# SPDX-License-Identifier: Apache-2.0
"""Runs DAGs as ``dag.test()`` does, in a process of their own with a hard end, over a real release and real ledgers.

A process of its own, since options are read once a process; killed at its limit, since Airflow's in-process task
runner leaves a signal handler behind that outlives a polite request.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow_xborder.adapters.object_stores.opening import open_store
from airflow_xborder.adapters.signers.ed25519 import generate_signer, write_key_pair
from airflow_xborder.audit.event import Event, parse_event
from airflow_xborder.core.compilation import Policies
from airflow_xborder.demo.airflow import AirflowSettings, make_database, make_environment
from airflow_xborder.demo.processes import Supervisor
from airflow_xborder.services.release import build_release, publish
from tests.deployment import CATALOG, PACK
from tests.tools import programs

LIMIT = 240
RUNNER = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print("@@", json.dumps({"errors": {str(k): v for k, v in bag.import_errors.items()}}), flush=True)
for wanted in json.loads(sys.argv[2]):
    run = bag.dags[wanted["dag"]].test(mark_success_pattern=wanted.get("marked"))
    tries = {f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: [ti.state, ti.try_number]
             for ti in run.get_task_instances()}
    print("@@", json.dumps({"dag": wanted["dag"], "state": run.state, "tries": tries}), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the DAGs: for each task its state and how many tries it took."""

    tries: Mapping[str, Mapping[str, tuple[str, int]]]
    errors: Mapping[str, str]
    output: str

    def task(self, dag: str, task: str) -> tuple[str, int]:
        """Return the state of a task, and at which try."""
        state, number = self.tries[dag][task]
        return state, number


@dataclass(slots=True)
class Site:
    """A deployment in a folder: the small catalog and pack of ``tests/deployment.py``, ledgers in folders."""

    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    catalog: dict[str, Any] = field(default_factory=lambda: deepcopy(CATALOG))
    pack: dict[str, Any] = field(default_factory=lambda: deepcopy(PACK))
    env: dict[str, str] = field(default_factory=dict)

    @property
    def dags(self) -> Path:
        return self.folder / "dags"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    def ledger(self, region: str) -> Path:
        return self.folder / "ledgers" / region

    def make(self) -> Site:
        """Publish the release and make the keys."""
        self.dags.mkdir(parents=True, exist_ok=True)
        self.keys.mkdir(mode=0o700)
        for name in ("release", "eu.seal", "us.seal"):
            write_key_pair(generate_signer(), self.keys / name)
        for region, row in self.catalog["regions"].items():
            if row.get("ledger", "").startswith("memory:"):
                row["ledger"] = str(self.ledger(region))
        self.publish()
        self.options = {
            "release": str(self.folder / "release"),
            "release_key": str(self.keys / "release.pub"),
            "worker_region": "eu",
            "keys": str(self.keys),
            "cache": str(self.folder / "cache"),
            **self.options,
        }
        return self

    def publish(self) -> None:
        """Put the catalog and the pack as they are now in force."""
        from airflow_xborder.adapters.signers.ed25519 import load_signer

        store = open_store(str(self.folder / "release"))
        release = build_release(Policies([self.pack]), self.catalog)
        publish(store, release, load_signer(self.keys / "release"), datetime.now(timezone.utc))

    def write(self, name: str, source: str) -> Path:
        """Put a DAG file into the folder."""
        path = self.dags / name
        path.write_text(source)
        return path

    def run(self, *wanted: str | Mapping[str, str], limit: float = LIMIT) -> Result:
        """Run DAGs one after another in one process."""
        runs = [{"dag": entry} if isinstance(entry, str) else dict(entry) for entry in wanted]
        output = self.python(RUNNER, str(self.dags), json.dumps(runs), limit=limit)
        told = [json.loads(line[3:]) for line in output.splitlines() if line.startswith("@@ ")]
        tries = {entry["dag"]: {k: tuple(v) for k, v in entry["tries"].items()} for entry in told[1:]}
        return Result(tries=tries, errors=told[0]["errors"], output=output)

    def python(self, code: str, *arguments: str, limit: float = LIMIT) -> str:
        """Run a program in this deployment's Airflow, and return what it printed."""
        settings = AirflowSettings(
            home=self.folder / "airflow",
            bundles={"dags-folder": self.dags},
            options=self.options,
            env={"PYTHONPATH": str(self.folder), **self.env},
            cache=programs.cache(),
        )
        environment = make_environment(settings)
        if not (settings.home / "airflow.db").exists():
            with Supervisor(self.folder / "logs") as supervisor:
                make_database(supervisor, settings, environment)
        return _run([sys.executable, "-c", code, *arguments], environment, self.folder, limit)

    def events(self, region: str) -> list[Event]:
        """Return the events of a region's ledger, in the order in which they were told."""
        found = [parse_event(path.read_bytes()) for path in self.ledger(region).glob("events/**/*.json")]
        return sorted(found, key=lambda event: event.event_id)

    def phases(self, region: str, dag: str, task: str) -> list[str]:
        """Return the phases of the events of one task in a region's ledger."""
        return [
            event.phase
            for event in self.events(region)
            if event.task is not None and (event.task.dag_id, event.task.task_id) == (dag, task)
        ]


def _run(argv: Sequence[str], environment: Mapping[str, str], folder: Path, limit: float) -> str:
    process = subprocess.Popen(
        argv,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, _ = process.communicate()
        raise AssertionError(f"the DAGs did not end within {limit} seconds\n{output[-6000:]}") from None
    assert process.returncode == 0, output[-6000:]
    return output
