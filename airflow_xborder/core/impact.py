# SPDX-License-Identifier: Apache-2.0
"""What hangs on one node of the graph, and the policy set as it would be if the node changed.

A node is a requirement, one of its grounds, a designation, a mechanism, a data category, a jurisdiction or a pack.
``impact_of`` follows the graph: which requirements ask for the node, by which of their grounds, what then is needed
instead, and which rest on those in turn. ``Change`` makes the changed set; what flows then get is found by deciding
them under both sets, which is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Any as Anything

from airflow_xborder.core.comparisons import In, IsA, Within
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.graph import ComplianceGraph, Node
from airflow_xborder.core.grounds import Counted, Designated, HasConsent, HasMechanism
from airflow_xborder.core.places import COUNTRIES, ORDERS, SETS, members
from airflow_xborder.core.requirement import Alternative, Requirement
from airflow_xborder.core.vocabulary import KINDS, ancestors, suggest
from airflow_xborder.core.wording import in_words
from airflow_xborder.errors import PolicyNotFoundError, PolicyValidationError

Document = Mapping[str, Anything]


@dataclass(frozen=True, slots=True)
class Way:
    """A ground of a requirement: its id, its citation, and what it needs, in words."""

    id: str
    citation: str
    needs: str


@dataclass(frozen=True, slots=True)
class Touched:
    """A requirement that a change of the node touches.

    :param lost: its grounds that rest on the node.
    :param instead: its other grounds.
    :param asked: where else it asks for the node: ``when``, ``constraints``.
    :param dependents: the requirements that rest on it, directly or not.
    """

    id: str
    citation: str
    description: str
    lost: tuple[Way, ...]
    instead: tuple[Way, ...]
    asked: tuple[str, ...]
    dependents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What hangs on a node. ``also`` are other designations of the same kind about the same places."""

    node: Node
    touched: tuple[Touched, ...]
    also: tuple[str, ...] = ()


def find_node(policies: Policies, name: str) -> Node:
    """Return the node that a name stands for; ``kind:name`` where it could stand for several.

    :raises PolicyNotFoundError: with the nearest name.
    """
    known = _names(policies)
    kind, _, plain = name.partition(":")
    if plain and plain in known.get(kind, ()):
        return Node(kind, plain)
    for kind, names in known.items():
        if name in names:
            return Node(kind, name)
    everything = {name for names in known.values() for name in names}
    raise PolicyNotFoundError(f"nothing is called `{name}`", hint=suggest(name, everything))


def _names(policies: Policies) -> dict[str, frozenset[str]]:
    rules = [rule for pack in policies.packs() for rule in pack.requirements]
    return {
        "requirement": frozenset(rule.id for rule in rules),
        "constraint": frozenset(way.id for rule in rules for way in rule.alternatives() if way.id),
        "designation": frozenset(row.id for row in policies.designations),
        "pack": frozenset(policies.ids),
        "mechanism": KINDS["mechanism"],
        "category": KINDS["data category"],
        "jurisdiction": frozenset({*COUNTRIES, *ORDERS, *SETS, *(head.jurisdiction for head in policies.heads)}),
    }  # fmt: skip


def impact_of(policies: Policies, node: Node) -> Impact:
    """Return what hangs on a node."""
    graph = ComplianceGraph(policies)
    asks = _Asks(policies, node)
    found: list[Touched] = []
    for name, rule in sorted(graph.requirements.items()):
        touched = _touched(rule, asks)
        if touched is not None:
            found.append(replace(touched, dependents=tuple(sorted(graph.dependents_of(name)))))
    return Impact(node, tuple(found), asks.also)


class _Asks:
    """Whether a requirement, or a condition, asks for a node."""

    def __init__(self, policies: Policies, node: Node) -> None:
        self.node = node
        self.also: tuple[str, ...] = ()
        self._row = next((row for row in policies.designations if row.id == node.id), None)
        self._places = members(node.id) if node.kind == "jurisdiction" and node.id != "base" else frozenset()
        if node.kind == "designation" and self._row is not None:
            row = self._row
            self.also = tuple(
                other.id
                for other in policies.designations
                if other.id != row.id and (other.by, other.kind) == (row.by, row.kind) and other.places & row.places
            )  # fmt: skip

    def is_itself(self, rule: Requirement) -> bool:
        match self.node.kind:
            case "requirement":
                return rule.id == self.node.id
            case "pack":
                return rule.regime == self.node.id
            case "jurisdiction":
                return rule.jurisdiction == self.node.id
            case _:
                return False

    def asked_by(self, condition: Condition) -> bool:
        if isinstance(condition, Alternative) and self.node.kind == "constraint":
            return condition.id == self.node.id
        return self._is_asked(condition) or any(self.asked_by(part) for part in condition.parts())

    def _is_asked(self, leaf: Condition) -> bool:
        match self.node.kind, leaf:
            case "designation", Designated():
                row = self._row
                return row is not None and (row.by, row.kind) == (leaf.by, leaf.kind)
            case "mechanism", HasMechanism() | HasConsent():
                return self.node.id in leaf.types
            case "category", IsA():
                return leaf.kind in ancestors(self.node.id)
            case "category", Counted():
                return any(category in ancestors(self.node.id) for category in leaf.categories)
            case "jurisdiction", In() | Within():
                return bool(self._places & leaf.values)
            case _:
                return False


def _touched(rule: Requirement, asks: _Asks) -> Touched | None:
    ways = list(rule.alternatives())
    lost = [way for way in ways if asks.asked_by(way)]
    asked = [name for name, part in _plain_parts(rule) if asks.asked_by(part)]
    if not (lost or asked or asks.is_itself(rule)):
        return None
    return Touched(
        id=rule.id,
        citation=rule.citation,
        description=rule.description,
        lost=tuple(map(_way, lost)),
        instead=tuple(_way(way) for way in ways if way not in lost) if lost else (),
        asked=tuple(asked),
        dependents=(),
    )


def _plain_parts(rule: Requirement) -> Iterator[tuple[str, Condition]]:
    yield "when", rule.when
    yield from (("constraints", part) for part in _without_ways(rule.constraint))


def _without_ways(condition: Condition) -> Iterable[Condition]:
    if isinstance(condition, Alternative):
        return ()
    parts = list(condition.parts())
    return [part for inner in parts for part in _without_ways(inner)] if parts else (condition,)


def _way(way: Alternative) -> Way:
    return Way(way.id, way.citation, in_words(way.needs))


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to a node: ``suspend`` (from ``day`` on), ``expire`` (``day`` is the last) or ``remove``."""

    action: str
    day: date | None = None

    def first_day(self) -> date | None:
        """Return the first day on which answers may differ; ``None`` for at once."""
        if self.day is None:
            return None
        return self.day + timedelta(days=1) if self.action == "expire" else self.day

    def moment(self) -> datetime | None:
        """Return a moment of that day that is inside it in nearly every calendar."""
        day = self.first_day()
        return None if day is None else datetime.combine(day, time(12), timezone.utc)

    def apply(self, policies: Policies, node: Node) -> Policies:
        """Return the policies as they are with the change.

        :raises PolicyValidationError: for a node that is no part of a pack: it cannot change.
        """
        if node.kind == "pack" and self.action == "remove":
            gone = frozenset(name for name, owner in policies.owners.items() if owner == node.id)
            return Policies(_forget(d, gone) for d in policies.documents if d["pack"] != node.id)
        if node.kind not in ("requirement", "designation"):
            raise PolicyValidationError(
                f"a {node.kind} cannot be changed by `{self.action}`", hint="name a requirement, a designation or, with --remove, a pack"
            )  # fmt: skip
        key = "requirements" if node.kind == "requirement" else "designations"
        return Policies(self._changed(document, key, node.id) for document in policies.documents)

    def _changed(self, document: Document, key: str, name: str) -> Document:
        rows: list[Document] = []
        for row in document.get(key) or ():
            mine = name == row.get("requirement_id" if key == "requirements" else "id")
            rows += self._rows(row, key) if mine else [row]
        changed = {**document, key: rows}
        return _forget(changed, frozenset({name})) if self.action == "remove" else changed

    def _rows(self, row: Document, key: str) -> list[Document]:
        if self.action == "remove" or self.day is None:
            return []
        if key == "requirements":
            last = self.day if self.action == "expire" else self.day - timedelta(days=1)
            return [{**row, "expires": last.isoformat()}]
        if self.action == "expire":
            return [{**row, "valid_until": self.day.isoformat()}]
        about = {name: row[name] for name in ("by", "kind", "of")}
        stop = {"id": f"{row['id']}.suspended", "suspends": row["id"], "valid_from": self.day.isoformat()}
        return [row, {**about, **stop, "citation": "a simulated suspension"}]


def _forget(document: Document, gone: frozenset[str]) -> Document:
    """Return a document in which no rule rests on requirements that are gone."""
    rows = [
        {**row, "dependencies": [name for name in row["dependencies"] if name not in gone]}
        if row.get("dependencies")
        else row
        for row in document.get("requirements") or ()
    ]
    return {**document, "requirements": rows}
