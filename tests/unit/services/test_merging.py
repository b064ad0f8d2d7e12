# SPDX-License-Identifier: Apache-2.0
"""What becomes of two answers that say different things of the same."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.decision import (
    Applicable,
    Decision,
    Duty,
    Obligation,
    Outcome,
    Reason,
    RegimeAnswer,
)
from airflow_xborder.services.merging import deny_for, joint_digest, merge
from tests.factories import TODAY

ALLOW, REVIEW, DENY = Outcome.ALLOW, Outcome.REVIEW, Outcome.DENY
EARLY, LATE = (TODAY.replace(month=12, day=day) for day in (1, 2))


def make_decision(outcome: Outcome = ALLOW, **fields: Any) -> Decision:
    """Return a decision of release `d` that says nothing but its outcome unless fields are given."""
    given: dict[str, Any] = {
        "flow_id": "f", "decision_id": "i", "decision_key": "k", "is_transfer": False, "simulated": False,
        "as_of": TODAY, "evaluated_at": TODAY, "valid_until": None, "policy_digest": "d", "facts_digest": "x",
        "engine": "native", **fields,
    }  # fmt: skip
    return Decision(outcome=outcome, **given)


def applicable(status: str, outcome: Outcome, **fields: Any) -> Applicable:
    """Return what an answer says of the rule `t.rule`."""
    return Applicable("t.rule", status, "c", "national", "t", "EU", outcome, **fields)


class TestTheSameThing:
    def both(self, name: str, one: Any, other: Any) -> Any:
        """Return a field of the merged answer, which must be the same in both orders."""
        decisions = [make_decision(**{name: (one,)}), make_decision(**{name: (other,)})]
        found = getattr(merge(decisions, "d"), name)
        assert found == getattr(merge(decisions[::-1], "d"), name)
        return found

    def test_a_regime_calls_it_a_transfer_if_any_answer_does(self) -> None:
        found = self.both("regimes", RegimeAnswer("eu", True, ALLOW), RegimeAnswer("eu", False, REVIEW))
        assert found == (RegimeAnswer("eu", True, REVIEW),)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (applicable("met", ALLOW), applicable("unmet", DENY)),
            (applicable("unmet", REVIEW), applicable("unknown", REVIEW)),
            (applicable("error", DENY), applicable("unmet", DENY)),
            (applicable("unmet", ALLOW), applicable("unknown", ALLOW)),
        ],
    )
    def test_a_requirement_has_its_stricter_status(self, one: Applicable, other: Applicable) -> None:
        strict = max(
            one,
            other,
            key=lambda entry: (
                entry.outcome.strictness,
                entry.status in ("error", "unmet"),
                entry.status == "error",
            ),
        )
        assert self.both("applicable", one, other) == (strict,)

    def test_a_rule_nobody_checked_stays_unchecked(self) -> None:
        (found,) = self.both(
            "applicable", applicable("unmet", DENY), applicable("met", ALLOW, review_required=True)
        )
        assert (found.status, found.review_required) == ("unmet", True)

    def test_a_duty_is_open_if_it_is_open_anywhere(self) -> None:
        assert self.both(
            "duties", Duty("notice", "met", "t.rule", "N-4"), Duty("notice", "open", "t.rule")
        ) == (Duty("notice", "open", "t.rule"),)

    def test_a_part_has_its_stricter_outcome(self) -> None:
        where = (("residence", "DE"),)
        assert self.both("partitions", (where, REVIEW), (where, DENY)) == ((where, DENY),)


class TestNothingIsLost:
    def test_what_only_the_milder_answer_says_is_said(self) -> None:
        mild = make_decision(
            REVIEW,
            regimes=(RegimeAnswer("jp", True, REVIEW),),
            applicable=(applicable("unmet", REVIEW),),
            duties=(Duty("notice", "open", "t.rule"),),
            partitions=(((("residence", "JP"),), REVIEW),),
            conflicts=(("a", "b"),),
            overridden=("t.old",),
            obligations=(Obligation("pseudonymise"),),
            reasons=(Reason("gap", "gap_categories"),),
            not_considered=(("br", "no tie"),),
            is_transfer=True,
            valid_until=EARLY,
        )
        merged = merge([make_decision(DENY, valid_until=LATE), mild], "d")
        assert (merged.outcome, merged.is_transfer, merged.valid_until) == (DENY, True, EARLY)
        for name in (
            "regimes", "applicable", "duties", "partitions", "conflicts", "overridden", "obligations", "reasons", "not_considered",
        ):  # fmt: skip
            assert getattr(merged, name) == getattr(mild, name), name

    def test_a_regime_that_any_answer_considers_was_considered(self) -> None:
        one = make_decision(not_considered=(("jp", "no tie"), ("br", "no tie")))
        other = make_decision(regimes=(RegimeAnswer("jp", False, ALLOW),))
        assert merge([one, other], "d").not_considered == (("br", "no tie"),)

    def test_the_reasons_of_the_strictest_come_first(self) -> None:
        low, high = Reason("gap", "gap_categories"), Reason("unmet", "forbidden")
        decisions = [make_decision(REVIEW, reasons=(low,)), make_decision(DENY, reasons=(high,))]
        assert merge(decisions, "d").reasons == (high, low)


class TestKeys:
    def test_one_answer_keeps_its_key_and_facts(self) -> None:
        one = make_decision()
        assert merge([one, one], "d") == one

    def test_different_facts_have_a_joint_digest_in_any_order(self) -> None:
        decisions = [make_decision(facts_digest=digest, decision_key=digest) for digest in "ab"]
        one, other = merge(decisions, "d"), merge(decisions[::-1], "d")
        assert one.facts_digest == other.facts_digest == joint_digest("ab") not in ("a", "b")
        assert one.decision_key == other.decision_key

    def test_the_key_binds_to_the_release_where_that_is_more_than_the_packs(self) -> None:
        keys = {merge([make_decision()], release).decision_key for release in ("d", "e", "f")}
        assert len(keys) == 3

    def test_the_engines_are_all_named(self) -> None:
        decisions = [make_decision(engine=name) for name in ("opa/x", "native", "opa/x")]
        assert merge(decisions, "d").engine == "native+opa/x"


def test_denying_for_a_reason_keeps_what_was_said() -> None:
    reason = Reason("unmet", "contradiction")
    decision = make_decision(REVIEW, reasons=(Reason("gap", "gap_categories"),))
    assert deny_for(decision, []) is decision
    denied = deny_for(decision, [reason])
    assert denied.outcome is DENY
    assert denied.reasons == (*decision.reasons, reason)
