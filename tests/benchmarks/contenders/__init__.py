# SPDX-License-Identifier: Apache-2.0
"""The engines that are compared: each answers the flows of the made-up world with an outcome and what is violated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from airflow_xborder.core.decision import Decision
from airflow_xborder.core.facts import Facts
from tests.benchmarks.contenders.saying import Said
from tests.benchmarks.estate.world import World


class AbsentError(Exception):
    """An engine is not on this machine; says why."""


def _anything(_: Facts, __: Decision) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An engine that is asked about one flow at a time.

    :param open: makes it ready for a world; what it starts is closed by the stack.
    :param can_ask: whether it can be asked about a flow with these facts and this decision.
    :param seconds: after which it is stopped at one size, however many flows it has answered.
    """

    title: str
    open: Callable[[World, ExitStack], Callable[[int], Said]]
    can_ask: Callable[[Facts, Decision], bool] = _anything
    seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEntry:
    """An engine that is asked about several flows in one call, ``size`` at a time."""

    title: str
    open: Callable[[World, ExitStack], Callable[[Sequence[int]], Sequence[Said]]]
    size: int
    seconds: float = 10.0
