# SPDX-License-Identifier: Apache-2.0
"""Looking at everything: our evaluator without its tables, and the reference semantics of the tests.

The first asks every rule of every pack that a flow is tied to, with the same compiled conditions as the engine; what
is left of its distance to the engine is what the tables give. The second shares no code with the engine.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.tables import Left, ask
from airflow_xborder.ports.policy_engine import Question
from tests.benchmarks.contenders.native import ENGINE
from tests.benchmarks.contenders.saying import Said, say
from tests.benchmarks.estate.traffic import is_complete
from tests.benchmarks.estate.world import AS_OF, FRAME, World
from tests.conformance import reference


class _Everything:
    """A table that tells nothing: every condition must be asked."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._asked = [ask(number, condition) for number, condition in enumerate(conditions)]

    def possible(self, _: Case) -> int:
        return -1

    def answers(self, _: Case, among: int) -> list[Left]:
        return [left for left in self._asked if among >> left.number & 1]


def unindexed(policies: Policies) -> Policies:
    """Return the same policies with tables that tell nothing, neither of the packs nor of their rules."""
    made = Policies(policies.documents)
    vars(made)["_connections"] = _Everything(head.connects for head in made.heads)
    made._asked = 1000
    for pack_id in made.ids:
        compiled = made.compiled(pack_id)
        vars(compiled)["_table"] = _Everything(compiled._conditions)
        compiled._asked = 1000
    return made


class Loop:
    """The evaluator in a loop over all rules."""

    def __init__(self, world: World) -> None:
        policies = unindexed(world.policies)
        self._questions = [Question(facts=facts, policies=policies, frame=FRAME) for facts in world.singles]

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        return say(ENGINE, self._questions[number])


class Reference:
    """The semantics as the tests have them, on plain data."""

    def __init__(self, world: World) -> None:
        self._documents = list(world.policies.documents)
        self._rules = {
            row["requirement_id"]: row for pack in self._documents for row in pack.get("requirements", ())
        }
        self._world = world

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        world = self._world
        complete = is_complete(world.flows[number])
        found = reference.decide(self._documents, world.facts[number].flow, AS_OF, complete)
        if "unknown" in found.statuses.values():  # it does not say of what: applicability, or fulfilment
            return found.outcome, None
        violated = {
            name
            for name, status in found.statuses.items()
            if name not in found.overridden and reference.outcome_of(self._rules[name], status) != "allow"
        }
        return found.outcome, tuple(sorted(violated))
