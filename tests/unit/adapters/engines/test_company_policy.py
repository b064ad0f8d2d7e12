# SPDX-License-Identifier: Apache-2.0
"""What a company's own policy is asked about a flow, and what its answers make of it, whoever evaluates it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.adapters.engines.company_policy import UNDEFINED, CompanyPolicy, Said
from airflow_xborder.core.decision import Decision, Obligation, Outcome
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError
from airflow_xborder.ports.policy_engine import Question
from tests.engines import ALIASES, CONSENT, NOON, PARTIAL, make_question


class Policy:
    """A policy that gives prepared answers and notes what it was asked."""

    def __init__(self, *values: object, revision: str = "") -> None:
        self._values = list(values)
        self._revision = revision
        self.askings: list[list[dict[str, Any]]] = []
        self._decider = CompanyPolicy("OPA", "opa/p/allow", "p/allow", ALIASES, self._ask)

    def _ask(self, inputs: Any) -> list[Said]:
        self.askings.append(list(inputs))
        return [Said(self._values.pop(0), self._revision) for _ in inputs]

    def decide(self, question: Question | None = None) -> Decision:
        (decision,) = self._decider.decide_many([question or make_question()])
        return decision

    def decide_many(self, *questions: Question) -> list[Decision]:
        return self._decider.decide_many(questions)

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [asked["request"] for asking in self.askings for asked in asking]


class TestAnswers:
    def test_true_allows_and_asks_in_the_policys_names_beside_the_whole_flow(self):
        policy = Policy(True)
        decision = policy.decide(make_question(flow_id="f-1"))
        assert (decision.outcome, decision.reasons, decision.obligations) == (Outcome.ALLOW, (), ())
        assert policy.requests == [
            {"region_from": "EU", "region_to": "US", "purpose": "model_inference", "consent": False}
        ]
        assert policy.askings[0][0]["flow"]["destination"] == {"region": "us"}
        assert (decision.flow_id, decision.decision_id, decision.as_of) == ("f-1", "d-1", NOON)
        assert decision.engine == "opa/p/allow"

    def test_false_denies_and_says_about_what(self):
        decision = Policy(False).decide()
        assert decision.outcome is Outcome.DENY
        assert [reason.text for reason in decision.reasons] == [
            "The policy engine opa/p/allow answers deny: "
            "from EU to US, purpose model_inference, without consent."
        ]

    def test_an_object_may_give_its_reasons_as_one_line(self):
        said = {"allow": False, "reasons": ["no\ncontract\x1b[31m", "x" * 5000]}
        (reason,) = Policy(said).decide().reasons
        detail = dict(reason.parameters)["detail"]
        assert detail.startswith("no contract [31m; xxx")
        assert len(detail) == 401
        assert Policy({"allow": True}).decide().outcome is Outcome.ALLOW

    def test_the_revision_is_part_of_the_engine_and_of_the_key(self):
        first, second = Policy(True, revision="main:r1").decide(), Policy(True, revision="main:r2").decide()
        assert first.engine == "opa/p/allow@main:r1"
        assert first.decision_key != second.decision_key

    def test_one_place_that_is_refused_denies_the_flow(self):
        policy = Policy(True, False)
        decision = policy.decide(make_question(places={"processing": [{"country": "IN"}]}))
        assert decision.outcome is Outcome.DENY
        assert "to IN" in decision.reasons[0].text
        assert [len(asking) for asking in policy.askings] == [2]

    def test_a_place_that_nobody_can_name_is_for_review_and_not_asked_about(self):
        policy = Policy()
        decision = policy.decide(make_question(destination={"store": "s3://somewhere"}))
        assert (decision.outcome, decision.missing_facts) == (Outcome.REVIEW, ("destination",))
        assert policy.askings == []

    @pytest.mark.parametrize(
        "value",
        [UNDEFINED, None, "true", 1, 0, 1.0, [True], {}, {"allow": None}, {"allow": "yes"},
         {"allow": True, "reasons": [1]}, {"allow": True, "reasons": "none"}, "<undefined>"],
        ids=repr,
    )  # fmt: skip
    def test_nothing_but_a_boolean_is_an_answer(self, value):
        with pytest.raises(EngineUnavailableError):
            Policy(value).decide()

    def test_a_kind_of_alias_that_there_is_not_is_an_error(self):
        with pytest.raises(ConfigurationError, match="unknown kind of alias"):
            CompanyPolicy("OPA", "n", "p", {"places": {}}, lambda inputs: [])


class TestConsent:
    def test_partial_consent_counts_where_rows_are_filtered_and_becomes_an_obligation(self):
        policy = Policy(False, True)
        decision = policy.decide(make_question(filters_rows=True, consent=PARTIAL))
        assert [request["consent"] for request in policy.requests] == [False, True]
        assert [len(asking) for asking in policy.askings] == [2]
        assert decision.obligations == (
            Obligation("filter_rows_by_consent", (("purpose", "ml_inference"),), ("opa/p/allow",)),
        )

    def test_rows_are_not_filtered_for_an_answer_that_does_not_need_it(self):
        decision = Policy(True, UNDEFINED).decide(make_question(filters_rows=True, consent=PARTIAL))
        assert (decision.outcome, decision.obligations) == (Outcome.ALLOW, ())

    def test_a_refusal_in_spite_of_filtering_is_told_once_a_place(self):
        places = {"processing": [{"country": "IN"}]}
        policy = Policy(False, False, False, True)
        decision = policy.decide(make_question(filters_rows=True, consent=PARTIAL, places=places))
        assert decision.outcome is Outcome.DENY
        assert [reason.text.rpartition(": ")[2] for reason in decision.reasons] == [
            "from EU to US, purpose model_inference, with consent."
        ]

    def test_partial_consent_is_none_where_rows_are_not_filtered(self):
        policy = Policy(False)
        assert policy.decide(make_question(consent=PARTIAL)).outcome is Outcome.DENY
        assert [request["consent"] for request in policy.requests] == [False]

    def test_full_consent_is_stated_at_once(self):
        policy = Policy(True)
        assert policy.decide(make_question(consent=CONSENT, filters_rows=True)).obligations == ()
        assert [request["consent"] for request in policy.requests] == [True]


class TestSeveralQuestions:
    def test_each_gets_its_own_answer_from_one_asking(self):
        policy = Policy(True, True, False, False)
        inside, two_places, unnamed, denied = (
            make_question(destination={"region": "eu"}, flow_id="inside"),
            make_question(places={"access": [{"country": "IN"}]}, flow_id="two places"),
            make_question(destination={"store": "s3://somewhere"}, flow_id="unnamed"),
            make_question(purpose="marketing", flow_id="denied"),
        )
        decisions = policy.decide_many(inside, two_places, unnamed, denied)
        assert [(decision.flow_id, decision.outcome.value) for decision in decisions] == [
            ("inside", "allow"),
            ("two places", "deny"),
            ("unnamed", "review"),
            ("denied", "deny"),
        ]
        assert [len(asking) for asking in policy.askings] == [4]

    def test_one_without_an_answer_leaves_none(self):
        with pytest.raises(EngineUnavailableError, match="no answer at `p/allow`"):
            Policy(True, UNDEFINED).decide_many(make_question(), make_question())

    def test_none_is_none(self):
        policy = Policy()
        assert policy.decide_many() == []
        assert policy.askings == []
