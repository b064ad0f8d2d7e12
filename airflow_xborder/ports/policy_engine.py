# SPDX-License-Identifier: Apache-2.0
"""PolicyEngine: whoever answers a flow. The native engine always does; others may only make the answer stricter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an engine is asked. ``filters_rows`` tells that the caller will leave out rows without consent."""

    facts: Facts
    policies: Policies
    frame: Frame
    filters_rows: bool = False


class PolicyEngine(Protocol):
    """Answers questions, each alike for alike facts; holds no state that an answer depends on."""

    name: str
    repeatable: bool
    """Whether an answer follows from its question alone, until its ``valid_until``: only such an answer may be kept."""

    def decide(self, question: Question) -> Decision:
        """Answer one question.

        :raises EvaluationError: if there is no answer; the caller treats that as ``deny`` that may be retried.
        """

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer several questions, in order, as ``decide`` would each; an engine that can, asks about all at once.

        :raises EvaluationError: if one of them has no answer.
        """
