# SPDX-License-Identifier: Apache-2.0
"""Law 10: remediations never teach evasion, whatever the rules, the flow and the prices tempt to."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.controls import PROPOSED
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow, End, Party, Places
from airflow_xborder.core.offers import ATTAINABLE
from airflow_xborder.core.optimisation import Bounds, Case, Part, search
from airflow_xborder.core.remediation import QUICK, suggest_for_parts, suggest_remediations
from tests.factories import EMAIL, HEALTH, decide, make_flow, make_pack, make_row
from tests.generators import flows, packs

SHIPPED = load_policies()
# A failure is told as it was found: every step of making it smaller would search again.
few = settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
CATALOG = Catalog(
    {
        "version": 1,
        "regions": {
            "eu": {"country": "DE", "party": "acme-gmbh"},
            "fr": {"country": "FR"},
            "us": {"country": "US", "subdivision": "US-VA", "party": "acme-inc"},
            "jp": {"country": "JP", "party": "acme-kk"},
        },
        "parties": {
            "acme-gmbh": {"country": "DE", "role": "controller", "owners": []},
            "acme-inc": {
                "country": "US",
                "role": "processor",
                "owners": [],
                "same_group": True,
                "listings": [],
            },
            "acme-kk": {"country": "JP", "role": "processor", "owners": [{"country": "CN", "share": "0.5"}]},
            "nobody": {"country": "US"},
            "clinic": {"country": "US", "role": "controller", "us_person": True},
        },
    }
)
# Nothing may change these, whatever is done to a flow.
UNTOUCHED = (
    "flow_id", "access_mode", "source", "exporter", "counts", "identifiability", "purpose", "collected_purposes", "legal_basis",
    "frequency", "consent", "retention_days", "provenance", "attributes", "as_of",
)  # fmt: skip


def check(before: DataFlow, after: DataFlow) -> None:
    """Assert that a flow differs from what it was made of by what is no evasion."""
    for name in UNTOUCHED:
        assert getattr(after, name) == getattr(before, name), name
    check_partition(before, after)
    check_documents(before, after)
    check_decision(before, after)
    check_place(before, after)
    check_party(before, after)


def check_partition(before: DataFlow, after: DataFlow) -> None:
    """Assert that the data is all that moved, or a part told apart by category or residence."""
    if before.data_categories is None:
        assert after.data_categories is None
    else:
        assert after.data_categories or not before.data_categories
        assert set(after.data_categories or ()) <= set(before.data_categories)
    if before.subjects is None or before.subjects.countries is None:
        assert after.subjects == before.subjects
    else:
        assert after.subjects is not None
        assert after.subjects.countries or not before.subjects.countries
        assert set(after.subjects.countries or ()) <= set(before.subjects.countries)
        assert replace(after.subjects, countries=before.subjects.countries) == before.subjects


def check_documents(before: DataFlow, after: DataFlow) -> None:
    """Assert that what was there is there, and that what came is a company's to bring about."""
    kept = len(before.mechanisms or ())
    assert (after.mechanisms or ())[:kept] == (before.mechanisms or ())
    for mechanism in (after.mechanisms or ())[kept:]:
        assert mechanism.type in ATTAINABLE
        assert mechanism.reference == PROPOSED
    kept = len(before.evidence or ())
    assert (after.evidence or ())[:kept] == (before.evidence or ())
    assert {document.reference for document in (after.evidence or ())[kept:]} <= {PROPOSED}
    assert set(before.safeguards or ()) <= set(after.safeguards or ())


def check_decision(before: DataFlow, after: DataFlow) -> None:
    """Assert that all that may change about a decision is that a person makes it, or that it is explained."""
    if after.automated_decision == before.automated_decision:
        return
    assert after.automated_decision is not None
    stated = before.automated_decision
    for name in ("significant_effect", "features"):
        assert getattr(after.automated_decision, name) == (getattr(stated, name) if stated else None)
    for name in ("human_review", "explanation"):
        now, then = getattr(after.automated_decision, name), getattr(stated, name) if stated else None
        assert now == then or now is True


def place_of(end: End) -> tuple[str | None, str | None, str | None]:
    return (end.region, end.country, end.subdivision)


def check_place(before: DataFlow, after: DataFlow) -> None:
    """Assert that data goes where it went, stays where it was, or goes to a region that the catalog knows."""
    known = {(name, region.country, region.subdivision) for name, region in CATALOG.regions.items()}
    assert place_of(after.destination) in {place_of(before.destination), place_of(before.source), *known}
    if after.places == before.places:
        return
    assert before.places is not None
    assert after.places is not None
    for level in fields(Places):
        then, now = getattr(before.places, level.name), getattr(after.places, level.name)
        assert now == then or (then and now == (after.destination,))
    assert after.places.key_custody == before.places.key_custody


def check_party(before: DataFlow, after: DataFlow) -> None:
    """Assert that the importer is who it was, or a party that is known, with the facts that are known of it."""
    then, now = before.importer, after.importer
    if now == then:
        return
    assert now is not None
    met = {"same_entity": now.same_entity, "same_group": now.same_group}
    known = [
        *CATALOG.parties.values(),
        *(Party(country=region.country) for region in CATALOG.regions.values()),
    ]
    if before.exporter is not None and now == replace(before.exporter, **met):
        assert before.exporter.party is not None
        assert (now.same_entity, now.same_group) == (True, True)
        return
    for party in known:
        if now == replace(party, **met):
            own = before.exporter is not None and before.exporter.party == party.party
            acting = then or Party()
            assert own or (acting.role, acting.legal_roles or {}) == (party.role, party.legal_roles or {})
            return
    # The same party acts at the source: who it is, whose it is and what it may do stays as it was.
    assert then is not None
    acts = {
        "country": before.source.country,
        "organised_in": then.organised_in or then.country,
        "subprocessors": (),
    }
    assert now == replace(then, **acts)
    for path in ("importer.us_person", "importer.role", "importer.owners"):
        values = [normalise(flow, complete=True).values[path] for flow in (before, after)]
        assert values[0] == values[1], path


class Witness:
    """Decides, and looks at every flow that it is asked about."""

    def __init__(self, policies: Policies, before: DataFlow) -> None:
        self.policies = policies
        self.before = before
        self.asked: list[DataFlow] = []

    def __call__(self, flow: DataFlow) -> Decision:
        check(self.before, flow)
        self.asked.append(flow)
        return decide(self.policies, flow)


def look(
    policies: Policies, flow: DataFlow, prices: dict[str, int] | None = None, catalog: Catalog | None = None
) -> list[str]:
    """Suggest, assert that each suggestion is lawful, verified and no evasion, and return them in words."""
    witness, decision = Witness(policies, flow), decide(policies, flow)
    found = suggest_remediations(flow, decision, witness, prices, catalog)
    assert not (decision.allowed and found)
    assert all(entry.makes is Outcome.ALLOW for entry in found)
    assert [entry.cost for entry in found] == sorted(entry.cost for entry in found)
    if not decision.allowed:
        case = Case(parts=(Part(flow, witness),), decision=decision, prices=prices or {}, catalog=catalog)
        plans = search(case, QUICK).plans
        assert [(plan.words, plan.cost) for plan in plans] == [(entry.change, entry.cost) for entry in found]
        assert all(decide(policies, changed).allowed for plan in plans for changed in plan.flows)
        assert all(plan.controls for plan in plans)
    return [entry.change for entry in found]


named = st.builds(
    lambda flow, exporter, importer: replace(
        flow,
        exporter=replace(flow.exporter or Party(), party=exporter),
        importer=replace(flow.importer or Party(), party=importer),
    ),
    flows, st.sampled_from(["acme-gmbh", "acme-inc", "unlisted", None]), st.sampled_from(["acme-inc", "acme-kk", "unlisted", None]),
)  # fmt: skip
price_files = st.dictionaries(
    st.sampled_from(
        ["move", "leave_out", "split", "party", "human_review", "tia", "scc_eu", "key_in_origin"]
    ),
    st.integers(0, 20),
)


class TestWhateverTheRules:
    @few
    @given(packs(), st.one_of(flows, named), price_files)
    def test_nothing_that_is_tried_or_said_evades(
        self, documents: list[dict[str, Any]], flow: DataFlow, prices: dict[str, int]
    ) -> None:
        look(Policies(documents), flow, prices, CATALOG)

    @few
    @given(st.one_of(flows, named), price_files)
    def test_nor_with_the_shipped_packs(self, flow: DataFlow, prices: dict[str, int]) -> None:
        look(SHIPPED, flow, prices, CATALOG)

    @few
    @given(packs(), flows, flows)
    def test_nor_for_flows_that_are_decided_together(
        self, documents: list[dict[str, Any]], one: DataFlow, other: DataFlow
    ) -> None:
        policies = Policies(documents)
        other = replace(
            one, data_categories=other.data_categories, subjects=other.subjects, counts=other.counts
        )
        parts = [Part(flow, Witness(policies, flow)) for flow in (one, other)]
        answers = [decide(policies, flow) for flow in (one, other)]
        strictest = max(answers, key=lambda answer: answer.outcome.strictness)
        violations = tuple(dict.fromkeys(entry for answer in answers for entry in answer.violations))
        found = suggest_for_parts(parts, strictest.with_changes(violations=violations), {}, CATALOG)
        assert [entry.cost for entry in found] == sorted(entry.cost for entry in found)


# Each rule is met most cheaply by what must never be taught: the flow, and what the rule asks of it.
TEMPTING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "count": ({"counts": [{"category": "personal_data", "n": 500, "scope": "window"}]}, {"not": {"count": {"category": "personal_data", "more_than": 100, "window": "12_months"}}}),
    "count of this flow": ({"counts": [{"category": EMAIL, "n": 500}]}, {"not": {"count": {"category": EMAIL, "more_than": 100, "window": "this_flow"}}}),
    "unknown count": ({}, {"not": {"count": {"category": EMAIL, "more_than": 100, "window": "12_months"}}}),
    "purpose": ({"purpose": "advertising"}, {"purpose": "analytics"}),
    "purpose that was not collected for": ({"purpose": "advertising", "collected_purposes": ["analytics"]}, {"not": "purpose_not_collected"}),
    "role of the importer": ({}, {"importer.role": "controller"}),
    "role of the exporter": ({}, {"exporter.role": "processor"}),
    "legal role": ({}, {"importer.legal_roles": "us.hipaa:business_associate"}),
    "owners": ({}, {"not": {"owned_by": {"countries": "US_DSP_CONCERN", "at_least": "0.5"}}}),
    "unknown owners": ({"importer": {"party": "x", "country": "US", "role": "processor"}}, {"importer.owners": {"known": True}}),
    "consent": ({}, {"consent": {"type": "consent_explicit", "ground_for": "transfer"}}),
    "US person": ({}, {"importer.us_person": True}),
    "where it is organised": ({}, {"not": {"importer.organised_in": "US_DSP_CONCERN"}}),
    "same group": ({}, {"importer.same_group": True}),
    "frequency": ({"frequency": "repetitive"}, {"frequency": "one_off"}),
    "retention": ({"retention_days": 900}, {"retention_days": {"less_than": 100}}),
    "people": ({"subjects": {"countries": ["DE"], "us_persons": True}}, {"subjects.us_persons": False}),
    "origin": ({"provenance": {"origin_regimes": ["eu.gdpr"]}}, {"not": {"provenance.origin_regimes": "eu.gdpr"}}),
    "significance": ({"automated_decision": {"significant_effect": True, "human_review": True, "explanation": True}}, {"automated_decision.significant_effect": False}),
    "law": ({}, {"mechanism": "law"}),
}  # fmt: skip
OWNED: dict[str, Any] = {
    "party": "owned", "country": "FR", "organised_in": "CN", "role": "processor", "owners": [{"country": "CN", "share": "1"}],
    "us_person": False, "same_group": False,
}  # fmt: skip
NAMELESS: dict[str, Any] = {"country": "US", "role": "controller"}


class TestTemptation:
    @pytest.mark.parametrize("what", sorted(TEMPTING))
    def test_what_would_be_cheapest_by_evading_is_not_offered(self, what: str) -> None:
        given_fields, asks = TEMPTING[what]
        # The exporter has no name, so nobody but the importer can act: only the fact itself could be changed.
        flow = make_flow("US", "FR", **{"exporter": NAMELESS, "importer": OWNED, **given_fields})
        policies = Policies([make_pack("t", make_row(constraints=[asks]))])
        assert not decide(policies, flow).allowed
        assert look(policies, flow, {"move": 0, "party": 0, "split": 0, "leave_out": 0}) == []

    def test_a_document_beside_the_temptation_is_offered_alone(self) -> None:
        asks = {
            "any": [{"purpose": "analytics"}, {"importer.role": "controller"}, {"evidence": "dpo_review"}]
        }
        policies = Policies([make_pack("t", make_row(constraints=[asks]))])
        flow = make_flow("US", "FR", exporter=NAMELESS, importer=OWNED, purpose="advertising")
        assert look(policies, flow) == ["attach evidence dpo_review"]

    @pytest.mark.parametrize(
        "split",
        [{"data_categories": [EMAIL, HEALTH]}, {"subjects": {"countries": ["DE", "FR"]}}],
        ids=["columns", "rows"],
    )
    def test_no_volume_is_split(self, split: dict[str, Any]) -> None:
        # 150 people each: a half by itself would be below a threshold of 200, and keeps the count of the whole.
        counts = [{"category": name, "n": 150, "scope": "window"} for name in (EMAIL, HEALTH)]
        many = {"any": [
            {"all": [{"count": {"category": "personal_data", "more_than": 200, "window": "12_months"}}]},
            {"count": {"category": [EMAIL, HEALTH], "more_than": 140, "window": "12_months"}},
        ]}  # fmt: skip
        policies = Policies(
            [make_pack("t", make_row(triggers=[], when={"all": [{"crosses_border": True}, many]}))]
        )
        flow = make_flow("DE", "US-VA", exporter=NAMELESS, importer=OWNED, counts=counts, **split)
        assert look(policies, flow, {"split": 0}) == ["process in DE"]

    @pytest.mark.parametrize(
        "exporter", [NAMELESS, {**OWNED, "country": "DE"}], ids=["nobody", "the importer itself"]
    )
    def test_nothing_is_split_where_both_parts_are_with_one_party_at_one_place(
        self, exporter: dict[str, Any]
    ) -> None:
        both = make_row(triggers=[], when={"all": [EMAIL, HEALTH]})
        flow = make_flow("DE", "DE", exporter=exporter, importer=OWNED, data_categories=[EMAIL, HEALTH])
        assert look(Policies([make_pack("t", both)]), flow, {"split": 0, "leave_out": 9}) == [
            f"leave out {EMAIL}",
            f"leave out {HEALTH}",
        ]

    def test_what_stays_never_meets_what_goes(self) -> None:
        # A rule against both together: one stays at home, and no plan sends both one after the other.
        both = make_row(triggers=[], when={"all": [EMAIL, HEALTH, {"crosses_border": True}]})
        flow = make_flow(
            "DE",
            "US-VA",
            exporter=NAMELESS,
            importer={**OWNED, "country": "US"},
            data_categories=[EMAIL, HEALTH],
        )
        policies = Policies([make_pack("t", both)])
        case = Case(
            parts=(Part(flow, lambda changed: decide(policies, changed)),), decision=decide(policies, flow)
        )
        splits = [plan for plan in search(case, Bounds(plans=None)).plans if "split" in plan.words]
        assert splits
        for plan in splits:
            (going,) = plan.flows
            stays = plan.controls[0].apart(flow)
            assert stays is not None
            assert (going.destination.country, stays.destination.country) == ("US", "DE")
            assert not set(going.data_categories or ()) & set(stays.data_categories or ())
