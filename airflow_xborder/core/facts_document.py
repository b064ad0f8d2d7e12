# SPDX-License-Identifier: Apache-2.0
"""Facts as plain JSON: what an engine outside this process is asked about (``input.facts`` of the Rego bundle).

Unknown is absent. Sets are sorted lists, days and shares are text. Documents go with their validity, since on which
day they are looked at depends on the rule; ``days`` is the day of the question in each time zone. No ids, names or
references: those decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from airflow_xborder.core.facts import Facts, Value

FORMAT = 1
Row = dict[str, Any]
# What only a name would tell apart decides nothing, but a rule may ask for it: these facts go with the rest.
_LISTED = ("framework", "status", "covers")
_COUNTED = ("category", "unit", "n", "scope", "window")
_AGREED = ("type", "ground_for", "purpose", "coverage")


def to_document(facts: Facts, as_of: datetime, zones: Iterable[str] = ()) -> Row:
    """Return normalised facts, and the moment of the question, as plain data.

    :param as_of: the moment, aware.
    :param zones: the time zones of the rules; the day in any other must be told from ``as_of``.
    """
    flow, importer = facts.flow, facts.flow.importer
    document: Row = {
        "format": FORMAT,
        "as_of": as_of.astimezone(timezone.utc).isoformat().replace("+00:00", "Z"),
        "days": {zone: as_of.astimezone(ZoneInfo(zone)).date().isoformat() for zone in sorted({*zones})},
        "complete": facts.complete,
        "values": {path: _plain(value) for path, value in sorted(facts.values.items()) if value is not None},
        "mechanisms": [
            _row(one, ("type", "ground_for", "module"), {"from": one.valid_from, "until": one.valid_until})
            for one in flow.mechanisms or ()
        ],
        "evidence": [
            _row(one, ("type",), {"from": one.issued_at, "until": one.valid_until})
            for one in flow.evidence or ()
        ],
        "consents": [_row(one, _AGREED) for one in flow.consents],
        "counts": [_row(one, _COUNTED) for one in flow.counts or ()],
    }
    if flow.purpose is not None:
        document["purpose"] = flow.purpose
    if importer is not None and importer.listings is not None:
        document["listings"] = [_row(one, _LISTED) for one in importer.listings]
    if importer is not None and importer.owners is not None:
        document["owners"] = [_row(one, ("country", "share")) for one in importer.owners]
    return document


def _plain(value: Value) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def _row(record: object, names: Iterable[str], days: Mapping[str, date | None] | None = None) -> Row:
    row = {name: getattr(record, name) for name in names}
    row |= {name: day.isoformat() if day else None for name, day in (days or {}).items()}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in row.items()
        if value is not None
    }
