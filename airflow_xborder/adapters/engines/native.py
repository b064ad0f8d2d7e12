# SPDX-License-Identifier: Apache-2.0
"""The native engine: the compliance graph, evaluated in this process."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_xborder.core.combining import Answer, combine
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.evaluation import evaluate
from airflow_xborder.ports.policy_engine import Question

NAME = "native/1.0.0"


class NativeEngine:
    """Evaluates the packs of a question over its facts."""

    name = NAME
    repeatable = True

    def decide(self, question: Question) -> Decision:
        """Answer one question; never raises for what a rule does (law 11)."""
        found = evaluate(question.policies, question.facts, question.frame.as_of)
        return combine(question.policies, question.facts, found, question.frame)

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer several questions, one after another."""
        return [self.decide(question) for question in questions]

    def answer(self, question: Question) -> Answer:
        """Answer one question without what only a record or a reader needs: for those who try many flows."""
        found = evaluate(question.policies, question.facts, question.frame.as_of)
        return Answer(found, question.frame.on_gap)

    def answer_many(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer several questions, one after another."""
        return [self.answer(question) for question in questions]
