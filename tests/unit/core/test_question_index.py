# SPDX-License-Identifier: Apache-2.0
"""The index answers as the questions would."""

from __future__ import annotations

from typing import Any

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.flattening import Tables
from airflow_xborder.core.question_index import ANY, question_index
from airflow_xborder.core.questions import View


def index_of(*conditions: Any, uncured: frozenset[str] = frozenset()) -> tuple[dict[str, Any], list[str]]:
    tables = Tables(Designations([]))
    for condition in conditions:
        tables.tree(parse_condition(condition), View(zone="UTC", uncured=uncured))
    return dict(question_index(tables)), list(tables.questions)


def test_a_value_leads_to_the_questions_that_have_it() -> None:
    index, (first, second) = index_of({"frequency": ["one_off", "occasional"]}, {"frequency": "one_off"})
    (entry,) = index["some"]
    assert entry["values"] == {"one_off": [first, second], "occasional": [first]}
    assert entry["all"] == [first, second]


def test_a_truth_is_a_value() -> None:
    index, (name,) = index_of({"crosses_border": True})
    assert index["is"][0]["values"] == {"True": [name]}


def test_a_category_answers_for_what_it_is_and_may_be() -> None:
    index, (name,) = index_of("personal_data.sensitive.health")
    kinds = index["kind"]
    assert kinds["personal_data.sensitive.health"]["certain"] == [name]
    assert kinds["personal_data.sensitive"] == {
        "certain": [],
        "possible": [name],
        "possible_with_sources": [name],
    }
    assert kinds["derived.embedding"] == {"certain": [], "possible": [name], "possible_with_sources": []}
    assert kinds["non_personal"]["possible"] == []
    assert kinds[ANY] == [name]


def test_a_name_that_its_safeguard_does_not_cure_tells_nothing() -> None:
    index, (name,) = index_of("personal_data", uncured=frozenset({"anonymisation"}))
    assert index["kind"]["anonymised"]["possible"] == [name]
    assert index_of("personal_data")[0]["kind"]["anonymised"]["possible"] == []


def test_documents_lead_to_what_asks_for_them() -> None:
    index, (mechanism, evidence) = index_of({"mechanism": ["scc_eu", "bcr_c"]}, {"evidence": "tia"})
    assert [row["id"] for row in index["mechanism"]["bcr_c"]] == [mechanism]
    assert index["evidence"] == {"tia": [{"id": evidence, "zone": "UTC"}]}
    assert index["missing"][mechanism] == "mechanisms.module"
    assert evidence not in index["missing"]
