# SPDX-License-Identifier: Apache-2.0
"""Table: many conditions answered at once, by looking facts up in it instead of asking each condition.

A condition is a row of *clauses* (``normal_form.py``), and each clause of each condition is one bit of a whole number.
For every fact the table keeps which clauses its value makes true, and which possible; the numbers of all facts are put
together with *or*, and the clauses of each condition then with *and*. That is exact, unknown answers included, for
questions about single facts. Of a clause with another question (documents, counts, lists) it tells what it can, and
the condition is one that must be asked where the rest leaves it open.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple, TypeAlias

from airflow_xborder.core.comparisons import Compare, In, Is, IsA, Known, Within
from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.facts import UNKNOWN as UNNAMED
from airflow_xborder.core.facts import Value
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.kinds import SOURCE_CATEGORIES, kinds_of
from airflow_xborder.core.normal_form import Clause, Literal, clauses_of
from airflow_xborder.core.truth import FALSE, TRUE, UNKNOWN, Truth

_CATEGORIES = sys.intern("data_categories")
_KEPT = 4096
_NUMBERS = frozenset({bool, int})
_NOTHING: frozenset[str] = frozenset()
# Which clauses are true for certain, and which are possible.
Bits: TypeAlias = tuple[int, int]
# The clauses of a condition, those that must be asked, and these one by one.
_Row: TypeAlias = "tuple[int, int, list[tuple[int, Clause]]]"


class Left(NamedTuple):
    """What a table tells of a condition that is not certainly false.

    The condition has the ``answer`` so far if all ``clauses`` hold, which must be asked.
    """

    number: int
    answer: Truth
    clauses: Sequence[Clause]

    def truth(self, case: Case) -> Truth:
        """Answer the condition."""
        answer = self.answer
        for clause in self.clauses:
            truth = _any(clause, case)
            if truth is FALSE:
                return truth
            if truth is UNKNOWN:
                answer = truth
        return answer


def ask(number: int, condition: Condition) -> Left:
    """Return what is left to ask of a condition that was looked up nowhere: itself."""
    return Left(number, TRUE, ((Literal(condition),),))


def _any(clause: Clause, case: Case) -> Truth:
    found = FALSE
    for question, holds in clause:
        truth = question.truth(case)
        if truth is UNKNOWN:
            found = truth
        elif (truth is TRUE) is holds:
            return TRUE
    return found


class Table:
    """The answers to a list of conditions, in the order of the list.

    :param conditions: what is asked.
    :param uncured: for each, the safeguards that change nothing for it.
    """

    def __init__(self, conditions: Sequence[Condition], uncured: Sequence[frozenset[str]] = ()) -> None:
        self._size = len(conditions)
        self._everything = (1 << self._size) - 1
        rows = [clauses_of(condition) for condition in conditions]
        width = 1
        while width < max(map(len, rows), default=0):
            width *= 2
        self._folds = [self._size << number for number in reversed(range(width.bit_length() - 1))]
        self._without = (1 << self._size * width) - 1  # the clauses that a condition has not
        self._possible = 0
        self._by_path: dict[str, _Column] = {}
        cures_nothing = uncured or [_NOTHING] * self._size
        self._rows = [self._row(number, row, cures_nothing[number]) for number, row in enumerate(rows)]
        self._columns = [(sys.intern(path), one.kept, one) for path, one in self._by_path.items()]

    def _row(self, number: int, clauses: Sequence[Clause], uncured: frozenset[str]) -> _Row:
        bits, asked = 0, []
        for place, clause in enumerate(clauses):
            bit = 1 << place * self._size + number
            bits |= bit
            for literal in clause:
                path = _path_of(literal.question)
                if path is None:
                    self._possible |= bit
                else:
                    self._column(path).add(bit, literal, uncured)
            if any(_path_of(question) is None or isinstance(question, Counted) for question, _ in clause):
                asked.append((bit, clause))
        self._without &= ~bits
        return bits, sum(bit for bit, _ in asked), asked

    def _column(self, path: str) -> _Column:
        return self._by_path.setdefault(path, _Column(path))

    def _look_up(self, case: Case) -> Bits:
        certain, possible = 0, self._possible | self._without
        values = case.values
        # One loop, and next to no calls in it: this is asked for each pack that may concern a flow.
        for path, kept, column in self._columns:
            fact = values[path]
            found = None if fact.__class__ in _NUMBERS or path is _CATEGORIES else kept.get(fact)
            if found is None:
                found = column.look_up(fact, case)
            certain |= found[0]
            possible |= found[1]
        for fold in self._folds:
            possible &= possible >> fold
        return certain, possible & self._everything

    def possible(self, case: Case) -> int:
        """Return as bits the conditions that are not certainly false, as far as the table tells."""
        return self._look_up(case)[1]

    def answers(self, case: Case, among: int) -> list[Left]:
        """Return what is left to ask of conditions that are not certainly false.

        :param among: those that matter, as bits.
        """
        certain, bits = self._look_up(case)
        bits &= among
        found: list[Left] = []
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            number = lowest.bit_length() - 1
            row, to_ask, asked = self._rows[number]
            row &= ~certain
            if not row:
                found.append(Left(number, TRUE, ()))
                continue
            left = [clause for bit, clause in asked if bit & row] if to_ask & row else ()
            found.append(Left(number, UNKNOWN if row & ~to_ask else TRUE, left))
        return found


class _Column:
    """What each value of one fact makes certain and possible; ``kept`` has the answers for facts that were seen."""

    __slots__ = ("_layers", "is_of_kinds", "kept", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.is_of_kinds = path == _CATEGORIES
        self.kept: dict[object, Bits] = {}
        self._layers: dict[tuple[type[_Layer], frozenset[str], int], _Layer] = {}

    def add(self, bit: int, literal: Literal, uncured: frozenset[str]) -> None:
        """Note that a clause is true where a question is answered as it says."""
        made = _LAYERS[type(literal.question)]
        if not self.is_of_kinds:
            uncured = _NOTHING
        for number in count():
            layer = self._layers.setdefault((made, uncured, number), made(uncured))
            if layer.takes(bit, literal):
                return

    def look_up(self, fact: Value, case: Case) -> Bits:
        """Return what the fact makes certain and possible."""
        key: object = fact
        if self.is_of_kinds:
            key = (fact, case.values[SOURCE_CATEGORIES]) if SOURCE_CATEGORIES in case.values else fact
        elif fact.__class__ in _NUMBERS:
            key = fact.__class__, fact  # Python takes 1 for True
        found = self.kept.get(key)
        if found is None:
            if len(self.kept) >= _KEPT:
                self.kept.clear()
            found = self.kept[key] = self._look_up(fact, case)
        return found

    def _look_up(self, fact: Value, case: Case) -> Bits:
        certain = possible = 0
        for layer in self._layers.values():
            true, maybe = layer.answers(fact, case)
            certain |= (true & layer.holding) | (layer.denied & ~maybe)
            possible |= (maybe & layer.holding) | (layer.denied & ~true)
        return certain, possible


class _Layer(ABC):
    """Questions of one sort about one fact. A clause has several of them only if it wants any of these answered yes.

    ``holding`` are the clauses that want a yes, ``denied`` those that want a no.
    """

    __slots__ = ("_bits", "_questions", "_uncured", "denied", "holding")

    def __init__(self, uncured: frozenset[str]) -> None:
        self._uncured = uncured
        self.holding = self.denied = 0
        self._questions: list[tuple[Condition, int]] = []
        self._bits: dict[object, int] = {}

    def takes(self, bit: int, literal: Literal) -> bool:
        """Add a question of a clause, if there is room for it."""
        if bit & self.denied or (bit & self.holding and not literal.holds):
            return False
        if literal.holds:
            self.holding |= bit
        else:
            self.denied |= bit
        self._questions.append((literal.question, bit))
        for value in self._values_of(literal.question):
            self._bits[value] = self._bits.get(value, 0) | bit
        return True

    def _values_of(self, question: Any) -> Iterable[object]:
        """Return the values that a question is looked up by."""
        return ()

    @abstractmethod
    def answers(self, fact: Value, case: Case) -> Bits:
        """Return the clauses with a question that is answered yes, and with one that is not answered no."""

    def _ask(self, case: Case) -> Bits:
        true = maybe = 0
        for question, bits in self._questions:
            answer = question.truth(case)
            if answer is not FALSE:
                maybe |= bits
                if answer is TRUE:
                    true |= bits
        return true, maybe

    def _of(self, values: Iterable[object]) -> int:
        found = 0
        for value in values:
            found |= self._bits.get(value, 0)
        return found

    @property
    def _all(self) -> int:
        return self.holding | self.denied


class _Asked(_Layer):
    """Questions that are asked, once for all clauses with the same one."""

    __slots__ = ()

    def takes(self, bit: int, literal: Literal) -> bool:
        if not super().takes(bit, literal):
            return False
        question, _ = self._questions.pop()
        for number, (other, bits) in enumerate(self._questions):
            if other == question:
                self._questions[number] = other, bits | bit
                return True
        self._questions.append((question, bit))
        return True

    def answers(self, fact: Value, case: Case) -> Bits:
        return self._ask(case)


class _Members(_Layer):
    """Is some member one of these?"""

    __slots__ = ()

    def _values_of(self, question: Any) -> Iterable[object]:
        return tuple(question.values)

    def answers(self, fact: Value, case: Case) -> Bits:
        if fact is None:
            return 0, self._all
        if not isinstance(fact, frozenset):
            fact = frozenset({str(fact)})
        elif UNNAMED in fact:
            return self._ask(case)
        found = self._of(fact)
        return found, found


class _Flags(_Layer):
    """Is it so? What is neither true nor false says nothing; an empty set is the silence of a complete row."""

    __slots__ = ()

    def _values_of(self, question: Any) -> Iterable[object]:
        return (question.expected,)

    def answers(self, fact: Value, case: Case) -> Bits:
        if isinstance(fact, bool):
            found = self._bits.get(fact, 0)
            return found, found
        return 0, 0 if fact == _NOTHING else self._all


class _Kinds(_Layer):
    """Is some of the data such?"""

    __slots__ = ()

    def _values_of(self, question: Any) -> Iterable[object]:
        return (question.kind,)

    def answers(self, fact: Value, case: Case) -> Bits:
        kinds = kinds_of(case.values, self._uncured)
        return self._of(kinds.certain), self._of(kinds.possible)


class _Counts(_Kinds):
    """Are there so many with such data? Where there may be such data, somebody has to count."""

    __slots__ = ()

    def _values_of(self, question: Any) -> Iterable[object]:
        return tuple(question.categories)

    def answers(self, fact: Value, case: Case) -> Bits:
        return 0, super().answers(fact, case)[1]


_LAYERS: dict[type[Condition], type[_Layer]] = {
    In: _Members, Is: _Flags, IsA: _Kinds, Counted: _Counts, Within: _Asked, Known: _Asked, Compare: _Asked,
}  # fmt: skip


def _path_of(question: Condition) -> str | None:
    """Return the fact that a question is about, if there is only one."""
    if isinstance(question, Counted):
        return _CATEGORIES
    return question.path if isinstance(question, (In, Is, IsA, Within, Known, Compare)) else None
