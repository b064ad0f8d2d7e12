# SPDX-License-Identifier: Apache-2.0
"""``make demo ONCE=1`` as a user runs it: every expectation holds, the ledgers verify, nothing stays behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 600


def running(marker: str) -> list[str]:
    """Return the command lines of processes that were started with an environment that has the marker."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            if marker.encode() in (process / "environ").read_bytes():
                found.append(
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                )
        except OSError:
            continue  # it has ended, or is not ours
    return found


@pytest.mark.limit(LIMIT + 60)
def test_the_demo_holds_what_it_promises_and_leaves_nothing(tmp_path: Path) -> None:
    marker = f"XBORDER_DEMO_TEST={tmp_path.name}-{os.getpid()}"
    name, _, value = marker.partition("=")
    outside = {key: entry for key, entry in os.environ.items() if not key.startswith("AIRFLOW")}
    results = tmp_path / "results"
    done = subprocess.run(
        [sys.executable, "-m", "airflow_xborder.demo", "--once", "--results", str(results)],
        cwd=ROOT, env={**outside, name: value}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    report = json.loads((results / "result.json").read_text())
    total = len(report["expectations"])
    assert done.stdout.splitlines()[-1] == f"demo: {total} of {total} expectations held"
    assert total >= 20
    for region in ("eu", "us", "jp"):
        verify = [
            sys.executable,
            "-m",
            "airflow_xborder",
            "ledger",
            "verify",
            str(results / "ledger" / region),
        ]
        verify += ["--key", str(results / "keys" / f"{region}.pub")]
        checked = subprocess.run(verify, capture_output=True, text=True, timeout=60)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    assert running(marker) == []
