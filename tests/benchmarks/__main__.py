# SPDX-License-Identifier: Apache-2.0
"""``make bench``: all tables, and the machine they were made on; ``python -m tests.benchmarks NAME…`` makes some."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from tests.benchmarks import engines, first_decision, gate_tasks, imports, policy_work

PARTS = {
    "engines": engines,
    "policies": policy_work,
    "imports": imports,
    "first_decision": first_decision,
    "gate_tasks": gate_tasks,
}


def machine() -> str:
    """Return what the figures were measured on; the load says how much else ran."""
    models = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}, load {load:.1f}"


def main() -> None:
    """Measure and print what is named, or everything."""
    names = sys.argv[1:] or list(PARTS)
    unknown = sorted(set(names) - PARTS.keys())
    if unknown:
        raise SystemExit(f"no benchmark `{unknown[0]}`: one of {', '.join(PARTS)}")
    print(machine())
    for name in names:
        print()
        print(PARTS[name].report(), flush=True)


if __name__ == "__main__":
    main()
