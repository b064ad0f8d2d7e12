# SPDX-License-Identifier: Apache-2.0
"""Engines side by side: the same law at three sizes, the same flows, and the same answers, or the benchmark fails.

``python -m tests.benchmarks.engines [SIZE…]`` runs it alone. All engines take turns over the flows in one process (an OPA server
runs beside it). What a flow must be turned into for an engine is done before, but for "from a raw flow"; what is
timed is asking, and reading the outcome and the ids of what is violated.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from airflow_xborder.core.decision import Decision
from tests.benchmarks.contenders import AbsentError, BatchEntry, Entry
from tests.benchmarks.contenders.entries import ANSWER, BATCHES, ENTRIES, LIBRARY
from tests.benchmarks.contenders.native import ENGINE
from tests.benchmarks.contenders.saying import Said, said_by
from tests.benchmarks.estate.law import SIZES
from tests.benchmarks.estate.world import SINGLES, World
from tests.benchmarks.timing import Run, settled, take_turns

FLOWS, BATCH, WARM = SINGLES - 100, 10_000, 100


@dataclass(kw_only=True)
class Measured:
    """What came out at one size. ``absent`` says of an engine why it did not run; ``batches`` are µs a flow."""

    size: int
    decisions: list[Decision]
    runs: dict[str, Run] = field(default_factory=dict)
    batches: dict[str, tuple[int, float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    compared: int = 0


def measure(size: int) -> Measured:
    """Run all engines at one size.

    :raises SystemExit: if an answer differs from ours.
    """
    world = World(size=size, count=BATCH)
    found = Measured(size=size, decisions=[ENGINE.decide(question) for question in world.questions])
    with ExitStack() as stack:
        asked = {entry.title: _prepare(entry, world, found, stack) for entry in ENTRIES}
        take_turns(list(found.runs.values()))
        for title, run in found.runs.items():
            _compare(f"{title}, {size} requirements", found, asked[title], run.results)
        for batch in BATCHES:
            _run_batch(batch, world, found, stack)
    return found


def _prepare(entry: Entry, world: World, found: Measured, stack: ExitStack) -> list[int]:
    """Make an engine ready and warm; return the numbers of the flows that it will be asked about."""
    both = zip(world.singles, found.decisions[:SINGLES], strict=False)
    numbers = [number for number, (facts, decision) in enumerate(both) if entry.can_ask(facts, decision)]
    try:
        ask = entry.open(world, stack)
    except AbsentError as error:
        found.absent[entry.title] = str(error)
        return []
    end = time.perf_counter() + entry.seconds / 10
    for number in numbers[:WARM]:
        ask(number)
        if time.perf_counter() > end:
            break
    numbers = numbers[WARM:]
    found.runs[entry.title] = Run(lambda place: ask(numbers[place]), len(numbers), entry.seconds)
    return numbers


def _run_batch(batch: BatchEntry, world: World, found: Measured, stack: ExitStack) -> None:
    try:
        ask = batch.open(world, stack)
    except AbsentError as error:
        found.absent[batch.title] = str(error)
        return
    ask(range(WARM))
    done, spent = 0, 0.0
    with settled():
        while done < BATCH and spent < batch.seconds:
            numbers = range(done, min(done + batch.size, BATCH))
            start = time.perf_counter()
            said = ask(numbers)
            spent += time.perf_counter() - start
            _compare(f"{batch.title} in batches, {found.size} requirements", found, numbers, said)
            done += len(numbers)
    found.batches[f"{batch.title}, {batch.size:,} flows a call"] = done, spent * 1e6 / done


def _compare(title: str, found: Measured, numbers: Sequence[int], results: Sequence[Said]) -> None:
    for number, said in zip(numbers, results, strict=False):
        expected = said_by(found.decisions[number])
        if said[0] != expected[0] or said[1] not in (None, expected[1]):
            raise SystemExit(
                f"{title}: flow {number} is answered {_words(said)} and ours is {_words(expected)}: no figures"
            )
        found.compared += 1


def _words(said: Said) -> str:
    return f"`{said[0]}` with {', '.join(said[1] or ()) or 'nothing'} violated"


def report(sizes: Sequence[int] = SIZES) -> str:
    """Return the tables."""
    all_found = [measure(size) for size in sizes]
    tables = [_table(found) for found in all_found]
    return "\n\n".join([*tables, _growth(all_found), _aims(all_found), _verdict(all_found)])


def _table(found: Measured) -> str:
    mix = Counter(decision.outcome.value for decision in found.decisions[WARM:SINGLES])
    parts = ", ".join(f"{100 * mix[name] / FLOWS:.0f}% {name}" for name in ("allow", "review", "deny"))
    applicable = [len(decision.applicable) for decision in found.decisions]
    lines = [
        f"{found.size:,} requirements; flows: {parts}; of the requirements {statistics.mean(applicable):.1f} apply "
        f"to a flow, {max(applicable)} at most (µs a flow)",
        f"{'':38}{'flows':>7}{'p50':>9}{'p99':>9}{'p99/p50':>9}{'a second':>10}{'p50/ours':>10}",
    ]
    base = found.runs[ANSWER].quantile(0.5)
    for entry in ENTRIES:
        run = found.runs.get(entry.title)
        if run is None or not run.samples:
            lines.append(
                f"{entry.title:38}  not run: {found.absent.get(entry.title, 'no flow that it can answer')}"
            )
            continue
        p50, p99 = run.quantile(0.5), run.quantile(0.99)
        cells = f"{len(run.samples):7}{p50:9.1f}{p99:9.1f}{p99 / p50:9.1f}{run.rate:10,.0f}{p50 / base:9.1f}x"
        lines.append(f"{entry.title:38}{cells}")
    for title, (flows, each) in found.batches.items():
        lines.append(f"{title:38}{flows:7}{each:9.1f}{'':18}{1e6 / each:10,.0f}{each / base:9.1f}x")
    lines += [
        f"{batch.title:38}  not run: {found.absent[batch.title]}"
        for batch in BATCHES
        if batch.title in found.absent
    ]
    return "\n".join(lines)


def _growth(all_found: Sequence[Measured]) -> str:
    sizes = "".join(f"{found.size:>9,}" for found in all_found)
    lines = ["Growth: p50 in µs by number of requirements", f"{'':38}{sizes}{'largest/smallest':>18}"]
    for entry in ENTRIES:
        p50s = [found.runs[entry.title].quantile(0.5) for found in all_found if entry.title in found.runs]
        if len(p50s) == len(all_found):
            cells = "".join(f"{p50:9.1f}" for p50 in p50s)
            lines.append(f"{entry.title:38}{cells}{p50s[-1] / p50s[0]:17.2f}x")
    return "\n".join(lines)


def _aims(all_found: Sequence[Measured]) -> str:
    smallest, largest = all_found[0].runs, all_found[-1].runs
    ours = largest[ANSWER]
    p50 = ours.quantile(0.5)
    rows = [
        ("p50 of the answer, µs", "at most", 25.0, p50),
        ("p50 against the smallest law", "at most", 1.5, p50 / smallest[ANSWER].quantile(0.5)),
        ("p99 against p50", "at most", 5.0, ours.quantile(0.99) / p50),
    ]
    if LIBRARY in largest:
        rows.append(
            ("times as fast as OPA in process", "at least", 50.0, largest[LIBRARY].quantile(0.5) / p50)
        )
    lines = [f"Aims of the native engine at {all_found[-1].size:,} requirements"]
    for title, bound, aim, measured in rows:
        held = measured <= aim if bound == "at most" else measured >= aim
        lines.append(f"{title:38}{bound} {aim:5.1f}{measured:9.1f}  {'held' if held else 'missed'}")
    return "\n".join(lines)


def _verdict(all_found: Sequence[Measured]) -> str:
    compared = sum(found.compared for found in all_found)
    return f"Answers compared with the whole decisions of the native engine: {compared:,}, all equal."


if __name__ == "__main__":
    print(report([int(word) for word in sys.argv[1:]] or SIZES))
