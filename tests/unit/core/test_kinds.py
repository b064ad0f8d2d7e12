# SPDX-License-Identifier: Apache-2.0
"""What a set of categories is for certain, and what it may be: held to the question for one category and one kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.core.facts import Values
from airflow_xborder.core.kinds import kinds_of, term_is_a
from airflow_xborder.core.truth import Truth, any_of
from airflow_xborder.core.vocabulary import KINDS
from tests.factories import EMAIL, HEALTH
from tests.generators import CATEGORIES

NONE: frozenset[str] = frozenset()
uncured = st.sets(st.sampled_from(["anonymisation", "pseudonymisation", "key_in_origin"])).map(frozenset)
terms = st.sets(st.sampled_from(CATEGORIES), min_size=1, max_size=3).map(frozenset)


def values(categories: frozenset[str], sources: frozenset[str] | None = None) -> Values:
    """Return facts that say only this."""
    found = Values(data_categories=categories)
    if sources is not None:
        found["attributes.source_categories"] = sources
    return found


@given(terms, st.none() | terms, uncured)
def test_it_is_what_asking_each_category_for_each_kind_gives(
    categories: frozenset[str], sources: frozenset[str] | None, cures_nothing: frozenset[str]
) -> None:
    facts = values(categories, sources)
    kinds = kinds_of(facts, cures_nothing)
    for kind in KINDS["data category"]:
        truth = any_of(term_is_a(facts, cures_nothing, term, kind) for term in categories | (sources or NONE))
        assert (kind in kinds.certain) == (truth is Truth.TRUE)
        assert (kind in kinds.possible) == (truth is not Truth.FALSE)


def test_where_nobody_said_it_may_be_anything() -> None:
    kinds = kinds_of(Values(), NONE)
    assert not kinds.known
    assert (kinds.certain, kinds.possible) == (NONE, KINDS["data category"])


@pytest.mark.parametrize(
    ("category", "cures_nothing", "possible"),
    [
        (EMAIL, NONE, False),
        ("anonymised", NONE, False),
        ("anonymised", frozenset({"anonymisation"}), True),
        ("personal_data.pseudonymised", frozenset({"anonymisation"}), False),
        ("personal_data.pseudonymised", frozenset({"pseudonymisation"}), True),
        ("derived.embedding", NONE, True),
    ],
)
def test_a_name_that_a_safeguard_gave_tells_nothing_where_it_cures_nothing(
    category: str, cures_nothing: frozenset[str], possible: bool
) -> None:
    assert (HEALTH in kinds_of(values(frozenset({category})), cures_nothing).possible) is possible
