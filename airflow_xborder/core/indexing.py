# SPDX-License-Identifier: Apache-2.0
"""Index: which of many conditions can hold of some facts at all, found without asking each of them.

A condition has *keys*: sets of values such that it is false of every flow whose fact at that path is known and has
none of them. The index keeps, for each path and value, the conditions that the value leaves possible, as the bits of
a whole number; a flow's facts are looked up and the numbers intersected. Sound, and not complete: a condition whose
bit is set must still be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from airflow_xborder.core.comparisons import In, Is, IsA, Within
from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.facts import UNKNOWN, Value, Values
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.kinds import CURED_NAMES, kinds_of
from airflow_xborder.core.requirement import Alternative

# A key's path for "of which category the data may be", and the mark of a key that excludes: ``not within``.
KINDS_PATH, _OUTSIDE = "~kinds", "~outside "
Keys: TypeAlias = Mapping[str, frozenset[object]]
_KEPT = 4096
_NOTHING: frozenset[str] = frozenset()


def keys_of(condition: Condition) -> Keys:
    """Return the keys of a condition: it is false where the fact at a path is known and has none of the values."""
    match condition:
        case In():
            return {condition.path: frozenset[object](condition.values)}
        case Is():
            return {condition.path: frozenset[object]({condition.expected})}
        case IsA():
            return {KINDS_PATH: frozenset[object]({condition.kind})}
        case Counted():
            return {KINDS_PATH: frozenset[object](condition.categories)}
        case Not(condition=Within() as within):
            return {_OUTSIDE + within.path: frozenset[object](within.values)}
        case Alternative():
            return keys_of(condition.needs)
        case All():
            return _of_all(condition.conditions)
        case Any():
            return _of_any(condition.conditions)
        case _:
            return {}


def _of_all(parts: Sequence[Condition]) -> Keys:
    # Each part's key is a key of the whole; of two for one path, the one with fewer values leaves less.
    found: dict[str, frozenset[object]] = {}
    for part in parts:
        for path, values in keys_of(part).items():
            if path not in found or _leaves_less(path, values, found[path]):
                found[path] = values
    return found


def _leaves_less(path: str, values: frozenset[object], than: frozenset[object]) -> bool:
    return len(values) > len(than) if path.startswith(_OUTSIDE) else len(values) < len(than)


def _of_any(parts: Sequence[Condition]) -> Keys:
    # Only what every part is false without: and then the values of all.
    if not parts:
        return {}
    first, *others = [keys_of(part) for part in parts]
    shared = set(first).intersection(*others)
    return {
        path: first[path].intersection(*(keys[path] for keys in others))
        if path.startswith(_OUTSIDE)
        else first[path].union(*(keys[path] for keys in others))
        for path in sorted(shared)
    }


class Index:
    """The keys of a list of conditions, by path and value.

    :param conditions: in the order of their bits.
    :param uncured: for each, the safeguards that change nothing for it.
    """

    def __init__(self, conditions: Sequence[Condition], uncured: Sequence[frozenset[str]] = ()) -> None:
        self.everything = (1 << len(conditions)) - 1
        keyed: dict[str, list[tuple[int, frozenset[object]]]] = {}
        for number, condition in enumerate(conditions):
            for path, values in keys_of(condition).items():
                if path == KINDS_PATH and uncured and uncured[number]:
                    values = values | frozenset[object](
                        CURED_NAMES
                    )  # what such data is, its name does not tell
                keyed.setdefault(path, []).append((1 << number, values))
        self._paths = tuple(
            _Path(path, keyed.get(path, ()), keyed.get(_OUTSIDE + path, ()), self.everything)
            for path in sorted({path.removeprefix(_OUTSIDE) for path in keyed})
        )

    def candidates(self, values: Values) -> int:
        """Return, as bits, the conditions that are not certainly false of these facts."""
        left = self.everything
        for path in self._paths:
            left &= path.leaves(values)
            if not left:
                break
        return left


def positions(bits: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, in ascending order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class _Path:
    """What each value at one path leaves possible."""

    __slots__ = ("_by_value", "_everything", "_free", "_kept", "_outside", "path")

    def __init__(
        self,
        path: str,
        having: Sequence[tuple[int, frozenset[object]]],
        outside: Sequence[tuple[int, frozenset[object]]],
        everything: int,
    ) -> None:
        self.path = path
        self._everything = everything
        self._free = everything
        self._by_value: dict[object, int] = {}
        for bit, values in having:
            self._free &= ~bit
            for value in values:
                self._by_value[value] = self._by_value.get(value, 0) | bit
        self._outside: dict[frozenset[object], int] = {}
        for bit, values in outside:
            self._outside[values] = self._outside.get(values, 0) | bit
        self._kept: dict[object, int] = {}

    def leaves(self, values: Values) -> int:
        """Return the conditions that the fact at this path does not make false."""
        if self.path == KINDS_PATH:
            fact: object = values["data_categories"], values["attributes.source_categories"]
        else:
            fact = values[self.path]
            if fact is None:
                return self._everything
        found = self._kept.get(fact)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[fact] = self._look_up(self._terms(values))
        return found

    def _terms(self, values: Values) -> Value:
        if self.path != KINDS_PATH:
            return values[self.path]
        kinds = kinds_of(values, _NOTHING)
        named = values["data_categories"]
        told = named if isinstance(named, frozenset) else _NOTHING
        return kinds.possible | told if kinds.known else None

    def _look_up(self, fact: Value) -> int:
        if fact is None or (isinstance(fact, frozenset) and UNKNOWN in fact):
            return self._everything
        terms = fact if isinstance(fact, frozenset) else (fact,)
        left = self._free
        for term in terms:
            # A number, and text that was written as a number, are compared as text by conditions.
            left |= self._by_value.get(term if isinstance(term, bool) else str(term), 0)
        for values, bits in self._outside.items():
            if all(term in values for term in terms):
                left &= ~bits
        return left
