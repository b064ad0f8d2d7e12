# SPDX-License-Identifier: Apache-2.0
"""Who is compared, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from tests.benchmarks.contenders import AbsentError, BatchEntry, Entry, cedar, naive, native, opa
from tests.benchmarks.contenders.saying import Said
from tests.benchmarks.estate.world import World

ANSWER = "native: the answer"
LIBRARY = "OPA in process"


def _here(
    make: Callable[[World], Callable[[int], Said]],
) -> Callable[[World, ExitStack], Callable[[int], Said]]:
    return lambda world, _: make(world)


def _open_cedar(world: World, _: ExitStack) -> Callable[[int], Said]:
    try:
        return cedar.Cedar(world)
    except ImportError as error:
        raise AbsentError("cedarpy is not installed") from error


ENTRIES = (
    Entry(title=ANSWER, open=_here(native.Answer)),
    Entry(title="native: whole decision, to_dict", open=_here(native.Whole)),
    Entry(title="native: answer, from a raw flow", open=_here(native.FromRaw)),
    Entry(title="our evaluator, loop without index", open=_here(naive.Loop)),
    Entry(title="reference semantics of the tests", open=_here(naive.Reference), seconds=5),
    Entry(title=LIBRARY, open=_here(opa.Library)),
    Entry(title="OPA server", open=opa.open_server("bench/said")),
    Entry(title="OPA server: whole answer", open=opa.open_server("xborder/answer")),
    Entry(title="cedarpy, two-valued flows only", open=_open_cedar, can_ask=cedar.can_ask),
)
BATCHES = (
    BatchEntry(title="native", open=native.open_batch, size=10_000),
    BatchEntry(title="OPA server", open=opa.open_batch, size=100),
)
