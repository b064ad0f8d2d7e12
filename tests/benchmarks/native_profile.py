# SPDX-License-Identifier: Apache-2.0
"""Where the native engine spends its time: ``python -m tests.benchmarks.native_profile [SIZE…] [--profile]``."""

from __future__ import annotations

import cProfile
import pstats
import sys

from tests.benchmarks.contenders.native import Answer, FromRaw, Whole
from tests.benchmarks.estate.law import SIZES
from tests.benchmarks.estate.world import World
from tests.benchmarks.timing import Run, settled, take_turns

FLOWS = 1000


def main() -> None:
    """Print p50 and p99 for each size, and with ``--profile`` what takes long."""
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or list(SIZES)
    for size in sizes:
        world = World(size=size, count=FLOWS)
        calls = {
            "answer": Answer(world),
            "whole decision": Whole(world),
            "from a raw flow": FromRaw(world),
        }
        for number in range(FLOWS):
            calls["answer"](number)
        runs = {name: Run(call, FLOWS) for name, call in calls.items()}
        take_turns(list(runs.values()))
        for name, run in runs.items():
            print(
                f"{size:6} {name:18} p50 {run.quantile(0.5):8.1f} µs  p99 {run.quantile(0.99):8.1f} µs  n={len(run.samples)}"
            )
        if "--profile" in sys.argv:
            profile(world)


def profile(world: World) -> None:
    """Print what takes long in (a), and in (b)."""
    for name, call in (
        ("answer", Answer(world)),
        ("whole decision", Whole(world)),
    ):
        with settled(), cProfile.Profile() as recorded:
            for number in range(FLOWS):
                call(number)
        print(f"--- {name}, {world.size} requirements, {len(world.questions)} flows")
        pstats.Stats(recorded).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
