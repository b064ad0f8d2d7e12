# SPDX-License-Identifier: Apache-2.0
"""Instantiation: which part of the graph applies to one flow, with what it depends on pulled in.

Knows connecting factors, the calendar and whether a rule applies; whether it is met is asked in ``evaluation.py``.
An error in a rule or a pack is noted, not raised: whoever combines the answers makes it deny (law 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Case
from airflow_xborder.core.designations import turning_days
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.pack import Head, Pack
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.truth import Truth
from airflow_xborder.errors import XborderError

# What a rule over odd facts may raise; anything else is a bug that must not look like an answer.
RULE_ERRORS = (
    XborderError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A requirement that applies (TRUE) or may apply (UNKNOWN); ``error`` says why that could not be told."""

    requirement: Requirement
    case: Case
    applies: Truth
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class Instance:
    """The part of the policies that concerns one flow.

    ``considered`` says of each regime that is concerned whether it calls the flow a transfer; ``errors`` what went
    wrong outside any one rule. ``states`` tells which rules are in force; ``turns`` are the moments at which
    something dated begins or is over; ``days`` are the calendar days on which the rules are asked.
    """

    applied: list[Applied] = field(default_factory=list)
    considered: dict[str, bool] = field(default_factory=dict)
    not_considered: dict[str, str] = field(default_factory=dict)
    unconnected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    states: dict[str, bool] = field(default_factory=dict)
    turns: set[datetime] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    thresholds: dict[str, str] = field(default_factory=dict)


def failure(error: Exception) -> str:
    """Return what an error says; never empty, since some say nothing."""
    return f"{error}" or type(error).__name__


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of a rule's calendar."""
    return ZoneInfo(name)


def instantiate(policies: Policies, facts: Facts, as_of: datetime) -> Instance:
    """Find the requirements that apply to a flow at a moment, or may apply.

    :param as_of: the moment, aware; each rule reads it as a day in its own time zone.
    """
    return _Instantiation(policies, facts, as_of).run()


class _Instantiation:
    """One instantiation on its way; the order of packs and rules does not matter."""

    def __init__(self, policies: Policies, facts: Facts, as_of: datetime) -> None:
        self._policies = policies
        self._facts = facts
        self._as_of = as_of
        self._found = Instance()
        self._asked: set[str] = set()

    def run(self) -> Instance:
        try:
            for head in self._policies.heads:
                self._consider(head)
            self._pull_in_dependencies()
        except RULE_ERRORS as error:
            self._found.errors["policies"] = failure(error)
        return self._found

    def _consider(self, head: Head) -> None:
        try:
            case = self._case(head).where(connecting=True)
            truth = head.connects.truth(case)
            self._note_days(head, head.connects.boundaries(case))
            if truth is Truth.TRUE:
                self._enter(self._policies.pack(head.id))
            elif truth is Truth.UNKNOWN:
                self._found.unconnected[head.id] = tuple(sorted(set(head.connects.missing(case))))
            else:
                reason = f"no connecting factor: nothing in the flow ties it to {head.title}"
                self._found.not_considered[head.id] = reason
        except RULE_ERRORS as error:
            self._found.errors[head.id] = failure(error)

    def _case(self, head: Head) -> Case:
        on = self._as_of.astimezone(zone(head.time_zone)).date()
        self._found.days.add(on)
        return Case(facts=self._facts, on=on, designations=self._policies.designations)

    def _enter(self, pack: Pack) -> None:
        case = self._case(pack)
        self._found.considered[pack.id] = (
            pack.transfer is not None and pack.transfer.truth(case) is Truth.TRUE
        )
        if pack.transfer is not None:
            self._note_days(pack, pack.transfer.boundaries(case))
        for counted in pack.transfer_thresholds:
            self._found.thresholds[f"{counted.name} []"] = counted.truth(case).value
        for row in pack.designations:
            self._found.states[row.id] = case.designations.in_force(row, case.on)
        for requirement in pack.requirements:
            self._ask(requirement, pack)

    def _pull_in_dependencies(self) -> None:
        # A rule brings along what it rests on, even from a pack that nothing else connects.
        waiting = [name for applied in self._found.applied for name in applied.requirement.dependencies]
        while waiting:
            name = waiting.pop()
            if name in self._asked:
                continue
            pack = self._policies.pack(self._policies.owners[name])
            requirement = next(rule for rule in pack.requirements if rule.id == name)
            if self._ask(requirement, pack):
                waiting += requirement.dependencies
                self._found.not_considered.pop(pack.id, None)
                if pack.id not in self._found.unconnected:
                    self._found.considered.setdefault(pack.id, False)

    def _ask(self, requirement: Requirement, pack: Pack) -> bool:
        self._asked.add(requirement.id)
        case = self._case(pack).where(uncured=frozenset(requirement.not_cured_by))
        self._note_days(pack, turning_days(requirement.effective_date, requirement.expires))
        in_force = requirement.in_force(case.on) and not _superseded(requirement, pack, case.on)
        self._found.states[requirement.id] = in_force
        if not in_force:
            return False
        try:
            applies = requirement.when.truth(case)
            self._note_consulted(requirement, pack, case)
        except RULE_ERRORS as error:
            wrong = Applied(requirement=requirement, case=case, applies=Truth.UNKNOWN, error=failure(error))
            self._found.applied.append(wrong)
            return True
        if applies is Truth.FALSE:
            return False
        self._found.applied.append(Applied(requirement=requirement, case=case, applies=applies))
        return True

    def _note_consulted(self, requirement: Requirement, pack: Pack, case: Case) -> None:
        for condition in (requirement.when, requirement.constraint):
            self._note_days(pack, condition.boundaries(case))
        uncured = ", ".join(sorted(case.uncured))
        for counted in requirement.thresholds:
            self._found.thresholds[f"{counted.name} [{uncured}]"] = counted.truth(case).value

    def _note_days(self, head: Head, days: Iterable[date]) -> None:
        tz = zone(head.time_zone)
        today = self._as_of.astimezone(tz).date()
        self._found.turns |= {
            datetime.combine(day, time(), tz).astimezone(timezone.utc) for day in set(days) if day > today
        }


def _superseded(requirement: Requirement, pack: Pack, on: date) -> bool:
    return any(requirement.id in other.supersedes and other.in_force(on) for other in pack.requirements)
