# SPDX-License-Identifier: Apache-2.0
"""One size of the made-up world, ready to be asked: policies, flows, facts and questions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property

from airflow_xborder.adapters.engines.native import NAME
from airflow_xborder.authoring.loading import load_document, shipped_folder
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.facts import Facts, normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.ports.policy_engine import Question
from tests.benchmarks.estate.law import make_law
from tests.benchmarks.estate.traffic import Flow, is_complete, make_flows

AS_OF = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
SINGLES = 2100
FRAME = Frame(decision_id="bench", as_of=AS_OF, evaluated_at=AS_OF, simulated=False, engine=NAME)


@dataclass(frozen=True, kw_only=True)
class World:
    """The law at one size, and flows to ask it about."""

    size: int
    count: int
    seed: int = 1

    @cached_property
    def policies(self) -> Policies:
        """The made-up packs and the base pack, on which they depend."""
        return Policies([load_document(shipped_folder() / "base.yaml"), *make_law(self.size)])

    @cached_property
    def flows(self) -> list[Flow]:
        """The flows as plain data."""
        return make_flows(self.count, self.seed)

    @cached_property
    def facts(self) -> list[Facts]:
        """The flows, normalised."""
        return [read(flow) for flow in self.flows]

    @property
    def singles(self) -> list[Facts]:
        """The facts of the flows that engines are asked about one at a time."""
        return self.facts[:SINGLES]

    @cached_property
    def questions(self) -> list[Question]:
        """The questions, ready for an engine."""
        return [self.ask(facts) for facts in self.facts]

    def ask(self, facts: Facts) -> Question:
        """Return one question."""
        return Question(facts=facts, policies=self.policies, frame=FRAME)


def read(flow: Flow) -> Facts:
    """Return the facts of a flow in plain data."""
    return normalise(DataFlow.parse(flow), complete=is_complete(flow))
