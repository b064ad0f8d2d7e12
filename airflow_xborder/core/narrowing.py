# SPDX-License-Identifier: Apache-2.0
"""What a flow must look like for some questions to have the wanted answers: one after the other narrows it down.

A question is a leaf of the condition language with the answer that is wanted, TRUE or FALSE. Sound, and not complete:
only when no flow can be such does ``narrow`` say so. What makes two rules see one flow differently is carried along:
the calendar (a document may be valid for one and not yet for the other), the safeguards that cure nothing, and whether
silence counts as "none".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from airflow_xborder.core.comparisons import Compare, In, Is, IsA, Known, Within
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.facts import REACHING_LEVELS
from airflow_xborder.core.grounds import (
    Counted,
    HasConsent,
    HasEvidence,
    HasMechanism,
    HasSafeguard,
    Listed,
    OwnedBy,
)
from airflow_xborder.core.vocabulary import ancestors

Terms: TypeAlias = frozenset[str]
# Facts of which a flow has one value, if any. All others, attributes among them, may have several.
_ONE = frozenset({"access_mode", "frequency", "purpose", "retention_days", "subjects.min_age"}).union(
    *(
        {f"{end}.country", f"{end}.subdivision", f"{end}.control_country"}
        for end in ("source", "destination")
    ),
    *(
        {f"{party}.{key}" for key in ("country", "organised_in", "principal_place", "residence", "role", "party")}
        for party in ("exporter", "importer")
    ),
)  # fmt: skip
# Facts that others hold too: what is at the first is also at the second.
_ALSO: Mapping[str, tuple[str, ...]] = {
    "source.country": ("source.place",),
    "source.subdivision": ("source.place",),
    "destination.country": ("destination.place", "reach", "reach.countries"),
    "destination.subdivision": ("destination.place", "reach"),
    "destination.place": ("reach",),
    "importer.country": ("reach", "reach.countries"),
    **{f"places.{level}": ("reach",) for level in REACHING_LEVELS},
}


@dataclass(frozen=True, slots=True)
class Voice:
    """Who asks: the calendar it reads, the safeguards that cure nothing for it, whether silence counts as none."""

    calendar: str = "UTC"
    uncured: Terms = frozenset()
    connecting: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A question with the answer that is wanted."""

    leaf: Condition
    holds: bool
    voice: Voice


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one fact: it has a member in each of ``having``, all in ``within``, none in ``without``.

    ``beyond``: it has a member outside each of these sets. Numbers lie in ``[low, high)``.
    """

    having: tuple[Terms, ...] = ()
    within: Terms | None = None
    without: Terms = frozenset()
    beyond: tuple[Terms, ...] = ()
    flag: bool | None = None
    not_flag: frozenset[bool] = frozenset()
    low: int = 0
    high: int | None = None
    number: bool = False
    unknown: bool = False

    def left(self, terms: Terms) -> Terms:
        """Return the members of ``terms`` that the fact may have."""
        return (terms if self.within is None else terms & self.within) - self.without

    def is_possible(self, one: bool) -> bool:
        """Tell whether a fact can be such.

        :param one: whether it has at most one value.
        """
        if self.flag is not None and self.flag in self.not_flag:
            return False
        if self.number and self.high is not None and self.high <= self.low:
            return False
        return self._one_is_possible() if one else self._several_are_possible()

    def _one_is_possible(self) -> bool:
        there = bool(self.having or self.beyond)
        if self.having:
            left = self.left(frozenset.intersection(*self.having)).difference(*self.beyond)
            return bool(left)
        return not there or self.within is None or bool(self.left(self.within).difference(*self.beyond))

    def _several_are_possible(self) -> bool:
        if not all(self.left(terms) for terms in self.having):
            return False
        return self.within is None or all(self.left(self.within) - terms for terms in self.beyond)


_ANY = Fact()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What all questions so far leave of the flows.

    :param facts: what is known of each fact, by its path.
    :param asked: the questions, in the order asked.
    :param others: those of them that no fact alone settles.
    """

    facts: Mapping[str, Fact]
    asked: tuple[Literal, ...] = ()
    others: tuple[Literal, ...] = ()

    def narrow(self, literal: Literal) -> Narrowed | None:
        """Ask one more question; ``None`` if no flow answers all of them so."""
        kind, holds = literal.leaf.__class__, literal.holds
        facts = self.facts
        if kind in _OF_FACTS:
            changed = dict(facts)
            for path, fact in _facts(literal.leaf, holds):
                if not _learn(changed, path, fact):
                    return None
            facts = changed
        if _is_settled_by_facts(literal.leaf):
            return Narrowed(facts, (*self.asked, literal), self.others)
        for other in self.others:
            if other.holds is not holds and _contradict(literal, other):
                return None
        return Narrowed(facts, (*self.asked, literal), (*self.others, literal))


_OF_FACTS = frozenset({In, Within, Is, Compare, Known})


def _is_settled_by_facts(leaf: Condition) -> bool:
    return isinstance(leaf, (Within, Is)) or (isinstance(leaf, In) and leaf.path != "data_categories")


def _learn(facts: dict[str, Fact], path: str, more: Fact) -> bool:
    """Add to what is known of a fact, and tell whether it can still be."""
    known = facts.get(path)
    fact = more if known is None else _both(known, more)
    facts[path] = fact
    return fact.is_possible(path in _ONE) and not (fact.unknown and _is_stated(fact, path))


EVERYTHING = Narrowed({})


def _is_stated(fact: Fact, path: str) -> bool:
    # A set may hold what is asked for and still have members that nobody named; so may a purpose.
    if fact.flag is not None or fact.number:
        return True
    return bool(fact.having) and path in _ONE and path != "purpose"


def _facts(leaf: Condition, holds: bool) -> Iterator[tuple[str, Fact]]:
    if isinstance(leaf, In):
        yield from _in(leaf.path, leaf.values, holds)
    elif isinstance(leaf, Within):
        yield leaf.path, Fact(within=leaf.values) if holds else Fact(beyond=(leaf.values,))
    elif isinstance(leaf, Is):
        # Not the one is not the other: it may be that nobody says, where silence counts.
        yield leaf.path, Fact(flag=leaf.expected) if holds else Fact(not_flag=frozenset({leaf.expected}))
    elif isinstance(leaf, Compare) and holds:
        yield leaf.path, Fact(low=leaf.at_least or 0, high=leaf.less_than, number=True)
    elif isinstance(leaf, Known) and not holds:
        yield leaf.path, Fact(unknown=True)


def _in(path: str, values: Terms, holds: bool) -> Iterator[tuple[str, Fact]]:
    if not holds:
        yield path, Fact(without=values)
        return
    yield path, Fact(having=(values,))
    if path.startswith("subjects.") and all("-" in value for value in values):
        # Who lives in a part of a country lives in the country.
        yield path, Fact(having=(frozenset(value[:2] for value in values),))
    for other in _ALSO.get(path, ()):
        yield other, Fact(having=(values,))


def _both(a: Fact, b: Fact) -> Fact:
    within = a.within if b.within is None else b.within if a.within is None else a.within & b.within
    flags = {flag for flag in (a.flag, b.flag) if flag is not None}
    bounds = [high for high in (a.high, b.high) if high is not None]
    contrary = frozenset({True, False}) if len(flags) > 1 else frozenset[bool]()
    return Fact(
        having=tuple(dict.fromkeys((*a.having, *b.having))),
        within=within,
        without=a.without | b.without,
        beyond=tuple(dict.fromkeys((*a.beyond, *b.beyond))),
        flag=next(iter(flags), None),
        not_flag=a.not_flag | b.not_flag | contrary,
        low=max(a.low, b.low),
        high=min(bounds) if bounds else None,
        number=a.number or b.number,
        unknown=a.unknown or b.unknown,
    )


def _contradict(a: Literal, b: Literal) -> bool:
    if a.holds is b.holds:
        return False
    yes, no = (a, b) if a.holds else (b, a)
    if type(yes.leaf) is not type(no.leaf):
        return _kinds_contradict(yes, no)
    match yes.leaf, no.leaf:
        case IsA() as one, IsA() as other:
            return other.kind in ancestors(one.kind)
        case (HasMechanism() as one, HasMechanism() as other) | (HasConsent() as one, HasConsent() as other):
            return one.ground_for == other.ground_for and one.types <= other.types and _one_day(yes, no)
        case Compare() as one, Compare() as other:
            return one.path == other.path and _lies_within(one, other)
        case OwnedBy() as one, OwnedBy() as other:
            return one.countries <= other.countries and Decimal(one.share) >= Decimal(other.share)
        case Counted() as one, Counted() as other:
            return _counts_contradict(one, other) and yes.voice.uncured <= no.voice.uncured
        case _:
            return yes.leaf == no.leaf and _see_alike(yes, no)


def _see_alike(a: Literal, b: Literal) -> bool:
    match a.leaf:
        case HasEvidence():
            return _one_day(a, b)
        case HasSafeguard() | Listed():  # of a safeguard that cures nothing nobody asks
            return True
        case _:
            return a.voice == b.voice


def _one_day(a: Literal, b: Literal) -> bool:
    return a.voice.calendar == b.voice.calendar


def _kinds_contradict(yes: Literal, no: Literal) -> bool:
    """Tell whether what holds needs data of a kind of which there is none."""
    if not isinstance(no.leaf, IsA):
        return False
    if isinstance(yes.leaf, Counted) and yes.voice.uncured <= no.voice.uncured:
        return all(no.leaf.kind in ancestors(category) for category in yes.leaf.categories)
    if isinstance(yes.leaf, In) and yes.leaf.path == "data_categories":
        return all(no.leaf.kind in ancestors(category) for category in yes.leaf.values)
    return False


def _lies_within(inner: Compare, outer: Compare) -> bool:
    below = outer.less_than is None or (inner.less_than is not None and inner.less_than <= outer.less_than)
    return below and (inner.at_least or 0) >= (outer.at_least or 0)


def _counts_contradict(reached: Counted, missed: Counted) -> bool:
    """Tell whether a count that reaches the one threshold also reaches the other."""
    covered = all(
        any(category in ancestors(own) for category in missed.categories) for own in reached.categories
    )
    same = (reached.unit, reached.window) == (missed.unit, missed.window)
    return covered and same and reached.bound >= missed.bound
