# SPDX-License-Identifier: Apache-2.0
"""Answers that are kept: an ``allow`` of an engine stands for the same question until its ``valid_until``, for a while.

The same question is one whose answer rests on the same things: the policies, the whole flow with its documents,
counts and consent, and how it was asked. Registers and counters need no place of their own in it, since what they say
stands in the flow by then. Approvals have none, on purpose: the gate applies them after the engines, to an answer that
is a ``review`` and therefore never kept, so that one that is withdrawn or runs out counts at once.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from airflow_xborder.core.flow import DataFlow
from airflow_xborder.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_xborder.core.decision import Decision
    from airflow_xborder.ports.clock import Clock
    from airflow_xborder.ports.policy_engine import PolicyEngine, Question

LIMIT = 1024
_QUARTER = 15 * 60

_Key: TypeAlias = tuple[object, ...]
# All but the name that its author gives a flow.
_flow_of = attrgetter(*(field.name for field in fields(DataFlow) if field.name != "flow_id"))


class CachedEngine:
    """Keeps what another engine allows.

    An engine whose answers do not follow from the question alone is asked every time: OPA reloads its bundles by
    itself, and to learn which one it has now takes as long as to ask it.

    :param clock: the gate's; an answer is given only between the moment it is for and its ``valid_until``.
    :param limit: how many answers are kept; the one not asked for longest goes first.
    :raises ConfigurationError: for a limit that keeps nothing.
    """

    def __init__(self, engine: PolicyEngine, clock: Clock, limit: int = LIMIT) -> None:
        if limit < 1:
            raise ConfigurationError("an engine that keeps answers needs room for at least one")
        self.name = engine.name
        self.repeatable = engine.repeatable
        self._engine = engine
        self._clock = clock
        self._limit = limit
        self._lock = threading.Lock()
        self._digest = ""
        self._kept: OrderedDict[_Key, Decision] = OrderedDict()

    def decide(self, question: Question) -> Decision:
        """Answer one question, as the engine behind would at this moment.

        :raises EvaluationError: if it has no answer.
        """
        frame = question.frame
        # What is simulated is about another time, and authorises nothing.
        if not self.repeatable or frame.simulated or frame.as_of > self._clock.now():
            return self._engine.decide(question)
        key = _key(question)
        found = self._find(question, key)
        if found is None:
            found = self._engine.decide(question)
            self._keep(question, key, found)
            return found
        return replace(
            found,
            flow_id=question.facts.flow.flow_id,
            decision_id=frame.decision_id,
            as_of=frame.as_of,
            evaluated_at=frame.evaluated_at,
        )

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer several questions.

        :raises EvaluationError: if one of them has no answer.
        """
        if not self.repeatable:
            return self._engine.decide_many(questions)
        return [self.decide(question) for question in questions]

    def _find(self, question: Question, key: _Key) -> Decision | None:
        with self._lock:
            if self._digest != question.policies.digest:
                self._kept.clear()
                self._digest = question.policies.digest
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
        asked, now = question.frame.as_of, self._clock.now()
        return found if _holds(found, asked) and _holds(found, now) else None

    def _keep(self, question: Question, key: _Key, decision: Decision) -> None:
        if not decision.allowed:
            return
        with self._lock:
            if self._digest != question.policies.digest:
                return  # reloaded meanwhile
            self._kept[key] = decision
            self._kept.move_to_end(key)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)


def _holds(decision: Decision, moment: datetime) -> bool:
    # A clock that was set back comes to a time about which nothing was asked.
    until = decision.valid_until
    return decision.as_of <= moment and (until is None or moment < until)


def _key(question: Question) -> _Key:
    frame, facts = question.frame, question.facts
    # The digests in a decision tell also which rules and documents were valid on the day that do not matter to the
    # answer. No calendar turns its page within a quarter of an hour, so in that time they stay as they are.
    quarter = int(frame.as_of.timestamp()) // _QUARTER
    asked = (
        question.policies.digest,
        quarter,
        frame.engine,
        frame.on_gap,
        facts.complete,
        question.filters_rows,
    )
    return *asked, _bytes(facts.flow)


def _bytes(flow: DataFlow) -> bytes:
    # Two flows that differ in anything have other bytes; by ==, true would be 1.
    written = io.BytesIO()
    pickler = pickle.Pickler(written, pickle.HIGHEST_PROTOCOL)
    pickler.fast = True  # equal texts are equal bytes, one object or two
    pickler.dump(_flow_of(flow))
    return written.getvalue()
