# SPDX-License-Identifier: Apache-2.0
"""The schema of conditions has every word that the language has."""

from __future__ import annotations

import json

from airflow_xborder.authoring.condition_schema import DEFINITIONS, reference
from airflow_xborder.core import condition_syntax as syntax
from airflow_xborder.core.vocabulary import KINDS

CONDITION = json.dumps(DEFINITIONS["condition"])


def test_every_fact_and_every_kind_of_question_is_there() -> None:
    for word in (*syntax.PATHS, *syntax._SPECIAL, "all", "any", "not"):
        assert f'"{word}": ' in CONDITION, word


def test_every_vocabulary_is_there_with_all_its_terms() -> None:
    for kind, terms in KINDS.items():
        found = DEFINITIONS[kind.replace(" ", "_")]
        # An obligation can be written with parameters too.
        assert found.get("enum", found.get("anyOf", [{}])[0].get("enum")) == sorted(terms)


def test_every_built_in_name_is_offered() -> None:
    assert set(syntax.NAMES) <= set(DEFINITIONS["name"]["anyOf"][0]["enum"])


def test_a_reference_leads_to_a_definition() -> None:
    assert reference("place") == {"$ref": "#/$defs/place"}
    for kind in set(syntax.PATHS.values()):
        assert f"test_{kind.replace(' ', '_')}" in DEFINITIONS
