# SPDX-License-Identifier: Apache-2.0
"""The condition language: what a rule may ask of a flow's facts, with a three-valued answer.

Conditions are small immutable trees. ``truth`` answers; ``missing`` then names the facts whose absence made the
answer unknown; ``boundaries`` names the days on which a dated statement that was consulted begins or ends;
``ways`` says what would make it true. The leaves are in ``comparisons.py`` (facts) and ``grounds.py`` (documents,
lists, counts, designations); how a condition is written in a pack is in ``condition_syntax.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice, product
from typing import TYPE_CHECKING, TypeAlias

from airflow_xborder.core.facts import Facts, Value
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import Truth, all_of, any_of

if TYPE_CHECKING:
    from airflow_xborder.core.decision import Obligation
    from airflow_xborder.core.designations import Designations

# Each entry is what one way of meeting a condition still lacks (``mechanism scc_eu``, ``evidence tia``).
Ways: TypeAlias = list[tuple[str, ...]]
MAX_WAYS = 64
# The one fact that stays unknown when a complete row does not say it (law 3): everything hangs on it.
NEVER_CLOSED = "data_categories"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question to a condition: the facts, the day in the rule's time zone, and the dated statements.

    ``connecting`` is true while connecting factors are asked: then a complete row's silence means "none".
    ``uncured`` are the safeguards that change nothing for the rule that asks.
    """

    facts: Facts
    on: date
    designations: Designations
    connecting: bool = False
    uncured: frozenset[str] = frozenset()

    def value(self, path: str) -> Value:
        """Return the fact at ``path``, ``None`` when unknown."""
        found = self.facts.values.get(path)
        if found is None and self.connecting and self.facts.complete and path != NEVER_CLOSED:
            return frozenset()
        return found

    def where(self, **changes: object) -> Case:
        """Return the same question with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


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

    def ways(self, case: Case) -> Ways:
        """Return, for each way of making the answer TRUE, what it lacks; an empty tuple where nothing is lacking."""
        if self.truth(case) is Truth.TRUE:
            return [()]
        lacking = tuple(dict.fromkeys(self.unmet(case)))
        return [lacking] if lacking else []

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

    def ways(self, case: Case) -> Ways:
        combined = product(*(condition.ways(case) for condition in self.conditions))
        return [
            tuple(dict.fromkeys(item for way in ways for item in way)) for ways in islice(combined, MAX_WAYS)
        ]

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

    def ways(self, case: Case) -> Ways:
        if not self.conditions:
            return []
        found = dict.fromkeys(way for condition in self.conditions for way in condition.ways(case))
        return [()] if () in found else list(found)[:MAX_WAYS]

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
    """The part does not hold. What would make it true is not taught: it would be to change a fact."""

    condition: Condition

    def truth(self, case: Case) -> Truth:
        return ~self.condition.truth(case)

    def missing(self, case: Case) -> Iterator[str]:
        yield from self.condition.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        yield from self.condition.boundaries(case)

    def parts(self) -> Iterable[Condition]:
        return (self.condition,)
