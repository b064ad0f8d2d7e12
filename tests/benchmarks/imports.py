# SPDX-License-Identifier: Apache-2.0
"""What importing our operator costs on top of what Airflow imports anyway, against what providers' hooks cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

RUNS = 5
_IMPORTS = {
    "airflow_xborder.operators.gate": "our gate operator",
    "airflow_xborder.services.gate": "the gate itself (loaded with the first decision)",
    "airflow.providers.standard.operators.python": "for comparison: PythonOperator",
    "airflow.providers.postgres.hooks.postgres": "for comparison: PostgresHook",
    "airflow.providers.amazon.aws.hooks.s3": "for comparison: S3Hook",
}
_CHILD = """
import importlib, json, sys, time
start = time.perf_counter()
import airflow.sdk, airflow.sdk.configuration
airflow.sdk.BaseOperator
base = time.perf_counter() - start
cpu, start = time.process_time(), time.perf_counter()
importlib.import_module(sys.argv[1])
print(json.dumps([base * 1000, (time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000]))
"""


def report() -> str:
    """Return the table."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "AIRFLOW_HOME": home, "AIRFLOW__XBORDER__ENFORCEMENT": "shadow"}
        figures: dict[str, list[list[float]]] = {module: [] for module in _IMPORTS}
        for _ in range(RUNS):
            for module in _IMPORTS:
                command = [sys.executable, "-c", _CHILD, module]
                done = subprocess.run(
                    command, capture_output=True, text=True, env=env, timeout=120, check=True
                )
                figures[module].append(json.loads(done.stdout.splitlines()[-1]))
    base = statistics.median(row[0] for rows in figures.values() for row in rows)
    lines = [f"Imports on top of airflow.sdk, which takes {base:.0f} ms (ms, median of {RUNS} new processes)"]
    lines.append(f"{'':52}{'wall':>8}{'CPU':>8}{'of Airflow':>12}")
    for module, title in _IMPORTS.items():
        wall, cpu = (statistics.median(row[column] for row in figures[module]) for column in (1, 2))
        lines.append(f"{title:52}{wall:8.1f}{cpu:8.1f}{wall / base:11.1%}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
