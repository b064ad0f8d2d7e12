# SPDX-License-Identifier: Apache-2.0
"""The page of terms: all of them, with what other vocabularies call them."""

from __future__ import annotations

from airflow_xborder.core.places import SETS
from airflow_xborder.core.term_descriptions import DESCRIPTIONS
from airflow_xborder.core.term_page import term_lines
from airflow_xborder.core.vocabulary import KINDS

LINES = list(term_lines())


def test_every_term_has_a_row() -> None:
    first = [line.split("`")[1] for line in LINES if line.startswith("| `")]
    assert sorted(first) == sorted([*(name for kind in DESCRIPTIONS for name in KINDS[kind]), *SETS, "EU"])


def test_what_a_category_is_called_elsewhere_and_what_it_is_a_kind_of() -> None:
    assert (
        "| `personal_data.government_id` | an identifier that a state gives; a kind of `personal_data.identifiers` |"
        " `pd:OfficialID` | `user.government_id` |"
    ) in LINES
    assert "| `public` | what everybody may read already |  | `user.content.public` |" in LINES


def test_sets_name_their_places() -> None:
    assert "| `US_PADFAA` | CN, IR, KP, RU |" in LINES
    assert "| `EU` | as `EEA30` |" in LINES
