# SPDX-License-Identifier: Apache-2.0
"""Policies: all packs of one release as an index that a decision can use.

A pack is read when a flow first is concerned by it, and before that only its head: most flows touch few regimes,
and every Airflow task is a new process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any as Anything
from typing import TypeAlias

from airflow_xborder.core.conditions import Any, Case
from airflow_xborder.core.coverage import CoverageMap
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.flow import DataFlow, Party
from airflow_xborder.core.legal_orders import LegalOrders
from airflow_xborder.core.pack import Head, Pack, read_designations, read_head, read_pack
from airflow_xborder.core.partitions import dividing_of_conditions, dividing_of_rule
from airflow_xborder.core.relations import Relations
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.tables import Left, Table, ask
from airflow_xborder.core.vocabulary import KINDS, suggest
from airflow_xborder.errors import FlowError

Attributes = Mapping[str, Anything] | Iterable[str]


_KEPT = 64
# A process that decides once, as most do, has asked all rules before it has made a table of them.
_ASKED_FIRST = 32
# A rule, with the safeguards that change nothing for it.
Entry: TypeAlias = tuple[Requirement, frozenset[str]]


class CompiledPack:
    """A pack with what a decision looks up in it.

    ``rules`` are its requirements with the safeguards that change nothing for each; ``numbers`` are their places
    by id; ``newer`` are those that replace a rule.
    """

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.rules = tuple((rule, frozenset(rule.not_cured_by)) for rule in pack.requirements)
        self.numbers = {rule.id: number for number, (rule, _) in enumerate(self.rules)}
        self.newer: dict[str, list[Requirement]] = {}
        for rule in pack.requirements:
            for name in rule.supersedes:
                self.newer.setdefault(name, []).append(rule)
        self._asked = 0
        self._conditions = (*(rule.when for rule, _ in self.rules), pack.transfer or Any(()))
        self._transfer = 1 << len(self.rules)
        self._days: dict[date, int] = {}
        self._states: dict[date, str] = {}
        self._dividing: dict[str, int] | None = None
        self._always_told = 0

    @cached_property
    def _table(self) -> Table:
        return Table(self._conditions, [*(uncured for _, uncured in self.rules), frozenset()])

    def _in_force_on(self, day: date) -> int:
        """Return as bits the rules that are law on a day, and always the question of the transfer."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _KEPT:
                self._days.clear()
            standing = (
                1 << number for number, (rule, _) in enumerate(self.rules) if self.in_force(rule, day)
            )
            found = self._days[day] = sum(standing, self._transfer)
        return found

    def applicable(self, case: Case, paths: Iterable[str] | None = None) -> list[Left]:
        """Return the rules in force that are not certainly without application, by their numbers.

        The number after the last rule's is the question whether the regime calls the flow a transfer.

        :param paths: for a part of a flow, along which it was divided; after ``dividing``. The rules are then those
            that tell parts apart, those that may give way to one that does, and those that bring along rules of other
            packs, which may.
        """
        bits = self._in_force_on(case.on)
        # A process that decides once, as most do, asks all rules sooner than it has made a table.
        if not self._asked:
            self._asked = True
            return [ask(number, one) for number, one in enumerate(self._conditions) if bits >> number & 1]
        return self._table.answers(
            case, bits if paths is None else bits & (self._told(paths) | self._transfer)
        )

    def dividing(self, rows: Designations, relations: Relations) -> frozenset[str]:
        """Return the paths that the rules tell apart (law 7)."""
        if self._dividing is None:
            self._dividing = {}
            for number, (rule, _) in enumerate(self.rules):
                for path in dividing_of_rule(rule, rows, prevails=rule.id in relations.prevailing):
                    self._dividing[path] = self._dividing.get(path, 0) | 1 << number
                elsewhere = any(name not in self.numbers for name in rule.dependencies)
                if rule.id in relations.yielding or elsewhere:
                    self._always_told |= 1 << number
        return frozenset(self._dividing)

    @cached_property
    def with_thresholds(self) -> Sequence[Entry]:
        """The rules that ask for a count."""
        return [entry for entry in self.rules if entry[0].thresholds]

    @cached_property
    def dated(self) -> Mapping[str, tuple[bool, bool]]:
        """Whether the condition, and the constraint, of each rule consult dated things, by its id."""
        return {rule.id: (rule.when.is_dated, rule.constraint.is_dated) for rule, _ in self.rules}

    @cached_property
    def _applied_by_date(self) -> int:
        return sum(1 << number for number, (rule, _) in enumerate(self.rules) if self.dated[rule.id][0])

    def may_turn(self, case: Case, paths: Iterable[str] | None) -> Sequence[Entry]:
        """Return the rules whose dates can matter to a flow, whether they are in force or not.

        :param paths: for a part of a flow, the paths along which it was divided.
        """
        bits = -1 if paths is None else self._told(paths)
        if self._asked >= _ASKED_FIRST:
            bits &= self._applied_by_date | self._table.possible(case)
        return [entry for number, entry in enumerate(self.rules) if bits >> number & 1]

    def tells_apart(self, name: str, paths: Iterable[str]) -> bool:
        """Tell whether a rule must be asked of each part of a flow that was divided along some paths."""
        return bool(self._told(paths) >> self.numbers[name] & 1)

    def _told(self, paths: Iterable[str]) -> int:
        if self._dividing is None:
            return -1  # nobody asked yet which do: any may
        asked = self._always_told
        for path in paths:
            asked |= self._dividing.get(path, 0)
        return asked

    def state(self, day: date, rows: Designations) -> str:
        """Return a digest of which rules and designations of the pack are in force on a day."""
        found = self._states.get(day)
        if found is None:
            if len(self._states) >= _KEPT:
                self._states.clear()
            bits = self._in_force_on(day)
            standing = [row.id for row in self.pack.designations if rows.in_force(row, day)]
            found = hashlib.sha256(json.dumps([f"{bits:x}", standing]).encode()).hexdigest()
            self._states[day] = found
        return found

    def in_force(self, rule: Requirement, day: date) -> bool:
        """Tell whether a rule is law on a day, and no newer one of the pack stands in its place."""
        return rule.in_force(day) and not any(newer.in_force(day) for newer in self.newer.get(rule.id, ()))


class Policies:
    """An immutable set of packs.

    :param documents: validated pack documents as plain data, each with its ``pack`` id.
    :param digest: that of the documents, if whoever vouches for them has said it.
    """

    def __init__(self, documents: Iterable[Mapping[str, Anything]], digest: str | None = None) -> None:
        self._documents = {str(document["pack"]): document for document in documents}
        self._packs: dict[str, Pack] = {}
        self._compiled: dict[str, CompiledPack] = {}
        self._digest = digest
        self._asked = 0

    @cached_property
    def digest(self) -> str:
        """SHA-256, as hex, over the documents; neither their order nor that of their keys matters."""
        if self._digest is not None:
            return self._digest
        ordered = [self._documents[pack_id] for pack_id in self.ids]
        return hashlib.sha256(json.dumps(ordered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The pack ids, sorted."""
        return tuple(sorted(self._documents))

    @property
    def documents(self) -> list[Mapping[str, Anything]]:
        """The documents, ordered by id."""
        return [self._documents[pack_id] for pack_id in self.ids]

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """The heads of all packs, ordered by id."""
        return tuple(read_head(document) for document in self.documents)

    def pack(self, pack_id: str) -> Pack:
        """Return one pack, read on first use."""
        if pack_id not in self._packs:
            self._packs[pack_id] = read_pack(self._documents[pack_id])
        return self._packs[pack_id]

    def compiled(self, pack_id: str) -> CompiledPack:
        """Return one pack as decisions use it, made on first use."""
        found = self._compiled.get(pack_id)
        if found is None or found.pack is not self._packs.get(pack_id):
            found = self._compiled[pack_id] = CompiledPack(self.pack(pack_id))
        return found

    def concerned(self, case: Case) -> list[Left]:
        """Return the heads of packs that are not certainly strangers to a flow, by their numbers.

        :param case: the question to connecting factors.
        """
        if self._asked < _ASKED_FIRST:
            self._asked += 1
            return [ask(number, head.connects) for number, head in enumerate(self.heads)]
        return self._connections.answers(case, -1)

    @cached_property
    def _connections(self) -> Table:
        return Table([head.connects for head in self.heads])

    @cached_property
    def relations(self) -> Relations:
        """Which rules may give way to which."""
        return Relations(self.documents, self.legal_orders)

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """The time zones in which the packs have their calendars, sorted."""
        return tuple(sorted({head.time_zone for head in self.heads}))

    @cached_property
    def dated_heads(self) -> tuple[Head, ...]:
        """The heads of packs whose connection to a flow may change with time."""
        return tuple(head for head in self.heads if head.connects.is_dated)

    @cached_property
    def coverage(self) -> CoverageMap:
        """What the packs say of places."""
        return CoverageMap(self.heads)

    @cached_property
    def dividing(self) -> frozenset[str]:
        """The paths that the connecting factors of all packs tell apart (law 7)."""
        return dividing_of_conditions([head.connects for head in self.heads], self.designations)

    @cached_property
    def legal_orders(self) -> LegalOrders:
        """The legal orders that the packs describe."""
        return LegalOrders(order for head in self.heads for order in head.legal_orders)

    def packs(self) -> list[Pack]:
        """Return all packs, ordered by id."""
        return [self.pack(pack_id) for pack_id in self.ids]

    @cached_property
    def designations(self) -> Designations:
        """The designations of all packs."""
        return Designations(row for document in self.documents for row in read_designations(document))

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The id of every requirement, with that of its pack."""
        return {
            str(row["requirement_id"]): pack_id
            for pack_id, document in self._documents.items()
            for row in document.get("requirements") or ()
        }

    @cached_property
    def _declared(self) -> Mapping[str, Mapping[str, Anything]]:
        return {
            str(name): row
            for document in self.documents
            for name, row in (document.get("attributes") or {}).items()
        }

    def require_declared(self, attributes: Attributes) -> None:
        """Check that every attribute of a flow is one that a pack declares and, given their values, of its type.

        :raises FlowError: naming the wrong one and, for a name, the nearest known.
        """
        values = attributes if isinstance(attributes, Mapping) else dict.fromkeys(attributes)
        for name, value in values.items():
            if name not in self._declared:
                hint = suggest(str(name), set(self._declared))
                raise FlowError(f"attributes.{name}: no pack declares `{name}`", hint=hint)
            if value is not None:
                _require_type(str(name), value, self._declared[name])

    def require_known(self, flow: DataFlow) -> None:
        """Check the attributes of a flow and of its parties as ``require_declared`` does.

        :raises FlowError: naming the wrong one.
        """
        self.require_declared(flow.attributes or {})
        self._require_declared_of("exporter", flow.exporter)
        self._require_declared_of("importer", flow.importer)

    def _require_declared_of(self, name: str, party: Party | None) -> None:
        try:
            self.require_declared((party.attributes if party else None) or {})
        except FlowError as error:
            raise FlowError(f"{name}.{error.message}", hint=error.hint) from None


def _require_type(name: str, value: object, declared: Mapping[str, Anything]) -> None:
    kind = str(declared["type"])
    if kind == "categories":
        for term in value if isinstance(value, (list, tuple)) else [value]:
            if term not in KINDS["data category"]:
                hint = suggest(str(term), KINDS["data category"])
                raise FlowError(f"attributes.{name}: unknown data category `{term}`", hint=hint)
        return
    expected = {"text": str, "boolean": bool, "number": int}[kind]
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise FlowError(f"attributes.{name}: expected a {kind}, got `{value}`")
    allowed = declared.get("values")
    if allowed and value not in allowed:
        raise FlowError(f"attributes.{name}: unknown value `{value}`", hint=f"one of {', '.join(allowed)}")
