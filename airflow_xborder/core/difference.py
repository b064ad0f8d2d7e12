# SPDX-License-Identifier: Apache-2.0
"""What is different between two policy sets, in words: requirements, designations, coverage, connections.

Compares what rules mean, not how they are written: a definition that is written otherwise and means the same is no
difference. What the differences do to flows is in ``consequences.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any as Anything
from typing import TypeVar

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.demands import Demands
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.pack import Coverage, Head, Pack
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.wording import in_words, name_set

T = TypeVar("T")
# What follows from other fields, or is said with them.
_NOT_COMPARED = frozenset({"id", "thresholds", "regime", "places"})
_CALLED = {
    "when": "applies when",
    "constraint": "asks for",
    "effective_date": "first day",
    "expires": "last day",
}


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that was ``added``, ``removed`` or ``changed``, with what is different in words.

    :param kind: ``requirement``, ``designation``, ``coverage``, ``connection`` or ``pack``.
    """

    kind: str
    id: str
    what: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences, sorted, and the days on which they begin to matter."""

    changes: tuple[Difference, ...]
    days: tuple[date, ...]


def find_differences(old: Policies, new: Policies) -> Differences:
    """Compare two policy sets."""
    found: list[Difference] = []
    days: set[date] = set()
    for name in sorted({*old.ids, *new.ids}):
        before = old.pack(name) if name in old.ids else None
        after = new.pack(name) if name in new.ids else None
        if before is None or after is None:
            found.append(Difference("pack", name, "added" if before is None else "removed"))
        found += _of_packs(before, after, _unchanged(old, new, name), days)
    return Differences(tuple(sorted(found)), tuple(sorted(days)))


def _unchanged(old: Policies, new: Policies, name: str) -> frozenset[str]:
    """Return the ids of rows that are written alike, under definitions that are: these cannot mean two things."""
    documents = [_document(policies, name) for policies in (old, new)]
    if documents[0].get("definitions") != documents[1].get("definitions"):
        return frozenset()
    rows = [_rows(document) for document in documents]
    return frozenset(key for key, row in rows[0].items() if rows[1].get(key) == row)


def _document(policies: Policies, name: str) -> Mapping[str, Anything]:
    return next((document for document in policies.documents if document["pack"] == name), {})


def _rows(document: Mapping[str, Anything]) -> dict[str, Anything]:
    rules = {str(row["requirement_id"]): row for row in document.get("requirements") or ()}
    return {**rules, **{str(row["id"]): row for row in document.get("designations") or ()}}


def _of_packs(
    before: Pack | None, after: Pack | None, same: frozenset[str], days: set[date]
) -> Iterator[Difference]:
    rules = [{rule.id: rule for rule in pack.requirements} if pack else {} for pack in (before, after)]
    yield from _pairs("requirement", rules[0], rules[1], same, days)
    listed = [{row.id: row for row in pack.designations} if pack else {} for pack in (before, after)]
    yield from _pairs("designation", listed[0], listed[1], same, days)
    covered = [_coverage(pack) for pack in (before, after)]
    for place in sorted({*covered[0], *covered[1]}):
        was, now = covered[0].get(place, "not covered"), covered[1].get(place, "not covered")
        if was != now:
            yield Difference("coverage", place, "changed", (f"{was} -> {now}",))
    if before and after and before.connects != after.connects:
        told = _changed("concerned by", in_words(before.connects), in_words(after.connects))
        yield Difference("connection", after.id, "changed", (told,))


def _coverage(pack: Head | None) -> dict[str, str]:
    if pack is None:
        return {}
    found = {place: _status(row) for row in pack.coverage for place in row.places}
    return {**found, **dict.fromkeys(pack.covers, f"covered by {pack.id}")}


def _status(row: Coverage) -> str:
    about = f" for {', '.join(row.categories)}" if row.categories else ""
    return f"{row.status.replace('_', ' ')}{about}"


def _pairs(
    kind: str, before: Mapping[str, T], after: Mapping[str, T], same: frozenset[str], days: set[date]
) -> Iterator[Difference]:
    for name in sorted({*before, *after} - same):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            days.update(_days(was, now))
            row = now if was is None else was
            yield Difference(kind, name, "added" if was is None else "removed", tuple(_told(row)))
            continue
        details = tuple(_details(was, now))
        if details:
            days.update(_days(was, now))
            yield Difference(kind, name, "changed", details)


def _days(*rows: object) -> Iterator[date]:
    """Yield the days on which a row begins or is over, where the two versions of it do not agree."""
    for row in rows:
        first, last = _validity(row)
        other = {day for one in rows if one is not row for day in _validity(one)}
        if first is not None and first not in other:
            yield first
        if last is not None and last not in other:
            yield last + timedelta(days=1)


def _validity(row: object) -> tuple[date | None, date | None]:
    if isinstance(row, Requirement):
        return row.effective_date, row.expires
    return (row.valid_from, row.valid_until) if isinstance(row, Designation) else (None, None)


def _told(row: object) -> Iterator[str]:
    if isinstance(row, Requirement):
        yield f"{row.citation}: {row.description}"
        yield f"applies when {in_words(row.when)}"
        yield f"asks for {in_words(row.constraint)}"
    elif isinstance(row, Designation):
        about = f"suspends {row.suspends}" if row.suspends else f"{row.kind} of {row.of} by {row.by}"
        until = f" until {row.valid_until}" if row.valid_until else ""
        yield f"{about} from {row.valid_from}{until}"


def _details(was: object, now: object) -> Iterator[str]:
    for field in fields(was):  # type: ignore[arg-type]
        if field.name in _NOT_COMPARED:
            continue
        one, other = getattr(was, field.name), getattr(now, field.name)
        if one != other:
            name = _CALLED.get(field.name) or field.name.replace("_", " ")
            yield _changed(name, _value(one), _value(other))


def _changed(name: str, was: str, now: str) -> str:
    return f"{name}: {was} -> {now}"


def _value(value: object) -> str:
    if value is None or value == ():
        return "nothing"
    if isinstance(value, Condition):
        return in_words(value)
    if isinstance(value, Demands):
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
        return _list(
            f"{name.replace('_', ' ')} {_value(entry)}" for name, entry in pairs if entry is not None
        )
    if isinstance(value, frozenset):
        return name_set(value)
    if isinstance(value, tuple):
        return _list(map(_value, value))
    return str(getattr(value, "value", getattr(value, "type", value)))


def _list(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing"
