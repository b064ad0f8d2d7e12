# SPDX-License-Identifier: Apache-2.0
"""Gaps in the reference semantics: places without rules, and data that nobody categorised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_xborder.core.places import ORDERS, SETS
from tests.conformance.reference_facts import Snapshot, is_a


def places(value: Any) -> set[str]:
    found: set[str] = set()
    for name in value if isinstance(value, list) else [value]:
        found |= SETS.get(ORDERS.get(name, name), {name})
    return found


def touched_by(facts: Snapshot, terms: set[str] | None) -> set[str]:
    """Return every place that the flow touches; ``?`` for one that nobody named."""
    touched: set[str] = set()
    for path in ("source.place", "destination.place", "exporter.country", "importer.country", "reach"):
        value = facts.values.get(path)
        touched |= value if isinstance(value, set) else set() if value is None else {value}
    if terms is None or any(is_a(term, "personal_data") is not False for term in terms):
        residents = facts.values.get("subjects.countries")
        touched |= residents or (set() if facts.complete or residents is not None else {"?"})
    return touched


def gaps(documents: list[Mapping[str, Any]], facts: Snapshot, on_gap: str) -> list[str]:
    """Return an outcome for each gap."""
    covered = set().union(*(places(list(pack.get("covers", []))) for pack in documents))
    rows = [row for pack in documents for row in pack.get("coverage", ())]
    divided = {
        place[:2] for place in covered.union(*(places(list(row["places"])) for row in rows)) if "-" in place
    }
    terms = facts.values.get("data_categories")
    touched = touched_by(facts, terms)

    def concerns(row: Mapping[str, Any]) -> bool:
        if terms is None or not row.get("categories"):
            return True
        return any(is_a(term, kind_of) is not False for term in terms for kind_of in row["categories"])

    found = []
    for place in touched - covered - {"?"}:
        about = [row for row in rows if place in row["places"]]
        ruled = any(row["status"] == "rule_known" and concerns(row) for row in about)
        if ruled or (not about and ("-" not in place or place[:2] in divided)):
            found.append(on_gap)
    home, residents = facts.values.get("source.country"), facts.values.get("subjects.countries") or set()
    divided_people = residents and not facts.values.get("subjects.undivided")
    at_home = all(place == home or place.startswith(f"{home}-") for place in residents)
    told = facts.values.get("source.subdivision") or (divided_people and at_home)
    if home and not told and facts.values["crosses_border"] is not False:
        for row in rows:
            inside = any(place.startswith(f"{home}-") for place in row["places"])
            if inside and row["status"] == "rule_known" and concerns(row):
                found.append("review")
    if "?" in touched or terms is None or terms & {"data", "data.unknown"}:
        found.append("review")
    return found
