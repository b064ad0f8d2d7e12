# SPDX-License-Identifier: Apache-2.0
"""An engine that keeps answers answers as the one behind it, whenever it is asked and in whatever order."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.adapters.engines.cached import CachedEngine
from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.facts import normalise
from airflow_xborder.ports.policy_engine import Question
from tests.factories import make_frame
from tests.generators import flows, moments, packs


class SetClock:
    def __init__(self) -> None:
        self.moment = datetime(2020, 1, 1, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self.moment


@given(
    packs(),
    st.lists(flows, min_size=1, max_size=3),
    st.lists(st.tuples(moments, st.integers(0, 2), st.booleans()), min_size=2, max_size=12),
)
def test_it_answers_as_the_engine_behind_it(rows: Any, asked: Any, askings: Any) -> None:
    policies, clock, native = Policies(rows), SetClock(), NativeEngine()
    cached = CachedEngine(native, clock, limit=2)
    for moment, number, complete in askings:
        clock.moment = moment
        question = Question(
            facts=normalise(asked[number % len(asked)], complete=complete),
            policies=policies,
            frame=make_frame(clock.moment),
        )
        assert cached.decide(question) == native.decide(question)


@given(
    packs(),
    flows,
    moments,
    st.lists(st.sampled_from([0, 1, 60, 899, 900, 3600, 86400]), min_size=1, max_size=8),
)
def test_it_does_so_while_time_goes_on(rows: Any, flow: Any, start: Any, steps: Any) -> None:
    policies, clock, native = Policies(rows), SetClock(), NativeEngine()
    cached = CachedEngine(native, clock)
    clock.moment = start
    for seconds in (0, *steps):
        clock.moment += timedelta(seconds=seconds)
        question = Question(
            facts=normalise(flow, complete=True), policies=policies, frame=make_frame(clock.moment)
        )
        assert cached.decide(question) == native.decide(question)
