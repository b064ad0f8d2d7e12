# SPDX-License-Identifier: Apache-2.0
"""Can two conditions hold of one flow together, and of which flows?

A search through the ways in which both can be true, each a list of questions with their wanted answers, until one way
does not contradict itself. Sound: "no overlap" is said only when there can be none. Not complete: an overlap may be
told that no real flow shows, since not everything is known of how facts hang together, and a search that takes too
long ends with "perhaps".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from airflow_xborder.core.comparisons import In, IsA, Known, Within
from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.designations import Designation, Designations
from airflow_xborder.core.grounds import Designated, HasSafeguard
from airflow_xborder.core.narrowing import EVERYTHING, Literal, Narrowed, Voice
from airflow_xborder.core.requirement import Alternative, Discharge
from airflow_xborder.core.vocabulary import ancestors
from airflow_xborder.core.wording import question_in_words

# How many ways are tried before the answer is "perhaps".
MAX_STEPS = 400
_NO_ROWS = Designations(())
# What is still to be satisfied: a condition, the wanted answer, and who asks.
Goal: TypeAlias = tuple[Condition, bool, Voice]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two conditions, as the rule sees it that asks. Several may be given; all must hold.

    :param goals: each condition with who asks it.
    """

    goals: tuple[tuple[Condition, Voice], ...]

    @classmethod
    def of(cls, condition: Condition, voice: Voice | None = None) -> Side:
        """Make a side of one condition."""
        return cls(((condition, voice or Voice()),))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included; ``None`` for no end."""

    first: date = date.min
    last: date | None = None

    def meet(self, other: Period) -> Period | None:
        """Return the days of both, ``None`` if there are none."""
        first = max(self.first, other.first)
        ends = [end for end in (self.last, other.last) if end is not None]
        last = min(ends) if ends else None
        return None if last is not None and last < first else Period(first, last)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Flows for which both conditions hold.

    :param common: what is asked of all of them: questions with their answers.
    :param chosen: the same of one way of being such a flow.
    :param certain: false when the search ended before it found one.
    :param since: the first day of a designation without which the two cannot meet, if there is one.
    """

    common: tuple[Literal, ...]
    chosen: tuple[Literal, ...] = ()
    certain: bool = True
    since: date | None = None

    @property
    def always(self) -> tuple[str, ...]:
        """What all the flows have in common, in words."""
        return _words(self.common)

    @property
    def example(self) -> tuple[str, ...]:
        """What one way of being such a flow has besides, in words."""
        always = set(self.always)
        return tuple(word for word in _words(self.chosen) if word not in always)

    def __str__(self) -> str:
        words, example = ", ".join(self.always) or "any flow", self.example
        return f"{words}; for example {', '.join(example)}" if example else words


@dataclass
class _Search:
    rows: Designations
    period: Period
    steps: int = 0

    def run(self, start: Narrowed, goals: Sequence[Goal]) -> Narrowed | None:
        """Return the first way that does not contradict itself; ``None`` if there is none."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooLongError
        reduced = self.reduce(start, goals)
        if reduced is None:
            return None
        narrowed, branches = reduced
        if not branches:
            return narrowed
        first = min(range(len(branches)), key=lambda number: len(branches[number]))
        others = [_disjunction(branch) for number, branch in enumerate(branches) if number != first]
        for option in branches[first]:
            found = self.run(narrowed, [option, *others])
            if found is not None:
                return found
        return None

    def reduce(self, start: Narrowed, goals: Sequence[Goal]) -> tuple[Narrowed, list[list[Goal]]] | None:
        """Satisfy what can be satisfied in one way only, and return what is left to choose."""
        narrowed, waiting, branches = start, list(goals), list[list[Goal]]()
        wanted: dict[tuple[int, Voice], bool] = {}
        while waiting:
            goal = waiting.pop()
            (condition, holds), voice = _peeled(*goal[:2]), goal[2]
            # A definition that several rules share is one object: it cannot be so for one and not for the other.
            if wanted.setdefault((id(condition), voice), holds) is not holds:
                return None
            if not isinstance(condition, (All, Any)):
                asked = self._ask(narrowed, Literal(condition, holds, voice))
                if asked is None:
                    return None
                narrowed = asked
            elif isinstance(condition, All) is holds:
                waiting += [(part, holds, voice) for part in condition.conditions]
            else:
                options = self._open_options(condition.conditions, holds, voice)
                if not options:
                    return None
                if len(options) == 1:
                    waiting += options
                else:
                    branches.append(options)
        return narrowed, branches

    def _open_options(self, parts: Sequence[Condition], holds: bool, voice: Voice) -> list[Goal]:
        """Return the parts of which one must be so, without those that never are; only one that always is."""
        found: list[Goal] = []
        for part in parts:
            constant = _constant(part, voice)
            if constant is holds:
                return [(part, holds, voice)]
            if constant is None:
                found.append((part, holds, voice))
        return found

    def _ask(self, narrowed: Narrowed, literal: Literal) -> Narrowed | None:
        constant = _constant(literal.leaf, literal.voice)
        if constant is not None:
            return narrowed if constant is literal.holds else None
        found = narrowed.narrow(literal)
        if found is None or not isinstance(literal.leaf, Designated):
            return found
        return found.narrow(self._places(literal.leaf, literal.holds, literal.voice))

    def _places(self, leaf: Designated, holds: bool, voice: Voice) -> Literal:
        """Return what must hold of the places alone: they lie where some row of the period is about them, or not."""
        if not holds:
            return Literal(Within(leaf.path, leaf.outside), False, voice)
        places = frozenset[str]().union(*(row.places for row in self.about(leaf)))
        return Literal(Within(leaf.path, places | leaf.outside), True, voice)

    def about(self, leaf: Designated) -> list[Designation]:
        """Return the rows that may answer a question about designations in the period."""
        return [
            row
            for row in self.rows
            if (row.by, row.kind) == (leaf.by, leaf.kind)
            and row.suspends is None
            and self.period.meet(Period(row.valid_from, row.valid_until))
        ]


class _TooLongError(Exception):
    """The search has tried enough."""


def overlap(
    one: Side, other: Side, rows: Designations = _NO_ROWS, period: Period | None = None
) -> Overlap | None:
    """Return for which flows two conditions hold together, or ``None`` if for none.

    :param rows: the designations that conditions may ask for.
    :param period: the days to look at; default all.
    """
    search = _Search(rows, period or Period())
    goals = [(condition, True, voice) for side in (one, other) for condition, voice in side.goals]
    reduced = search.reduce(EVERYTHING, goals)
    if reduced is None:
        return None
    unit, branches = reduced
    try:
        found = search.run(unit, [_disjunction(branch) for branch in branches])
    except _TooLongError:
        return Overlap(unit.asked, certain=False)
    if found is None:
        return None
    return Overlap(unit.asked, found.asked, since=_decisive(search, found))


def _peeled(condition: Condition, holds: bool) -> tuple[Condition, bool]:
    while isinstance(condition, (Not, Alternative)):
        if isinstance(condition, Not):
            condition, holds = condition.condition, not holds
        else:
            condition = condition.needs
    return condition, holds


def _disjunction(options: Sequence[Goal]) -> Goal:
    voice = options[0][2]
    parts = tuple(condition if holds else Not(condition) for condition, holds, _ in options)
    return Any(parts), True, voice


def _constant(condition: Condition, voice: Voice) -> bool | None:
    """Return the answer that is the same for every flow, ``None`` if there is none."""
    kind = condition.__class__
    if kind is Discharge:
        return True
    if isinstance(condition, HasSafeguard):
        return False if condition.type in voice.uncured else None
    if isinstance(condition, (All, Any)) and not condition.conditions:
        return kind is All
    return None


def _decisive(search: _Search, found: Narrowed) -> date | None:
    """Return the first day on which a designation that the flows rest on is in force."""
    days: list[date] = []
    for literal in found.others:
        leaf = literal.leaf
        if not isinstance(leaf, Designated) or not literal.holds:
            continue
        if found.narrow(Literal(Within(leaf.path, leaf.outside), True, literal.voice)) is None:
            days.append(min(row.valid_from for row in search.about(leaf)))
    return max(days, default=None)


def _words(literals: Sequence[Literal]) -> tuple[str, ...]:
    """Write what is asked of the flows; of two questions about one fact the sharper alone."""
    asked = dict.fromkeys((literal.leaf, literal.holds) for literal in literals)
    sharpest = [entry for entry in asked if not any(_says_more(other, entry) for other in asked)]
    return tuple(sorted({question_in_words(leaf, holds) for leaf, holds in sharpest}))


def _says_more(sharper: tuple[Condition, bool], than: tuple[Condition, bool]) -> bool:
    if sharper == than:
        return False
    match sharper, than:
        case (IsA(kind=one), True), (IsA(kind=other), True):
            return one != other and other in ancestors(one)
        case (In(path=path), True), (Known(path=other), True):
            return path == other
        case (In(path=path, values=one), True), (In(path=other, values=more), True):
            return path == other and one < more
        case (Designated(path=path), _), (Within(path=other, label=""), _):
            return path == other
        case _:
            return False
