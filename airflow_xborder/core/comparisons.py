# SPDX-License-Identifier: Apache-2.0
"""Conditions on single facts: is it known, one of these, among those, a kind of that, at least so many.

A set with the member ``UNKNOWN`` has further members that nobody named. The purpose is different: there the set
holds the candidates, of which one is it, and ``UNKNOWN`` says that nobody told which.
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.facts import UNKNOWN
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import Truth, any_of
from airflow_xborder.core.vocabulary import ancestors, is_a

SOURCE_CATEGORIES = "attributes.source_categories"
# What a safeguard turns data into, by name; where the safeguard cures nothing, the name tells nothing.
_CURED_NAMES = {"anonymised": "anonymisation", "personal_data.pseudonymised": "pseudonymisation"}


def one_of(candidates: frozenset[str], holding: frozenset[str]) -> Truth:
    """Tell whether the one that nobody named among ``candidates`` is in ``holding``."""
    if candidates <= holding:
        return Truth.TRUE
    return Truth.UNKNOWN if candidates & holding else Truth.FALSE


def _candidates(path: str, value: frozenset[str]) -> frozenset[str] | None:
    return value - {UNKNOWN} if path == "purpose" and UNKNOWN in value else None


def category_terms(case: Case) -> list[str] | None:
    """Return the categories of the data, with those of the sources it was derived from; ``None`` when unknown."""
    value, sources = case.value("data_categories"), case.value(SOURCE_CATEGORIES)
    if not isinstance(value, frozenset):
        return None
    return sorted(value | sources if isinstance(sources, frozenset) else value)


def term_is_a(case: Case, term: str, kind: str) -> Truth:
    """Tell whether data of one category of the flow is data of category ``kind``.

    Derived data is of the kinds of its sources, where these are stated. Data named after a safeguard that cures
    nothing for the rule that asks (``not_cured_by``) may still be of any kind.
    """
    found = is_a(term, kind)
    uncured = _CURED_NAMES.get(term) in case.uncured
    if not (uncured or term.startswith("derived")):
        return found
    if case.value(SOURCE_CATEGORIES):
        return Truth.of(kind in ancestors(term))
    return Truth.UNKNOWN if uncured and found is Truth.FALSE else found


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
        value = case.value(self.path)
        if value is None:
            return Truth.UNKNOWN
        if not isinstance(value, frozenset):
            return Truth.of(str(value) in self.values)
        candidates = _candidates(self.path, value)
        if candidates is not None:
            return one_of(candidates, self.values)
        if value & self.values:
            return Truth.TRUE
        return Truth.UNKNOWN if UNKNOWN in value else Truth.FALSE


@dataclass(frozen=True, slots=True)
class Within(_Fact):
    """Every member of the fact is one of ``values``."""

    values: frozenset[str]
    label: str = ""

    def truth(self, case: Case) -> Truth:
        value = case.value(self.path)
        if value is None:
            return Truth.UNKNOWN
        if not isinstance(value, frozenset):
            return Truth.of(str(value) in self.values)
        candidates = _candidates(self.path, value)
        if candidates is not None:
            return one_of(candidates, self.values)
        if value - {UNKNOWN} - self.values:
            return Truth.FALSE
        return Truth.UNKNOWN if UNKNOWN in value else Truth.TRUE


@dataclass(frozen=True, slots=True)
class Is(_Fact):
    """The fact is exactly this Boolean."""

    expected: bool

    def truth(self, case: Case) -> Truth:
        value = case.value(self.path)
        if value is None:
            return Truth.UNKNOWN
        return Truth.of(value is self.expected)

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield self.path


@dataclass(frozen=True, slots=True)
class IsA(_Fact):
    """Some data category of the flow is a kind of ``kind``."""

    kind: str

    def truth(self, case: Case) -> Truth:
        terms = category_terms(case)
        if terms is None:
            return Truth.UNKNOWN
        return any_of(term_is_a(case, term, self.kind) for term in terms)


@dataclass(frozen=True, slots=True)
class Compare(_Fact):
    """A number is at least ``at_least`` and less than ``less_than`` (either may be absent)."""

    at_least: int | None = None
    less_than: int | None = None

    def truth(self, case: Case) -> Truth:
        value = case.value(self.path)
        if value == frozenset():
            return Truth.FALSE
        if value is None or isinstance(value, (str, bool, frozenset)):
            return Truth.UNKNOWN
        return Truth.of(
            (self.at_least is None or value >= self.at_least)
            and (self.less_than is None or value < self.less_than)
        )


@dataclass(frozen=True, slots=True)
class Known(_Fact):
    """The fact is known at all; never unknown itself."""

    def truth(self, case: Case) -> Truth:
        value = case.value(self.path)
        return Truth.of(value is not None and not (isinstance(value, frozenset) and UNKNOWN in value))


@dataclass(frozen=True, slots=True)
class NotAmong(_Fact):
    """The fact has a member that is, by itself and by what it is a kind of, none of the members of another fact."""

    other: str

    def truth(self, case: Case) -> Truth:
        value, known = case.value(self.path), case.value(self.other)
        if not isinstance(value, frozenset) or not isinstance(known, frozenset):
            return Truth.UNKNOWN
        among = frozenset(member for member in value if ancestors(member) & known)
        candidates = _candidates(self.path, value)
        if candidates is not None:
            return ~one_of(candidates, among)
        if value - among - {UNKNOWN}:
            return Truth.TRUE
        return Truth.UNKNOWN if UNKNOWN in value else Truth.FALSE

    def missing(self, case: Case) -> Iterator[str]:
        for path in (self.path, self.other):
            value = case.value(path)
            if not isinstance(value, frozenset) or UNKNOWN in value:
                yield path
