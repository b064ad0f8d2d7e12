# SPDX-License-Identifier: Apache-2.0
"""Markdown in which no text is markup, and conditions as lists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.markdown import (
    anchor,
    bare_link,
    bullet,
    condition_list,
    escaped,
    link,
    own_words,
    page_text,
    table,
    term,
)

LONG = [
    f"personal_data.sensitive.{name}" for name in ("health", "genetic", "biometric", "political", "union")
]


def listed(data: Any) -> list[str]:
    return list(condition_list(parse_condition(data, ())))


class TestText:
    @given(st.text())
    def test_a_cell_is_one_line_without_a_bar(self, text: str) -> None:
        (_, _, row) = table(("a",), [(escaped(text),)])
        assert "\n" not in row
        assert row.replace("\\\\", "").replace("\\|", "").count("|") == 2

    def test_what_is_markup_is_text(self) -> None:
        assert escaped("a|b *c* <d> [e]\n f") == "a\\|b \\*c\\* \\<d> \\[e] f"

    def test_an_entry(self) -> None:
        assert bullet("note", "a * b") == "- **note**: a \\* b"

    @pytest.mark.parametrize(
        ("address", "shown"),
        [("https://x.eu/a(b)|c d", "[t](https://x.eu/a%28b%29%7Cc%20d)"), (None, "t"), ("OJ L 119", "t (OJ L 119)")],
    )  # fmt: skip
    def test_a_link(self, address: str | None, shown: str) -> None:
        assert link("t", address) == shown

    def test_an_address_is_a_link_if_it_can_be_followed(self) -> None:
        assert bare_link("https://x.eu/<a>") == "<https://x.eu/%3Ca%3E>"
        assert bare_link("OJ L 119") == "OJ L 119"

    def test_an_anchor_is_that_of_its_heading(self) -> None:
        assert anchor("eu.gdpr.a44") == "eugdpra44"
        assert anchor("Not confirmed_x-y") == "not-confirmed_x-y"

    def test_a_file_ends_with_a_line_break_and_no_line_with_a_space(self) -> None:
        assert page_text(["a ", "", "b"]) == "a\n\nb\n"


class TestConditions:
    def test_a_short_one_is_one_entry(self) -> None:
        assert listed({"all": ["personal_data", {"source.country": "DE"}]}) == [
            "- data personal_data and source DE"
        ]

    def test_a_long_one_is_a_list_of_its_parts(self) -> None:
        assert listed({"any": LONG}) == ["- any of this:", *(f"  - data {name}" for name in LONG)]

    def test_a_negation_is_told_of_each_part(self) -> None:
        assert listed({"not": {"any": LONG}}) == [
            "- all of this:",
            *(f"  - data without {name}" for name in LONG),
        ]

    def test_lists_of_one_kind_are_one_list(self) -> None:
        nested = {"all": ["personal_data", {"all": [LONG[0], {"not": {"any": LONG[1:]}}]}]}
        assert listed(nested) == [
            "- all of this:",
            "  - data personal_data",
            f"  - data {LONG[0]}",
            *(f"  - data without {name}" for name in LONG[1:]),
        ]

    def test_another_kind_is_a_list_inside(self) -> None:
        found = listed({"all": ["personal_data", {"any": LONG}]})
        assert found[:4] == [
            "- all of this:",
            "  - data personal_data",
            "  - any of this:",
            f"    - data {LONG[0]}",
        ]

    def test_a_list_of_one_is_its_part(self) -> None:
        assert listed({"all": [{"any": ["personal_data"]}]}) == ["- data personal_data"]

    def test_what_must_be_stated_is_one_entry(self) -> None:
        found = listed({"all": [*LONG, {"importer.same_entity": {"stated": True}}]})
        assert found[-1] == "  - importer and exporter are one entity (silence means no)"

    def test_always_and_never(self) -> None:
        assert listed({"all": []}) == ["- always"]
        assert listed({"any": []}) == ["- never"]


class TestTerms:
    LISTED = parse_condition({"any": LONG}, ())
    TERMS = term(LISTED, "[sensitive](#t)")

    def told(self, data: Any) -> list[str]:
        return list(condition_list(parse_condition(data, ()), 0, self.TERMS))

    def test_a_term_stands_for_what_it_means_wherever_that_is_asked(self) -> None:
        assert self.told({"any": LONG}) == ["- [sensitive](#t)"]
        assert self.told({"not": {"any": LONG}}) == ["- not [sensitive](#t)"]
        assert self.told({"all": [{"any": LONG}, {"any": LONG[::-1]}]})[:2] == [
            "- all of this:",
            "  - [sensitive](#t)",
        ]

    def test_it_is_not_dissolved_in_a_list_of_its_kind(self) -> None:
        assert self.told({"any": ["ml_inference", {"any": LONG}]}) == [
            "- any of this:",
            "  - purpose ml_inference",
            "  - [sensitive](#t)",
        ]

    def test_what_is_defined_by_a_negation_is_told_in_its_sense(self) -> None:
        terms = term(parse_condition({"not": {"any": LONG}}, ()), "harmless")
        assert list(condition_list(self.LISTED, 0, terms)) == ["- not harmless"]
        assert list(condition_list(parse_condition({"not": {"any": LONG}}, ()), 0, terms)) == ["- harmless"]

    def test_its_own_entry_says_what_it_means(self) -> None:
        assert list(own_words(self.LISTED, 0, self.TERMS)) == listed({"any": LONG})

    def test_what_fits_on_a_line_needs_no_term(self) -> None:
        assert term(parse_condition("personal_data", ()), "people") == {}
