# SPDX-License-Identifier: Apache-2.0
"""Instantiation: which part of the graph applies to one flow, with what it depends on pulled in.

Knows connecting factors, the calendar and whether a rule applies; whether it is met is asked in ``evaluation.py``.
What only a record or a reader wants (which dates and thresholds were consulted, why a regime is not concerned) is
found when it is asked for. An error in a rule or a pack is noted, not raised: whoever combines the answers makes it
deny (law 11).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import date, datetime, time, timezone
from functools import cached_property, lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from airflow_xborder.core.compilation import CompiledPack, Policies
from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.designations import turning_days
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.pack import Head
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.tables import Left, ask
from airflow_xborder.core.truth import FALSE, TRUE, UNKNOWN, Truth
from airflow_xborder.errors import XborderError

# What a rule over odd facts may raise; anything else is a bug that must not look like an answer.
RULE_ERRORS = (
    XborderError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip

_NONE: frozenset[str] = frozenset()


class Applied:
    """A requirement that applies (TRUE) or may apply (UNKNOWN); ``error`` says why that could not be told."""

    __slots__ = ("applies", "case", "error", "requirement")

    def __init__(
        self, requirement: Requirement, case: Case, applies: Truth, error: str | None = None
    ) -> None:
        self.requirement = requirement
        self.case = case
        self.applies = applies
        self.error = error


def failure(error: Exception) -> str:
    """Return what an error says; never empty, since some say nothing."""
    return f"{error}" or type(error).__name__


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of a rule's calendar."""
    return ZoneInfo(name)


@lru_cache(maxsize=256)
def day_in(name: str, moment: datetime) -> date:
    """Return the day that a moment falls on, in a time zone."""
    return moment.astimezone(zone(name)).date()


def instantiate(policies: Policies, facts: Facts, as_of: datetime, part: Part | None = None) -> Instance:
    """Find the requirements that apply to a flow at a moment, or may apply.

    :param as_of: the moment, aware; each rule reads it as a day in its own time zone.
    :param part: if the facts are those of a part of a flow, what is known of the whole.
    """
    return Instance(policies, facts, as_of, part)


_Asked: TypeAlias = "tuple[Requirement, CompiledPack, Case]"


class Part:
    """What is known when a part of a flow is asked about: the regimes that concern the whole, and how it was divided.

    A regime of the whole concerns a part unless it certainly does not, and of its rules only those need to be asked
    that tell parts apart along ``paths``: any other binds the whole whenever it binds a part (law 7).
    """

    __slots__ = ("concerned", "paths", "whole")

    def __init__(self, whole: Instance, paths: Iterable[str]) -> None:
        self.whole = whole
        self.concerned = frozenset(whole.considered)
        self.paths = tuple(paths)

    def leaves(self, name: str, compiled: CompiledPack) -> bool:
        """Tell whether a rule was asked of the whole, and need not be asked of a part."""
        asked = name in self.whole.asked or compiled.pack.id in self.whole.entered
        return asked and not compiled.tells_apart(name, self.paths)


class _Cases:
    """The question about one flow, made once for each day on which some time zone asks it."""

    __slots__ = ("_as_of", "_cases", "_facts", "_policies")

    def __init__(self, policies: Policies, facts: Facts, as_of: datetime) -> None:
        self._policies = policies
        self._facts = facts
        self._as_of = as_of
        self._cases: dict[tuple[str | date, frozenset[str] | None], Case] = {}

    def __call__(self, name: str, uncured: frozenset[str] | None) -> Case:
        """Return the question in a time zone, where some safeguards cure nothing; ``None`` is that of connecting factors."""
        case = self._cases.get((name, uncured))
        if case is not None:
            return case
        day = day_in(name, self._as_of)
        # Many zones share a day, and with it everything that was answered.
        case = self._cases.get((day, uncured))
        if case is None:
            case = self._cases[day, uncured] = Case(
                facts=self._facts,
                on=day,
                designations=self._policies.designations,
                connecting=uncured is None,
                uncured=uncured or _NONE,
            )
        self._cases[name, uncured] = case
        return case


class Instance:
    """The part of the policies that concerns one flow; the order of packs and rules does not matter.

    ``applied`` are the requirements that apply or may apply; ``considered`` says of each regime that is concerned
    whether it calls the flow a transfer; ``unconnected`` are the heads of which nobody can tell; ``errors`` is what
    went wrong outside any one rule.
    """

    def __init__(self, policies: Policies, facts: Facts, as_of: datetime, part: Part | None) -> None:
        self.policies = policies
        self.facts = facts
        self._part = part
        self._concerned: Container[str] = part.concerned if part else ()
        self.as_of = as_of
        self.applied: list[Applied] = []
        self.considered: dict[str, bool] = {}
        self.errors: dict[str, str] = {}
        self.open_heads: list[Head] = []
        self._absorbed: list[Instance] = []
        self.entered: dict[str, CompiledPack] = {}
        self.asked: set[str] = set()
        self._pulled: list[tuple[Requirement, frozenset[str], CompiledPack]] = []
        self._case = _Cases(policies, facts, as_of)
        try:
            self._connect()
            self._pull_in_dependencies()
        except RULE_ERRORS as error:
            self.errors["policies"] = failure(error)

    def _connect(self) -> None:
        for left in self.policies.concerned(self._case("UTC", None)):
            self._connect_to(self.policies.heads[left.number], left)

    def _connect_to(self, head: Head, left: Left) -> None:
        try:
            answer = left.truth(self._case(head.time_zone, None)) if left.clauses else left.answer
            if answer is TRUE or (answer is UNKNOWN and head.id in self._concerned):
                self._enter(self.policies.compiled(head.id))
            elif answer is UNKNOWN:
                self.open_heads.append(head)
        except RULE_ERRORS as error:
            self.errors[head.id] = failure(error)

    def _enter(self, compiled: CompiledPack) -> None:
        pack, rules = compiled.pack, compiled.rules
        case = self._case(pack.time_zone, _NONE)
        self.entered[pack.id] = compiled
        self.considered[pack.id] = False
        paths = self._part.paths if self._part and pack.id in self._concerned else None
        for left in compiled.applicable(case, paths):
            if left.number < len(rules):
                requirement, uncured = rules[left.number]
                self._ask(requirement, self._case(pack.time_zone, uncured) if uncured else case, left)
            else:
                self.considered[pack.id] = left.truth(case) is TRUE

    def _pull_in_dependencies(self) -> None:
        # A rule brings along what it rests on, even from a pack that nothing else connects.
        waiting = [name for applied in self.applied for name in applied.requirement.dependencies]
        while waiting:
            name = waiting.pop()
            if name in self.asked:
                continue
            compiled = self.policies.compiled(self.policies.owners[name])
            if self._part and self._part.leaves(name, compiled):
                continue
            requirement, uncured = compiled.rules[compiled.numbers[name]]
            self._pulled.append((requirement, uncured, compiled))
            case = self._case(compiled.pack.time_zone, uncured)
            if compiled.in_force(requirement, case.on) and self._ask(
                requirement, case, ask(0, requirement.when)
            ):
                waiting += requirement.dependencies
                if not self.open_heads or compiled.pack.id not in self.unconnected:
                    self.considered.setdefault(compiled.pack.id, False)

    def _ask(self, requirement: Requirement, case: Case, left: Left) -> bool:
        self.asked.add(requirement.id)
        try:
            applies = left.truth(case) if left.clauses else left.answer
        except RULE_ERRORS as error:
            self.applied.append(Applied(requirement, case, UNKNOWN, failure(error)))
            return True
        if applies is FALSE:
            return False
        self.applied.append(Applied(requirement, case, applies))
        return True

    @property
    def dividing(self) -> frozenset[str]:
        """The paths that the connecting factors, and the rules of the regimes that are concerned, tell apart."""
        found = self.policies.dividing
        brought = {compiled.pack.id: compiled for _, _, compiled in self._pulled}
        for compiled in {**brought, **self.entered}.values():
            found |= compiled.dividing(self.policies.designations, self.policies.relations)
        return found

    def absorb(self, part: Instance) -> None:
        """Add the regimes that concern, or may concern, a part of the flow."""
        for name, transfer in part.considered.items():
            self.considered[name] = self.considered.get(name, False) or transfer
        self.errors.update(part.errors)
        known = {head.id for head in self.open_heads}
        self.open_heads += [head for head in part.open_heads if head.id not in known]
        self._absorbed.append(part)

    @cached_property
    def unconnected(self) -> dict[str, tuple[str, ...]]:
        """The regimes of which nobody can tell whether they are concerned, with the facts that would tell."""
        own = {
            head.id: tuple(sorted(set(head.connects.missing(self._case(head.time_zone, None)))))
            for head in self.open_heads
        }
        found: dict[str, tuple[str, ...]] = {}
        for part in self._absorbed:
            found.update(part.unconnected)
        return {**found, **{name: facts for name, facts in own.items() if facts}}

    @property
    def is_open(self) -> bool:
        """Whether there is a regime of which nobody can tell whether it is concerned."""
        return bool(self.open_heads)

    @property
    def not_considered(self) -> dict[str, str]:
        """The regimes that are not concerned, with the reason."""
        concerned = {*self.considered, *self.errors, *self.unconnected}
        return {
            head.id: f"no connecting factor: nothing in the flow ties it to {head.title}"
            for head in self.policies.heads
            if head.id not in concerned
        }

    # What follows is about every rule of the regimes that are concerned, also those that an index left out at once:
    # the keys and dates of a decision must not depend on how it was found.

    @cached_property
    def states(self) -> dict[str, str]:
        """Which rules and designations of each regime that was asked are in force, as a digest."""
        asked = {**self.entered, **{compiled.pack.id: compiled for _, _, compiled in self._pulled}}
        return {
            name: compiled.state(day_in(compiled.pack.time_zone, self.as_of), self.policies.designations)
            for name, compiled in asked.items()
        }

    @cached_property
    def days(self) -> set[date]:
        """The calendar days on which rules are asked."""
        return {day_in(name, self.as_of) for name in self.policies.zones}

    @cached_property
    def thresholds(self) -> dict[str, str]:
        """On which side of each threshold of the rules in force the count is."""
        asked: list[tuple[Counted, Case]] = []
        for compiled in self.entered.values():
            case = self._case(compiled.pack.time_zone, _NONE)
            asked += [(counted, case) for counted in compiled.pack.transfer_thresholds]
        for rule, compiled, case in self._with_thresholds():
            if compiled.in_force(rule, case.on):
                asked += [(counted, case) for counted in rule.thresholds]
        return {
            f"{counted.name} [{', '.join(sorted(case.uncured))}]": counted.truth(case).value
            for counted, case in asked
        }

    def _with_thresholds(self) -> Iterator[_Asked]:
        for compiled in self.entered.values():
            for rule, uncured in compiled.with_thresholds:
                yield rule, compiled, self._case(compiled.pack.time_zone, uncured)
        yield from self._pulled_in()

    def _pulled_in(self) -> Iterator[_Asked]:
        for rule, uncured, compiled in self._pulled:
            if compiled.pack.id not in self.entered:
                yield rule, compiled, self._case(compiled.pack.time_zone, uncured)

    def _may_turn(self) -> Iterator[_Asked]:
        for name, compiled in self.entered.items():
            zone_name = compiled.pack.time_zone
            divided = self._part.paths if self._part and name in self._concerned else None
            for rule, uncured in compiled.may_turn(self._case(zone_name, _NONE), divided):
                yield rule, compiled, self._case(zone_name, uncured)
        yield from self._pulled_in()

    @cached_property
    def turns(self) -> set[datetime]:
        """The moments, after the one of the question, at which something dated begins or is over.

        An error on the way is noted as one of its regime, or its rule.
        """
        moments = {
            datetime.combine(day, time(), zone(name)).astimezone(timezone.utc)
            for name, day in self._turning_days[0]
            if day > day_in(name, self.as_of)
        }
        return moments.union(*(part.turns for part in self._absorbed))

    @cached_property
    def _turning_days(self) -> tuple[set[tuple[str, date]], set[str]]:
        """The days of the whole, or what a part adds to them; and the rules of which no part can add any.

        A part has fewer members than the whole, and the same documents: the dated things that a condition consults for
        it, it consults for the whole as well.
        """
        known = self._part.whole if self._part else None
        told = known._turning_days[1] if known else ()
        days: set[tuple[str, date]] = set()
        for head in () if known else self.policies.dated_heads:
            case = self._case(head.time_zone, None)
            days |= self._days_of(head, head.connects, case)
        for name, compiled in self.entered.items():
            if compiled.pack.transfer is not None and not (known and name in known.entered):
                case = self._case(compiled.pack.time_zone, _NONE)
                days |= self._days_of(compiled.pack, compiled.pack.transfer, case)
        asked: set[str] = set()
        for rule, compiled, case in self._may_turn():
            if rule.id not in told and (found := self._days_of_rule(rule, compiled, case)):
                days |= found
                asked.add(rule.id)
        return days, asked

    def _days_of(self, head: Head, condition: Condition, case: Case) -> set[tuple[str, date]]:
        try:
            return {(head.time_zone, day) for day in condition.boundaries(case)}
        except RULE_ERRORS as error:
            self.errors[head.id] = failure(error)
            return set()

    def _days_of_rule(self, rule: Requirement, compiled: CompiledPack, case: Case) -> set[tuple[str, date]]:
        try:
            return {(compiled.pack.time_zone, day) for day in _days_of_rule(rule, compiled, case)}
        except RULE_ERRORS as error:
            for applied in self.applied:
                if applied.requirement is rule:
                    applied.error = applied.error or failure(error)
            return set()

    @property
    def valid_until(self) -> datetime | None:
        """The earliest moment at which the answer could change; ``None`` for never."""
        return min((moment for moment in self.turns if moment > self.as_of), default=None)


def _days_of_rule(rule: Requirement, compiled: CompiledPack, case: Case) -> Iterator[date]:
    """Yield the days on which what a rule says of a flow may change."""
    dated_when, dated_constraint = compiled.dated[rule.id]
    dated = list(rule.when.boundaries(case)) if dated_when else []
    if not dated and rule.when.truth(case) is FALSE:
        return  # whatever its dates are, it never applies to this flow
    yield from dated
    if dated_constraint:
        yield from rule.constraint.boundaries(case)
    for one in (rule, *compiled.newer.get(rule.id, ())):
        yield from turning_days(one.effective_date, one.expires)
