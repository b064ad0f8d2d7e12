# SPDX-License-Identifier: Apache-2.0
"""What of the law in the packs is due for a look: not checked for long, about to change, or never confirmed.

Answers for a day and a number of days around it, from what the packs say of themselves; what the law has become
since, nobody here can know. ``rests`` names the requirements that hang on each entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.graph import ComplianceGraph, Node
from airflow_xborder.core.impact import impact_of
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.requirement import Requirement

UNCHECKED, BEGINS, ENDS, UNCONFIRMED = "unchecked", "begins", "ends", "unconfirmed"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One thing to look at.

    :param kind: ``unchecked`` (a pack), ``begins`` and ``ends`` (a requirement or designation), or ``unconfirmed``.
    :param day: when the pack was last checked; the first day, or the last valid one; for what is unconfirmed, when
        its pack was last checked.
    :param rests: the requirements that rest on it, directly or not; of a pack, its own.
    :param instead: for a designation that ends, others of the same kind about the same places.
    """

    kind: str
    day: date
    pack: str
    id: str
    what: str
    confidence: str = "confirmed"
    rests: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    @property
    def presses(self) -> bool:
        """Whether it is a matter of time, and not of a source that nobody has found."""
        return self.kind != UNCONFIRMED


def is_unsure(entry: Requirement | Designation) -> bool:
    """Tell whether somebody should hold a rule or a row against the cited text before relying on it."""
    return entry.confidence != "confirmed" or (isinstance(entry, Requirement) and entry.review_required)


def find_due(policies: Policies, on: date, within: int) -> tuple[Due, ...]:
    """Return what is due on a day, sorted by kind and day.

    :param within: a pack is due when it was last checked more than so many days ago, a date when it lies at most so
        many days ahead, ``on`` itself included.
    """
    finder = _Finder(policies, on, within)
    found = [due for pack in policies.packs() for due in finder.in_pack(pack)]
    order = (UNCHECKED, ENDS, BEGINS, UNCONFIRMED)
    return tuple(sorted(found, key=lambda due: (order.index(due.kind), due)))


class _Finder:
    def __init__(self, policies: Policies, on: date, within: int) -> None:
        self.policies = policies
        self.graph = ComplianceGraph(policies)
        self.on, self.within = on, timedelta(days=within)
        self._deciding: dict[tuple[str, str], tuple[str, ...]] = {}

    def in_pack(self, pack: Pack) -> Iterator[Due]:
        if self.on - pack.last_checked > self.within:
            own = tuple(rule.id for rule in pack.requirements)
            yield Due(UNCHECKED, pack.last_checked, pack.id, pack.id, pack.title, rests=own)
        for rule in pack.requirements:
            rests = tuple(sorted(self.graph.dependents_of(rule.id)))
            yield from self._of(pack, rule, (rule.effective_date, rule.expires), rests)
        for row in pack.designations:
            yield from self._of(pack, row, (row.valid_from, row.valid_until), self._resting_on(row))

    def _of(
        self,
        pack: Pack,
        entry: Requirement | Designation,
        valid: tuple[date, date | None],
        rests: tuple[str, ...],
    ) -> Iterator[Due]:
        first, last = valid
        told = (pack.id, entry.id, what_it_is(entry), entry.confidence, rests)
        if last is not None and self._is_near(last):
            yield Due(ENDS, last, *told, self._instead(entry))
        if self._is_near(first):
            yield Due(BEGINS, first, *told)
        if is_unsure(entry) and (last is None or last >= self.on):
            yield Due(UNCONFIRMED, pack.last_checked, *told)

    def _is_near(self, day: date) -> bool:
        return self.on <= day <= self.on + self.within

    def _resting_on(self, row: Designation) -> tuple[str, ...]:
        # Which rules ask for a row follows from who says what, not of whom.
        key = row.by, row.kind
        if key not in self._deciding:
            touched = impact_of(self.policies, Node("designation", row.id)).touched
            found = {name for rule in touched for name in (rule.id, *rule.dependents)}
            self._deciding[key] = tuple(sorted(found))
        return self._deciding[key]

    def _instead(self, entry: Requirement | Designation) -> tuple[str, ...]:
        if isinstance(entry, Requirement):
            return ()
        known = {row.id: row for row in self.policies.designations}
        also = impact_of(self.policies, Node("designation", entry.id)).also
        return tuple(
            name
            for name in also
            if entry.valid_until is not None and _outlives(known[name], entry.valid_until)
        )


def _outlives(row: Designation, last: date) -> bool:
    """Tell whether a row is valid right after ``last``."""
    return row.suspends is None and last < date.max and row.holds_on(last + timedelta(days=1))


def what_it_is(entry: Requirement | Designation) -> str:
    """Return what a rule or a row says, in one line."""
    if isinstance(entry, Requirement):
        return entry.description
    kind = entry.kind.replace("_", " ")
    return f"{entry.by} suspends {entry.suspends}" if entry.suspends else f"{entry.by}: {kind} of {entry.of}"
