# SPDX-License-Identifier: Apache-2.0
"""What the registers say of one flow: restrictions on its data, when they change next, and what may be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timezone
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airflow_xborder.core.catalog import lies_in
from airflow_xborder.core.vocabulary_terms import PAPERS

if TYPE_CHECKING:
    from airflow_xborder.core.catalog import Catalog, RegisteredRestriction, Registers
    from airflow_xborder.core.flow import DataFlow, End, Mechanism


def restrictions_on(flow: DataFlow, catalog: Catalog, on: date) -> tuple[str, ...]:
    """Return the ids of the restrictions that bind a flow's data on a day, sorted (law 6).

    One binds what it may be about: a flow whose store or purpose nobody knows is not exempt.
    """
    rows = catalog.registers.restrictions or ()
    return tuple(
        sorted(
            {
                row.id
                for row in rows
                if _stands(row, on)
                and (row.purposes is None or flow.purpose is None or flow.purpose in row.purposes)
                and _may_be(flow.source, row.match, catalog)
            }
        )
    )


def _stands(row: RegisteredRestriction, on: date) -> bool:
    return (row.recorded_at is None or row.recorded_at <= on) and (
        row.resolved_at is None or on < row.resolved_at
    )


def _may_be(end: End, match: str, catalog: Catalog) -> bool:
    if end.store is not None:
        store = end.store.rstrip("/")
        return fnmatchcase(end.store, match) or lies_in(end.store, match.rstrip("/")) or lies_in(match, store)
    found = catalog.store_of(match)
    return found is None or end.region in (None, found[1].region)


def next_change(registers: Registers, on: date) -> datetime | None:
    """Return the first moment after a day (UTC) at which a row of the registers begins, or ceases, to count.

    The validity of a document is its rule's business, in the rule's time zone.
    """
    later = [day for day in _days(registers) if day > on]
    return datetime.combine(min(later), time(), timezone.utc) if later else None


def _days(registers: Registers) -> Iterator[date]:
    for rows in (registers.mechanisms, registers.evidence, registers.automated_decisions):
        yield from (row.recorded_at for row in rows or () if row.recorded_at is not None)
    for row in registers.restrictions or ():
        yield from (day for day in (row.recorded_at, row.resolved_at) if day is not None)


def papers_of(flow: DataFlow) -> tuple[Mechanism, ...]:
    """Return the mechanisms of a flow that are documents: what alone an author may be trusted to have (law 1)."""
    return tuple(entry for entry in flow.mechanisms or () if entry.type in PAPERS)
