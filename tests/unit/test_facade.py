# SPDX-License-Identifier: Apache-2.0
"""The names of the guide, as written there."""

from __future__ import annotations

import doctest
from typing import Any

import pytest

from airflow_xborder import facade
from airflow_xborder.core.decision import Outcome
from airflow_xborder.errors import (
    FlowDeniedError,
    FlowError,
    PolicyNotFoundError,
    PolicyValidationError,
    ReviewRequiredError,
    UnknownTermError,
)
from airflow_xborder.facade import ComplianceGraph, PolicyLayer, check_crossborder_policy

REQUEST = {"region_from": "EU", "region_to": "US", "purpose": "model_inference", "consent": True}
ARTICLE_22 = {
    "requirement_id": "gdpr_article_22",
    "jurisdiction": "EU",
    "description": "Right not to be subject to automated decision-making",
    "triggers": ["automated_decision", "significant_effect"],
    "constraints": ["human_review_required", "explainability_required"],
    "conflicts": [],
    "dependencies": ["data_minimization", "purpose_limitation"],
    "effective_date": "2018-05-25",
    "last_updated": "2023-01-01",
}
EMAIL = "personal_data.contact.email"
INSIDE = {"region_from": "DE", "region_to": "FR", "purpose": "analytics", "data_categories": [EMAIL]}


def test_every_example_in_the_docstrings_holds() -> None:
    result = doctest.testmod(facade)
    assert (result.failed, result.attempted > 10) == (0, True)


def test_every_name_of_the_guide_has_an_example() -> None:
    told = " ".join(test.docstring or "" for test in doctest.DocTestFinder().find(facade))
    for call in (
        "load_for_jurisdiction(",
        ".evaluate(",
        ".enforce(",
        ").evaluate_request(",
        "check_crossborder_policy(",
    ):
        assert any(call in line for line in told.splitlines() if ">>>" in line or "..." in line), call


class TestTheExampleOfTheGuide:
    @pytest.mark.parametrize(
        ("decides", "outcome"),
        [
            ({"significant_effect": True, "human_review": True, "explanation": True}, "met"),
            ({"significant_effect": True, "human_review": False, "explanation": True}, "unmet"),
            ({"significant_effect": True, "human_review": True, "explanation": False}, "unmet"),
            ({"significant_effect": True, "human_review": True}, "unknown"),
        ],
    )
    def test_its_requirement_asks_for_review_and_explanation(
        self, decides: dict[str, Any], outcome: str
    ) -> None:
        layer = PolicyLayer([ARTICLE_22])
        answer = layer.evaluate_request(
            {**REQUEST, "data_categories": [EMAIL], "automated_decision": decides}
        )
        statuses = {entry.requirement_id: entry.status for entry in answer.decision.applicable}
        assert statuses["gdpr_article_22"] == outcome
        assert not answer.allowed
        assert (answer.decision.outcome is Outcome.DENY) == (outcome == "unmet")

    def test_it_rests_on_the_principles_of_the_base_pack(self) -> None:
        graph = ComplianceGraph(PolicyLayer([ARTICLE_22]).policies)
        assert graph.graph.dependencies_of("gdpr_article_22") == {"data_minimization", "purpose_limitation"}

    def test_its_request_is_answered_and_unknown_data_is_never_allowed(self) -> None:
        answer = PolicyLayer().evaluate_request(REQUEST)
        assert answer.decision.outcome is Outcome.REVIEW
        assert "data_categories" in answer.decision.missing_facts
        assert not answer

    def test_with_what_the_law_asks_for_it_is_allowed(self) -> None:
        more = {
            "data_categories": [EMAIL], "purpose": "analytics", "mechanisms": [{"type": "scc_eu", "module": 2}], "evidence": ["tia"],
            "exporter": {"country": "DE", "role": "controller"},
            "importer": {"country": "US", "role": "processor", "listings": [], "owners": [], "same_group": False},
            "subjects": {"countries": ["DE"], "us_persons": False},
        }  # fmt: skip
        answer = PolicyLayer().evaluate_request({**REQUEST, **more})
        assert answer.allowed, answer.violations


class TestRequests:
    def test_a_set_of_places_is_as_strict_as_its_strictest_member(self) -> None:
        layer = PolicyLayer(["eu.gdpr"])
        inside = {**INSIDE, "region_to": "EU"}
        assert layer.evaluate_request(inside).allowed
        assert not layer.evaluate_request(
            {**inside, "region_to": "EEA30", "places": {"access": ["CN"]}}
        ).allowed
        assert layer.evaluate_request({**inside, "region_to": "eu"}).allowed

    @pytest.mark.parametrize("ground", ["transfer", "special_category", "automated_decision"])
    def test_a_bare_yes_is_no_ground_but_for_processing(self, ground: str) -> None:
        row = {
            "requirement_id": "t.r", "jurisdiction": "EU", "description": "d", "effective_date": "2020-01-01", "triggers": ["personal_data"],
            "constraints": [{"consent": {"type": "consent_explicit", "ground_for": ground}}],
        }  # fmt: skip
        assert (
            PolicyLayer([row]).evaluate_request({**INSIDE, "consent": True}).decision.outcome is Outcome.DENY
        )
        named = {"type": "consent_explicit", "ground_for": ground, "coverage": 1}
        assert (
            PolicyLayer([row]).evaluate_request({**INSIDE, "consent": named}).decision.outcome
            is not Outcome.DENY
        )

    @pytest.mark.parametrize(
        ("request_", "error"),
        [
            ({}, FlowError),
            ({"region_from": "EU"}, FlowError),
            ({**INSIDE, "source": "DE"}, FlowError),
            ({**INSIDE, "region_to": 7}, FlowError),
            ({**INSIDE, "region_to": "Atlantis"}, UnknownTermError),
            ({**INSIDE, "purpose": "fun"}, UnknownTermError),
            ({**INSIDE, "consent": "yes"}, FlowError),
            ({**INSIDE, "attributes": {"us.transaction_tpe": "x"}}, FlowError),
            ({"region_form": "EU", "region_to": "US"}, FlowError),
        ],
        ids=str,
    )  # fmt: skip
    def test_what_is_no_request_is_an_error(self, request_: dict[str, Any], error: type[Exception]) -> None:
        with pytest.raises(error):
            PolicyLayer().evaluate_request(request_)

    def test_a_wrong_policy_is_an_error_with_its_place(self) -> None:
        with pytest.raises(PolicyValidationError, match="did you mean `automated_decision`"):
            PolicyLayer([{**ARTICLE_22, "triggers": ["automated_decison"]}])

    def test_remediations_come_with_a_denial(self) -> None:
        answer = ComplianceGraph.load_for_jurisdiction("EU").evaluate(
            {**INSIDE, "region_to": "JP", "importer": {"country": "JP", "listings": []}}
        )
        assert bool(answer) == answer.allowed
        assert answer.allowed or answer.remediations


class TestEnforcing:
    GRAPH = ComplianceGraph.load_for_jurisdiction("EU")

    def test_every_requirement_of_an_allowed_flow_lets_it_pass(self) -> None:
        assert self.GRAPH.evaluate(INSIDE).allowed
        for requirement in self.GRAPH:
            assert requirement.enforce(INSIDE).allowed, requirement.id

    def test_one_that_a_person_must_judge_is_an_error_too(self) -> None:
        flow = {**INSIDE, "region_to": "US", "purpose": "foreign_authority_request"}
        with pytest.raises(ReviewRequiredError) as caught:
            self.GRAPH.requirements["eu.gdpr.a48"].enforce(flow)
        assert [entry.requirement_id for entry in caught.value.decision.violations] == ["eu.gdpr.a48"]

    def test_another_requirements_denial_is_not_its_own(self) -> None:
        flow = {**INSIDE, "region_to": "US", "importer": {"country": "US", "listings": []}}
        with pytest.raises(FlowDeniedError):
            self.GRAPH.requirements["eu.gdpr.a44"].enforce(flow)
        assert self.GRAPH.requirements["eu.gdpr.a22"].enforce(flow).allowed
        assert not self.GRAPH.evaluate(flow).allowed


class TestLoading:
    @pytest.mark.parametrize(
        ("places", "packs"),
        [
            (["EU"], ("base", "eu.gdpr")),
            (["DE"], ("base", "eu.gdpr")),
            (["US"], ("base", "us.ccpa", "us.dsp")),
            (["US-CA"], ("base", "us.ccpa", "us.dsp")),
            (["JP", "EU"], ("base", "eu.gdpr", "jp.appi")),
        ],
    )
    def test_a_place_brings_the_packs_that_are_law_there(
        self, places: list[str], packs: tuple[str, ...]
    ) -> None:
        assert set(packs) <= set(ComplianceGraph.load_for_jurisdiction(*places).policies.ids)

    def test_a_place_without_packs_is_an_error(self) -> None:
        with pytest.raises(PolicyNotFoundError, match="no shipped pack is for `FJ`"):
            ComplianceGraph.load_for_jurisdiction("FJ")
        with pytest.raises(PolicyNotFoundError):
            ComplianceGraph.load_for_jurisdiction()
        with pytest.raises(UnknownTermError):
            ComplianceGraph.load_for_jurisdiction("Atlantis")


def test_a_yes_has_no_room_for_conditions() -> None:
    partial = {"type": "consent_explicit", "ground_for": "special_category", "coverage": 0.5}
    flow = {**INSIDE, "data_categories": ["personal_data.sensitive.health"], "consent": partial}
    assert PolicyLayer(["eu.gdpr"]).evaluate_request(flow).conditions == (
        "filter_rows_by_consent (purpose=analytics)",
    )
    assert check_crossborder_policy(flow) is False
    with pytest.raises(FlowError, match="input: expected a mapping"):
        check_crossborder_policy({"input": "EU"})
