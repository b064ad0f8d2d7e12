# SPDX-License-Identifier: Apache-2.0
"""Laws 6 and 7: levels decide inside one legal order, opposite duties ask a person, and parts are bound by themselves."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.flow import DataFlow
from tests.factories import EMAIL, HEALTH, TODAY, decide, make_pack, make_row
from tests.generators import flags, flows, moments, packs

SHIPPED = load_policies()
few = settings(max_examples=60)
ORDERS = [
    {"id": "EU", "members": ["EEA30"], "levels": ["treaty", "supranational", "constitutional", "national", "state", "industry", "company"]},
    {"id": "US", "members": ["US"], "levels": ["constitutional", "treaty", "national", "state", "industry", "company"]},
]  # fmt: skip
KEEP, ERASE = {"keep_days": 3650}, {"erase_days": 0}
TIA = [{"evidence": "tia"}]


def rule(name: str, jurisdiction: str, level: str, **fields: Any) -> dict[str, Any]:
    """Return a duty that is met, unless ``fields`` say otherwise."""
    return make_row(name, jurisdiction=jurisdiction, level=level, effect="duty", constraints=["personal_data"], **fields)  # fmt: skip


def ruled(*rows: dict[str, Any], **flow: Any) -> Decision:
    """Decide a flow of e-mail addresses under some rules."""
    return decide([make_pack("t", *rows, legal_orders=ORDERS)], **flow)


class TestOppositeDuties:
    OPPOSED = [
        (KEEP, ERASE), ({"store_in": ["US"]}, {"store_in": ["DE"]}), ({"disclosure": "disclose"}, {"disclosure": "withhold"}),
        ({"store_in": ["DE"]}, {"keep_out_of": ["EEA30"]}), ({"copy_in": ["US"]}, {"store_in": ["DE"]}),
    ]  # fmt: skip

    @pytest.mark.parametrize(("one", "other"), OPPOSED)
    @pytest.mark.parametrize("level", ["national", "state"])
    def test_between_sovereigns_a_person_decides_whatever_the_levels(
        self, one: dict[str, Any], other: dict[str, Any], level: str
    ) -> None:
        decision = ruled(rule("a", "EU", "supranational", demands=one), rule("b", "US", level, demands=other))
        assert (decision.outcome, decision.conflicts) == (Outcome.REVIEW, (("a", "b"),))
        assert decision.restrictions == ("a/b",)
        assert [reason.kind for reason in decision.reasons] == ["conflict"]
        assert decision.overridden == ()

    def test_between_equals_of_one_order_too(self) -> None:
        decision = ruled(
            rule("a", "DE", "national", demands=KEEP), rule("b", "FR", "national", demands=ERASE)
        )
        assert decision.conflicts == (("a", "b"),)

    def test_inside_one_order_the_higher_stands_and_the_lower_is_told(self) -> None:
        decision = ruled(
            rule("a", "EU", "supranational", demands=ERASE), rule("b", "DE", "national", demands=KEEP)
        )
        assert (decision.outcome, decision.conflicts, decision.overridden) == (Outcome.ALLOW, (), ("b",))
        assert decision.restrictions == ()

    @pytest.mark.parametrize(("left_to", "overridden"), [("national", ()), ("b", ("a",))])
    def test_a_duty_that_yields_by_its_own_word_contradicts_nothing(
        self, left_to: str, overridden: tuple[str, ...]
    ) -> None:
        yielding = rule("a", "EU", "supranational", demands=ERASE, derogable_by=[left_to])
        decision = ruled(yielding, rule("b", "DE", "national", demands=KEEP))
        assert (decision.outcome, decision.conflicts, decision.overridden) == (Outcome.ALLOW, (), overridden)
        foreign = ruled(yielding, rule("b", "US", "national", demands=KEEP))
        assert foreign.conflicts == (("a", "b"),)

    def test_strictness_never_settles_it(self) -> None:
        forbidding = rule("b", "US", "national", demands=KEEP) | {"constraints": [], "effect": "forbid"}
        decision = ruled(rule("a", "EU", "supranational", demands=ERASE), forbidding)
        assert decision.outcome is Outcome.DENY
        assert decision.conflicts == (("a", "b"),)

    @pytest.mark.parametrize(
        ("mode", "outcome"),
        [("store", "allow"), ("erase", "review"), ("copy", "review"), ("train", "review")],
    )
    def test_storage_goes_on_and_other_use_does_not(self, mode: str, outcome: str) -> None:
        decision = ruled(
            rule("a", "EU", "supranational", demands=ERASE), rule("b", "US", "national", demands=KEEP), access_mode=mode
        )  # fmt: skip
        assert decision.outcome.value == outcome
        assert decision.restrictions == ("a/b",)

    def test_the_restriction_travels_and_binds_the_next_gate(self) -> None:
        first = ruled(
            rule("a", "EU", "supranational", demands=ERASE), rule("b", "US", "national", demands=KEEP)
        )
        later = ruled(provenance={"restrictions": list(first.restrictions)})
        assert (later.outcome, [reason.kind for reason in later.reasons]) == (Outcome.REVIEW, ["restriction"])

    def test_a_rule_that_may_not_apply_opposes_nothing_for_certain(self) -> None:
        unsure = rule("b", "US", "national", demands=KEEP, when={"importer.same_group": True})
        assert ruled(rule("a", "EU", "supranational", demands=ERASE), unsure).conflicts == ()


class TestDisplacing:
    UNMET = {"constraints": TIA, "effect": "require"}

    @pytest.mark.parametrize(
        ("by", "of", "fields", "displaced"),
        [
            (("EU", "supranational"), ("DE", "national"), {}, True),
            (("DE", "national"), ("DE", "national"), {}, True),
            (("DE", "national"), ("EU", "supranational"), {}, False),
            (("DE", "national"), ("EU", "supranational"), {"derogable_by": ["national"]}, True),
            (("DE", "company"), ("EU", "supranational"), {"derogable_by": ["national"]}, False),
            (("DE", "company"), ("DE", "national"), {}, False),
            (("US", "constitutional"), ("EU", "supranational"), {}, False),
            (("US", "national"), ("EU", "supranational"), {"derogable_by": ["national"]}, False),
            (("US-CA", "state"), ("US", "national"), {"derogable_by": ["state"]}, True),
        ],
    )
    def test_who_may_stand_in_for_whom(
        self, by: tuple[str, str], of: tuple[str, str], fields: dict[str, Any], displaced: bool
    ) -> None:
        target = rule("target", *of, **fields) | self.UNMET
        decision = ruled(target, rule("by", *by, displaces=["target"]))
        assert decision.overridden == (("target",) if displaced else ())
        assert decision.allowed is displaced

    def test_what_a_rule_leaves_to_another_by_name_needs_no_more(self) -> None:
        target = rule("target", "EU", "supranational", derogable_by=["by"]) | self.UNMET
        assert ruled(target, rule("by", "DE", "national")).overridden == ("target",)

    @pytest.mark.parametrize(
        "fields", [{"constraints": TIA}, {"constraints": [{"importer.same_group": True}]}, {"when": {"importer.same_group": True}}]
    )  # fmt: skip
    def test_only_one_that_certainly_applies_and_is_met(self, fields: dict[str, Any]) -> None:
        target = rule("target", "DE", "national") | self.UNMET
        decision = ruled(target, rule("by", "DE", "national", displaces=["target"]) | fields)
        assert decision.overridden == ()
        assert decision.outcome is Outcome.DENY

    def test_what_is_displaced_displaces_nothing(self) -> None:
        target = rule("target", "DE", "national") | self.UNMET
        middle = rule("middle", "DE", "national", displaces=["target"])
        decision = ruled(target, middle, rule("top", "DE", "national", displaces=["middle"]))
        assert decision.overridden == ("middle",)
        assert decision.outcome is Outcome.DENY

    def test_a_circle_displaces_nothing(self) -> None:
        one = rule("one", "DE", "national", displaces=["two"])
        assert ruled(one, rule("two", "DE", "national", displaces=["one"])).overridden == ()

    def test_it_owes_nothing_and_is_no_open_duty(self) -> None:
        target = rule("target", "DE", "national", obligations=["pseudonymise"])
        decision = ruled(target, rule("by", "DE", "national", displaces=["target"]))
        assert decision.obligations == ()
        assert [duty.because for duty in decision.duties] == ["by"]

    @few
    @given(packs(), flows, moments)
    def test_across_orders_nothing_is_ever_overridden(
        self, documents: list[dict[str, Any]], flow: DataFlow, as_of: datetime
    ) -> None:
        laws = iter(["DE", "US", "JP", "CN", "GB", "BR", "IN", "KR", "CH"])
        for row in (row for document in documents for row in document["requirements"]):
            row["jurisdiction"] = next(laws)
        assert decide(documents, flow, as_of=as_of).overridden == ()


class TestParts:
    """Law 7: what binds a part binds the whole, and the parts are told where answers differ."""

    ONLY_FRENCH = make_row("t.french", when={"subjects.countries": {"within": ["FR"]}})

    def test_a_rule_about_all_people_binds_the_part_of_which_it_is_true(self) -> None:
        alone = decide([make_pack("t", self.ONLY_FRENCH)], subjects={"countries": ["FR"]})
        mixed = decide([make_pack("t", self.ONLY_FRENCH)], subjects={"countries": ["FR", "DE"]})
        assert alone.outcome is mixed.outcome is Outcome.DENY
        assert mixed.to_dict()["partitions"] == [
            {"where": {"residence": "DE"}, "outcome": "allow"},
            {"where": {"residence": "FR"}, "outcome": "deny"},
        ]

    def test_a_ground_for_some_columns_is_none_for_the_others(self) -> None:
        rows = [make_row("t.r", constraints=["personal_data.sensitive.health"])]
        decision = decide([make_pack("t", *rows)], data_categories=[HEALTH, EMAIL])
        assert decision.outcome is Outcome.DENY
        assert decision.to_dict()["partitions"] == [
            {"where": {"category": EMAIL}, "outcome": "deny"},
            {"where": {"category": HEALTH}, "outcome": "allow"},
        ]

    @pytest.mark.parametrize(("sure", "unsure"), [("FR", "US"), ("US", "FR")])
    def test_which_part_comes_first_never_matters(self, sure: str, unsure: str) -> None:
        either = {"any": [{"subjects.countries": sure}, {"importer.same_group": True}]}
        when = {"all": [{"subjects.countries": {"within": [sure, unsure]}}, either]}
        rows = [make_row("t.r", when=when, constraints=["personal_data"])]
        decision = decide([make_pack("t", *rows)], subjects={"countries": ["DE", "FR", "US"]})
        assert (decision.outcome, decision.missing_facts) == (Outcome.REVIEW, ("importer.same_group",))

    def test_a_rule_gives_way_only_in_the_part_that_the_other_reaches(self) -> None:
        target = make_row("t.target", constraints=TIA)
        by = rule("t.by", "EU", "national", when={"subjects.countries": "FR"}, displaces=["t.target"])
        french = decide([make_pack("t", target, by)], subjects={"countries": ["FR"]})
        assert (french.outcome, french.overridden) == (Outcome.ALLOW, ("t.target",))
        mixed = decide([make_pack("t", target, by)], subjects={"countries": ["FR", "DE"]})
        assert (mixed.outcome, mixed.overridden) == (Outcome.DENY, ())

    def test_what_is_owed_for_a_part_is_owed_for_the_whole(self) -> None:
        ways = [{"needs": HEALTH}, {"needs": "personal_data.contact", "obligations": ["pseudonymise"]}]
        row = make_row("t.r", constraints=[{"any_of": ways}])
        decision = decide([make_pack("t", row)], data_categories=[HEALTH, EMAIL])
        assert decision.allowed
        assert [entry.type for entry in decision.obligations] == ["pseudonymise"]

    def test_parts_are_told_no_further_apart_than_answers_differ(self) -> None:
        decision = decide(
            [make_pack("t", make_row("t.r", when=HEALTH))],
            subjects={"countries": ["FR", "DE"], "nationality": ["FR", "US"]},
            data_categories=[HEALTH, EMAIL],
        )
        assert [dict(where) for where, _ in decision.partitions] == [
            {"category": EMAIL},
            {"category": HEALTH},
        ]

    def test_a_subdivision_stays_with_its_country(self) -> None:
        row = make_row("t.r", when={"subjects.countries": {"within": ["US", "US-CA"]}})
        decision = decide([make_pack("t", row)], subjects={"countries": ["US-CA", "DE"]})
        assert decision.to_dict()["partitions"] == [
            {"where": {"residence": "DE"}, "outcome": "allow"},
            {"where": {"residence": "US-CA"}, "outcome": "deny"},
        ]

    def test_more_parts_than_can_be_told_apart_deny(self) -> None:
        countries = ["AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT"]
        whens = [
            {path: {"within": ["FR"]}}
            for path in ("subjects.countries", "subjects.nationality", "subjects.collected_in")
        ]
        rows = [make_row(f"t.r{number}", when=when) for number, when in enumerate(whens)]
        subjects = {"countries": countries, "nationality": countries, "collected_in": countries}
        decision = decide([make_pack("t", *rows)], subjects=subjects)
        assert decision.outcome is Outcome.DENY
        assert "3375 parts" in decision.reasons[0].text

    @few
    @given(packs(), flows, moments, flags)
    def test_no_part_is_bound_more_than_the_whole(
        self, documents: list[dict[str, Any]], flow: DataFlow, as_of: datetime, complete: bool
    ) -> None:
        whole = decide(documents, flow, as_of=as_of, complete=complete)
        statuses = {entry.requirement_id: entry.outcome for entry in whole.applicable}
        for part in parts(flow):
            for entry in decide(documents, part, as_of=as_of, complete=complete).applicable:
                if entry.status in ("met", "unmet") and entry.requirement_id not in whole.overridden:
                    assert entry.requirement_id in statuses
                    assert entry.outcome.strictness <= statuses[entry.requirement_id].strictness

    @few
    @given(st.lists(st.sampled_from(["DE", "FR", "US", "JP"]), min_size=1, max_size=3, unique=True))
    def test_the_order_in_which_people_are_named_never_matters(self, countries: list[str]) -> None:
        one = decide(SHIPPED, as_of=TODAY, subjects={"countries": countries})
        other = decide(SHIPPED, as_of=TODAY, subjects={"countries": countries[::-1]})
        assert one.to_dict() == other.to_dict()


def parts(flow: DataFlow) -> list[DataFlow]:
    """Return the flow for each single country of its people and category of its data."""
    from dataclasses import replace

    countries = (flow.subjects.countries if flow.subjects else None) or (None,)
    categories = flow.data_categories or (None,)
    found = []
    for country, category in product(countries, categories):
        subjects = (
            replace(flow.subjects, countries=(country,)) if flow.subjects and country else flow.subjects
        )
        terms = (category,) if category else flow.data_categories
        found.append(replace(flow, subjects=subjects, data_categories=terms))
    return found
