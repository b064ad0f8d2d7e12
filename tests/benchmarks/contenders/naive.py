# SPDX-License-Identifier: Apache-2.0
"""Looking at everything: our evaluator without its index, and the reference semantics of the tests.

The first asks every rule of every pack that a flow is tied to, with the same compiled conditions as the engine; what
is left of its distance to the engine is what the index gives. The second shares no code with the engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_xborder.core.compilation import CompiledPack, Policies
from airflow_xborder.core.facts import Values
from airflow_xborder.core.pack import Head
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.ports.policy_engine import Question
from tests.benchmarks.contenders.native import ENGINE
from tests.benchmarks.contenders.saying import Said, say
from tests.benchmarks.estate.traffic import is_complete
from tests.benchmarks.estate.world import AS_OF, FRAME, World
from tests.conformance import reference


class _WholePack(CompiledPack):
    def candidates(self, values: Values) -> Sequence[tuple[Requirement, frozenset[str]]]:
        return self.rules


class Unindexed(Policies):
    """Policies that leave out nothing before it is asked."""

    def concerned(self, values: Values) -> Sequence[Head]:
        """Return all heads."""
        return self.heads

    def compiled(self, pack_id: str) -> CompiledPack:
        """Return a pack, all of whose rules are candidates."""
        if pack_id not in self._compiled:
            self._compiled[pack_id] = _WholePack(self.pack(pack_id))
        return self._compiled[pack_id]


class Loop:
    """The evaluator in a loop over all rules."""

    def __init__(self, world: World) -> None:
        policies = Unindexed(world.policies.documents)
        self._questions = [Question(facts=facts, policies=policies, frame=FRAME) for facts in world.facts]

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        return say(ENGINE, self._questions[number])


class Reference:
    """The semantics as the tests have them, on plain data."""

    def __init__(self, world: World) -> None:
        self._documents = list(world.policies.documents)
        self._world = world

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        world = self._world
        complete = is_complete(world.flows[number])
        found = reference.decide(self._documents, world.facts[number].flow, AS_OF, complete)
        rules = {
            row["requirement_id"]: row for pack in self._documents for row in pack.get("requirements", ())
        }
        violated = {
            name
            for name, status in found.statuses.items()
            if status == "unmet"
            and name not in found.overridden
            and reference.outcome_of(rules[name], status) != "allow"
        }
        return found.outcome, frozenset(violated)
