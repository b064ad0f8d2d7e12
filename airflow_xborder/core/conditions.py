# SPDX-License-Identifier: Apache-2.0
"""The condition language: what a rule may ask of a flow's facts, with a three-valued answer.

Conditions are small immutable trees. ``truth`` answers; ``missing`` then names the facts whose absence made the
answer unknown; ``boundaries`` names the days on which a dated statement that was consulted begins or ends. How a
condition is written in a pack is in ``condition_syntax.py``; documents and thresholds are in ``grounds.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from airflow_xborder.core.facts import UNKNOWN, Facts, Value
from airflow_xborder.core.truth import Truth, all_of, any_of
from airflow_xborder.core.vocabulary import ancestors, is_a

if TYPE_CHECKING:
    from airflow_xborder.core.decision import Obligation
    from airflow_xborder.core.designations import Designation, Designations

# What an incomplete flow cannot connect to a further regime (law 3): absent means "none" in a complete row.
CLOSED_WHEN_COMPLETE = ("subjects.", "provenance.", "attributes.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question to a condition: the facts, the day in the rule's time zone, and the dated statements.

    ``connecting`` is true while connecting factors are asked: then a complete row's silence means "none".
    """

    facts: Facts
    on: date
    designations: Designations
    connecting: bool = False

    def value(self, path: str) -> Value:
        """Return the fact at ``path``, ``None`` when unknown."""
        found = self.facts.values.get(path)
        if (
            found is None
            and self.connecting
            and self.facts.complete
            and path.startswith(CLOSED_WHEN_COMPLETE)
        ):
            return frozenset()
        return found


class Condition(ABC):
    """A question about facts."""

    __slots__ = ()

    @abstractmethod
    def truth(self, case: Case) -> Truth:
        """Answer the question; UNKNOWN when a fact that matters is missing."""

    def missing(self, case: Case) -> Iterator[str]:
        """Yield the paths of the facts that an UNKNOWN answer lacks."""
        yield from ()

    def boundaries(self, case: Case) -> Iterator[date]:
        """Yield the days on which a dated thing that was consulted begins, or is over."""
        yield from ()

    def unmet(self, case: Case) -> Iterator[str]:
        """Yield, for an answer that is not TRUE, what it lacks, as short ids (``mechanism scc_eu``)."""
        if self.truth(case) is not Truth.TRUE:
            yield from self.missing(case)

    def obligations(self, case: Case) -> Iterator[Obligation]:
        """Yield what must be discharged for a TRUE answer to stand."""
        yield from ()

    def warnings(self, case: Case) -> Iterator[str]:
        """Yield what a reader should know about a TRUE answer."""
        yield from ()

    def parts(self) -> Iterable[Condition]:
        """Return the conditions this one is made of."""
        return ()


@dataclass(frozen=True, slots=True)
class _Compound(Condition):
    conditions: tuple[Condition, ...]

    def missing(self, case: Case) -> Iterator[str]:
        for condition in self.conditions:
            if condition.truth(case) is Truth.UNKNOWN:
                yield from condition.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        for condition in self.conditions:
            yield from condition.boundaries(case)

    def unmet(self, case: Case) -> Iterator[str]:
        for condition in self.conditions:
            if condition.truth(case) is not Truth.TRUE:
                yield from condition.unmet(case)

    def parts(self) -> Iterable[Condition]:
        return self.conditions


@dataclass(frozen=True, slots=True)
class All(_Compound):
    """Every part holds; true for no parts."""

    def truth(self, case: Case) -> Truth:
        return all_of(condition.truth(case) for condition in self.conditions)

    def obligations(self, case: Case) -> Iterator[Obligation]:
        for condition in self.conditions:
            yield from condition.obligations(case)

    def warnings(self, case: Case) -> Iterator[str]:
        for condition in self.conditions:
            yield from condition.warnings(case)


@dataclass(frozen=True, slots=True)
class Any(_Compound):
    """At least one part holds. Of several that hold, the one with the least strings attached speaks."""

    def truth(self, case: Case) -> Truth:
        return any_of(condition.truth(case) for condition in self.conditions)

    def chosen(self, case: Case) -> Condition | None:
        """Return the part that holds with the fewest obligations, then warnings, then in the order written."""
        holding = [condition for condition in self.conditions if condition.truth(case) is Truth.TRUE]
        return min(
            holding,
            key=lambda part: (len(list(part.obligations(case))), len(list(part.warnings(case)))),
            default=None,
        )

    def obligations(self, case: Case) -> Iterator[Obligation]:
        chosen = self.chosen(case)
        if chosen is not None:
            yield from chosen.obligations(case)

    def warnings(self, case: Case) -> Iterator[str]:
        chosen = self.chosen(case)
        if chosen is not None:
            yield from chosen.warnings(case)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The part does not hold."""

    condition: Condition

    def truth(self, case: Case) -> Truth:
        return ~self.condition.truth(case)

    def missing(self, case: Case) -> Iterator[str]:
        yield from self.condition.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        yield from self.condition.boundaries(case)

    def parts(self) -> Iterable[Condition]:
        return (self.condition,)


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
        if isinstance(value, frozenset):
            if value & self.values:
                # Among the purposes a row permits, one that matches is no proof: it may be another.
                return Truth.UNKNOWN if self.path == "purpose" and UNKNOWN in value else Truth.TRUE
            return Truth.UNKNOWN if UNKNOWN in value and self.path != "purpose" else Truth.FALSE
        return Truth.of(str(value) in self.values)


@dataclass(frozen=True, slots=True)
class Within(_Fact):
    """Every member of the fact is one of ``values``."""

    values: frozenset[str]
    label: str = ""

    def truth(self, case: Case) -> Truth:
        value = case.value(self.path)
        if value is None:
            return Truth.UNKNOWN
        if isinstance(value, frozenset):
            known = value - {UNKNOWN}
            if known - self.values:
                return Truth.FALSE
            return Truth.UNKNOWN if UNKNOWN in value else Truth.TRUE
        return Truth.of(str(value) in self.values)


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
        value = case.value(self.path)
        if not isinstance(value, frozenset):
            return Truth.UNKNOWN
        return any_of(is_a(term, self.kind) for term in sorted(value))


@dataclass(frozen=True, slots=True)
class Compare(_Fact):
    """A number is at least ``at_least`` and less than ``less_than`` (either may be absent)."""

    at_least: int | None = None
    less_than: int | None = None

    def truth(self, case: Case) -> Truth:
        value = case.value(self.path)
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
        if any(not ancestors(member) & known for member in value - {UNKNOWN}):
            return Truth.TRUE
        return Truth.UNKNOWN if UNKNOWN in value else Truth.FALSE


@dataclass(frozen=True, slots=True)
class Designated(_Fact):
    """Every place at ``path``, but those in ``outside``, has a designation of this kind in force, with its scope."""

    by: str
    kind: str
    outside: frozenset[str] = field(default=frozenset())

    def _places(self, case: Case) -> list[str] | None:
        value = case.value(self.path)
        if value is None:
            return None
        return sorted((value if isinstance(value, frozenset) else frozenset({str(value)})) - self.outside)

    def _rows(self, case: Case, place: str) -> list[Designation]:
        rows = case.designations.about(self.by, self.kind, place)
        return [row for row in rows if case.designations.in_force(row, case.on)]

    def _row_truth(self, case: Case, row: Designation) -> Truth:
        return Truth.TRUE if row.scope is None else row.scope.truth(case)

    def truth(self, case: Case) -> Truth:
        places = self._places(case)
        if places is None:
            return Truth.UNKNOWN
        return all_of(
            Truth.UNKNOWN
            if place == UNKNOWN
            else any_of(self._row_truth(case, row) for row in self._rows(case, place))
            for place in places
        )

    def missing(self, case: Case) -> Iterator[str]:
        for place in self._places(case) or [UNKNOWN]:
            if place == UNKNOWN:
                yield self.path
                continue
            for row in self._rows(case, place):
                if row.scope is not None and row.scope.truth(case) is Truth.UNKNOWN:
                    yield from row.scope.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        for place in self._places(case) or ():
            for row in case.designations.about(self.by, self.kind, place):
                for dated in (row, *case.designations.suspensions(row)):
                    yield from dated.boundaries()

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield self.kind

    def warnings(self, case: Case) -> Iterator[str]:
        for place in self._places(case) or ():
            for row in self._rows(case, place):
                if row.warning and self._row_truth(case, row) is Truth.TRUE:
                    yield row.warning
