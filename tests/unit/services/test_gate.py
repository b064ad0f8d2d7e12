# SPDX-License-Identifier: Apache-2.0
"""The spine: who says so, what is recorded before an answer, and that nothing but an answer is ever "allow"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.errors import (
    ConfigurationError,
    EngineUnavailableError,
    FlowError,
    LedgerUnavailableError,
    UnknownRegionError,
)
from airflow_xborder.ports.policy_engine import Question
from airflow_xborder.services.gate import GateOptions
from airflow_xborder.services.merging import merge
from airflow_xborder.services.resolution import Measured
from tests.deployment import Deployment, flow

PATIENTS = "postgres://pg-eu:5432/appdb.public.patients"


class BrokenLedger:
    """A ledger whose place does not answer."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.location = f"broken://{region}"

    def next_number(self, task: object) -> int:
        return 1

    def append(self, event: object) -> Any:
        raise LedgerUnavailableError(f"`{self.location}` does not answer")


class FixedEngine:
    """An engine that changes the native answer, or fails."""

    name = "fixed"

    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome

    def decide(self, question: Question) -> Decision:
        if self.outcome is None:
            raise EngineUnavailableError("the engine does not answer")
        return replace(NativeEngine().decide(question), outcome=self.outcome, engine=self.name)


class TestWhoSaysSo:
    def test_documents_of_the_register_count(self) -> None:
        ruling = Deployment().decide()
        assert ruling.decision.outcome is Outcome.ALLOW
        assert ruling.decision.is_transfer

    def test_a_document_that_only_the_author_names_does_not_count(self) -> None:
        deployment = Deployment()
        deployment.catalog["registers"] = {}
        claims = {"mechanisms": ["scc_eu"], "evidence": ["tia"]}
        assert deployment.decide(flow=flow(**claims)).decision.outcome is Outcome.DENY

    def test_clauses_between_parties_of_no_known_role_do_not_count(self) -> None:
        deployment = Deployment()
        del deployment.catalog["parties"]["acme-inc"]["role"]
        assert deployment.decide().decision.outcome is Outcome.DENY

    def test_a_trusted_author_is_believed(self) -> None:
        deployment = Deployment(options=GateOptions(worker_region="eu", trust_dag_claims=True))
        deployment.catalog["registers"] = {}
        claims = {"mechanisms": [{"type": "scc_eu", "module": 2}], "evidence": ["tia"]}
        assert deployment.decide(flow=flow(**claims)).decision.allowed

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"exporter": "somebody-else"}, id="other-exporter"),
            pytest.param({"importer": "somebody-else"}, id="other-importer"),
            pytest.param({"importer_role": "controller"}, id="other-role"),
            pytest.param({"purposes": ["marketing"]}, id="other-purpose"),
            pytest.param({"destinations": ["CA"]}, id="other-destination"),
            pytest.param({"categories": ["personal_data.contact"]}, id="not-all-categories"),
            pytest.param({"recorded_at": "2026-11-25"}, id="recorded-after-the-decision"),
            pytest.param({"valid_until": "2026-11-23"}, id="expired-yesterday"),
            pytest.param({"valid_from": "2026-11-25"}, id="valid-from-tomorrow"),
            pytest.param({"module": 1}, id="module-of-other-roles"),
        ],
    )
    def test_a_document_counts_only_if_its_row_fits(self, change: dict[str, Any]) -> None:
        deployment = Deployment()
        deployment.catalog["registers"]["mechanisms"][0].update(change)
        assert deployment.decide().decision.outcome is Outcome.DENY

    def test_a_document_is_valid_on_its_last_day(self) -> None:
        deployment = Deployment()
        deployment.catalog["registers"]["mechanisms"][0]["valid_until"] = "2026-11-24"
        assert deployment.decide().decision.allowed

    def test_an_author_may_add_categories_and_never_remove_any(self) -> None:
        deployment = Deployment()
        stricter = flow(data_categories=["personal_data.sensitive.health"])
        assert deployment.decide(flow=stricter).decision.outcome is Outcome.DENY
        milder = flow(source=PATIENTS, data_categories=["non_personal"], purpose="care_treatment")
        decision = deployment.decide(flow=milder, discharges=frozenset({"filter_rows_by_consent"})).decision
        assert "test.health" in [entry.requirement_id for entry in decision.applicable]

    def test_a_kind_of_access_that_the_author_claims_loosens_nothing(self) -> None:
        deployment = Deployment()
        deployment.catalog["registers"] = {}
        rule = deployment.pack["requirements"][0]
        rule["when"] = {"all": [rule["when"], {"not": {"access_mode": "erase"}}]}
        assert deployment.decide(flow=flow(access_mode="erase")).decision.outcome is Outcome.DENY

    def test_a_party_that_the_author_claims_loosens_nothing(self) -> None:
        deployment = Deployment()
        deployment.catalog["parties"]["partner-inc"] = {"country": "US", "role": "processor"}
        deployment.catalog["regions"]["us"]["party"] = "partner-inc"
        assert deployment.decide().decision.outcome is Outcome.DENY
        claimed = deployment.decide(flow=flow(importer={"party": "acme-inc"}))
        assert claimed.decision.outcome is Outcome.DENY

    def test_a_party_that_the_author_claims_may_tighten(self) -> None:
        claimed = Deployment().decide(flow=flow(importer={"party": "somebody-else"}))
        assert claimed.decision.outcome is Outcome.DENY

    def test_places_that_the_author_claims_only_add(self) -> None:
        assert Deployment().decide().decision.allowed
        reached = flow(places={"access": [{"country": "IN"}]})
        assert Deployment().decide(flow=reached).decision.outcome is Outcome.REVIEW

    def test_a_row_without_purposes_gives_the_authors_nothing_to_be_held_against(self) -> None:
        deployment = Deployment()
        del deployment.catalog["datasets"][0]["purposes"]
        ruling = deployment.decide()
        assert ruling.flow.purpose is None

    def test_trust_in_authors_is_on_the_record(self) -> None:
        deployment = Deployment(options=GateOptions(worker_region="eu", trust_dag_claims=True))
        deployment.decide()
        assert b"trust_dag_claims" in deployment.events("eu")[0].to_bytes()

    def test_contradicting_the_catalog_denies(self) -> None:
        asked = flow()
        asked = replace(asked, source=replace(asked.source, country="US"))
        decision = Deployment().decide(flow=asked).decision
        assert decision.outcome is Outcome.DENY
        assert "the catalog says DE" in decision.reasons[-1].text

    def test_a_store_outside_the_catalog_is_nowhere(self) -> None:
        decision = Deployment().decide(flow=flow(destination="postgres://elsewhere:5432/x.public.y")).decision
        assert decision.outcome is Outcome.REVIEW
        assert any(reason.kind == "missing_fact" for reason in decision.reasons)

    def test_a_country_that_is_the_authors_word_alone_does_not_count(self) -> None:
        asked = flow(destination="x", purpose="analytics")
        asked = replace(asked, destination=replace(asked.destination, store=None, country="FR"))
        assert Deployment().decide(flow=asked).decision.outcome is not Outcome.ALLOW

    def test_an_incomplete_row_is_the_missing_fact(self) -> None:
        deployment = Deployment()
        deployment.pack["connects"] = [{"subjects.countries": "EU"}]
        deployment.catalog["datasets"][0]["subjects"] = {"complete": False}
        decision = deployment.decide().decision
        assert decision.outcome is Outcome.REVIEW
        assert "subjects.countries" in decision.missing_facts

    def test_an_alias_of_a_purpose_is_resolved(self) -> None:
        deployment = Deployment()
        region = flow(purpose="ml_inference")
        assert deployment.decide(flow=region).flow.purpose == "ml_inference"

    def test_a_column_that_nobody_classified_is_uncategorised_data(self) -> None:
        decision = Deployment().decide(Measured(columns=("email", "shoe_size"))).decision
        assert decision.outcome is Outcome.REVIEW
        assert "gap" in [reason.kind for reason in decision.reasons]


class TestObligations:
    def test_one_that_the_point_carries_out_stands(self) -> None:
        asked = flow(source=PATIENTS, purpose="care_treatment")
        decision = Deployment().decide(flow=asked, discharges=frozenset({"filter_rows_by_consent"})).decision
        assert decision.allowed
        assert [entry.type for entry in decision.obligations] == ["filter_rows_by_consent"]

    def test_one_that_it_does_not_denies_and_is_named(self) -> None:
        decision = Deployment().decide(flow=flow(source=PATIENTS, purpose="care_treatment")).decision
        assert decision.outcome is Outcome.DENY
        assert "filter_rows_by_consent" in decision.reasons[-1].text


class TestNoRecordNoAllow:
    def test_both_sides_have_the_decision(self) -> None:
        deployment = Deployment()
        ruling = deployment.decide()
        (near,), (far,) = deployment.events("eu"), deployment.events("us")
        assert near.decision_id == far.decision_id == ruling.decision.decision_id
        assert near.crossing_id == far.crossing_id is not None

    def test_the_far_side_does_not_hear_the_near_sides_store(self) -> None:
        deployment = Deployment()
        deployment.decide()
        (far,) = deployment.events("us")
        assert b"pg-eu" not in far.to_bytes()
        assert "flow.source.store" in far.withheld

    @pytest.mark.parametrize("region", ["eu", "us"])
    def test_a_side_that_does_not_answer_means_no_answer(self, region: str) -> None:
        deployment = Deployment()
        deployment.ledgers[region] = BrokenLedger(region)
        with pytest.raises(LedgerUnavailableError):
            deployment.decide()

    def test_after_an_outage_of_the_far_side_the_story_goes_on_under_the_same_ids(self) -> None:
        deployment = Deployment()
        deployment.ledgers["us"] = BrokenLedger("us")
        with pytest.raises(LedgerUnavailableError):
            deployment.decide()
        del deployment.ledgers["us"]
        deployment.clock.advance(seconds=30)
        deployment.restart()
        ruling = deployment.decide()
        (near,), (far,) = deployment.events("eu"), deployment.events("us")
        assert near.decision_id == far.decision_id == ruling.decision.decision_id
        assert near.crossing_id == far.crossing_id

    def test_deny_is_recorded_too(self) -> None:
        deployment = Deployment()
        deployment.catalog["registers"] = {}
        deployment.decide()
        (near,) = deployment.events("eu")
        assert near.to_json()["body"]["decision"]["outcome"] == "deny"  # type: ignore[index,call-overload]

    def test_asking_twice_in_one_try_is_one_event(self) -> None:
        deployment = Deployment()
        first = deployment.decide()
        deployment.clock.advance(seconds=1)
        second = deployment.decide()
        assert first.decision.decision_id == second.decision.decision_id
        assert len(deployment.events("eu")) == 1

    def test_a_flow_that_stays_in_its_region_has_one_ledger(self) -> None:
        deployment = Deployment()
        deployment.decide(flow=flow(destination="postgres://pg-eu:5432/appdb.public.copy"))
        assert (len(deployment.events("eu")), len(deployment.events("us"))) == (1, 0)

    def test_a_region_without_a_ledger_lets_nothing_in(self) -> None:
        with pytest.raises(ConfigurationError, match="what arrives in `dark`"):
            Deployment().decide(flow=flow(destination="s3://dark/x"))

    def test_a_region_without_a_ledger_lets_nothing_out(self) -> None:
        with pytest.raises(ConfigurationError, match="no ledger"):
            Deployment().decide(flow=flow(source="s3://dark/x"))


class TestEngines:
    def test_a_further_engine_may_tighten(self) -> None:
        deployment = Deployment(engines=(NativeEngine(), FixedEngine(Outcome.DENY)))
        decision = deployment.decide().decision
        assert decision.outcome is Outcome.DENY
        assert decision.engine == "fixed+native/1.0.0" or decision.engine == "native/1.0.0+fixed"

    def test_a_further_engine_may_not_loosen(self) -> None:
        deployment = Deployment(engines=(NativeEngine(), FixedEngine(Outcome.ALLOW)))
        deployment.catalog["registers"] = {}
        assert deployment.decide().decision.outcome is Outcome.DENY

    def test_one_that_does_not_answer_is_an_error_that_may_be_retried(self) -> None:
        deployment = Deployment(engines=(NativeEngine(), FixedEngine(None)))
        with pytest.raises(EngineUnavailableError):
            deployment.decide()
        assert deployment.events("eu") == []

    def test_merging_does_not_depend_on_the_order(self) -> None:
        deployment = Deployment()
        allowed = deployment.decide().decision
        denied = allowed.with_changes(outcome=Outcome.DENY)
        assert merge([allowed, denied], "d").outcome is merge([denied, allowed], "d").outcome is Outcome.DENY


class TestMalformed:
    def test_an_unknown_region_is_named_with_the_nearest(self) -> None:
        asked = replace(flow(), source=replace(flow().source, store=None, region="eus"))
        with pytest.raises(UnknownRegionError, match="eus"):
            Deployment().decide(flow=asked)

    def test_an_undeclared_attribute_is_an_error_with_a_suggestion(self) -> None:
        with pytest.raises(FlowError) as caught:
            Deployment().decide(flow=flow(attributes={"eu.vitl": True}))
        assert caught.value.hint == "did you mean `eu.vital`?"

    def test_an_attribute_of_the_wrong_kind_is_an_error(self) -> None:
        with pytest.raises(FlowError, match="vital"):
            Deployment().decide(flow=flow(attributes={"eu.vital": "yes"}))

    def test_an_undeclared_attribute_of_a_party_is_an_error(self) -> None:
        with pytest.raises(FlowError, match="importer"):
            Deployment().decide(flow=flow(importer={"party": "acme-inc", "attributes": {"eu.vitl": True}}))


class TestKeys:
    def test_equal_questions_have_equal_keys(self) -> None:
        one, other = Deployment(), Deployment()
        other.clock.advance(hours=1)
        first = one.decide(flow=flow(flow_id="a")).decision
        second = other.decide(flow=flow(flow_id="b")).decision
        assert first.decision_key == second.decision_key

    def test_an_expired_document_changes_the_key(self) -> None:
        one, other = Deployment(), Deployment()
        other.clock.advance(days=60)
        assert one.decide().decision.decision_key != other.decide().decision.decision_key

    def test_the_answer_says_until_when_it_holds(self) -> None:
        until = Deployment().decide().decision.valid_until
        assert until is not None
        assert until.isoformat() == "2027-01-02T00:00:00+00:00"

    def test_remediations_are_offered_for_a_denial_and_hold(self) -> None:
        deployment = Deployment()
        deployment.catalog["registers"]["evidence"] = []
        remedies = deployment.decide().decision.remediations
        assert [(entry.change, entry.cost) for entry in remedies] == [
            ("attach evidence tia", 2),
            ("process in region eu", 4),
        ]

    def test_what_helps_a_whole_database_is_offered_too_whatever_attributes_the_flow_has(self) -> None:
        deployment = Deployment()
        deployment.catalog["registers"]["evidence"] = []
        del deployment.catalog["datasets"][1]
        mild = {
            "categories": {"x": "non_personal"},
            "purposes": ["analytics"],
            "subjects": {"complete": True},
        }
        deployment.catalog["datasets"].append({"match": "postgres://pg-eu:5432/*", **mild})
        whole = flow("postgres://pg-eu:5432/appdb", attributes={"eu.vital": True})
        decision = deployment.decide(flow=whole).decision
        assert decision.outcome is Outcome.DENY
        assert "attach evidence tia" in [entry.change for entry in decision.remediations]


class TestContainers:
    def test_a_whole_database_is_everything_in_it(self) -> None:
        deployment = Deployment()
        mild = {
            "categories": {"x": "non_personal"},
            "purposes": ["analytics"],
            "subjects": {"complete": True},
        }
        deployment.catalog["datasets"].append({"match": "postgres://pg-eu:5432/*", **mild})
        ruling = deployment.decide(flow=flow("postgres://pg-eu:5432/appdb"))
        assert ruling.decision.outcome is Outcome.DENY, "patients are in there"
        (event,) = deployment.events("eu")
        assert "personal_data.sensitive.health" in event.body["flow"]["data_categories"]

    def test_attributes_of_a_data_set_are_facts_like_others(self) -> None:
        deployment = Deployment()
        deployment.catalog["datasets"][0]["attributes"] = {"eu.vital": False}
        assert deployment.decide().decision.outcome is Outcome.ALLOW
