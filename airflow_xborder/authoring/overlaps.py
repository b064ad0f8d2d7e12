# SPDX-License-Identifier: Apache-2.0
"""What may not be said twice of one day: a designation, and a version of a rule.

Two rows overlap when they are by the same jurisdiction, of the same kind and about a common place, and on some day
both are in force: a row that another one suspends is not. Two versions overlap when a rule says that it still holds
on a day on which the rule that supersedes it already does, or when two later versions of one rule hold side by side
that did not begin together (a rule that is split in two is replaced by both on one day).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.designations import Designation, Designations

_JUDGING = ("adequacy", "equivalence", "country_of_concern")
_NEVER = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one of several documents, and where."""

    document: int
    path: tuple[str | int, ...]
    message: str
    hint: str | None = None


def overlapping(documents: list[Mapping[str, Any]], policies: Policies) -> Iterator[Problem]:
    """Yield what contradicts itself on some day."""
    places = {
        str(row["id"]): (number, ("designations", index))
        for number, document in enumerate(documents)
        for index, row in enumerate(document.get("designations") or ())
    }
    for name, key, message, hint in _designations(policies):
        number, path = places[name]
        yield Problem(number, (*path, key), message, hint)
    for number, document in enumerate(documents):
        yield from (Problem(number, *problem) for problem in _versions(document.get("requirements") or []))


_Said = tuple[str, str, str, str | None]


def _designations(policies: Policies) -> Iterator[_Said]:
    rows = sorted((row for pack in policies.packs() for row in pack.designations), key=lambda row: row.id)
    named = {row.id: row for row in rows}
    for row in rows:
        if row.suspends is not None:
            yield from _suspension(row, named[row.suspends])
    stated = Designations(rows)
    for earlier, later in _pairs([row for row in rows if row.suspends is None]):
        day = _common_day(stated, earlier, later)
        if day is not None:
            yield _contradiction(earlier, later, day)


def _suspension(row: Designation, suspended: Designation) -> Iterator[_Said]:
    if suspended.suspends is not None:
        message = f"`suspends` names `{suspended.id}`, which is itself a suspension"
        yield row.id, "suspends", message, "end that one with `valid_until`"
    for key in ("by", "kind", "of"):
        mine, its = getattr(row, key), getattr(suspended, key)
        if mine != its:
            message = f"`{key}` is `{mine}`, but `{suspended.id}`, which it suspends, says `{its}`"
            yield row.id, key, message, None


def _pairs(rows: Iterable[Designation]) -> Iterator[tuple[Designation, Designation]]:
    """Yield each pair that speaks about a common place and cannot hold on one day, the earlier first."""
    about: dict[tuple[str, str, str], list[Designation]] = defaultdict(list)
    for row in rows:
        for place in sorted(row.places):
            about[row.by, row.kind, place].append(row)
            if row.kind in _JUDGING:
                about[row.by, "trust or concern", place].append(row)
    seen: set[tuple[str, str]] = set()
    for group in about.values():
        for pair in combinations(sorted(group, key=lambda row: (row.valid_from, row.id)), 2):
            kinds = {row.kind for row in pair}
            names = (pair[0].id, pair[1].id)
            if names not in seen and (len(kinds) == 1 or "country_of_concern" in kinds):
                seen.add(names)
                yield pair


def _common_day(stated: Designations, earlier: Designation, later: Designation) -> date | None:
    """Return the first day on which both rows are in force."""
    turns = {later.valid_from, *later.boundaries()}
    for row in (earlier, later):
        turns |= {day for other in stated.suspensions(row) for day in other.boundaries()}
    days = sorted(day for day in turns if day >= later.valid_from)
    return next((day for day in days if all(stated.in_force(row, day) for row in (earlier, later))), None)


def _contradiction(earlier: Designation, later: Designation, day: date) -> _Said:
    hint = f"let `{earlier.id}` end with `valid_until`, or suspend it"
    if earlier.kind != later.kind:
        message = f"`{later.id}` contradicts `{earlier.id}` from {day} on: {later.kind} and {earlier.kind} of one place"
        return later.id, "kind", message, hint
    if earlier.scope == later.scope:
        message = f"`{later.id}` says what `{earlier.id}` says already from {day} on"
    else:
        message = f"`{later.id}` contradicts `{earlier.id}` from {day} on: one place, two scopes"
        hint = f"{hint}, or write both scopes into one row with `any`"
    return later.id, "valid_from", message, hint


_Version = tuple[tuple[str | int, ...], str, str | None]


def _versions(rows: list[Mapping[str, Any]]) -> Iterator[_Version]:
    named = {str(row["requirement_id"]): row for row in rows}
    successors: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for number, row in enumerate(rows):
        for index, name in enumerate(row.get("supersedes") or ()):
            if name in named:
                successors[name].append(row)
                yield from _replaced(named[name], row, ("requirements", number, "supersedes", index))
                yield from _rival(successors[name], name, ("requirements", number, "supersedes", index))


def _replaced(
    old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[_Version]:
    name, begins = old["requirement_id"], str(new["effective_date"])
    if begins <= str(old["effective_date"]):
        message = f"replaces `{name}` from {begins} on, which is not in force before {old['effective_date']}"
        yield path, message, "what replaces a rule begins after it"
    elif str(old.get("expires") or "") >= begins:
        message = f"replaces `{name}` from {begins} on, which is in force until {old['expires']}"
        yield path, message, f"let `{name}` expire the day before, or leave its `expires` out"


def _rival(rows: list[Mapping[str, Any]], name: str, path: tuple[str | int, ...]) -> Iterator[_Version]:
    mine = rows[-1]
    for other in rows[:-1]:
        together = str(mine["effective_date"]) == str(other["effective_date"])
        chained = any(
            one["requirement_id"] in (two.get("supersedes") or ())
            for one, two in ((mine, other), (other, mine))
        )
        apart = any(
            str(one.get("expires") or _NEVER) < str(two["effective_date"])
            for one, two in ((mine, other), (other, mine))
        )
        if not (together or chained or apart):
            message = (
                f"replaces `{name}`, as `{other['requirement_id']}` does, and both are in force side by side"
            )
            yield path, message, "let the later one supersede the earlier one too"
