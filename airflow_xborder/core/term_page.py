# SPDX-License-Identifier: Apache-2.0
"""The page of terms: what the words in rules mean, and what other vocabularies call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_xborder.core import vocabulary_terms as terms
from airflow_xborder.core.markdown import escaped, table
from airflow_xborder.core.places import ORDERS, SETS
from airflow_xborder.core.term_descriptions import DESCRIPTIONS, describe
from airflow_xborder.core.vocabulary import KINDS

_MAPPED: dict[str, Mapping[str, terms.Mapping]] = {
    "data category": terms.CATEGORIES, "purpose": terms.PURPOSES,
}  # fmt: skip
_TITLES = {
    "data category": "Data categories", "purpose": "Purposes", "mechanism": "Mechanisms", "evidence": "Evidence",
    "safeguard": "Safeguards", "group": "Groups of people", "locality level": "Locality levels",
}  # fmt: skip


def term_lines() -> Iterator[str]:
    """Yield the page after its heading."""
    yield from ("A category is a kind of what stands before its last dot, and of what is named besides.", "")
    for kind in DESCRIPTIONS:
        yield from (f"## {_TITLES[kind]}", "")
        mapped = _MAPPED.get(kind)
        known = list(mapped) if mapped is not None else sorted(KINDS[kind])
        heading = ("term", "means", *(("W3C DPV", "Fideslang") if mapped is not None else ()))
        yield from table(
            heading, ((f"`{name}`", _means(kind, name), *_elsewhere(kind, name)) for name in known)
        )
        yield ""
    yield from ("## Sets of places", "")
    rows = [(f"`{name}`", ", ".join(sorted(members))) for name, members in SETS.items()]
    yield from table(
        ("set", "places"), [*rows, *((f"`{name}`", f"as `{of}`") for name, of in ORDERS.items())]
    )


def _means(kind: str, name: str) -> str:
    besides = terms.EXTRA_PARENTS.get(name) if kind == "data category" else None
    return escaped(describe(kind, name)) + (f"; a kind of `{besides}`" if besides else "")


def _elsewhere(kind: str, name: str) -> tuple[str, ...]:
    mapped = _MAPPED.get(kind)
    return tuple(f"`{term}`" if term else "" for term in mapped[name]) if mapped is not None else ()
