# SPDX-License-Identifier: Apache-2.0
"""Designations: dated statements that one jurisdiction makes about another, apart from the rules that use them.

Flipping one row changes every verdict from that day on and nothing else. Rows are bitemporal: ``recorded_at`` is
when we learned of it, and a row is never edited, since an annulment can reach back and past decisions must stay
explainable. ``valid_from`` is inclusive and ``valid_until`` is the last valid day, in the rule's time zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from airflow_xborder.core.records import dataclass

if TYPE_CHECKING:
    from airflow_xborder.core.conditions import Condition

_KEPT = 4096


def turning_days(first: date | None, last: date | None) -> Iterator[date]:
    """Yield the first days on which something valid from ``first`` to ``last`` differs from the day before."""
    if first is not None:
        yield first
    if last is not None and last < date.max:
        yield last + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Designation:
    """One row, about ``of`` (a place or a set), which is every one of ``places``.

    ``scope`` restricts it to flows for which the condition holds; ``warning`` is said wherever it decides;
    ``suspends`` makes it a row about another row, which is not in force while this one is valid.
    """

    id: str
    by: str
    kind: str
    of: str
    places: frozenset[str]
    valid_from: date
    valid_until: date | None = None
    recorded_at: date | None = None
    citation: str = ""
    source: str | None = None
    confidence: str = "confirmed"
    scope: Condition | None = None
    warning: str | None = None
    suspends: str | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether ``day`` is inside the row's validity."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def boundaries(self) -> Iterator[date]:
        """Yield the first days on which the row's answer differs from the day before."""
        yield from turning_days(self.valid_from, self.valid_until)


class Designations:
    """All rows of a policy set, indexed by who says what about whom."""

    __slots__ = ("_rows", "_standing", "_suspended")

    def __init__(self, rows: Iterable[Designation]) -> None:
        self._rows: dict[tuple[str, str, str], list[Designation]] = defaultdict(list)
        self._suspended: dict[str, list[Designation]] = defaultdict(list)
        self._standing: dict[tuple[str, str, str, date], tuple[Designation, ...]] = {}
        for row in sorted(rows, key=lambda row: row.id):
            if row.suspends is not None:
                self._suspended[row.suspends].append(row)
            else:
                for place in row.places:
                    self._rows[row.by, row.kind, place].append(row)

    def about(self, by: str, kind: str, of: str) -> list[Designation]:
        """Return the rows that ``by`` made about ``of``, in force or not."""
        return self._rows.get((by, kind, of), [])

    def standing(self, by: str, kind: str, of: str, day: date) -> tuple[Designation, ...]:
        """Return the rows that ``by`` made about ``of`` and that are in force on ``day``."""
        key = by, kind, of, day
        found = self._standing.get(key)
        if found is None:
            if len(self._standing) >= _KEPT:
                self._standing.clear()
            found = tuple(row for row in self.about(by, kind, of) if self.in_force(row, day))
            self._standing[key] = found
        return found

    def suspensions(self, row: Designation) -> list[Designation]:
        """Return the rows that suspend ``row``."""
        return self._suspended.get(row.id, [])

    def in_force(self, row: Designation, day: date) -> bool:
        """Tell whether ``row`` is valid on ``day`` and not suspended then."""
        return row.holds_on(day) and not any(other.holds_on(day) for other in self.suspensions(row))

    def __iter__(self) -> Iterator[Designation]:
        rows = [row for group in (*self._rows.values(), *self._suspended.values()) for row in group]
        yield from {row.id: row for row in rows}.values()
