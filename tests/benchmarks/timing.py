# SPDX-License-Identifier: Apache-2.0
"""Call many times, in turns, and say how long it took: medians, the slow end, and how many a second."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

ROUNDS = 5


@dataclass(slots=True)
class Run:
    """Calls of one function with 0, 1, 2 …, with what each took and returned.

    :param seconds: when it stops, however few calls were made.
    """

    call: Callable[[int], Any]
    count: int
    seconds: float = 10.0
    samples: list[int] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)

    def go_on(self, until: int, seconds: float) -> None:
        """Make the next calls."""
        end = time.perf_counter() + seconds
        while len(self.samples) < until and time.perf_counter() < end:
            number = len(self.samples)
            start = time.perf_counter_ns()
            result = self.call(number)
            self.samples.append(time.perf_counter_ns() - start)
            self.results.append(result)

    def quantile(self, part: float) -> float:
        """Return a quantile, in microseconds."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] / 1000

    @property
    def rate(self) -> float:
        """Calls a second, one after the other."""
        return len(self.samples) / (sum(self.samples) / 1e9)


def take_turns(runs: Sequence[Run]) -> None:
    """Go through all runs in turns, so that what the machine does besides hits all."""
    with settled():
        for turn in range(1, ROUNDS + 1):
            for run in runs:
                run.go_on(run.count * turn // ROUNDS, run.seconds / ROUNDS)


@contextmanager
def settled() -> Iterator[None]:
    """Keep what lives already out of the garbage collector's sight, as a process does that has started up."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def milliseconds(call: Callable[[], Any], times: int = 1) -> float:
    """Return the least time of some calls: of single shots the least disturbed one."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken) * 1000
