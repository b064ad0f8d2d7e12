# SPDX-License-Identifier: Apache-2.0
"""Rules and designations in two voices: what to change and where, and what the law says since when."""

from __future__ import annotations

import pytest

from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.rule_explanation import ENGINEER, LAWYER, explain_designation, explain_rule
from tests.factories import make_pack, make_row

POLICIES = load_policies()
RULES = {rule.id: rule for pack in POLICIES.packs() for rule in pack.requirements}
ROWS = {row.id: row for row in POLICIES.designations}


def told(rule: str, voice: str) -> str:
    """Return what is told of a shipped rule, in one line."""
    return " ".join(explain_rule(RULES[rule], POLICIES, voice).split())


@pytest.mark.parametrize("voice", [ENGINEER, LAWYER])
class TestEach:
    @pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
    def test_it_says_what_the_rule_says_and_that_it_is_no_advice(self, rule: Requirement, voice: str) -> None:
        text = explain_rule(rule, POLICIES, voice)
        assert text.startswith(f"{rule.id}: ") and text.endswith("\n  not legal advice")
        assert max(map(len, text.split("\n"))) < 250 and "applies when" in text

    @pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.id)
    def test_it_says_since_when_a_row_holds(self, row: Designation, voice: str) -> None:
        assert f"  in force: from {row.valid_from}" in explain_designation(row, POLICIES, voice)


class TestEngineer:
    def test_where_to_say_what(self) -> None:
        text = told("us.dsp.restricted", ENGINEER)
        assert (
            "mechanism cisa_controls: `mechanisms` of the flow, or `registers.mechanisms` of the catalog"
            in text
        )
        assert "what does not help: anonymisation" in text
        assert "if that is not so: the flow is denied" in text
        assert (
            "what would help: Put the CISA security requirements in place, at organisation, system and data level,"
            in text
        )

    def test_a_ban(self) -> None:
        assert "asks for: nothing that could be met" in told("us.padfaa", ENGINEER)

    def test_what_must_then_be_done(self) -> None:
        ground = {"id": "t.g", "needs": {"evidence": "tia"}, "obligations": ["pseudonymise"]}
        policies = link(
            [make_pack("t", make_row(constraints=[{"any_of": [ground]}, {"obligation": "retain_until"}]))]
        )
        text = explain_rule(policies.pack("t").requirements[0], policies, ENGINEER)
        assert "what must then be done: pseudonymise, retain_until" in text

    def test_a_row_is_nothing_to_change(self) -> None:
        text = explain_designation(ROWS["eu.adequacy.us"], POLICIES, ENGINEER)
        assert "importer on the list eu_us_dpf: `importer.listings` of the flow" in text
        assert "no flow changes it" in text


class TestLawyer:
    def test_what_it_follows_from_and_how_sure_we_are(self) -> None:
        text = told("eu.gdpr.a44", LAWYER)
        for part in (
            "law: EU General Data Protection Regulation; supranational law of EU, legal order EU",
            "citation: GDPR Art. 44 ",
            "source: https://eur-lex.europa.eu/eli/reg/2016/679/oj",
            "confidence: mixed; to be checked against the cited text",
            "in force: from 2018-05-25 on, by the calendar of Europe/Brussels",
            "GDPR Art. 46(2)(c); Impl. Dec. (EU) 2021/914; C-311/18: mechanism scc_eu and evidence tia",
            "rests on: purpose_limitation (OECD Privacy Guidelines (2013), paras. 9 and 10)",
            "decided by eu.adequacy.gb.2021: Impl. Dec. (EU) 2021/1772, from 2021-06-28 to 2025-06-27, both included",
            "last checked: 2026-11-24",
        ):
            assert part in text

    def test_relations_in_both_directions(self) -> None:
        assert "carries: us.dsp.compliance (28 CFR 202.1001, 202.1002)" in told("us.dsp.restricted", LAWYER)
        assert "contradicts, so that a person decides: us.dsp.records (28 CFR 202.1101)" in told(
            "eu.gdpr.erasure", LAWYER
        )
        assert "contradicts, so that a person decides: us.cloudact (18 USC 2713)" in told(
            "eu.gdpr.a48", LAWYER
        )

    def test_a_rule_of_a_pack_left_out_is_said_to_be_so(self) -> None:
        text = explain_rule(RULES["eu.gdpr.a48"], load_policies(["eu.gdpr"]), LAWYER)
        assert "contradicts, so that a person decides: us.cloudact (not loaded)" in " ".join(text.split())

    def test_versions(self) -> None:
        rules = (
            make_row("t.old"),
            make_row("t.new", supersedes=["t.old"], effective_date="2026-01-01", derogable_by=["state"]),
        )
        policies = link([make_pack("t", *rules)])
        old, new = (explain_rule(rule, policies, LAWYER) for rule in policies.pack("t").requirements)
        assert "is replaced by: t.new" in old
        assert "replaces: t.old" in new and "leaves deviations to: state" in new

    def test_a_row_with_its_rules_and_its_suspension(self) -> None:
        text = explain_designation(ROWS["eu.adequacy.us"], POLICIES, LAWYER)
        assert "decides eu.gdpr.a44 (GDPR Art. 44)" in text and "recorded: 2026-11-21" in text
        row = {
            "id": "t.d",
            "by": "EU",
            "kind": "adequacy",
            "of": "JP",
            "valid_from": "2020-01-01",
            "citation": "c",
        }
        stop = {
            **row,
            "id": "t.stop",
            "valid_from": "2027-01-01",
            "valid_until": "2027-12-31",
            "suspends": "t.d",
        }
        policies = link([make_pack("t", designations=[row, stop])])
        found = {entry.id: explain_designation(entry, policies, LAWYER) for entry in policies.designations}
        assert "suspended by t.stop: from 2027-01-01 to 2027-12-31, both included" in found["t.d"]
        assert "it suspends t.d, which is not in force meanwhile" in found["t.stop"]
