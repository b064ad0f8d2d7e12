# SPDX-License-Identifier: Apache-2.0
"""Which finding gives way to which; the laws as a whole are held in tests/property/test_laws_precedence.py."""

from __future__ import annotations

from dataclasses import replace

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.evaluation import evaluate
from airflow_xborder.core.precedence import settle_precedence
from tests.factories import TODAY, Exploding, decide, make_facts, make_pack, make_row

TARGET = make_row("t.target", constraints=[{"evidence": "tia"}])
BY = make_row("t.by", constraints=["personal_data"], displaces=["t.target"])


def test_findings_without_a_word_on_each_other_are_left_alone() -> None:
    policies = Policies([make_pack("t", TARGET, make_row("t.other"))])
    found = evaluate(policies, make_facts(), TODAY)
    assert settle_precedence(found.findings, policies.legal_orders) == []
    assert all(not finding.overridden_by for finding in found.findings)


def test_who_stands_in_is_told() -> None:
    policies = Policies([make_pack("t", TARGET, BY)])
    found = evaluate(policies, make_facts(), TODAY)
    settle_precedence(found.findings, policies.legal_orders)
    assert {finding.requirement.id: finding.overridden_by for finding in found.findings} == {
        "t.by": "",
        "t.target": "t.by",
    }


def test_asking_again_gives_the_same_answer() -> None:
    policies = Policies([make_pack("t", TARGET, BY)])
    found = evaluate(policies, make_facts(), TODAY)
    settle_precedence(found.findings, policies.legal_orders)
    found.findings[0].status = "error"
    found.findings.reverse()
    settle_precedence(found.findings, policies.legal_orders)
    overridden = [finding.requirement.id for finding in found.findings if finding.overridden_by]
    assert overridden in ([], ["t.target"])


def test_an_error_is_never_displaced_since_the_rule_was_not_read() -> None:
    policies = Policies([make_pack("t", TARGET, BY)])
    pack = policies.pack("t")
    broken = replace(pack.requirements[0], when=Exploding("truth", ValueError("odd")))
    policies._packs["t"] = replace(pack, requirements=(broken, pack.requirements[1]))
    decision = decide(policies)
    assert (decision.outcome, decision.overridden) == (Outcome.DENY, ())
