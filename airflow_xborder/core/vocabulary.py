# SPDX-License-Identifier: Apache-2.0
"""Data categories, purposes and the other controlled terms: which exist, and which is a kind of which.

The terms themselves are data in ``vocabulary_terms.py``.
"""

from __future__ import annotations

from functools import lru_cache

from airflow_xborder.core import vocabulary_terms as terms
from airflow_xborder.core.truth import Truth
from airflow_xborder.errors import UnknownTermError

UNCATEGORISED = frozenset({"data", "data.unknown"})

KINDS: dict[str, frozenset[str]] = {
    "data category": frozenset(terms.CATEGORIES),
    "purpose": frozenset(terms.PURPOSES),
    "mechanism": terms.MECHANISMS,
    "evidence": terms.EVIDENCE,
    "safeguard": terms.SAFEGUARDS,
    "group": terms.GROUPS,
    "locality level": frozenset(terms.LOCALITY_LEVELS),
    "access mode": frozenset(terms.ACCESS_MODES),
    "role": frozenset(terms.ROLES),
    "ground": frozenset(terms.GROUNDS),
    "frequency": frozenset(terms.FREQUENCIES),
    "obligation": frozenset(terms.OBLIGATIONS),
    "designation": frozenset({"adequacy", "equivalence", "country_of_concern", "membership"}),
    "count window": frozenset({"this_flow", "12_months", "calendar_year", "since_start"}),
    "count unit": frozenset({"persons", "devices", "records"}),
}


def suggest(term: str, known: frozenset[str] | set[str]) -> str | None:
    """Return a hint that names the known term nearest to ``term``, or ``None``."""
    import difflib

    near = difflib.get_close_matches(term, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


def require_term(kind: str, term: str) -> str:
    """Return ``term``, which must be a known term of ``kind`` (a key of ``KINDS``).

    :raises UnknownTermError: with the nearest known term as its hint.
    """
    known = KINDS[kind]
    if term not in known:
        raise UnknownTermError(f"unknown {kind} `{term}`", hint=suggest(term, known))
    return term


@lru_cache(maxsize=1024)
def ancestors(term: str) -> frozenset[str]:
    """Return ``term`` and everything it is a kind of."""
    found = {term}
    parent = terms.EXTRA_PARENTS.get(term) or term.rpartition(".")[0]
    if parent:
        found |= ancestors(parent)
        if term in terms.EXTRA_PARENTS and "." in term:
            found |= ancestors(term.rpartition(".")[0])
    return frozenset(found)


@lru_cache(maxsize=4096)
def is_a(term: str, kind: str) -> Truth:
    """Tell whether data of category ``term`` is data of category ``kind``.

    Uncategorised data may be anything. A category says nothing of its own sub-categories, so asking a general one
    for a special one is unknown, with one exception: plain ``personal_data`` claims none of them. Derived data
    is personal, and may be of any sensitive kind, until its source categories are known (EDPB Opinion 28/2024).
    """
    if kind in ancestors(term):
        return Truth.TRUE
    if term in UNCATEGORISED:
        return Truth.UNKNOWN
    if term != "personal_data" and term in ancestors(kind):
        return Truth.UNKNOWN
    if term.startswith("derived") and "personal_data" in ancestors(kind):
        return Truth.UNKNOWN
    return Truth.FALSE
