# SPDX-License-Identifier: Apache-2.0
"""Which term is a kind of which, and what a misspelt one gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import KINDS, ancestors, is_a, require_term, suggest
from airflow_xborder.core.vocabulary_terms import CATEGORIES, EXTRA_PARENTS
from airflow_xborder.errors import UnknownTermError

PD = "personal_data"
terms = st.sampled_from(sorted(CATEGORIES))


class TestKinds:
    @pytest.mark.parametrize(
        ("term", "kind", "truth"),
        [
            (f"{PD}.contact.email", PD, Truth.TRUE),
            (f"{PD}.contact.email", f"{PD}.sensitive.health", Truth.FALSE),
            (f"{PD}.sensitive", f"{PD}.sensitive.health", Truth.UNKNOWN),
            (PD, f"{PD}.sensitive.health", Truth.FALSE),
            ("data.unknown", f"{PD}.sensitive.health", Truth.UNKNOWN),
            ("data", PD, Truth.UNKNOWN),
            ("derived.embedding", PD, Truth.TRUE),
            ("derived.embedding", f"{PD}.sensitive.health", Truth.UNKNOWN),
            ("derived.embedding", "government_related_us", Truth.FALSE),
            ("telemetry", PD, Truth.TRUE),
            (f"{PD}.government_id.ssn", f"{PD}.identifiers", Truth.TRUE),
            ("non_personal", PD, Truth.FALSE),
        ],
    )
    def test_is_a(self, term: str, kind: str, truth: Truth) -> None:
        assert is_a(term, kind) is truth

    @given(terms)
    def test_every_term_is_a_kind_of_itself(self, term: str) -> None:
        assert is_a(term, term) is Truth.TRUE

    @given(terms, terms, terms)
    def test_being_a_kind_of_is_transitive(self, first: str, second: str, third: str) -> None:
        if second in ancestors(first) and third in ancestors(second):
            assert third in ancestors(first)

    @given(terms, terms)
    def test_no_two_terms_are_kinds_of_each_other(self, first: str, second: str) -> None:
        if second in ancestors(first) and first in ancestors(second):
            assert first == second

    @given(terms)
    def test_every_ancestor_is_a_term(self, term: str) -> None:
        assert {name for name in ancestors(term) if "." in name or name in EXTRA_PARENTS} <= CATEGORIES.keys()


class TestTerms:
    def test_a_misspelt_term_gets_the_nearest(self) -> None:
        with pytest.raises(UnknownTermError, match="unknown data category") as caught:
            require_term("data category", "personal_data.contact.emial")
        assert caught.value.hint == "did you mean `personal_data.contact.email`?"

    def test_one_that_is_near_nothing_gets_no_hint(self) -> None:
        assert suggest("qqqq", {"adequacy"}) is None

    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_every_term_of_a_kind_is_accepted(self, kind: str) -> None:
        assert {require_term(kind, term) for term in KINDS[kind]} == KINDS[kind]
