# SPDX-License-Identifier: Apache-2.0
"""Findings to one answer: reasons, conflicts, restrictions, duties, keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Obligation, Outcome
from airflow_xborder.ports.policy_engine import Question
from tests.factories import HEALTH, TODAY, Exploding, decide, make_facts, make_frame, make_pack, make_row

TIA = {"constraints": [{"evidence": "tia"}]}


class TestReasons:
    @pytest.mark.parametrize(
        ("row", "kind", "template"),
        [
            (TIA, "unmet", "unmet"),
            ({}, "unmet", "forbidden"),
            ({"effect": "review", **TIA}, "unmet", "review"),
            ({"when": {"importer.same_group": True}}, "missing_fact", "missing_for_applicability"),
            ({"constraints": [{"importer.same_group": True}]}, "missing_fact", "missing_for_constraint"),
        ],
    )
    def test_each_status_has_its_sentence(self, row: dict[str, Any], kind: str, template: str) -> None:
        reason = decide([make_pack("t", make_row(citation="Art. 1", **row))]).reasons[0]
        assert (reason.kind, reason.template) == (kind, template)
        assert "Art. 1" in reason.text

    @pytest.mark.parametrize(
        ("fields", "template"),
        [
            ({"destination": "JP"}, "gap_jurisdiction"),
            ({"destination": "US-TX", "data_categories": [HEALTH]}, "gap_rules_known"),
            ({"source": "US", "data_categories": [HEALTH]}, "missing_subdivision"),
            ({"places": {"logs": [{"region": "any"}]}}, "missing_place"),
            ({"data_categories": None}, "gap_categories"),
        ],
    )
    def test_each_gap_has_its_sentence(self, fields: dict[str, Any], template: str) -> None:
        texas = {
            "places": ["US-TX"],
            "status": "rule_known",
            "categories": [HEALTH],
            "reviewed_at": "2026-01-01",
            "note": "n",
        }
        decision = decide([make_pack("t", covers=["EEA30", "US"], coverage=[texas])], **fields)
        assert template in [reason.template for reason in decision.reasons]
        assert all(reason.text for reason in decision.reasons)
        assert decision.outcome is Outcome.REVIEW

    def test_an_error_denies_and_is_told(self) -> None:
        decision = decide([make_pack("t", make_row(when={"no fact": 1}))])
        assert (decision.outcome, [reason.kind for reason in decision.reasons]) == (Outcome.DENY, ["error"])
        assert [(regime.id, regime.outcome) for regime in decision.regimes] == [("t", Outcome.DENY)]

    def test_so_does_one_in_a_rule(self) -> None:
        policies = Policies([make_pack("t", make_row(citation="Art. 1"))])
        pack = policies.pack("t")
        broken = replace(pack.requirements[0], when=Exploding("truth", ValueError("odd")))
        policies._packs["t"] = replace(pack, requirements=(broken,))
        decision = decide(policies)
        assert (decision.outcome, decision.reasons[0].text) == (
            Outcome.DENY,
            "Art. 1 could not be evaluated (odd): an unread prohibition may apply.",
        )

    def test_alternatives_are_told_up_to_three(self) -> None:
        ways = [{"evidence": name} for name in ("tia", "dpia", "pia", "tra")]
        text = decide([make_pack("t", make_row(constraints=[{"any_of": ways}]))]).reasons[0].text
        assert text.endswith(
            "Missing: evidence tia, or evidence dpia, or evidence pia, or another ground of the rule."
        )

    def test_what_is_tracked_is_no_reason(self) -> None:
        decision = decide([make_pack("t", make_row(effect="duty", duty="notice", **TIA))])
        assert (decision.outcome, decision.reasons) == (Outcome.ALLOW, ())
        assert [(duty.type, duty.state) for duty in decision.duties] == [("notice", "open")]

    def test_a_duty_that_may_not_apply_asks_nobody(self) -> None:
        decision = decide([make_pack("t", make_row(effect="duty", when={"importer.same_group": True}))])
        assert (decision.outcome, decision.missing_facts) == (Outcome.ALLOW, ())

    def test_a_duty_that_is_met(self) -> None:
        decision = decide([make_pack("t", make_row(effect="duty", **TIA))], evidence=["tia"])
        assert [(duty.type, duty.state) for duty in decision.duties] == [("t.rule", "met")]

    def test_an_incomplete_row_is_told(self) -> None:
        document = make_pack("t", connects=[{"subjects.countries": "DE"}])
        decision = decide([document], complete=False)
        assert (decision.outcome, decision.missing_facts) == (Outcome.REVIEW, ("subjects.countries",))
        assert decision.regimes[0].outcome is Outcome.REVIEW
        assert "catalog row is incomplete" in decision.reasons[0].text


class TestViolations:
    def test_bans_and_unknown_grounds_are_among_them(self) -> None:
        rows = [
            make_row("a", citation="Art. 1"),
            make_row("b", constraints=[{"listed": {"framework": "x"}}]),
            make_row("c", when={"importer.same_group": True}),
        ]
        found = decide([make_pack("t", *rows)]).violations
        assert [(entry.requirement_id, entry.unmet) for entry in found] == [("a", ()), ("b", ("listing x",))]
        assert found[1].ways == (("listing x",),)


class TestStrictness:
    def test_a_regime_answers_with_its_strictest_rule(self) -> None:
        one = make_pack("one", make_row("one.a", effect="review"), make_row("one.b"))
        two = make_pack("two", make_row("two.a", effect="review"))
        decision = decide([one, two])
        assert [(regime.id, regime.outcome) for regime in decision.regimes] == [
            ("one", Outcome.DENY),
            ("two", Outcome.REVIEW),
        ]
        assert decision.outcome is Outcome.DENY

    def test_a_gap_is_what_the_deployment_says(self) -> None:
        policies = Policies([make_pack("t", covers=["DE"])])
        uncategorised = make_facts(destination="DE", data_categories=None)
        for on_gap in (Outcome.REVIEW, Outcome.DENY):
            for facts in (make_facts(), uncategorised):
                question = Question(policies=policies, facts=facts, frame=make_frame(on_gap=on_gap))
                assert NativeEngine().decide(question).outcome is on_gap


class TestConflicts:
    def pair(self, **other: Any) -> list[dict[str, Any]]:
        """Return two rules that contradict each other, in two packs."""
        one = make_row("one.keep", effect="duty", conflicts=["two.erase"], **TIA)
        two = make_row("two.erase", effect="duty", **{**TIA, **other})
        return [make_pack("one", one), make_pack("two", two)]

    def test_two_that_both_apply_need_a_person(self) -> None:
        decision = decide(self.pair())
        assert (decision.outcome, decision.conflicts) == (Outcome.REVIEW, (("one.keep", "two.erase"),))
        assert [reason.kind for reason in decision.reasons] == ["conflict"]
        assert decision.to_dict()["conflicts"] == [{"between": ["one.keep", "two.erase"]}]

    def test_one_that_does_not_apply_contradicts_nothing(self) -> None:
        assert decide(self.pair(when={"crosses_border": False})).conflicts == ()

    def test_strictness_does_not_settle_it(self) -> None:
        decision = decide([*self.pair(), make_pack("t", make_row())])
        assert decision.outcome is Outcome.DENY
        assert {reason.kind for reason in decision.reasons} == {"unmet", "conflict"}


class TestWhatTravels:
    def test_restrictions_bind_use_and_not_storage(self) -> None:
        packs = [make_pack("t")]
        bound = decide(packs, provenance={"restrictions": ["b", "a"]})
        assert (bound.outcome, bound.restrictions) == (Outcome.REVIEW, ("a", "b"))
        assert [reason.kind for reason in bound.reasons] == ["restriction", "restriction"]
        assert decide(packs, provenance={"restrictions": ["a"]}, access_mode="store").allowed
        assert decide(packs, provenance={"restrictions": []}).allowed

    def test_origins_are_carried_and_added_to(self) -> None:
        decision = decide(
            [make_pack("t", transfer={"crosses_border": True})], provenance={"origin_regimes": ["x"]}
        )
        assert (decision.origin_regimes, decision.is_transfer) == (("t", "x"), True)
        assert decision.to_dict()["carries"] == {"origin_regimes": ["t", "x"], "restrictions": []}

    def test_obligations_of_many_rules_are_owed_once(self) -> None:
        rows = [
            make_row(name, constraints=["personal_data"], obligations=["pseudonymise"]) for name in ("b", "a")
        ]
        assert decide([make_pack("t", *rows)]).obligations == (Obligation("pseudonymise", (), ("a", "b")),)

    def test_what_is_not_checked_against_the_text_is_said_once(self) -> None:
        rows = [
            make_row(name, constraints=["personal_data"], review_required=True, warnings=["w"])
            for name in ("b", "a")
        ]
        assert decide([make_pack("t", *rows)]).warnings == (
            "w",
            "check against the cited text before relying on it: a, b",
        )


class TestKeys:
    DOCUMENTS = [
        make_pack(
            "t", make_row(when={"count": {"category": HEALTH, "more_than": 10, "window": "12_months"}}, **TIA), make_row("t.later", effective_date="2027-01-01", effect="duty", **TIA),
            designations=[{"id": "d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2026-01-01", "valid_until": "2026-12-31", "citation": "c"}],
        )
    ]  # fmt: skip

    def key(self, as_of: datetime = TODAY, n: int = 5, **fields: Any) -> str:
        """Return the decision key of a flow of health data."""
        counts = [{"category": HEALTH, "n": n, "scope": "window"}]
        return decide(
            self.DOCUMENTS, as_of=as_of, data_categories=[HEALTH], counts=counts, **fields
        ).decision_key

    def test_ids_moments_and_raw_counts_do_not_matter(self) -> None:
        assert (
            self.key() == self.key(flow_id="other") == self.key(n=10) == self.key(TODAY + timedelta(days=20))
        )

    def test_thresholds_facts_rules_and_designations_do(self) -> None:
        new_year = datetime(2027, 1, 1, tzinfo=timezone.utc)
        assert len({self.key(), self.key(n=11), self.key(evidence=["tia"]), self.key(new_year)}) == 4

    def test_so_does_the_release(self) -> None:
        assert decide([make_pack("t")]).decision_key != decide([make_pack("t", version="2")]).decision_key
