# SPDX-License-Identifier: Apache-2.0
"""Ways in which an answer was once milder than it may be: each is closed, and stays so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_xborder.authoring.loading import validate_pack
from airflow_xborder.authoring.source import parse_document
from airflow_xborder.core.approvals import approval_key, reviews_of
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.remediation import suggest_remediations
from airflow_xborder.errors import FlowError, PolicyValidationError
from airflow_xborder.facade import check_crossborder_policy
from airflow_xborder.services.gate import GateOptions
from tests.deployment import Deployment, flow
from tests.factories import EMAIL, HEALTH, decide, make_facts, make_flow, make_pack, make_row

FLAG = {"x": {"type": "boolean", "description": "a test"}, "n": {"type": "number", "description": "a test"}}


def test_a_number_is_never_taken_for_a_truth_in_whatever_order_they_come() -> None:
    rows = [make_row(f"t.r{n}", when={"attributes.x": True}) for n in range(9)]
    policies = Policies([make_pack("t", *rows, attributes=FLAG)])
    for value in (1, 1, True, 0, False, 1, True):
        expected = (
            {True: Outcome.DENY, False: Outcome.ALLOW}[value] if isinstance(value, bool) else Outcome.REVIEW
        )
        assert decide(policies, attributes={"x": value}).outcome is expected


@pytest.mark.parametrize("attributes", [{"eu.vital": 1}, {"eu.vital": "yes"}, {"no.such.fact": True}])
@pytest.mark.parametrize("kind", ["datasets", "parties"])
def test_a_catalog_states_only_facts_that_packs_declare_in_their_types(
    kind: str, attributes: dict[str, Any]
) -> None:
    deployment = Deployment()
    row = (
        deployment.catalog["datasets"][0] if kind == "datasets" else deployment.catalog["parties"]["acme-inc"]
    )
    row["attributes"] = attributes
    with pytest.raises(FlowError, match=kind):
        _ = deployment.gate


@pytest.mark.parametrize("fields", [{}, {"constraints": [{"not": "designated"}], "when": "personal_data"}])
def test_one_designated_people_among_others_is_not_overlooked(fields: dict[str, Any]) -> None:
    concern = {"designated": {"by": "US", "kind": "country_of_concern", "place": "subjects.nationality"}}
    row = make_row(**{"when": concern, "triggers": [], **fields})
    row["constraints"] = [{"not": concern} for _ in fields.get("constraints", ())]
    china = {
        "id": "d",
        "by": "US",
        "kind": "country_of_concern",
        "of": "CN",
        "valid_from": "2020-01-01",
        "citation": "c",
    }
    packs = [make_pack("t", row, designations=[china])]
    outcomes = [
        decide(packs, subjects={"nationality": people}).outcome for people in (["CN"], ["DE"], ["CN", "DE"])
    ]
    assert outcomes == [Outcome.DENY, Outcome.ALLOW, Outcome.DENY]


def test_a_rule_that_is_brought_along_binds_parts_too() -> None:
    brought = make_row("u.b", when={"subjects.nationality": {"within": ["CN"]}})
    packs = [
        make_pack("t", make_row("t.a", constraints=["personal_data"], dependencies=["u.b"])),
        make_pack("u", brought, connects=[{"source.country": "BR"}]),
    ]
    outcomes = [
        decide(packs, subjects={"nationality": people}).outcome for people in (["CN"], ["DE"], ["CN", "DE"])
    ]
    assert outcomes == [Outcome.DENY, Outcome.ALLOW, Outcome.DENY]


@pytest.mark.parametrize(
    ("residents", "told"),
    [(["US"], False), (["US", "US-CA"], False), (["JP"], False), (["JP", "US-CA"], False), (["US-CA"], True)],
)
def test_one_resident_s_state_does_not_tell_that_of_the_others(residents: list[str], told: bool) -> None:
    texas = {
        "places": ["US-TX"],
        "status": "rule_known",
        "categories": [HEALTH],
        "reviewed_at": "2026-01-01",
        "note": "n",
    }
    packs = [make_pack("t", covers=["US", "US-CA", "JP"], coverage=[texas])]
    decision = decide(
        packs, source="US", destination="JP", data_categories=[HEALTH], subjects={"countries": residents}
    )
    assert decision.allowed is told


@pytest.mark.parametrize(
    "place",
    [
        {"when": {"not": {"consent": {"type": "consent_explicit", "ground_for": "processing"}}}},
        {"when": {"all": [{"not": {"any": ["agreed", EMAIL]}}]}},
    ],
)
def test_consent_that_nobody_would_filter_by_is_refused(place: dict[str, Any]) -> None:
    agreed = {"agreed": {"consent": {"type": "consent_explicit", "ground_for": "processing"}}}
    row = {**make_row("acme.r"), **place}
    text = json.dumps(make_pack("acme", row, definitions=agreed))
    with pytest.raises(PolicyValidationError, match="consent under"):
        validate_pack(parse_document(text, "acme.json"))


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("scc_eu", True), ("exemption", False), ("adequacy", False), ("dpf_listing", False), ("vital", False), ("consent_explicit", False)],
)  # fmt: skip
def test_a_trusted_author_may_have_papers_and_nothing_else(kind: str, counts: bool) -> None:
    deployment = Deployment(options=GateOptions(worker_region="eu", trust_dag_claims=True))
    deployment.catalog["registers"]["mechanisms"] = []
    deployment.pack["requirements"][0]["constraints"] = [{"mechanism": kind}]
    claimed = flow(mechanisms=[{"type": kind, "module": 2, "reference": "x"}])
    assert deployment.decide(flow=claimed).decision.allowed is counts


def test_of_two_totals_of_one_category_the_larger_counts() -> None:
    rows = [make_row(when={"count": {"category": HEALTH, "at_least": 1000, "window": "12_months"}})]
    for numbers in ([5, 10**6], [10**6, 5]):
        counts = [{"category": "personal_data", "n": n, "scope": "window"} for n in numbers]
        assert (
            decide([make_pack("t", *rows)], data_categories=[HEALTH], counts=counts).outcome is Outcome.REVIEW
        )


def test_a_yes_is_never_that_of_another_day() -> None:
    asked = {"region_from": "DE", "region_to": "FR", "purpose": "analytics", "data_categories": [EMAIL]}
    assert check_crossborder_policy(asked)
    assert not check_crossborder_policy({**asked, "as_of": "2017-01-01T00:00:00Z"})


@pytest.mark.parametrize("as_of", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_the_calendar_are_no_moments(as_of: str) -> None:
    with pytest.raises(FlowError, match="as_of"):
        make_flow(as_of=as_of)


@pytest.mark.parametrize("document", ["consent_record", "ownership_check", "volume_counter"])
def test_what_others_must_say_is_never_a_remedy(document: str) -> None:
    packs = Policies(
        [make_pack("t", make_row(constraints=[{"evidence": document}], triggers=[], when=EMAIL))]
    )
    asked = make_flow()
    found = suggest_remediations(asked, decide(packs, asked), lambda changed: decide(packs, changed))
    assert not [entry for entry in found if document in entry.change]


def test_an_approval_of_an_unknown_law_is_none_of_a_known_one() -> None:
    row = {
        "places": ["US"],
        "status": "rule_known",
        "reviewed_at": "2026-01-01",
        "note": "looked at: it forbids",
    }
    unknown = decide([make_pack("t", covers=["EEA30"])], destination="US")
    known = decide([make_pack("t", covers=["EEA30"], coverage=[row])], destination="US")
    assert reviews_of([unknown]).names == reviews_of([known]).names == {"gap US"}
    facts = [make_facts(destination="US")]
    assert approval_key(reviews_of([unknown]), {}, facts) != approval_key(reviews_of([known]), {}, facts)


@pytest.mark.parametrize(
    ("subprocessors", "outcome"), [([], Outcome.ALLOW), ([{"country": "IN"}], Outcome.DENY)]
)
def test_an_office_of_one_s_own_hides_nobody_behind_it(
    subprocessors: list[dict[str, str]], outcome: Outcome
) -> None:
    importer = {"country": "US", "same_entity": True, "subprocessors": subprocessors}
    others = make_row(triggers=[], when={"not": {"importer.same_entity": {"stated": True}}})
    assert decide([make_pack("t", others)], destination="US", importer=importer).outcome is outcome
