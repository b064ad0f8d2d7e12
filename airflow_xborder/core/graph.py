# SPDX-License-Identifier: Apache-2.0
"""ComplianceGraph: requirements and what they hang on, as nodes and edges over a set of policies.

Answers what a list cannot: what a rule depends on and what depends on it, transitively; what applies to one flow;
whether dependencies run in a circle. Nodes are named ``kind:id``. An edge points from what has an effect to what
it has it on, or from a rule to what it needs:

=================  ===========================  ============================
edge               from                         to
=================  ===========================  ============================
``depends-on``     requirement                  requirement
``conflicts-with`` requirement                  requirement
``supersedes``     requirement                  requirement
``triggers``       trigger, category,           requirement
                   jurisdiction, designation
``satisfied-by``   requirement, constraint      constraint, mechanism,
                                                designation
``designates``     jurisdiction, designation    designation, jurisdiction
=================  ===========================  ============================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from airflow_xborder.core.comparisons import In, Is, IsA, Within
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.grounds import Counted, Designated, HasConsent, HasMechanism
from airflow_xborder.core.instantiation import instantiate
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.errors import PolicyValidationError

KINDS = ("requirement", "trigger", "constraint", "mechanism", "jurisdiction", "category", "designation")
EDGES = ("depends-on", "conflicts-with", "supersedes", "triggers", "satisfied-by", "designates")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One node; its kind is one of ``KINDS``."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One edge; its kind is one of ``EDGES``."""

    source: Node
    kind: str
    target: Node


class ComplianceGraph:
    """The graph of a set of policies, or the part of it that some requirements and what they need make up.

    :param only: ids of the requirements that it consists of; ``None`` for all.
    """

    def __init__(self, policies: Policies, only: Iterable[str] | None = None) -> None:
        self.policies = policies
        self._only = None if only is None else frozenset(only)

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """The requirements by id."""
        rules = (rule for pack in self.policies.packs() for rule in pack.requirements)
        return {rule.id: rule for rule in rules if self._only is None or rule.id in self._only}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, sorted."""
        found: set[Edge] = set()
        for pack in self.policies.packs():
            rules = [rule for rule in pack.requirements if rule.id in self.requirements]
            for rule in rules:
                found |= set(self._edges_of(rule, pack))
            if rules or self._only is None:
                found |= {edge for row in pack.designations for edge in _designation_edges(row)}
        return tuple(sorted(found))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, sorted."""
        ends = {end for edge in self.edges for end in (edge.source, edge.target)}
        return tuple(sorted(ends | {Node("requirement", name) for name in self.requirements}))

    def instantiate(self, facts: Facts, as_of: datetime) -> ComplianceGraph:
        """Return the part that applies to a flow at a moment, or may apply, with what it depends on."""
        applied = instantiate(self.policies, facts, as_of).applied
        return ComplianceGraph(self.policies, [entry.requirement.id for entry in applied])

    def dependencies_of(self, name: str) -> frozenset[str]:
        """Return the ids of all requirements that one rests on, directly or not."""
        return _closure(name, {rule.id: rule.dependencies for rule in self.requirements.values()})

    def dependents_of(self, name: str) -> frozenset[str]:
        """Return the ids of all requirements that rest on one, directly or not."""
        back: dict[str, list[str]] = defaultdict(list)
        for rule in self.requirements.values():
            for other in rule.dependencies:
                back[other].append(rule.id)
        return _closure(name, back)

    def affected_by(self, node: Node) -> frozenset[str]:
        """Return the ids of the requirements that a change of a node touches, with those that rest on them."""
        near = {edge.target for edge in self.edges if edge.source == node}
        near |= {edge.source for edge in self.edges if edge.target == node}
        direct = self._rules_at({node, *near})
        return direct.union(*(self.dependents_of(name) for name in direct))

    def require_acyclic(self) -> None:
        """Check that no requirement depends on itself, directly or not.

        :raises PolicyValidationError: naming the circle.
        """
        require_acyclic(self.policies)

    def _rules_at(self, nodes: set[Node]) -> frozenset[str]:
        rules = {node.id for node in nodes if node.kind == "requirement"}
        owners = {node for node in nodes if node.kind == "constraint"}
        rules |= {
            edge.source.id
            for edge in self.edges
            if edge.target in owners and edge.source.kind == "requirement"
        }
        return frozenset(rules & self.requirements.keys())

    def _edges_of(self, rule: Requirement, pack: Pack) -> Iterator[Edge]:
        me = Node("requirement", rule.id)
        for kind, others in (
            ("depends-on", rule.dependencies),
            ("conflicts-with", rule.conflicts),
            ("supersedes", rule.supersedes),
        ):
            yield from (
                Edge(me, kind, Node("requirement", name)) for name in others if name in self.requirements
            )
        yield Edge(Node("jurisdiction", pack.jurisdiction), "triggers", me)
        yield from (Edge(node, "triggers", me) for node in self._triggers(rule.when))
        own = Node("constraint", rule.id)
        yield Edge(me, "satisfied-by", own)
        yield from (Edge(own, "satisfied-by", node) for node in self._grounds(rule.constraint))
        for number, alternative in enumerate(rule.alternatives(), start=1):
            ground = Node("constraint", alternative.id or f"{rule.id}#{number}")
            yield Edge(me, "satisfied-by", ground)
            yield from (Edge(ground, "satisfied-by", node) for node in self._grounds(alternative))

    def _triggers(self, when: Condition) -> Iterator[Node]:
        for leaf in _leaves(when):
            if isinstance(leaf, IsA):
                yield Node("category", leaf.kind)
            elif isinstance(leaf, Counted):
                yield from (Node("category", category) for category in leaf.categories)
            elif isinstance(leaf, (In, Within)):
                yield Node("trigger", f"{leaf.path}={leaf.label or ','.join(sorted(leaf.values))}")
            elif isinstance(leaf, Is):
                yield Node("trigger", f"{leaf.path}={str(leaf.expected).lower()}")
            else:
                yield from self._grounds(leaf)

    def _grounds(self, condition: Condition) -> Iterator[Node]:
        for leaf in _leaves(condition):
            if isinstance(leaf, (HasMechanism, HasConsent)):
                yield from (Node("mechanism", name) for name in sorted(leaf.types))
            elif isinstance(leaf, Designated):
                rows = self.policies.designations
                yield from (
                    Node("designation", row.id) for row in rows if (row.by, row.kind) == (leaf.by, leaf.kind)
                )


def require_acyclic(policies: Policies) -> None:
    """Check that no requirement depends on itself, directly or not; reads no pack.

    :raises PolicyValidationError: naming the circle.
    """
    rows = (row for document in policies.documents for row in document.get("requirements") or ())
    needs = {str(row["requirement_id"]): tuple(row.get("dependencies") or ()) for row in rows}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise PolicyValidationError(
            f"dependencies run in a circle: {circle}", hint="leave out one of them"
        ) from None


def _closure(start: str, edges: dict[str, tuple[str, ...]] | dict[str, list[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges.get(name, ())
    return frozenset(found)


def _leaves(condition: Condition) -> Iterator[Condition]:
    parts = list(condition.parts())
    if not parts:
        yield condition
    for part in parts:
        yield from _leaves(part)


def _designation_edges(row: Designation) -> Iterator[Edge]:
    node = Node("designation", row.id)
    yield Edge(Node("jurisdiction", row.by), "designates", node)
    yield Edge(node, "designates", Node("jurisdiction", row.of))
