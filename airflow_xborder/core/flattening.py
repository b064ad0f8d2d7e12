# SPDX-License-Identifier: Apache-2.0
"""Conditions as two tables, for engines that cannot recurse: questions, and gates that combine their answers.

Negation is pushed down to the questions (Kleene's logic has De Morgan's laws), equal parts are shared, and every gate
stands on a level: it combines questions with gates of the level just below, so that an engine needs one rule for each
level and no recursion. What depends on who asks (the time zone, the safeguards that cure nothing, whether connecting
factors are asked) is written into the questions, so that a question has one answer for one flow. The questions
themselves are made in ``questions.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any as Anything
from typing import TypeAlias

from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.designations import Designation, Designations
from airflow_xborder.core.grounds import Designated
from airflow_xborder.core.questions import LOOKED_UP, Row, View, absent, covered, in_force, question
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.requirement import Alternative
from airflow_xborder.errors import PolicyValidationError

# An engine has a rule for each level, written out.
MAX_LEVEL = 16
_DUAL = {"all": "any", "any": "all", "each": "all"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the table, or its negation. ``owes`` says that relying on it may oblige or warn."""

    id: str
    negated: bool
    owes: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """``all`` or ``any`` of the parts; ``each`` is an ``any`` of which every part that holds speaks.

    ``attached`` are what the gate itself obliges to and warns of.
    """

    op: str
    parts: tuple[Part, ...]
    attached: tuple[tuple[Row, ...], tuple[str, ...]] = ((), ())

    @property
    def owes(self) -> bool:
        """Whether relying on it may oblige or warn."""
        return bool(self.attached[0] or self.attached[1]) or any(part.owes for part in self.parts)

    @property
    def level(self) -> int:
        """One above its highest gate."""
        return 1 + max((part.level for part in self.parts if isinstance(part, Gate)), default=0)


Part: TypeAlias = Asked | Gate


class Tables:
    """The tables of one set of policies, filled as conditions are added."""

    def __init__(self, designations: Designations) -> None:
        self.questions: dict[str, Row] = {}
        self.gates: dict[str, Row] = {}
        self.sets: dict[str, Mapping[str, bool]] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._designations = designations

    def tree(self, condition: Condition, view: View) -> Gate:
        """Return a condition as gates over questions, as someone asks it."""
        part = self._part(condition, view, False)
        return part if isinstance(part, Gate) else Gate("all", (part,))

    def add(self, gate: Gate) -> str:
        """Put a gate and all below it into the table; return its id.

        :raises PolicyValidationError: if it is nested deeper than an engine can follow.
        """
        if gate.level > MAX_LEVEL:
            raise PolicyValidationError(
                f"a condition changes between `all` and `any` more than {MAX_LEVEL} times",
                hint="write the inner part as a definition with less nesting",
            )
        return self._gate(gate)

    def set_id(self, members: frozenset[str]) -> str:
        """Return the id of a set."""
        return self._intern("s", self.sets, dict.fromkeys(sorted(members), True))

    def _part(self, condition: Condition, view: View, negated: bool) -> Part:
        match condition:
            case Not():
                return self._part(condition.condition, replace(view, muted=True), not negated)
            case All():
                return self._combine("all", condition.conditions, view, negated)
            case Any():
                return self._combine("any", condition.conditions, view, negated)
            case Alternative():
                return self._alternative(condition, view, negated)
            case Designated():
                return self._designated(condition, view, negated)
        row = question(condition, view, self.set_id)
        return self._asked(row, view, negated)

    def _asked(self, row: Row, view: View, negated: bool) -> Asked:
        owes = not view.muted and ("obligations" in row or "warning" in row or row["op"] == "consent")
        return Asked(self._intern("q", self.questions, row), negated, owes)

    def _combine(self, op: str, conditions: tuple[Condition, ...], view: View, negated: bool) -> Part:
        parts = tuple(self._part(condition, view, negated) for condition in conditions)
        return _gate(_DUAL[op] if negated else op, parts)

    def _alternative(self, alternative: Alternative, view: View, negated: bool) -> Part:
        needs = self._part(alternative.needs, view, negated)
        attached = (tuple(map(_obligation, alternative.attached)), alternative.said)
        if view.muted or not any(attached):
            return needs
        return Gate("all", (needs,), attached)

    def _designated(self, condition: Designated, view: View, negated: bool) -> Part:
        """Take a universal question over places apart: each group of places with the same rows has one that holds."""
        groups = self._groups(condition)
        answered = condition.outside.union(*groups.values())
        parts: list[Part] = [self._asked(covered(condition, view, self.set_id(answered)), view, negated)]
        for rows, places in groups.items():
            name = self.set_id(frozenset(places))
            nobody = self._asked(absent(condition, view, name), view, negated)
            holding = [self._row(row, condition, view, name, negated) for row in rows]
            parts.append(Gate(_DUAL["each"] if negated else "each", (nobody, *holding)))
        return _gate(_DUAL["all"] if negated else "all", tuple(parts))

    def _groups(self, condition: Designated) -> dict[tuple[Designation, ...], list[str]]:
        about: dict[str, list[Designation]] = {}
        for row in self._designations:
            if row.suspends is None and (row.by, row.kind) == (condition.by, condition.kind):
                for place in row.places - condition.outside:
                    about.setdefault(place, []).append(row)
        groups: dict[tuple[Designation, ...], list[str]] = {}
        for place in sorted(about):
            groups.setdefault(tuple(sorted(about[place], key=lambda row: row.id)), []).append(place)
        return groups

    def _row(self, row: Designation, condition: Designated, view: View, places: str, negated: bool) -> Part:
        valid = self._asked(in_force(row, condition, view, places), view, negated)
        if row.scope is None:
            return valid
        scope = self._part(row.scope, replace(view, muted=True), negated)
        return _gate("any" if negated else "all", (valid, scope))

    def _gate(self, gate: Gate) -> str:
        below = [part for part in gate.parts if isinstance(part, Gate)]
        ids = [self._raise(self._gate(part), part.level, gate.level - 1) for part in below]
        row: dict[str, Anything] = {"op": gate.op, "level": gate.level}
        for part in gate.parts:
            if isinstance(part, Asked):
                row.setdefault(self._key(part), {})[part.id] = True
        if "slow_yes" in row or "slow_no" in row:
            row["slow"] = True
        if ids:
            row["gates"] = list(dict.fromkeys(ids))
        if gate.owes:
            left = iter(ids)
            row["parts"] = [self._speaker(part, left) for part in gate.parts]
            row["obligations"], row["warnings"] = map(list, gate.attached)
        return self._intern("g", self.gates, row)

    def _key(self, part: Asked) -> str:
        looked_up = self.questions[part.id]["op"] in LOOKED_UP
        return ("no" if part.negated else "yes") if looked_up else "slow_no" if part.negated else "slow_yes"

    def _raise(self, gate: str, level: int, wanted: int) -> str:
        while level < wanted:
            level += 1
            row: dict[str, Anything] = {"op": "all", "level": level, "gates": [gate]}
            if "parts" in self.gates[gate]:
                row |= {"parts": [{"gate": gate, "owes": True}], "obligations": [], "warnings": []}
            gate = self._intern("g", self.gates, row)
        return gate

    def _speaker(self, part: Part, gates: Iterator[str]) -> Row:
        if isinstance(part, Gate):
            return {"gate": next(gates), "owes": part.owes}
        slow = self._key(part).startswith("slow")
        return {"question": part.id, "negated": part.negated, "slow": slow, "owes": part.owes}

    def _intern(self, letter: str, table: dict[str, Anything], row: Row) -> str:
        key = letter, json.dumps(row, sort_keys=True)
        if key not in self._ids:
            self._ids[key] = f"{letter}{len(table)}"
            table[self._ids[key]] = row
        return self._ids[key]


def _gate(op: str, parts: tuple[Part, ...]) -> Part:
    """Combine, with the parts of a part that combines alike in its place."""
    if len(parts) == 1:
        return parts[0]
    return Gate(op, tuple(inner for part in parts for inner in _spliced(op, part)))


def _spliced(op: str, part: Part) -> Iterator[Part]:
    if isinstance(part, Gate) and part.op == op and not any(part.attached):
        yield from part.parts
    else:
        yield part


def _obligation(obligation: Anything) -> Row:
    return {"type": obligation.type, "parameters": dict(obligation.parameters)}
