# SPDX-License-Identifier: Apache-2.0
"""Index: which of many conditions can hold of some facts at all, found without asking each of them.

A condition has *clauses*: each a set of facts with values of which at least one must be there, or be unknown, for the
condition not to be false. The index keeps, for each fact and value, the conditions with a clause that the value
satisfies, as the bits of a whole number; a flow's facts are looked up and the numbers put together. Sound, and not
complete: a condition whose bit is set must still be asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from airflow_xborder.core.comparisons import In, Is, IsA, Within
from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.facts import UNKNOWN, Value, Values
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.kinds import CURED_NAMES, SOURCE_CATEGORIES, kinds_of
from airflow_xborder.core.requirement import Alternative

# Stands for the fact "of which categories the data may be"; and the mark of "some member is none of these".
KINDS_PATH, OUTSIDE = "~kinds", "~outside "
Clause: TypeAlias = Mapping[str, frozenset[object]]
_MANY = 1000
_KEPT = 4096
_NUMBERS = frozenset({bool, int})
_NOTHING: frozenset[str] = frozenset()


def clauses_of(condition: Condition) -> list[Clause]:
    """Return clauses of a condition: for each path the values of which one must be there, in one path at least."""
    match condition:
        case In():
            return [{condition.path: frozenset[object](condition.values)}]
        case Is():
            return [{condition.path: frozenset[object]({condition.expected})}]
        case IsA():
            return [{KINDS_PATH: frozenset[object]({condition.kind})}]
        case Counted():
            return [{KINDS_PATH: frozenset[object](condition.categories)}]
        case Not(condition=Within() as within):
            return [{OUTSIDE + within.path: frozenset[object](within.values)}]
        case Alternative():
            return clauses_of(condition.needs)
        case All():
            return [clause for part in condition.conditions for clause in clauses_of(part)]
        case Any():
            return _of_any([clauses_of(part) for part in condition.conditions])
        case _:
            return []


def _of_any(parts: Sequence[Sequence[Clause]]) -> list[Clause]:
    # Of each part one clause, together: those on the same path where all have such, and the shortest of the others.
    if not parts or not all(parts):
        return []
    if len(parts) == 1:
        return list(parts[0])
    alone = [{path: clause for clause in part if len(clause) == 1 for path in clause} for part in parts]
    shared = sorted(set.intersection(*map(set, alone)))
    found = [_together([clauses[path] for clauses in alone]) for path in shared]
    others = [[clause for clause in part if not set(clause) <= set(shared)] for part in parts]
    return [*found, _together([min(part, key=_length) for part in others])] if all(others) else found


def _length(clause: Clause) -> int:
    return sum(_MANY - len(v) if path.startswith(OUTSIDE) else len(v) for path, v in clause.items())


def _together(clauses: Sequence[Clause]) -> Clause:
    found: dict[str, frozenset[object]] = {}
    for clause in clauses:
        for path, values in clause.items():
            if path not in found:
                found[path] = values
            else:
                found[path] = found[path] & values if path.startswith(OUTSIDE) else found[path] | values
    return found


class Index:
    """The clauses of a list of conditions.

    :param conditions: in the order of their bits.
    :param uncured: for each, the safeguards that change nothing for it.
    """

    def __init__(self, conditions: Sequence[Condition], uncured: Sequence[frozenset[str]] = ()) -> None:
        self.everything = (1 << len(conditions)) - 1
        groups: dict[str, list[tuple[int, Clause]]] = {}
        for number, condition in enumerate(conditions):
            for group, clause in _grouped(clauses_of(condition)).items():
                if KINDS_PATH in clause and uncured and uncured[number]:
                    # What such data is, its name does not tell.
                    clause = {**clause, KINDS_PATH: clause[KINDS_PATH] | frozenset[object](CURED_NAMES)}
                groups.setdefault(group, []).append((1 << number, clause))
        self._groups = tuple(_group(groups[name], self.everything) for name in sorted(groups))

    def candidates(self, values: Values) -> int:
        """Return, as bits, the conditions that are not certainly false of these facts."""
        left = self.everything
        # One loop, and no calls in it: this is asked for each pack that may concern a flow.
        for free, paths in self._groups:
            found = free
            for path in paths:
                fact = values[path.name]
                bits = None if path.is_of_kinds or fact.__class__ in _NUMBERS else path.kept.get(fact)
                if bits is None:
                    bits = path.possible(fact, values)
                found |= bits
            left &= found
            if not left:
                break
        return left


def _grouped(clauses: Sequence[Clause]) -> dict[str, Clause]:
    """Return one clause for each path that has a clause of its own, and one of those that span several."""
    found: dict[str, Clause] = {}
    for clause in sorted(clauses, key=_length):
        found.setdefault(next(iter(clause)) if len(clause) == 1 else "", clause)
    return found


def _group(clauses: Sequence[tuple[int, Clause]], everything: int) -> tuple[int, tuple[_Path, ...]]:
    """Return one clause of each of some conditions by its paths, and the conditions that have none."""
    paths: dict[str, _Path] = {}
    for bit, clause in clauses:
        everything &= ~bit
        for name, values in clause.items():
            path = name.removeprefix(OUTSIDE)
            paths.setdefault(path, _Path(path)).add(bit, values, outside=name != path)
    return everything, tuple(paths[path] for path in sorted(paths))


class _Path:
    """What each value of one fact makes possible; ``kept`` has the answers for facts that were seen."""

    __slots__ = ("_all", "_by_value", "_outside", "_yes_or_no", "is_of_kinds", "kept", "name")

    def __init__(self, path: str) -> None:
        self.is_of_kinds = path == KINDS_PATH
        self.name = "data_categories" if self.is_of_kinds else path
        self._all = 0
        self._yes_or_no = 0
        self._by_value: dict[object, int] = {}
        self._outside: dict[frozenset[object], int] = {}
        self.kept: dict[object, int] = {}

    def add(self, bit: int, values: frozenset[object], *, outside: bool) -> None:
        """Note that a condition is possible with one of these values, or with one outside of them."""
        self._all |= bit
        if outside:
            self._outside[values] = self._outside.get(values, 0) | bit
            return
        if not values.isdisjoint((True, False)):
            self._yes_or_no |= bit
        for value in values:
            self._by_value[value] = self._by_value.get(value, 0) | bit

    def possible(self, fact: Value, values: Values) -> int:
        """Return the conditions that the fact makes possible; all that ask for it where it is unknown."""
        key: object = fact
        if self.is_of_kinds:
            key = fact, values[SOURCE_CATEGORIES]
        elif fact.__class__ in _NUMBERS:
            key = fact.__class__, fact  # Python takes 1 for True
        found = self.kept.get(key)
        if found is None:
            if len(self.kept) >= _KEPT:
                self.kept.clear()
            found = self.kept[key] = self._look_up(self._kinds(values) if self.is_of_kinds else fact)
        return found

    def _kinds(self, values: Values) -> Value:
        kinds, named = kinds_of(values, _NOTHING), values["data_categories"]
        return kinds.possible | named if isinstance(named, frozenset) else None

    def _look_up(self, fact: Value) -> int:
        if fact is None or (isinstance(fact, frozenset) and UNKNOWN in fact):
            return self._all
        members = fact if isinstance(fact, frozenset) else (fact,)
        # What is neither true nor false leaves a question for one of them open.
        found = self._yes_or_no if members and not isinstance(fact, bool) else 0
        for member in members:
            # A number, and text that was written as a number, are compared as text by conditions.
            found |= self._by_value.get(member if isinstance(member, bool) else str(member), 0)
        for values, bits in self._outside.items():
            if not all(member in values for member in members):
                found |= bits
        return found
