# SPDX-License-Identifier: Apache-2.0
"""The laws of a decision that hold here: documents serve one ground, time, three values, strictness, gaps, errors."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.errors import EvaluationError
from tests.factories import EMAIL, HEALTH, Exploding, decide, make_flow, make_pack, make_requirement, make_row
from tests.generators import EVIDENCE, GROUNDS, MECHANISMS, flags, flows, moments, packs, rows

SHIPPED = load_policies()
ONLY_EU = load_policies(["eu.gdpr"])
DOCUMENTS = [dict(document) for document in SHIPPED.documents]
few = settings(max_examples=100)
# Rules that only restrict: what stands in for another rule, or outranks it, is law 6's.
restrictive = rows("extra.rule", []).map(
    lambda row: {
        key: value for key, value in row.items() if key not in ("demands", "displaces", "derogable_by")
    }
)


def statuses(decision: Decision) -> dict[str, str]:
    """Return what the decision says of each requirement."""
    return {entry.requirement_id: entry.status for entry in decision.applicable}


def told(decision: Decision) -> dict[str, Any]:
    """Return all that a decision says; digests and clocks are not what it says."""
    left_out = ("as_of", "evaluated_at", "policy_digest", "facts_digest", "decision_key")
    return {key: value for key, value in decision.to_dict().items() if key not in left_out}


class TestGrounds:
    """Law 1, as far as the core holds it: one ground never serves as another."""

    @few
    @given(st.lists(st.tuples(st.sampled_from(MECHANISMS), st.sampled_from(GROUNDS[1:])), max_size=4))
    def test_documents_of_another_ground_never_carry_a_transfer(
        self, documents: list[tuple[str, str]]
    ) -> None:
        flow = make_flow(
            "DE",
            "US-VA",
            importer={"country": "US", "listings": [], "same_group": True},
            mechanisms=[{"type": name, "ground_for": ground} for name, ground in documents],
            evidence=EVIDENCE,
            frequency="one_off",
        )
        decision = decide(SHIPPED, flow)
        assert decision.outcome is Outcome.DENY
        assert statuses(decision)["eu.gdpr.a44"] == "unmet"

    @few
    @given(st.sampled_from(GROUNDS), flags)
    def test_consent_to_one_thing_is_not_consent_to_another(self, ground: str, whole: bool) -> None:
        consent = {"type": "consent_explicit", "ground_for": ground, "coverage": "1" if whole else "0.5"}
        decision = decide(SHIPPED, data_categories=[HEALTH], consent=consent)
        assert (decision.outcome is Outcome.ALLOW) == (ground == "special_category")


class TestTime:
    """Law 2: a decision says until when it stands, and stands until then."""

    @few
    @given(flows, moments, st.floats(0, 1, exclude_max=True))
    def test_the_answer_is_constant_until_it_says_it_may_change(
        self, flow: DataFlow, as_of: datetime, part: float
    ) -> None:
        self.constant(SHIPPED, flow, as_of, part)

    @few
    @given(packs(), flows, moments, st.floats(0, 1, exclude_max=True))
    def test_so_it_is_for_any_packs(
        self, documents: list[dict[str, Any]], flow: DataFlow, as_of: datetime, part: float
    ) -> None:
        self.constant(Policies(documents), flow, as_of, part)

    def constant(self, policies: Policies, flow: DataFlow, as_of: datetime, part: float) -> None:
        """Assert that a later moment before ``valid_until`` gets the same answer."""
        first = decide(policies, flow, as_of=as_of)
        until = first.valid_until or as_of + timedelta(days=9000)
        assert until > as_of
        moment = min(as_of + (until - as_of) * part, until - timedelta(microseconds=1))
        later = decide(policies, flow, as_of=moment)
        assert told(later) == told(first)

    @few
    @given(flows, moments, moments)
    def test_equal_keys_mean_equal_answers_at_any_two_moments(
        self, flow: DataFlow, one: datetime, other: datetime
    ) -> None:
        first, second = decide(SHIPPED, flow, as_of=one), decide(SHIPPED, flow, as_of=other)
        assert first.decision_key != second.decision_key or {**told(first), "valid_until": 0} == {
            **told(second),
            "valid_until": 0,
        }


class TestThreeValues:
    """Law 3: what is not known is never allowed."""

    @few
    @given(flows, moments, flags)
    def test_an_allow_rests_on_nothing_unknown(self, flow: DataFlow, as_of: datetime, complete: bool) -> None:
        decision = decide(SHIPPED, flow, as_of=as_of, complete=complete)
        if not decision.allowed:
            assert decision.reasons
            return
        assert not decision.missing_facts
        assert not decision.reasons
        tracked = {duty.because for duty in decision.duties} | {"eu.gdpr.a35"}
        assert {name for name, status in statuses(decision).items() if status == "unknown"} <= tracked

    @few
    @given(
        flows,
        moments,
        st.sampled_from(
            ["subjects", "counts", "data_categories", "automated_decision", "purpose", "frequency"]
        ),
    )
    def test_leaving_a_fact_out_of_an_incomplete_row_never_buys_an_allow(
        self, flow: DataFlow, as_of: datetime, name: str
    ) -> None:
        less = replace(flow, **{name: None})
        bought = decide(SHIPPED, less, as_of=as_of, complete=False).allowed
        assert not bought or decide(SHIPPED, flow, as_of=as_of, complete=False).allowed

    @few
    @given(flows, moments, st.sampled_from(["listings", "owners"]))
    def test_nor_does_not_looking_at_the_importer(self, flow: DataFlow, as_of: datetime, name: str) -> None:
        if flow.importer is None:
            return
        less = replace(flow, importer=replace(flow.importer, **{name: None}))
        assert not decide(SHIPPED, less, as_of=as_of).allowed or decide(SHIPPED, flow, as_of=as_of).allowed


class TestStrictness:
    """Law 4: the strictest wins, more rules never loosen, and order is nothing."""

    @few
    @given(packs(), restrictive, flows, moments)
    def test_a_further_requirement_never_loosens(
        self, documents: list[dict[str, Any]], row: dict[str, Any], flow: DataFlow, as_of: datetime
    ) -> None:
        before = decide(documents, flow, as_of=as_of)
        apart = decide([*documents, make_pack("extra", row, covers=[])], flow, as_of=as_of)
        inside = [{**documents[0], "requirements": [*documents[0]["requirements"], row]}, *documents[1:]]
        assert apart.outcome.strictness >= before.outcome.strictness
        assert decide(inside, flow, as_of=as_of).outcome.strictness >= before.outcome.strictness

    @few
    @given(restrictive, flows, moments)
    def test_nor_does_it_loosen_the_shipped_packs(
        self, row: dict[str, Any], flow: DataFlow, as_of: datetime
    ) -> None:
        before = decide(SHIPPED, flow, as_of=as_of)
        after = decide([*DOCUMENTS, make_pack("extra", row, covers=[])], flow, as_of=as_of)
        assert after.outcome.strictness >= before.outcome.strictness

    @few
    @given(packs(), flows, moments, st.randoms(use_true_random=False))
    def test_the_order_of_packs_rules_and_designations_never_matters(
        self, documents: list[dict[str, Any]], flow: DataFlow, as_of: datetime, chance: random.Random
    ) -> None:
        shuffled = [
            {key: chance.sample(value, len(value)) if key in ("requirements", "designations") else value
             for key, value in document.items()}
            for document in chance.sample(documents, len(documents))
        ]  # fmt: skip
        assert told(decide(shuffled, flow, as_of=as_of)) == told(decide(documents, flow, as_of=as_of))

    @few
    @given(flows, moments, st.permutations(DOCUMENTS))
    def test_nor_does_that_of_the_shipped_packs(
        self, flow: DataFlow, as_of: datetime, shuffled: list[dict[str, Any]]
    ) -> None:
        one, other = decide(SHIPPED, flow, as_of=as_of), decide(shuffled, flow, as_of=as_of)
        assert one.to_dict() == other.to_dict()

    @pytest.mark.parametrize(
        ("on_unmet", "outcome"),
        [("deny", Outcome.DENY), ("review", Outcome.REVIEW), ("track", Outcome.ALLOW)],
    )
    def test_unmet_means_what_the_requirement_says(self, on_unmet: str, outcome: Outcome) -> None:
        row = make_row(on_unmet=on_unmet, constraints=[{"evidence": "tia"}])
        assert decide([make_pack("t", row)]).outcome is outcome


class TestGaps:
    """Law 5: places without rules, and data that nobody categorised, never pass."""

    @few
    @given(flows, moments)
    def test_a_place_without_a_pack_is_never_passed_over(self, flow: DataFlow, as_of: datetime) -> None:
        covered = flow.destination.country in SHIPPED.pack("eu.gdpr").covers
        assert covered or not decide(ONLY_EU, flow, as_of=as_of).allowed

    @few
    @given(flows, moments, st.sampled_from([None, ("data.unknown",), ("data.unknown", EMAIL)]))
    def test_nor_is_data_that_nobody_categorised(
        self, flow: DataFlow, as_of: datetime, categories: tuple[str, ...] | None
    ) -> None:
        decision = decide(SHIPPED, replace(flow, data_categories=categories), as_of=as_of)
        assert not decision.allowed
        assert "data_categories" in decision.missing_facts


ERRORS = [
    EvaluationError("no answer"), ValueError("odd"), KeyError("key"), TypeError("kind"), ZeroDivisionError(), AttributeError("no"), RecursionError("deep"),
]  # fmt: skip


class TestErrors:
    """Law 11: an error denies, and says what failed."""

    def exploding(self, part: str, method: str, error: Exception) -> Policies:
        """Return policies of which one rule, or the pack around it, fails."""
        broken = Exploding(method, error)
        policies = Policies([make_pack("t", make_row(constraints=["personal_data"]))])
        pack = policies.pack("t")
        rule: Requirement = make_requirement()
        if part in ("when", "constraint"):
            rule = replace(rule, **{part: broken})
            policies._packs["t"] = replace(
                pack, requirements=(*pack.requirements, replace(rule, id="t.broken"))
            )
        else:
            policies._packs["t"] = replace(pack, **{part: broken})
        return policies

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    @pytest.mark.parametrize(
        ("part", "method"),
        [("when", "truth"), ("when", "boundaries"), ("constraint", "truth"), ("constraint", "unmet"),
         ("constraint", "boundaries"), ("transfer", "truth"), ("transfer", "boundaries")],
    )  # fmt: skip
    def test_an_error_anywhere_in_a_rule_denies(self, part: str, method: str, error: Exception) -> None:
        decision = decide(self.exploding(part, method, error))
        assert decision.outcome is Outcome.DENY
        assert any(reason.kind == "error" and f"{error}" in reason.text for reason in decision.reasons)

    def test_an_error_in_a_connecting_factor_denies_for_the_regime(self) -> None:
        policies = Policies([make_pack("t", make_row())])
        policies.__dict__["heads"] = (
            replace(policies.heads[0], connects=Exploding("truth", ValueError("odd"))),
        )
        decision = decide(policies)
        assert decision.outcome is Outcome.DENY
        assert [(regime.id, regime.outcome) for regime in decision.regimes] == [("t", Outcome.DENY)]

    def test_a_pack_that_cannot_be_read_denies(self) -> None:
        decision = decide([make_pack("t", make_row(when={"no.such.fact": True}))])
        assert decision.outcome is Outcome.DENY
        assert "unknown fact `no.such.fact`" in decision.reasons[0].text

    def test_a_dependency_that_is_not_there_denies(self) -> None:
        decision = decide([make_pack("t", make_row(dependencies=["gone"]))])
        assert decision.outcome is Outcome.DENY

    def test_a_broken_duty_that_opens_no_gate_denies_too(self) -> None:
        policies = self.exploding("when", "truth", ValueError("odd"))
        pack = policies.pack("t")
        tracked = tuple(
            replace(rule, on_unmet=make_requirement(effect="duty").on_unmet) for rule in pack.requirements
        )
        policies._packs["t"] = replace(pack, requirements=tracked)
        assert decide(policies).outcome is Outcome.DENY
