# SPDX-License-Identifier: Apache-2.0
"""Gaps (law 5): connected places for which no pack answers, and data that nobody categorised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.coverage import CoverageMap
from airflow_xborder.core.facts import UNKNOWN, Facts
from airflow_xborder.core.pack import Coverage
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import KINDS, UNCATEGORISED, is_a

# fact -> how a reader calls the connection
CONNECTIONS: dict[str, str] = {
    "source.place": "source", "destination.place": "destination", "exporter.country": "exporter",
    "importer.country": "importer", "subjects.countries": "residence", "reach": "processing or access",
}  # fmt: skip
_ABOUT_PEOPLE = ("personal_data",)


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


def find_gaps(policies: Policies, facts: Facts) -> list[Gap]:
    """Return the gaps of one flow, ordered by kind and place."""
    known = policies.coverage
    gaps: dict[tuple[str, str], Gap] = {}
    for places, path in connected_places(facts):
        if not places <= known.covered:
            for place in sorted(places - known.covered):
                gap = _gap(place, path, known, facts)
                if gap is not None:
                    gaps.setdefault((gap.kind, place), gap)
    gap = _untold_subdivision(known, facts)
    if gap is not None:
        gaps[gap.kind, gap.place] = gap
    categories = facts.values.get("data_categories")
    if not isinstance(categories, frozenset) or not UNCATEGORISED.isdisjoint(categories):
        gaps["categories", ""] = Gap("categories", fact="data_categories")
    return [gaps[key] for key in sorted(gaps)] if gaps else []


def connected_places(facts: Facts) -> Iterator[tuple[frozenset[str], str]]:
    """Yield the places that the flow touches, with the path of the fact that says so.

    Residence is one where the data may be about people; where an incomplete row does not say it, it may be any.
    """
    values = facts.values
    for path in CONNECTIONS:
        value = values.get(path)
        if path == "subjects.countries":
            if not _may_be(facts, _ABOUT_PEOPLE):
                continue
            value = frozenset({UNKNOWN}) if value is None and not facts.complete else value
        if value is not None:
            yield value if isinstance(value, frozenset) else frozenset({str(value)}), path


def _gap(place: str, path: str, known: CoverageMap, facts: Facts) -> Gap | None:
    connection = CONNECTIONS[path]
    if place == UNKNOWN:
        return Gap("place", place, connection, fact=path)
    about = known.about.get(place, ())
    for row in about:
        if row.status == "rule_known" and _concerns(row, facts):
            return Gap("rules_known", place, connection, ", ".join(row.categories), row.note)
    # A part of a country is a jurisdiction of its own only where somebody told parts of that country apart.
    if about or ("-" in place and place[:2] not in known.divided):
        return None
    return Gap("jurisdiction", place, connection)


def _untold_subdivision(known: CoverageMap, facts: Facts) -> Gap | None:
    """Find data that leaves a country of whose parts some have rules for it, while nobody says which part it is in."""
    country = facts.values.get("source.country")
    if country not in known.divided:
        return None
    residents = facts.values.get("subjects.countries")
    told = facts.values.get("source.subdivision") is not None or (
        isinstance(residents, frozenset)
        and len(residents) > 1
        and not facts.values.get("subjects.undivided")
        and all(place[:2] == country for place in residents)
    )
    if told or facts.values.get("crosses_border") is False:
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
    return not _possible(categories).isdisjoint(kinds)


@lru_cache(maxsize=4096)
def _possible(categories: frozenset[str]) -> frozenset[str]:
    return frozenset(
        kind for kind in KINDS["data category"] for term in categories if is_a(term, kind) is not Truth.FALSE
    )
