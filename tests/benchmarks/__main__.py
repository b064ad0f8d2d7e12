# SPDX-License-Identifier: Apache-2.0
"""``make bench``: all tables, and the machine they were made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tests.benchmarks import first_decision, gate_tasks, imports


def machine() -> str:
    """Return what the figures were measured on; the load says how much else ran."""
    models = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}, load {load:.1f}"


def main() -> None:
    """Measure and print."""
    print(machine())
    for part in (imports, first_decision, gate_tasks):
        print()
        print(part.report(), flush=True)


if __name__ == "__main__":
    main()
