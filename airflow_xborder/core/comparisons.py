# SPDX-License-Identifier: Apache-2.0
"""Conditions on single facts: is it known, one of these, among those, a kind of that, at least so many.

A set with the member ``UNKNOWN`` has further members that nobody named. The purpose is different: there the set
holds the candidates, of which one is it, and ``UNKNOWN`` says that nobody told which.
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.facts import UNKNOWN as UNNAMED
from airflow_xborder.core.kinds import SOURCE_CATEGORIES
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import FALSE, TRUE, UNKNOWN, Truth
from airflow_xborder.core.vocabulary import ancestors


def one_of(candidates: frozenset[str], holding: frozenset[str]) -> Truth:
    """Tell whether the one that nobody named among ``candidates`` is in ``holding``."""
    if candidates <= holding:
        return TRUE
    return UNKNOWN if candidates & holding else FALSE


def category_terms(case: Case) -> list[str] | None:
    """Return the categories of the data, with those of the sources it was derived from; ``None`` when unknown."""
    value, sources = case.values["data_categories"], case.values[SOURCE_CATEGORIES]
    if not isinstance(value, frozenset):
        return None
    return sorted(value | sources if isinstance(sources, frozenset) else value)


@dataclass(frozen=True, slots=True)
class _Fact(Condition):
    path: str

    def missing(self, case: Case) -> Iterator[str]:
        yield self.path


@dataclass(frozen=True, slots=True)
class In(_Fact):
    """Some member of the fact is one of ``values``. ``label`` is the set's name, for people."""

    values: frozenset[str]
    label: str = ""

    def truth(self, case: Case) -> Truth:
        value = case.values[self.path]
        if value.__class__ is not frozenset:
            return UNKNOWN if value is None else TRUE if str(value) in self.values else FALSE
        if UNNAMED in value and self.path == "purpose":
            return one_of(value - {UNNAMED}, self.values)
        if not self.values.isdisjoint(value):
            return TRUE
        return UNKNOWN if UNNAMED in value else FALSE


@dataclass(frozen=True, slots=True)
class Within(_Fact):
    """Every member of the fact is one of ``values``."""

    values: frozenset[str]
    label: str = ""

    def truth(self, case: Case) -> Truth:
        value = case.values[self.path]
        if value.__class__ is not frozenset:
            return UNKNOWN if value is None else TRUE if str(value) in self.values else FALSE
        if value <= self.values:
            return TRUE
        if UNNAMED not in value:
            return FALSE
        if self.path == "purpose":
            return one_of(value - {UNNAMED}, self.values)
        return UNKNOWN if value - {UNNAMED} <= self.values else FALSE


@dataclass(frozen=True, slots=True)
class Is(_Fact):
    """The fact is exactly this Boolean."""

    expected: bool

    def truth(self, case: Case) -> Truth:
        value = case.values[self.path]
        if value is self.expected:
            return TRUE
        # What is neither true nor false says nothing; an empty set is the silence of a complete row.
        return FALSE if value is (not self.expected) or value == frozenset() else UNKNOWN

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not TRUE:
            yield self.path


@dataclass(frozen=True, slots=True)
class IsA(_Fact):
    """Some data category of the flow is a kind of ``kind``."""

    kind: str

    def truth(self, case: Case) -> Truth:
        certain, possible, _ = case.kinds
        return TRUE if self.kind in certain else UNKNOWN if self.kind in possible else FALSE


@dataclass(frozen=True, slots=True)
class Compare(_Fact):
    """A number is at least ``at_least`` and less than ``less_than`` (either may be absent)."""

    at_least: int | None = None
    less_than: int | None = None

    def truth(self, case: Case) -> Truth:
        value = case.values[self.path]
        if value == frozenset():
            return FALSE
        if value is None or isinstance(value, (str, bool, frozenset)):
            return UNKNOWN
        return Truth.of(
            (self.at_least is None or value >= self.at_least)
            and (self.less_than is None or value < self.less_than)
        )


@dataclass(frozen=True, slots=True)
class Known(_Fact):
    """The fact is known at all; never unknown itself."""

    def truth(self, case: Case) -> Truth:
        value = case.values[self.path]
        return Truth.of(value is not None and not (isinstance(value, frozenset) and UNNAMED in value))


@dataclass(frozen=True, slots=True)
class NotAmong(_Fact):
    """The fact has a member that is, by itself and by what it is a kind of, none of the members of another fact."""

    other: str

    def truth(self, case: Case) -> Truth:
        value, known = case.values[self.path], case.values[self.other]
        if not isinstance(value, frozenset) or not isinstance(known, frozenset):
            return UNKNOWN
        among = frozenset(member for member in value if ancestors(member) & known)
        if self.path == "purpose" and UNNAMED in value:
            return ~one_of(value - {UNNAMED}, among)
        if value - among - {UNNAMED}:
            return TRUE
        return UNKNOWN if UNNAMED in value else FALSE

    def missing(self, case: Case) -> Iterator[str]:
        for path in (self.path, self.other):
            value = case.value(path)
            if not isinstance(value, frozenset) or UNNAMED in value:
                yield path
