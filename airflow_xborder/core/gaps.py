# SPDX-License-Identifier: Apache-2.0
"""Gaps (law 5): connected places for which no pack answers, and data that nobody categorised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.facts import UNKNOWN, Facts
from airflow_xborder.core.pack import Coverage
from airflow_xborder.core.truth import Truth, any_of
from airflow_xborder.core.vocabulary import UNCATEGORISED, is_a

# fact -> how a reader calls the connection
CONNECTIONS: dict[str, str] = {
    "source.place": "source", "destination.place": "destination", "exporter.country": "exporter",
    "importer.country": "importer", "subjects.countries": "residence", "reach": "processing or access",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. Kinds: ``jurisdiction``, ``rules_known``, ``categories``, ``place`` (reached, but not named)."""

    kind: str
    place: str = ""
    connection: str = ""
    category: str = ""
    note: str = ""


def find_gaps(policies: Policies, facts: Facts) -> list[Gap]:
    """Return the gaps of one flow, ordered by place."""
    packs = policies.packs()
    covered = frozenset().union(*(pack.covers for pack in packs)) if packs else frozenset()
    rows = [row for pack in packs for row in pack.coverage]
    gaps: dict[tuple[str, str], Gap] = {}
    for place, connection in connected_places(facts):
        gap = _gap(place, connection, covered, rows, facts)
        if gap is not None:
            gaps.setdefault((gap.kind, place), gap)
    categories = facts.values.get("data_categories")
    if not isinstance(categories, frozenset) or categories & UNCATEGORISED:
        gaps["categories", ""] = Gap("categories")
    return [gaps[key] for key in sorted(gaps)]


def connected_places(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield every place that the flow touches, with how it is connected."""
    for path, connection in CONNECTIONS.items():
        value = facts.values.get(path)
        if value is None:
            continue
        for place in sorted(value) if isinstance(value, frozenset) else [str(value)]:
            yield place, connection


def _gap(
    place: str, connection: str, covered: frozenset[str], rows: list[Coverage], facts: Facts
) -> Gap | None:
    if place == UNKNOWN:
        return Gap("place", place, connection)
    if place in covered:
        return None
    about = [row for row in rows if place in row.places]
    if "-" not in place:
        reviewed = any(row.status == "no_rule_known" for row in about)
        return None if reviewed else Gap("jurisdiction", place, connection)
    for row in about:
        if row.status == "rule_known" and _concerns(row, facts) is not Truth.FALSE:
            return Gap("rules_known", place, connection, ", ".join(row.categories), row.note)
    return None


def _concerns(row: Coverage, facts: Facts) -> Truth:
    categories = facts.values.get("data_categories")
    if not isinstance(categories, frozenset) or not row.categories:
        return Truth.UNKNOWN
    return any_of(is_a(term, kind) for term in sorted(categories) for kind in row.categories)
