# SPDX-License-Identifier: Apache-2.0
"""What the cases of packs reach, and what they do not: rules, alternatives, thresholds and dates.

Each thing has sides, and a side is reached by a case that passes:

==============  ======================================================================================
a rule          is met, and is not (one that forbids outright, or only owes obligations: does not apply)
an alternative  is what a rule could be met by, while that rule applies and is met
a threshold     the smallest number that reaches it, and the largest that does not
a date          its first day and the day before; its last day and the day after
==============  ======================================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from airflow_xborder.authoring.cases import CaseResult, sides_of, untested
from airflow_xborder.core.comparisons import Compare
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import All, Case, Condition
from airflow_xborder.core.grounds import Counted, OwnedBy
from airflow_xborder.core.instantiation import day_in
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.places import SETS
from airflow_xborder.core.truth import Truth

KINDS = ("requirements", "alternatives", "thresholds", "dates")
Threshold = Counted | Compare | OwnedBy


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """One side of something that a case should reach."""

    pack: str
    kind: str
    of: str
    side: str
    reached: bool


def coverage(policies: Policies, packs: Iterable[str], results: Iterable[CaseResult]) -> tuple[Side, ...]:
    """Return each side of what the named packs consist of, and whether a passing case reaches it, in order.

    :param policies: what the cases were decided with, so that grounds can be asked again.
    """
    cases = _Cases(policies, [result for result in results if result.passed])
    found: list[Side] = []
    for name in packs:
        reading = _Reading(cases, policies.pack(name))
        for kind in (reading.requirements, reading.alternatives, reading.thresholds, reading.dates):
            found += sorted(set(kind()))
    return tuple(found)


class _Cases:
    """The cases that pass, by what each pack asks of them."""

    def __init__(self, policies: Policies, passed: list[CaseResult]) -> None:
        self._policies = policies
        self._passed = passed
        self._made: dict[tuple[int, str, frozenset[str]], Case] = {}
        self.lacking = {entry.requirement_id: entry.lacks for entry in untested(policies, passed)}
        self.met: dict[str, list[int]] = defaultdict(list)
        self.about: dict[str, list[int]] = defaultdict(list)
        self.reaching: dict[str, list[int]] = defaultdict(list)
        for number, result in enumerate(passed):
            statuses = {row.requirement_id: row.status for row in reversed(result.decision.applicable)}
            for rule in {*statuses, *dict(result.claims)}:
                self.about[rule].append(number)
                if statuses.get(rule) == "met":
                    self.met[rule].append(number)
            for place in _reach(result):
                self.reaching[place].append(number)

    def __len__(self) -> int:
        return len(self._passed)

    def case(self, number: int, time_zone: str, uncured: frozenset[str] = frozenset()) -> Case:
        """Return what grounds of a pack ask one case."""
        key = number, time_zone, uncured
        if key not in self._made:
            result = self._passed[number]
            self._made[key] = Case(
                facts=result.facts,
                on=day_in(time_zone, result.as_of),
                designations=self._policies.designations,
                uncured=uncured,
            )
        return self._made[key]


class _Reading:
    """One pack and the cases that pass."""

    def __init__(self, cases: _Cases, pack: Pack) -> None:
        self._cases = cases
        self._pack = pack

    def _side(self, kind: str, of: str, side: str, reached: bool) -> Side:
        return Side(self._pack.id, kind, of, side, reached)

    def _case(self, number: int, uncured: frozenset[str]) -> Case:
        return self._cases.case(number, self._pack.time_zone, uncured)

    def _days(self, numbers: Iterable[int]) -> set[date]:
        return {self._case(number, frozenset()).on for number in numbers}

    def requirements(self) -> Iterator[Side]:
        """Yield both sides of each rule."""
        lacking = self._cases.lacking
        for rule in self._pack.requirements:
            for side in sides_of(rule):
                yield self._side("requirements", rule.id, side, side not in lacking.get(rule.id, ()))

    def alternatives(self) -> Iterator[Side]:
        """Yield each ground of each rule."""
        for rule in self._pack.requirements:
            uncured = frozenset(rule.not_cured_by)
            met = self._cases.met.get(rule.id, ())
            for position, ground in enumerate(rule.alternatives(), start=1):
                reached = any(ground.truth(self._case(number, uncured)) is Truth.TRUE for number in met)
                yield self._side("alternatives", ground.id or f"{rule.id}#{position}", "met", reached)

    def thresholds(self) -> Iterator[Side]:
        """Yield both sides of each number that a rule compares with; rules that share one share its sides."""
        found: dict[tuple[str, str], bool] = defaultdict(bool)
        for rule in self._pack.requirements:
            uncured = frozenset(rule.not_cured_by)
            for threshold in _thresholds(All((rule.when, rule.constraint))):
                for name, side, reaches in _sides(threshold):
                    found[name, side] |= any(
                        reaches(self._case(number, uncured)) for number in range(len(self._cases))
                    )
        for (name, side), reached in found.items():
            yield self._side("thresholds", name, side, reached)

    def dates(self) -> Iterator[Side]:
        """Yield the days on both sides of each beginning and end."""
        for rule in self._pack.requirements:
            # The days of the cases that say something about a rule, or in which it applies.
            days = self._days(self._cases.about.get(rule.id, ()))
            for side, day in _turns(rule.effective_date, rule.expires):
                yield self._side("dates", rule.id, f"{side} {day}", day in days)
        for row in self._pack.designations:
            numbers = {number for place in row.places for number in self._cases.reaching.get(place, ())}
            days = self._days(numbers)
            for side, day in _turns(row.valid_from, row.valid_until):
                yield self._side("dates", row.id, f"{side} {day}", day in days)


def _reach(result: CaseResult) -> frozenset[str]:
    found = result.facts.values.get("reach.countries")
    return found if isinstance(found, frozenset) else frozenset()


def _thresholds(condition: Condition) -> Iterator[Threshold]:
    if isinstance(condition, Threshold):
        yield condition
    for part in condition.parts():
        yield from _thresholds(part)


def _turns(first: date, last: date | None) -> Iterator[tuple[str, date]]:
    if first > date.min:
        yield "the day before", first - timedelta(days=1)
    yield "the first day", first
    if last is not None:
        yield "the last day", last
        if last < date.max:
            yield "the day after", last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Reaches:
    """Whether a case stands on one side of a threshold, as close to it as numbers go."""

    threshold: Threshold
    number: int | str
    truth: Truth

    def __call__(self, case: Case) -> bool:
        if self.threshold.truth(case) is not self.truth:
            return False
        match self.threshold:
            case Counted() as counted:
                counts = case.facts.flow.counts or ()
                return any(count.unit == counted.unit and count.n == self.number for count in counts)
            case Compare() as compared:
                return case.value(compared.path) == self.number
            case OwnedBy() as owned:
                return self._holds(case, owned)

    def _holds(self, case: Case, owned: OwnedBy) -> bool:
        importer = case.facts.flow.importer
        rows = (importer.owners if importer else None) or ()
        held = sum((Decimal(row.share) for row in rows if row.country in owned.countries), Decimal(0))
        # Shares are no whole numbers: below is anything that somebody holds and that is less.
        return held == Decimal(owned.share) if self.truth is Truth.TRUE else held > 0


def _sides(threshold: Threshold) -> Iterator[tuple[str, str, _Reaches]]:
    """Yield the name of each bound of a threshold with its sides, and what reaches them."""
    match threshold:
        case Counted() as counted:
            for number, truth in ((counted.bound - 1, Truth.FALSE), (counted.bound, Truth.TRUE)):
                yield counted.name, _told(number, truth), _Reaches(counted, number, truth)
        case OwnedBy() as owned:
            name = f"owned by {_set_name(owned.countries)} >= {owned.share}"
            yield name, "less does not reach it", _Reaches(owned, owned.share, Truth.FALSE)
            yield name, f"{owned.share} reaches it", _Reaches(owned, owned.share, Truth.TRUE)
        case Compare() as compared:
            yield from _compared(compared)


def _set_name(places: frozenset[str]) -> str:
    named = (name for name, members in SETS.items() if members == places)
    return next(named, ", ".join(sorted(places)))


def _compared(compared: Compare) -> Iterator[tuple[str, str, _Reaches]]:
    bounds = (
        ("at_least", compared.at_least, ((-1, Truth.FALSE), (0, Truth.TRUE))),
        ("less_than", compared.less_than, ((-1, Truth.TRUE), (0, Truth.FALSE))),
    )
    for word, bound, sides in bounds:
        if bound is not None:
            for step, truth in sides:
                number = bound + step
                yield (
                    f"{compared.path} {word} {bound}",
                    _told(number, truth),
                    _Reaches(compared, number, truth),
                )


def _told(number: int, truth: Truth) -> str:
    return f"{number} {'reaches it' if truth is Truth.TRUE else 'does not reach it'}"
