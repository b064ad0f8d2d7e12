# SPDX-License-Identifier: Apache-2.0
"""Gaps (law 5): connected places for which no pack answers, and data that nobody categorised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.facts import UNKNOWN, Facts
from airflow_xborder.core.pack import Coverage
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import UNCATEGORISED, is_a

# fact -> how a reader calls the connection
CONNECTIONS: dict[str, str] = {
    "source.place": "source", "destination.place": "destination", "exporter.country": "exporter",
    "importer.country": "importer", "subjects.countries": "residence", "reach": "processing or access",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap.

    Kinds: ``jurisdiction`` (no pack), ``rules_known`` (rules that no pack has), ``categories``; and two that are
    missing facts: ``place`` (reached, but not named) and ``subdivision`` (its parts differ, and which is not said).
    """

    kind: str
    place: str = ""
    connection: str = ""
    category: str = ""
    note: str = ""
    fact: str = ""

    @property
    def is_configurable(self) -> bool:
        """Whether it is a gap that a deployment may want denied, and no mere missing fact."""
        return self.kind in ("jurisdiction", "rules_known", "categories")

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that would close it."""
        return (self.fact,) if self.fact else ()


@dataclass(frozen=True, slots=True)
class _Map:
    """What the packs say of places. ``divided`` are the countries whose parts are told apart."""

    covered: frozenset[str]
    rows: tuple[Coverage, ...]
    divided: frozenset[str]


def find_gaps(policies: Policies, facts: Facts) -> list[Gap]:
    """Return the gaps of one flow, ordered by kind and place."""
    known = _map(policies)
    gaps: dict[tuple[str, str], Gap] = {}
    for place, path in connected_places(facts):
        gap = _gap(place, path, known, facts)
        if gap is not None:
            gaps.setdefault((gap.kind, place), gap)
    gap = _untold_subdivision(known, facts)
    if gap is not None:
        gaps[gap.kind, gap.place] = gap
    categories = facts.values.get("data_categories")
    if not isinstance(categories, frozenset) or categories & UNCATEGORISED:
        gaps["categories", ""] = Gap("categories", fact="data_categories")
    return [gaps[key] for key in sorted(gaps)]


def _map(policies: Policies) -> _Map:
    covered = frozenset(place for head in policies.heads for place in head.covers)
    rows = tuple(row for head in policies.heads for row in head.coverage)
    named = covered.union(*(row.places for row in rows))
    return _Map(covered, rows, frozenset(place[:2] for place in named if "-" in place))


def connected_places(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield every place that the flow touches, with the path of the fact that says so.

    Residence is one where the data may be about people; where an incomplete row does not say it, it may be any.
    """
    about_people = _may_be(facts, ("personal_data",))
    for path in CONNECTIONS:
        value = facts.values.get(path)
        if path == "subjects.countries":
            if not about_people:
                continue
            value = frozenset({UNKNOWN}) if value is None and not facts.complete else value
        if value is not None:
            yield from (
                (place, path) for place in (sorted(value) if isinstance(value, frozenset) else [str(value)])
            )


def _gap(place: str, path: str, known: _Map, facts: Facts) -> Gap | None:
    connection = CONNECTIONS[path]
    if place == UNKNOWN:
        return Gap("place", place, connection, fact=path)
    if place in known.covered:
        return None
    about = [row for row in known.rows if place in row.places]
    for row in about:
        if row.status == "rule_known" and _concerns(row, facts):
            return Gap("rules_known", place, connection, ", ".join(row.categories), row.note)
    # A part of a country is a jurisdiction of its own only where somebody told parts of that country apart.
    if about or ("-" in place and place[:2] not in known.divided):
        return None
    return Gap("jurisdiction", place, connection)


def _untold_subdivision(known: _Map, facts: Facts) -> Gap | None:
    """Find data that leaves a country of whose parts some have rules for it, while nobody says which part it is in."""
    country = facts.values.get("source.country")
    residents = facts.values.get("subjects.countries")
    told = facts.values.get("source.subdivision") is not None or (
        isinstance(residents, frozenset) and any(place.startswith(f"{country}-") for place in residents)
    )
    if country is None or told or facts.values.get("crosses_border") is False:
        return None
    for row in known.rows:
        parts = [place for place in row.places if place.startswith(f"{country}-")]
        if parts and row.status == "rule_known" and _concerns(row, facts):
            return Gap(
                "subdivision", str(country), "source", ", ".join(row.categories), fact="source.subdivision"
            )
    return None


def _concerns(row: Coverage, facts: Facts) -> bool:
    return not row.categories or _may_be(facts, row.categories)


def _may_be(facts: Facts, kinds: Sequence[str]) -> bool:
    """Tell whether some of the data is, or may be, of one of these kinds."""
    categories = facts.values.get("data_categories")
    if not isinstance(categories, frozenset):
        return True
    return any(is_a(term, kind) is not Truth.FALSE for term in categories for kind in kinds)
