# SPDX-License-Identifier: Apache-2.0
"""From a new process to its first decision: packs parsed, release compiled, release cached; and the next decisions.

Each figure comes from new processes, since every Airflow task is one.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 9
_DATA = {"data_categories": ["personal_data.contact.email"], "purpose": "analytics"}
# One that is allowed, as most are, and one that is refused, for which remedies are looked for and verified.
_FLOWS = {
    "allowed": {"source": {"store": "s3://acme-eu/customers/a.csv"}, "destination": {"region": "fr"}, **_DATA},
    "refused": {"source": {"store": "s3://acme-eu/customers/a.csv"}, "destination": {"region": "us"}, **_DATA},
}  # fmt: skip
_CATALOG = """version: 1
regions:
  eu: {cloud: "aws:eu-central-1", ledger: "LEDGER/eu"}
  fr: {cloud: "aws:eu-west-3", ledger: "LEDGER/fr"}
  us: {cloud: "aws:us-east-1", ledger: "LEDGER/us"}
stores:
  "s3://acme-eu": {region: eu}
datasets:
  - match: "s3://acme-eu/customers/*"
    categories: {email: personal_data.contact.email}
    subjects: {countries: [DE, FR], groups: [customer], us_persons: false, complete: true}
    purposes: [service_delivery, analytics]
"""
# The child does what a task does: import, find the release, decide, write both ledgers.
_CHILD = """
import json, sys, time
from datetime import datetime, timezone
from pathlib import Path
folder, flow = Path(sys.argv[1]), json.loads(sys.argv[2])
times = {}
start = time.perf_counter()
from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores.directory import DirectoryObjectStore
from airflow_xborder.adapters.policy_stores.sources import SourcePolicyStore
from airflow_xborder.services.gate import Gate, GateOptions, GateRequest
times["import"] = time.perf_counter() - start
class Clock:
    def now(self): return datetime.now(timezone.utc)
start = time.perf_counter()
store = SourcePolicyStore(folder / "catalog.yaml", folder / "cache")
store.current().policies; store.current().catalog
times["load"] = time.perf_counter() - start
ledgers = {name: ObjectLedger(DirectoryObjectStore(str(folder / "ledger" / name)), name) for name in ("eu", "fr", "us")}
gate = Gate(store, [NativeEngine()], ledgers.__getitem__, Clock(), GateOptions(worker_region="eu"))
request = GateRequest(flow=gate.read_flow(flow), point="gate")
start = time.perf_counter()
answer = gate.decide(request)
times["first"] = time.perf_counter() - start
start = time.perf_counter()
for _ in range(20): gate.decide(request)
times["next"] = (time.perf_counter() - start) / 20
print(json.dumps([answer.decision.outcome.value, times]))
"""


def _child(folder: Path, flow: object) -> dict[str, float]:
    command = [sys.executable, "-c", _CHILD, str(folder), json.dumps(flow)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, timeout=120, check=True, env=dict(os.environ)
    )
    outcome, times = json.loads(done.stdout)
    if (outcome == "allow") is not (flow == _FLOWS["allowed"]):
        raise AssertionError(f"the answer is {outcome}")
    return {name: seconds * 1000 for name, seconds in times.items()}


def measure() -> dict[str, dict[str, float]]:
    """Return the median milliseconds of each step, without a cache (``cold``) and with one, by the flow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "catalog.yaml").write_text(_CATALOG.replace("LEDGER", str(folder / "ledger")))
        runs: dict[str, list[dict[str, float]]] = {"cold": [], "allowed": [], "refused": []}
        for _ in range(RUNS):
            for cached in (folder / "cache").rglob("*.json"):
                cached.unlink()
            runs["cold"].append(_child(folder, _FLOWS["allowed"]))
            for kind, flow in _FLOWS.items():
                runs[kind].append(_child(folder, flow))
    return {
        kind: {step: statistics.median(run[step] for run in found) for step in found[0]}
        for kind, found in runs.items()
    }


def report() -> str:
    """Return the table."""
    figures = measure()
    lines = [
        "From a new process to its first decision (ms, median of new processes; both ledgers written, fsync)"
    ]
    lines.append(f"{'':34}{'no cache':>10}{'allowed':>10}{'refused':>10}")
    titles = {
        "import": "import gate, engine, ledger",
        "load": "packs and catalog",
        "first": "first decision, 2 ledger writes",
        "next": "next decisions, 2 ledger writes",
    }
    for step, title in titles.items():
        lines.append(f"{title:34}" + "".join(f"{figures[kind][step]:10.1f}" for kind in figures))
    totals = [sum(found[step] for step in ("import", "load", "first")) for found in figures.values()]
    lines.append(f"{'to the first decision':34}" + "".join(f"{total:10.1f}" for total in totals))
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
