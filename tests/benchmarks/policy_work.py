# SPDX-License-Identifier: Apache-2.0
"""What people and releases do with 3,000 requirements: read and compile them, search for conflicts, compare two sets."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conflicts import find_conflicts
from airflow_xborder.core.difference import find_differences
from tests.benchmarks.contenders.native import ENGINE
from tests.benchmarks.estate.law import SIZES, make_law
from tests.benchmarks.estate.world import World

RUNS = 3
SIZE = SIZES[-1]


def report() -> str:
    """Return the table."""
    world = World(size=SIZE, count=1)
    policies, changed = world.policies, Policies(_changed(world.policies.documents))
    for one in (policies, changed):
        one.packs()
    with TemporaryDirectory(prefix="xborder-bench-law-") as folder:
        for document in make_law(SIZE):
            (Path(folder) / f"{document['pack']}.json").write_text(json.dumps(document))
        rows = [
            ("read and check packs (JSON)", lambda: f"{len(load_policies([folder]).ids)} packs", 1),
            ("compile, and decide a first flow", lambda: _first(world), RUNS),
            ("compare with a changed set", lambda: _differences(policies, changed), RUNS),
            ("search for conflicts", lambda: f"{len(find_conflicts(policies).conflicts):,} found", RUNS),
        ]
        lines = [
            f"Work on {SIZE:,} requirements (ms, median; the aim for a comparison and for a search is 1,000)"
        ]
        lines += [_row(*row) for row in rows]
    return "\n".join(lines)


def _row(title: str, call: Callable[[], str], runs: int) -> str:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        found = call()
        taken.append((time.perf_counter() - start) * 1000)
    return f"{title:38}{statistics.median(taken):10,.0f}   {found}"


def _first(world: World) -> str:
    fresh = World(size=world.size, count=1)
    vars(fresh)["policies"] = Policies(world.policies.documents)
    return f"the answer is {ENGINE.answer(fresh.questions[0]).outcome.value}"


def _differences(old: Policies, new: Policies) -> str:
    return f"{len(find_differences(old, new).changes):,} differences"


def _changed(documents: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the law after a year: of each jurisdiction a rule gone, one new, one stricter and one ground over."""
    changed = [dict(deepcopy(document)) for document in documents]
    for pack in changed:
        rules = pack["requirements"]
        if len(rules) > 10:
            rules[7]["constraints"] = [
                *(rules[7].get("constraints") or ()),
                {"evidence": "legal_counsel_review"},
            ]
            rules[8] = {**deepcopy(rules[1]), "requirement_id": f"{pack['pack']}.new"}
            del pack["designations"][1]
    return changed


if __name__ == "__main__":
    print(report())
