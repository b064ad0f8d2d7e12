# SPDX-License-Identifier: Apache-2.0
"""Our engine, in three ways: the answer alone, the whole decision with its explanation, and from a raw flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from airflow_xborder.adapters.engines.native import NativeEngine
from tests.benchmarks.contenders.saying import Said, said_by, say
from tests.benchmarks.estate.world import World, read

ENGINE = NativeEngine()


class Answer:
    """The outcome and what is violated; the facts are normalised already."""

    def __init__(self, world: World) -> None:
        self._questions = world.questions

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        return say(ENGINE, self._questions[number])


class Whole(Answer):
    """The whole decision as plain data, with reasons, remaining ways, obligations and digests."""

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        decision = ENGINE.decide(self._questions[number])
        self.last: dict[str, Any] = decision.to_dict()
        return said_by(decision)


class FromRaw:
    """The outcome and what is violated, from a flow as plain data: parsed, checked and normalised."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        return say(ENGINE, self._world.ask(read(self._world.flows[number])))


def open_batch(world: World, _: ExitStack) -> Callable[[Sequence[int]], Sequence[Said]]:
    """Return what answers many flows in one call."""

    def ask(numbers: Sequence[int]) -> Sequence[Said]:
        found = ENGINE.answer_many([world.questions[number] for number in numbers])
        return [(one.outcome.value, one.violated) for one in found]

    return ask
