# SPDX-License-Identifier: Apache-2.0
"""The condition language: what a rule may ask of a flow's facts, with a three-valued answer.

Conditions are small immutable trees. ``truth`` answers; ``missing`` then names the facts whose absence made the
answer unknown; ``boundaries`` names the days on which a dated statement that was consulted begins or ends;
``ways`` says what would make it true. The leaves are in ``comparisons.py`` (facts) and ``grounds.py`` (documents,
lists, counts, designations); how a condition is written in a pack is in ``condition_syntax.py``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice, product
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from airflow_xborder.core.facts import ClosedValues, Facts, Value, Values
from airflow_xborder.core.kinds import Kinds, kinds_of
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import FALSE, TRUE, UNKNOWN, Truth

if TYPE_CHECKING:
    from airflow_xborder.core.decision import Obligation
    from airflow_xborder.core.designations import Designations

# Each entry is what one way of meeting a condition still lacks (``mechanism scc_eu``, ``evidence tia``).
Ways: TypeAlias = list[tuple[str, ...]]
MAX_WAYS = 64


class Case:
    """One question to conditions: the facts, the day in the rule's time zone, and the dated statements.

    :param connecting: whether connecting factors are asked: then a complete row's silence means "none".
    :param uncured: the safeguards that change nothing for the rule that asks.
    """

    __slots__ = ("_kinds", "connecting", "designations", "facts", "memo", "on", "uncured", "values")

    def __init__(
        self,
        *,
        facts: Facts,
        on: date,
        designations: Designations,
        connecting: bool = False,
        uncured: frozenset[str] = frozenset(),
    ) -> None:
        self.facts = facts
        self.on = on
        self.designations = designations
        self.connecting = connecting
        self.uncured = uncured
        # INVARIANT: nothing that an answer depends on changes while a case lives, so answers are kept by condition.
        # Each is kept with its condition, whose id must not be given to another one meanwhile.
        self.memo: dict[int, tuple[Truth, Condition]] = {}
        values = facts.values
        if connecting and facts.complete:
            values = ClosedValues(values)
        self.values = values if isinstance(values, Values) else Values(values)
        self._kinds: Kinds | None = None

    @property
    def kinds(self) -> Kinds:
        """What the data is, and may be."""
        found = self._kinds
        if found is None:
            found = self._kinds = kinds_of(self.values, self.uncured)
        return found

    def value(self, path: str) -> Value:
        """Return the fact at ``path``, ``None`` when unknown."""
        return self.values[path]

    def where(self, *, on: date | None = None, uncured: frozenset[str] | None = None) -> Case:
        """Return the same question on another day, or with other safeguards that cure nothing."""
        return Case(
            facts=self.facts,
            on=self.on if on is None else on,
            designations=self.designations,
            connecting=self.connecting,
            uncured=self.uncured if uncured is None else uncured,
        )


class Condition:
    """A question about facts."""

    # Not an `ABC`: conditions are told apart all the time, and `isinstance` of such a class takes ten times as long.

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

    @property
    def is_dated(self) -> bool:
        """Whether it consults dated things at all, itself or in a part."""
        own = type(self).boundaries is not Condition.boundaries and not tuple(self.parts())
        return own or any(part.is_dated for part in self.parts())

    def unmet(self, case: Case) -> Iterator[str]:
        """Yield, for an answer that is not TRUE, what it lacks, as short ids (``mechanism scc_eu``)."""
        if self.truth(case) is not TRUE:
            yield from self.missing(case)

    def ways(self, case: Case) -> Ways:
        """Return, for each way of making the answer TRUE, what it lacks; an empty tuple where nothing is lacking."""
        if self.truth(case) is TRUE:
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
    # One part of this truth decides; the other truth holds for no parts.
    decisive: ClassVar[Truth]
    without_parts: ClassVar[Truth]

    def truth(self, case: Case) -> Truth:
        kept = case.memo.get(id(self))
        if kept is not None:
            return kept[0]
        answer = self.without_parts
        for condition in self.conditions:
            part = condition.truth(case)
            if part is self.decisive:
                answer = part
                break
            if part is UNKNOWN:
                answer = part
        case.memo[id(self)] = answer, self
        return answer

    def missing(self, case: Case) -> Iterator[str]:
        for condition in self.conditions:
            if condition.truth(case) is UNKNOWN:
                yield from condition.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        for condition in self.conditions:
            yield from condition.boundaries(case)

    def unmet(self, case: Case) -> Iterator[str]:
        for condition in self.conditions:
            if condition.truth(case) is not TRUE:
                yield from condition.unmet(case)

    def parts(self) -> Iterable[Condition]:
        return self.conditions


@dataclass(frozen=True, slots=True)
class All(_Compound):
    """Every part holds; true for no parts."""

    decisive = FALSE
    without_parts = TRUE

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

    decisive = TRUE
    without_parts = FALSE

    def ways(self, case: Case) -> Ways:
        if not self.conditions:
            return []
        found = dict.fromkeys(way for condition in self.conditions for way in condition.ways(case))
        return [()] if () in found else list(found)[:MAX_WAYS]

    def chosen(self, case: Case) -> Condition | None:
        """Return the part that holds with the fewest obligations, then warnings, then in the order written."""
        holding = [condition for condition in self.conditions if condition.truth(case) is TRUE]
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
        part = self.condition.truth(case)
        return FALSE if part is TRUE else TRUE if part is FALSE else part

    def missing(self, case: Case) -> Iterator[str]:
        yield from self.condition.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        yield from self.condition.boundaries(case)

    def parts(self) -> Iterable[Condition]:
        return (self.condition,)
