# SPDX-License-Identifier: Apache-2.0
"""Of which categories the data of a flow is for certain, and of which it may be, as one rule sees it.

Rules ask for categories more often than for anything else, and the same few sets of them come back all the time:
what a set means is worked out once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from airflow_xborder.core.facts import Value, Values
from airflow_xborder.core.truth import FALSE, TRUE, UNKNOWN, Truth
from airflow_xborder.core.vocabulary import KINDS, ancestors, is_a

SOURCE_CATEGORIES = "attributes.source_categories"
# What a safeguard turns data into, by name; where the safeguard cures nothing, the name tells nothing.
CURED_NAMES = {"anonymised": "anonymisation", "personal_data.pseudonymised": "pseudonymisation"}
_CURES = frozenset(CURED_NAMES.values())


class Kinds(NamedTuple):
    """The categories that some of the data is a kind of, for certain, or possibly. ``None``: nobody said."""

    certain: frozenset[str]
    possible: frozenset[str]
    known: bool = True


_NOBODY_SAID = Kinds(frozenset(), KINDS["data category"], known=False)


def kinds_of(values: Values, uncured: frozenset[str]) -> Kinds:
    """Return what the data of a flow is, for a rule that ``uncured`` safeguards change nothing for."""
    terms, sources = values["data_categories"], values[SOURCE_CATEGORIES]
    if terms.__class__ is not frozenset:
        return _NOBODY_SAID
    return _kinds(terms, sources or None, uncured & _CURES if uncured else uncured)


@lru_cache(maxsize=4096)
def _kinds(terms: frozenset[str], sources: Value, uncured: frozenset[str]) -> Kinds:
    if isinstance(sources, frozenset):
        terms |= sources
    found = [_kinds_of_term(term, _tell(sources), uncured) for term in terms]
    return Kinds(
        frozenset[str]().union(*(kinds.certain for kinds in found)),
        frozenset[str]().union(*(kinds.possible for kinds in found)),
    )


@lru_cache(maxsize=2048)
def _kinds_of_term(term: str, told: bool, uncured: frozenset[str]) -> Kinds:
    answers = {kind: _term_is_a(term, kind, told, uncured) for kind in KINDS["data category"]}
    return Kinds(
        frozenset(kind for kind, answer in answers.items() if answer is TRUE),
        frozenset(kind for kind, answer in answers.items() if answer is not FALSE),
    )


def term_is_a(values: Values, uncured: frozenset[str], term: str, kind: str) -> Truth:
    """Tell whether data of one category of the flow is data of category ``kind``.

    Derived data is of the kinds of its sources, where these are stated. Data named after a safeguard that cures
    nothing for the rule that asks (``not_cured_by``) may still be of any kind.
    """
    return _term_is_a(term, kind, _tell(values[SOURCE_CATEGORIES]), uncured)


def _tell(sources: Value) -> bool:
    """Tell whether stated sources say what data was made of: one that has such a name itself says nothing."""
    if not isinstance(sources, frozenset) or not sources:
        return False
    return not any(name in CURED_NAMES or name.startswith("derived") for name in sources)


def _term_is_a(term: str, kind: str, told: bool, uncured: frozenset[str]) -> Truth:
    found = is_a(term, kind)
    named = CURED_NAMES.get(term) in uncured
    if not (named or term.startswith("derived")):
        return found
    if told:
        return Truth.of(kind in ancestors(term))
    return UNKNOWN if named and found is FALSE else found
