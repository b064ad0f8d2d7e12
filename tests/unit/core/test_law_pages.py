# SPDX-License-Identifier: Apache-2.0
"""The law reference of fixed packs: everything that a pack says is on its page, and nothing depends on the day."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.demands import Demands
from airflow_xborder.core.law_pages import INDEX, MADE, TERMS, demands_in_words, law_pages, page_name
from tests.factories import make_pack, make_row

GROUND = {
    "id": "t.g", "citation": "Art. 2", "needs": {"evidence": "tia"}, "obligations": ["pseudonymise"], "warnings": ["in dispute"],
}  # fmt: skip
ASKS = {"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}}
ROW = {
    "id": "t.gb", "by": "EU", "kind": "adequacy", "of": "GB", "valid_from": "2021-01-01", "valid_until": "2027-12-31",
    "citation": "a decision", "source": "https://example.eu/gb", "warning": "under review", "confidence": "unconfirmed",
    "scope": {"importer.same_group": True},
}  # fmt: skip
RULES = [
    make_row(
        "t.ways", citation="Art. 1", source="https://example.eu/1", constraints=[{"any_of": [GROUND, {"mechanism": "scc_eu"}]}],
        description="Asks | for a ground.", warnings=["read the recitals"], remediation=["Sign clauses."],
        not_cured_by=["anonymisation"], dependencies=["t.base"], confidence="recalled", level="supranational",
    ),
    make_row("t.base", constraints=[ASKS, {"obligation": "retain_until"}], on_unmet="review"),
    make_row("t.ban", effective_date="2027-01-01", expires="2028-06-30", review_required=True),
    make_row("t.duty", effect="duty", duty="notice", demands={"keep_days": 30}, constraints=[{"evidence": "ropa_entry"}]),
]  # fmt: skip
WHOLE = make_pack(
    "t", *RULES,
    connects=[{"exporter.country": "EEA30"}], transfer={"all": ["personal_data", {"crosses_border": True}]},
    designations=[ROW, {**ROW, "id": "t.stop", "suspends": "t.gb", "valid_until": "2026-12-31", "scope": None}],
    attributes={"t.zone": {"type": "text", "values": ["a", "b"], "description": "In which zone."},
                "t.flag": {"type": "boolean", "description": "A flag."}},
    coverage=[{"places": ["GL"], "status": "no_rule_known", "reviewed_at": "2026-11-21", "note": "looked at"},
              {"places": ["FO"], "status": "rule_known", "categories": ["personal_data.children"], "reviewed_at": "2026-11-21",
               "note": "a law"}],
)  # fmt: skip
WHOLE["designations"][1].pop("scope")


def pages(*packs: dict[str, Any]) -> dict[str, str]:
    return law_pages(link(list(packs)))


@pytest.fixture(scope="module")
def page() -> str:
    return pages(WHOLE)["t.md"]


class TestPage:
    def test_it_begins_with_what_it_is(self, page: str) -> None:
        assert page.startswith(f"# t: the law of t\n\n{MADE}\n\n**Not legal advice.**")
        assert "| last checked | 2026-11-21 |" in page

    def test_what_ties_a_flow_to_it(self, page: str) -> None:
        assert "## When it is concerned\n\nA flow concerns it where:\n\n- exporter country EEA30\n" in page
        assert "A flow is one where:\n\n- data personal_data and the data crosses a border\n" in page

    def test_the_table_has_every_rule(self, page: str) -> None:
        assert (
            "| [`t.ways`](#tways) | Asks \\| for a ground. | requires | deny | from 2020-01-01 | recalled |"
            in page
        )
        assert "| [`t.ban`](#tban) | A rule of a test. | requires | deny | 2027-01-01 to 2028-06-30 |" in page
        assert "| duty | open duty |" in page

    @pytest.mark.parametrize(
        "line",
        [
            "- **applies when**\n  - data personal_data\n",
            "- **asks for one of**\n  - t.g: Art. 2\n    - evidence tia\n    - then: pseudonymise\n    - note: in dispute\n  - a ground\n    - mechanism scc_eu\n",
            "- **what must then be done**: pseudonymise\n",
            "- **what must then be done**: retain_until\n",
            "- **what does not help**: anonymisation\n",
            "- **note**: read the recitals\n",
            "- **what would help**: Sign clauses.\n",
            "- **citation**: [Art. 1](https://example.eu/1)\n",
            "- **law**: supranational law of EU\n",
            "- **confidence**: recalled; to be checked against the cited text\n",
            "- **confidence**: confirmed; to be checked against the cited text\n",
            "- **confidence**: confirmed\n",
            "- **rests on**: t.base (t.base)\n",
            "- **carries**: t.ways (Art. 1)\n",
            "- **decided by the designations**: t.gb\n",
            "- **asks for**: nothing that could be met: where it applies, the flow is denied\n",
            "- **asks for all of**\n  - all countries reached outside EEA30 with adequacy by EU\n  - obligation retain_until",
            "- **asks for one of**\n  - t.g: Art. 2\n    - evidence tia\n    - then: pseudonymise\n    - note: in dispute\n",
            "- **asks for**\n  - evidence ropa_entry\n",
            "- **in force**: from 2027-01-01 to 2028-06-30, both included\n",
            "- **if that is not so**: a person must decide\n",
            "- **if that is not so**: it is listed as an open duty, and stops nothing\n",
            "- **listed as the duty**: notice\n",
            "- **demands**: keep for at least 30 days\n",
        ],
    )
    def test_a_rule_says(self, page: str, line: str) -> None:
        assert line in page

    def test_designations(self, page: str) -> None:
        assert (
            "| `t.gb` | EU: adequacy of GB | 2021-01-01 to 2027-12-31 | importer and exporter belong to one group"
            " | [a decision](https://example.eu/gb) | unconfirmed | under review |"
        ) in page
        assert "| `t.stop` | EU suspends t.gb | 2021-01-01 to 2026-12-31 |  |" in page

    def test_facts_places_and_sources(self, page: str) -> None:
        assert "| `t.flag` | boolean | A flag. |\n| `t.zone` | text, a, b | In which zone. |\n" in page
        assert "| GL | no rule known | all data | 2026-11-21 | looked at |" in page
        assert "| FO | rule known | `personal_data.children` | 2026-11-21 | a law |" in page
        assert "- <https://example.eu/gb>: `t.gb`, `t.stop`\n" in page

    def test_what_is_not_confirmed(self, page: str) -> None:
        told = page.partition("## Not confirmed")[2]
        assert "- unconfirmed (its status could not be confirmed): `t.gb`, `t.stop`\n" in told
        assert "- recalled (written from general knowledge of the cited text): `t.ways`\n" in told
        assert "- confirmed (confirmed, and marked for a second look): `t.ban`\n" in told
        assert "t.base" not in told

    def test_each_link_leads_to_a_rule(self, page: str) -> None:
        headings = re.findall(r"^### (.+)$", page, re.MULTILINE)
        assert [f"#{re.sub(r'[^a-z-]', '', heading)}" for heading in headings] == re.findall(
            r"\]\((#\w+)\)", page
        )


class TestOwnTerms:
    LONG = [f"personal_data.sensitive.{name}" for name in ("health", "genetic", "biometric", "political")]

    @pytest.fixture
    def page(self) -> str:
        definitions = {"very_special": {"any": self.LONG}, "moves": {"crosses_border": True}}
        rules = [
            make_row("t.one", when="very_special"),
            make_row("t.two", when={"all": ["moves", {"not": "very_special"}]}),
        ]
        return pages(make_pack("t", *rules, definitions=definitions, transfer="very_special"))["t.md"]

    def test_a_long_one_is_told_once_and_linked_to(self, page: str) -> None:
        first, second = page.partition("### t.one")[2].split("### t.two")
        assert "- [very special](#terms-of-this-page)\n" in first
        assert "- not [very special](#terms-of-this-page)\n" in second
        assert page.count("data personal_data.sensitive.political") == 2  # as a transfer, and as a term
        told = page.partition("## Terms of this page")[2]
        assert (
            "\n**very special** where:\n\n- any of this:\n  - data personal_data.sensitive.health\n" in told
        )

    def test_a_short_one_is_told_where_it_is_used(self, page: str) -> None:
        assert "**moves** where" not in page
        assert "the data crosses a border\n" in page

    def test_what_a_transfer_is_is_told_in_full(self, page: str) -> None:
        transfer = page.partition("## What it calls a transfer")[2]
        assert transfer.startswith("\n\nA flow is one where:\n\n- any of this:\n")


class TestBarePack:
    def test_a_pack_that_says_little_has_a_short_page(self) -> None:
        page = pages(make_pack("t"))["t.md"]
        assert "With every flow.\n" in page
        assert "Nothing: it has no notion of a cross-border transfer.\n" in page
        assert "No rules.\n" in page
        assert "Nothing: every rule was held against its source, last on 2026-11-21.\n" in page
        assert not {"## Designations", "## Sources", "## Facts it asks for by name"} & set(page.split("\n"))

    def test_no_member_of_a_set_is_left_out(self) -> None:
        sectors = [f"sector_{letter}" for letter in "abcdefghij"]
        page = pages(make_pack("t", make_row(when={"exporter.sector": sectors})))["t.md"]
        assert f"exporter sector {', '.join(sectors)}\n" in page

    def test_a_pack_of_no_place(self) -> None:
        assert "| answers for | no place of its own |" in pages(make_pack("t", covers=[]))["t.md"]


class TestIndex:
    def test_it_lists_every_pack_and_links_to_its_page(self) -> None:
        made = pages(WHOLE, make_pack("u"))
        assert "| [`t`](t.md) | the law of t | `EU` | 4 | 2 | 2 | 2026-11-21 |" in made[INDEX]
        assert "[`u`](u.md)" in made[INDEX]
        assert {page_name("t"), page_name("u")} < made.keys()

    def test_dates_to_come_in_their_order(self) -> None:
        told = pages(WHOLE)[INDEX].partition("## Dates to watch")[2]
        assert re.findall(r"^\| (\d{4}-\d\d-\d\d) \| \[`t`\]\(t\.md\) \| (.+) \|$", told, re.MULTILINE) == [
            ("2027-01-01", "`t.ban` begins"),
            ("2027-01-01", "`t.stop` is over"),
            ("2028-01-01", "`t.gb` is over"),
            ("2028-07-01", "`t.ban` is over"),
        ]

    def test_without_dates_there_are_none_to_watch(self) -> None:
        assert "Dates to watch" not in pages(make_pack("t", make_row()))[INDEX]


def test_the_terms_have_a_page_that_all_others_lead_to() -> None:
    made = pages(WHOLE)
    assert "| `scc_eu` | standard contractual clauses of the European Commission (2021/914) |" in made[TERMS]
    assert all(f"]({TERMS})" in made[name] for name in (INDEX, "t.md"))


def test_the_order_of_packs_changes_nothing() -> None:
    assert pages(WHOLE, make_pack("u")) == pages(make_pack("u"), WHOLE)


@pytest.mark.parametrize(
    ("demands", "words"),
    [
        (Demands(keep_days=5), "keep for at least 5 days"),
        (Demands(erase_days=7), "erase within 7 days"),
        (Demands(store_in=frozenset({"DE"})), "store only in DE"),
        (Demands(copy_in=frozenset({"DE"})), "keep a copy in DE"),
        (Demands(keep_out_of=frozenset({"RU"})), "store or use nothing in RU"),
        (Demands(disclosure="withhold"), "withhold when somebody with power over the holder asks"),
    ],
)
def test_demands_in_words(demands: Demands, words: str) -> None:
    assert list(demands_in_words(demands)) == [words]


def test_the_shipped_packs_have_a_page_each_with_all_that_they_say() -> None:
    policies = load_policies()
    made = law_pages(policies)
    for pack in policies.packs():
        page = made[page_name(pack.id)]
        for entry in (*pack.requirements, *pack.designations):
            assert f"`{entry.id}`" in page, entry.id
        assert all(f"`{name}`" in page for name in pack.attributes)
