# SPDX-License-Identifier: Apache-2.0
"""Law 1: whatever an author states may tighten the answer and never loosen it; trusted, documents alone may."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.errors import XborderError
from airflow_xborder.services.gate import Gate, GateOptions, GateRequest
from airflow_xborder.services.release import build_release
from tests.deployment import CATALOG, PEOPLE, TARGET, Clock, Deployment, FixedPolicies, flow
from tests.generators import CATEGORIES, PLACES, flags, flow_data, maybe, packs, some_of

SHIPPED = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])
DOCUMENTS = ("mechanisms", "evidence")
few = settings(max_examples=50)

# What a DAG asks about is no claim: where from, where to, and for which of the permitted purposes.
QUESTION = ("source", "destination", "purpose")
ends = st.sampled_from(
    [
        {"store": PEOPLE},
        {"store": TARGET},
        {"region": "eu"},
        {"region": "us"},
        {"store": "postgres://else:5432/x"},
    ]
)
claims = flow_data.map(lambda data: {name: value for name, value in data.items() if name not in QUESTION})
stated_places = maybe(
    country=st.sampled_from(["DE", "US", "FR"]), subdivision=st.sampled_from([p for p in PLACES if "-" in p]),
    provider=st.just({"party": "aws", "control_country": "DE"}),
)  # fmt: skip


@st.composite
def catalogs(draw: st.DrawFn) -> dict[str, Any]:
    """Return catalogs that know more or less, so that answers of every kind come up."""
    catalog = deepcopy(CATALOG)
    row = catalog["datasets"][0]
    row["categories"] = {
        "c": draw(st.sampled_from([*CATEGORIES, "personal_data.contact.email", "non_personal"]))
    }
    row["subjects"] = {
        "countries": ["DE"],
        "groups": ["customer"],
        "us_persons": False,
        "complete": draw(flags),
    }
    row["purposes"] = ["analytics", "ml_inference"]
    for name in draw(some_of(["mechanisms", "evidence"], 2)):
        catalog["registers"][name] = []
    for party in catalog["parties"].values():
        party |= draw(maybe(same_group=flags, owners=st.just([]), listings=st.just([])))
    if draw(flags):
        del catalog["parties"]["acme-inc"]["role"]
    if draw(flags):
        catalog["regions"]["us"] = {"country": "US", "ledger": "memory://us", "party": "acme-inc"}
    return catalog


def ask(
    policies: Policies, catalog: dict[str, Any], asked: dict[str, Any], *, trusts: bool = False
) -> Decision:
    """Return the answer of a gate to what an author wrote."""
    deployment = Deployment()
    options = GateOptions(worker_region="eu", trust_dag_claims=trusts)
    store = FixedPolicies(build_release(policies, catalog))
    gate = Gate(store, (NativeEngine(),), deployment.ledger, Clock(), options)
    return gate.decide(GateRequest(flow=DataFlow.parse(asked), point="gate")).decision


def strictness(*arguments: Any, **options: Any) -> int:
    """Return how strict the answer is; a flow that is refused as malformed moves nothing."""
    try:
        return ask(*arguments, **options).outcome.strictness
    except XborderError:
        return 3


class TestUntrusted:
    @few
    @given(catalogs(), ends, ends, claims)
    def test_no_claim_loosens_what_the_shipped_packs_answer(
        self, catalog: dict[str, Any], source: Any, destination: Any, claimed: dict[str, Any]
    ) -> None:
        asked = {"source": source, "destination": destination, "purpose": "analytics"}
        assert strictness(SHIPPED, catalog, {**claimed, **asked}) >= strictness(SHIPPED, catalog, asked)

    @few
    @given(packs(), catalogs(), claims)
    def test_nor_what_any_packs_do(
        self, documents: list[dict[str, Any]], catalog: dict[str, Any], claimed: dict[str, Any]
    ) -> None:
        policies = Policies([*documents, _declaring()])
        asked = {"source": {"store": PEOPLE}, "destination": {"store": TARGET}, "purpose": "analytics"}
        assert strictness(policies, catalog, {**claimed, **asked}) >= strictness(policies, catalog, asked)

    @few
    @given(catalogs(), ends, ends, stated_places, stated_places)
    def test_nor_does_a_word_about_where_a_place_is(
        self,
        catalog: dict[str, Any],
        source: Any,
        destination: Any,
        here: dict[str, Any],
        there: dict[str, Any],
    ) -> None:
        asked = {"source": source, "destination": destination, "purpose": "analytics"}
        stated = {**asked, "source": {**here, **source}, "destination": {**there, **destination}}
        assert strictness(SHIPPED, catalog, stated) >= strictness(SHIPPED, catalog, asked)

    @few
    @given(
        catalogs(),
        st.sampled_from(["sale_or_brokerage", "support", "hr_management", "foreign_authority_request"]),
    )
    def test_a_purpose_that_the_catalog_does_not_permit_is_never_milder_than_one_it_does(
        self, catalog: dict[str, Any], purpose: str
    ) -> None:
        asked = {"source": {"store": PEOPLE}, "destination": {"store": TARGET}}
        permitted = strictness(SHIPPED, catalog, {**asked, "purpose": "analytics"})
        assert strictness(SHIPPED, catalog, {**asked, "purpose": purpose}) >= permitted


class TestTrusted:
    @few
    @given(catalogs(), ends, ends, claims)
    def test_nothing_but_documents_loosens(
        self, catalog: dict[str, Any], source: Any, destination: Any, claimed: dict[str, Any]
    ) -> None:
        asked = {"source": source, "destination": destination, "purpose": "analytics"}
        documents = {name: claimed[name] for name in DOCUMENTS if name in claimed}
        all_claims, documents_alone = {**claimed, **asked}, {**documents, **asked}
        milder = strictness(SHIPPED, catalog, documents_alone, trusts=True)
        assert strictness(SHIPPED, catalog, all_claims, trusts=True) >= milder

    @few
    @given(catalogs(), ends, ends, stated_places)
    def test_nor_does_a_word_about_places(
        self, catalog: dict[str, Any], source: Any, destination: Any, there: dict[str, Any]
    ) -> None:
        asked = {"source": source, "destination": destination, "purpose": "analytics"}
        stated = {**asked, "destination": {**there, **destination}}
        assert strictness(SHIPPED, catalog, stated, trusts=True) >= strictness(
            SHIPPED, catalog, asked, trusts=True
        )

    @few
    @given(catalogs(), claims)
    def test_the_record_says_so(self, catalog: dict[str, Any], claimed: dict[str, Any]) -> None:
        documents = {name: claimed[name] for name in DOCUMENTS if name in claimed}
        asked = {
            **documents,
            "source": {"store": PEOPLE},
            "destination": {"store": TARGET},
            "purpose": "analytics",
        }
        trusting = ask(SHIPPED, catalog, asked, trusts=True)
        assert any("trust_dag_claims" in warning for warning in trusting.warnings)

    @pytest.mark.parametrize(
        "claim",
        [
            {"importer": {"party": "acme-inc", "role": "processor", "country": "DE"}},
            {"importer": {"party": "acme-gmbh"}},
            {
                "importer": {
                    "listings": [{"framework": "eu_us_dpf", "status": "active", "covers": ["non_hr"]}]
                }
            },
            {"safeguards": ["anonymisation", "key_in_origin"]},
            {"data_categories": ["anonymised"]},
            {"data_categories": []},
            {"identifiability": [{"relative_to": "importer", "status": "anonymous"}]},
            {"subjects": {"countries": ["US"]}},
            {"frequency": "one_off"},
            {"access_mode": "transit"},
            {"consent": {"type": "consent_informed_risk", "ground_for": "transfer", "coverage": 1}},
            {"attributes": {"us.dsp_exemption": "202.505"}},
            {"counts": [{"category": "personal_data", "n": 0, "scope": "window"}]},
        ],
        ids=lambda claim: next(iter(claim)),
    )
    def test_no_other_word_stands_in_for_the_documents(self, claim: dict[str, Any]) -> None:
        catalog = deepcopy(CATALOG)
        catalog["registers"] = {}
        catalog["datasets"][0]["subjects"]["us_persons"] = False
        catalog["parties"]["acme-inc"] |= {"listings": [], "owners": [], "same_group": False}
        asked = {
            "source": {"store": PEOPLE},
            "destination": {"store": TARGET},
            "purpose": "analytics",
            **claim,
        }
        assert ask(SHIPPED, catalog, asked, trusts=True).outcome is Outcome.DENY

    def test_an_expired_document_does_not_count_on_anybodys_word(self) -> None:
        deployment = Deployment(options=GateOptions(worker_region="eu", trust_dag_claims=True))
        deployment.catalog["registers"] = {}
        documents = {
            "mechanisms": [{"type": "scc_eu", "module": 2, "valid_until": "2026-11-23"}],
            "evidence": ["tia"],
        }
        assert deployment.decide(flow=flow(**documents)).decision.outcome is Outcome.DENY


def _declaring() -> dict[str, Any]:
    """Return a pack that does nothing but declare the attributes of the shipped ones."""
    declared = {
        name: row
        for document in SHIPPED.documents
        for name, row in (document.get("attributes") or {}).items()
    }
    return {
        "pack": "declaring", "jurisdiction": "EU", "title": "t", "version": "1", "last_checked": "2026-11-01",
        "covers": [], "connects": [{"source.country": "CN"}], "attributes": declared, "requirements": [],
    }  # fmt: skip


def test_the_deployment_of_these_tests_allows_when_nothing_is_claimed() -> None:
    catalog = deepcopy(CATALOG)
    catalog["datasets"][0]["subjects"]["us_persons"] = False
    catalog["parties"]["acme-inc"] |= {"listings": [], "owners": [], "same_group": False}
    asked = replace(flow(), purpose="analytics")
    assert asked.purpose == "analytics"
    plain = {"source": {"store": PEOPLE}, "destination": {"store": TARGET}, "purpose": "analytics"}
    assert ask(SHIPPED, catalog, plain).outcome is Outcome.ALLOW
