# SPDX-License-Identifier: Apache-2.0
"""Tests of single facts, with the unknown in every place where it can be."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.comparisons import Compare, In, Is, IsA, Known, NotAmong, Within, one_of
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.truth import Truth
from tests.factories import HEALTH, make_case, make_facts

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
EEA = frozenset({"DE", "FR"})
ANYWHERE = {"places": {"logs": [{"region": "any"}]}}
MANY = {"collected_purposes": ["support", "fraud"]}


@pytest.mark.parametrize(
    ("condition", "fields", "truth"),
    [
        (In("source.country", EEA), {}, T),
        (In("source.country", EEA), {"source": "US"}, F),
        (In("exporter.country", EEA), {}, U),
        (In("reach", EEA), {"destination": "US", "places": {"logs": ["FR"]}}, T),
        (In("reach", EEA), {"destination": "US"}, F),
        (In("reach", EEA), {"destination": "US", **ANYWHERE}, U),
        (In("reach", EEA), {"destination": "FR", **ANYWHERE}, T),
        (In("subjects.countries", EEA), {"subjects": {"countries": []}}, F),
        (In("purpose", frozenset({"support"})), MANY, U),
        (In("purpose", frozenset({"support", "fraud"})), MANY, T),
        (In("purpose", frozenset({"payment"})), MANY, F),
        (Within("source.country", EEA), {}, T),
        (Within("exporter.country", EEA), {}, U),
        (Within("reach", EEA), {"destination": "FR"}, T),
        (Within("reach", EEA), {"destination": "FR", "places": {"logs": ["US"]}}, F),
        (Within("reach", EEA), {"destination": "FR", **ANYWHERE}, U),
        (Within("reach", EEA), {"destination": "US", **ANYWHERE}, F),
        (Within("subjects.countries", EEA), {"subjects": {"countries": []}}, T),
        (Within("purpose", frozenset({"support"})), MANY, U),
        (Within("purpose", frozenset({"support", "fraud", "payment"})), MANY, T),
        (Is("importer.same_group", True), {"importer": {"same_group": True}}, T),
        (Is("importer.same_group", True), {"importer": {"same_group": False}}, F),
        (Is("importer.same_group", False), {"importer": {"same_group": False}}, T),
        (Is("importer.same_group", True), {}, U),
        (Known("exporter.country"), {}, F),
        (Known("exporter.country"), {"exporter": {"country": "DE"}}, T),
        (Known("reach"), ANYWHERE, F),
        (Known("subjects.countries"), {"subjects": {"countries": []}}, T),
        (Compare("retention_days", at_least=30), {"retention_days": 30}, T),
        (Compare("retention_days", at_least=31), {"retention_days": 30}, F),
        (Compare("retention_days", less_than=30), {"retention_days": 30}, F),
        (Compare("retention_days", at_least=1, less_than=31), {"retention_days": 30}, T),
        (Compare("retention_days", at_least=1), {}, U),
        (Compare("attributes.x", at_least=1), {"attributes": {"x": "many"}}, U),
        (NotAmong("purpose", "collected_purposes"), {"purpose": "marketing", "collected_purposes": ["support"]}, T),
        (NotAmong("purpose", "collected_purposes"), {"purpose": "advertising.targeted", "collected_purposes": ["advertising"]}, F),
        (NotAmong("purpose", "collected_purposes"), {"purpose": "marketing"}, U),
        (NotAmong("purpose", "collected_purposes"), MANY, F),
        (NotAmong("reach", "subjects.countries"), {"subjects": {"countries": ["FR"]}, **ANYWHERE}, U),
        (NotAmong("reach", "subjects.countries"), {"subjects": {"countries": ["IT"]}, **ANYWHERE}, T),
        (NotAmong("reach", "subjects.countries"), {"subjects": {"countries": ["FR"]}}, F),
    ],
    ids=str,
)  # fmt: skip
def test_truth(condition: Condition, fields: dict[str, Any], truth: Truth) -> None:
    assert condition.truth(make_case(**fields)) is truth


def test_a_closed_fact_is_no_number() -> None:
    assert Compare("subjects.min_age", at_least=1).truth(make_case(connecting=True)) is F


def test_candidates() -> None:
    assert one_of(frozenset("ab"), frozenset("abc")) is T
    assert one_of(frozenset("ab"), frozenset("bc")) is U
    assert one_of(frozenset("ab"), frozenset("c")) is F


class TestCategories:
    @pytest.mark.parametrize(
        ("categories", "sources", "uncured", "truth"),
        [
            ([HEALTH], None, (), T),
            (["personal_data.contact.email"], None, (), F),
            (["personal_data.sensitive"], None, (), U),
            (None, None, (), U),
            (["derived.embedding"], None, (), U),
            (["derived.embedding"], [HEALTH], (), T),
            (["derived.embedding"], ["personal_data.contact.email"], (), F),
            (["derived.embedding"], [], (), U),
            (["anonymised"], None, (), F),
            (["anonymised"], None, ("anonymisation",), U),
            (["anonymised"], ["personal_data.contact.email"], ("anonymisation",), F),
            (["personal_data.pseudonymised"], None, ("pseudonymisation",), U),
            (["personal_data.pseudonymised"], None, ("anonymisation",), F),
        ],
    )
    def test_is_a(self, categories: object, sources: object, uncured: tuple[str, ...], truth: Truth) -> None:
        attributes = {"source_categories": sources} if sources is not None else None
        case = make_case(data_categories=categories, attributes=attributes).where(uncured=frozenset(uncured))
        assert IsA("data_categories", HEALTH).truth(case) is truth


class TestWhatIsMissing:
    def test_the_fact_itself(self) -> None:
        assert list(In("exporter.country", EEA).missing(make_case())) == ["exporter.country"]

    def test_of_two_facts_the_unknown_one(self) -> None:
        condition = NotAmong("purpose", "collected_purposes")
        assert list(condition.missing(make_case(purpose="support"))) == ["collected_purposes"]
        assert list(condition.missing(make_case(**MANY))) == ["purpose"]
        unknown = make_case(make_facts(complete=False))
        assert list(condition.missing(unknown)) == ["purpose", "collected_purposes"]

    def test_a_test_that_fails_names_its_fact(self) -> None:
        case = make_case(importer={"same_group": False})
        assert list(Is("importer.same_group", True).unmet(case)) == ["importer.same_group"]
        assert list(Is("importer.same_group", False).unmet(case)) == []
