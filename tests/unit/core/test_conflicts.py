# SPDX-License-Identifier: Apache-2.0
from datetime import date

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conflicts import Waiting, find_conflicts
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.overlap import Period
from tests.factories import decide, make_pack, make_row

KEEP, ERASE = {"keep_days": 3652}, {"erase_days": 30}


def rule(name, demands=None, **fields):
    return make_row(name, effect="duty", **({"demands": demands} if demands else {}), **fields)


def find(*rows, since=None, **fields):
    """Find the conflicts between rules, each in a pack of its own of the jurisdiction that the row names."""
    packs = [
        make_pack(f"p{number}", row, jurisdiction=row["jurisdiction"], **fields)
        for number, row in enumerate(rows)
    ]
    return find_conflicts(Policies(packs), since)


def only(*rows, **fields):
    (found,) = find(*rows, **fields).conflicts
    return found


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"keep_days": 3652}, {"erase_days": 30}, "retention"),
        ({"store_in": ["CN"]}, {"store_in": ["RU"]}, "storage"),
        ({"store_in": ["CN"]}, {"copy_in": ["US"]}, "storage"),
        ({"copy_in": ["CN"]}, {"keep_out_of": ["CN", "RU"]}, "storage"),
        ({"disclosure": "disclose"}, {"disclosure": "withhold"}, "disclosure"),
    ],
    ids=str,
)
def test_each_kind_is_derived_from_what_the_two_demand(one, other, kind) -> None:
    found = only(rule("a", one), rule("b", other, jurisdiction="US"))
    assert (found.first, found.second, found.kinds) == ("a", "b", (kind,))
    assert (found.between, found.prevails, found.is_real) == ("sovereigns", None, True)
    assert only(rule("b", one), rule("a", other, jurisdiction="US")).kinds == (kind,)


def test_what_does_not_oppose_is_no_conflict() -> None:
    assert not find(rule("a", {"keep_days": 30}), rule("b", ERASE, jurisdiction="US")).conflicts


def test_two_places_that_each_keep_the_data_for_themselves() -> None:
    rows = [
        make_row(name, effect="local_only", jurisdiction=place) for name, place in (("a", "CN"), ("b", "RU"))
    ]
    assert only(*rows).kinds == ("storage",)
    decision = decide(
        [make_pack(f"p{n}", row, jurisdiction=row["jurisdiction"]) for n, row in enumerate(rows)]
    )
    assert ("a", "b") in decision.conflicts


class TestOverlap:
    def test_conditions_that_cannot_hold_together_make_no_conflict(self) -> None:
        rows = (
            rule("a", KEEP, when={"source.country": "DE"}),
            rule("b", ERASE, when={"source.country": "US"}, jurisdiction="US"),
        )
        assert not find(*rows).conflicts

    def test_nor_do_regimes_that_never_meet(self) -> None:
        packs = [
            make_pack("p0", rule("a", KEEP), connects=[{"source.country": "DE"}]),
            make_pack("p1", rule("b", ERASE), connects=[{"source.country": "US"}]),
        ]
        assert not find_conflicts(Policies(packs)).conflicts

    def test_but_what_a_rule_of_another_pack_rests_on_applies_wherever_that_one_does(self) -> None:
        packs = [
            make_pack("p0", rule("a", KEEP, dependencies=["b"]), connects=[{"source.country": "DE"}]),
            make_pack("p1", rule("b", ERASE), connects=[{"source.country": "US"}]),
        ]
        assert len(find_conflicts(Policies(packs)).conflicts) == 1

    def test_a_declared_pair_that_never_meets_is_told(self) -> None:
        found = only(
            rule("a", when={"source.country": "DE"}, conflicts=["b"]),
            rule("b", when={"source.country": "US"}, jurisdiction="US"),
        )
        assert found.kinds == ("declared",)
        assert found.overlap is None
        assert not found.is_real

    def test_the_flows_are_told(self) -> None:
        found = only(
            rule("a", KEEP, when={"source.country": "EEA30"}),
            rule("b", ERASE, when={"reach": "US"}, jurisdiction="US"),
        )
        assert str(found.overlap) == "data personal_data, places reached US, source EEA30"


class TestPeriods:
    def test_from_the_later_beginning_to_the_earlier_end(self) -> None:
        found = only(
            rule("a", KEEP, expires="2027-12-31"),
            rule("b", ERASE, effective_date="2026-05-01", jurisdiction="US"),
        )
        assert found.period == Period(date(2026, 5, 1), date(2027, 12, 31))

    def test_rules_that_are_never_law_together(self) -> None:
        rows = (
            rule("a", KEEP, expires="2021-12-31"),
            rule("b", ERASE, effective_date="2026-05-01", jurisdiction="US"),
        )
        assert not find(*rows).conflicts

    def test_what_is_over_is_left_out(self) -> None:
        rows = (rule("a", KEEP, expires="2025-12-31"), rule("b", ERASE, jurisdiction="US"))
        assert only(*rows).period == Period(date(2020, 1, 1), date(2025, 12, 31))
        assert not find(*rows, since=date(2026, 1, 1)).conflicts

    def test_a_rule_ends_where_the_next_version_begins(self) -> None:
        packs = [
            make_pack("p0", rule("a", KEEP), rule("a2", {"keep_days": 10}, supersedes=["a"], effective_date="2026-01-01")),
            make_pack("p1", rule("b", ERASE)),
        ]  # fmt: skip
        (found,) = find_conflicts(Policies(packs)).conflicts
        assert found.period == Period(date(2020, 1, 1), date(2025, 12, 31))

    def test_a_designation_without_which_they_do_not_meet_begins_it(self) -> None:
        adequate = {
            "designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}
        }
        row = {
            "id": "d",
            "by": "EU",
            "kind": "adequacy",
            "of": "JP",
            "valid_from": "2027-01-01",
            "citation": "c",
        }
        found = only(
            rule("a", KEEP, when=adequate),
            rule("b", ERASE, when={"reach.countries": "JP"}, jurisdiction="JP"),
            designations=[row],
        )
        assert found.period == Period(date(2027, 1, 1))


class TestWhoPrevails:
    def test_inside_one_order_the_higher_level(self) -> None:
        found = only(
            rule("a", KEEP, level="national", jurisdiction="DE"),
            rule("b", ERASE, level="supranational"),
            legal_orders=[{"id": "EU", "members": ["EEA30"], "levels": ["supranational", "national"]}],
        )
        assert (found.between, found.prevails) == ("levels", "b")

    def test_between_equals_nobody(self) -> None:
        found = only(rule("a", KEEP), rule("b", ERASE))
        assert (found.between, found.prevails) == ("equals", None)


class TestShippedPacks:
    FEW = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])

    def test_the_pair_that_some_packs_contain(self) -> None:
        report = find_conflicts(self.FEW)
        (found,) = report.conflicts
        assert (found.first, found.second) == ("eu.gdpr.erasure", "us.dsp.records")
        assert found.kinds == ("declared", "retention")
        assert found.between == "sovereigns"
        assert found.period == Period(date(2025, 4, 8))
        assert Waiting("eu.gdpr.a48", "us.cloudact") in report.waiting

    def test_what_the_packs_declare_against_each_other_can_happen_and_waits_for_none(self) -> None:
        report = find_conflicts(load_policies())
        declared = [entry for entry in report.conflicts if "declared" in entry.kinds]
        assert report.waiting == ()
        assert {(entry.first, entry.second) for entry in declared} > {
            ("cn.pipl.a41", "us.cloudact"), ("eu.gdpr.a48", "us.cloudact"), ("eu.gdpr.erasure", "us.dsp.records"),
        }  # fmt: skip
        assert all(entry.is_real and entry.between == "sovereigns" for entry in declared)

    def test_a_pack_with_the_other_side_meets_what_waits_for_it(self) -> None:
        order = rule(
            "us.cloudact",
            {"disclosure": "disclose"},
            jurisdiction="US",
            when={"purpose": "foreign_authority_request"},
        )
        found = find_conflicts(
            Policies([*self.FEW.documents, make_pack("us.orders", order, jurisdiction="US")])
        )
        pair = next(entry for entry in found.conflicts if entry.second == "us.cloudact")
        assert (pair.first, pair.kinds) == ("eu.gdpr.a48", ("declared", "disclosure"))


def test_what_is_found_is_what_a_decision_meets() -> None:
    packs = [make_pack("p0", rule("a", KEEP)), make_pack("p1", rule("b", ERASE), jurisdiction="US")]
    packs[1]["requirements"][0]["jurisdiction"] = "US"
    decision = decide(packs)
    assert decision.outcome is Outcome.REVIEW
    assert decision.conflicts == (("a", "b"),)
    assert [(c.first, c.second) for c in find_conflicts(Policies(packs)).conflicts] == [("a", "b")]


def test_a_duty_that_yields_to_another_level_of_its_order_conflicts_with_none_there() -> None:
    yielding = rule("a", ERASE, level="supranational", derogable_by=["national"])
    orders = [{"id": "EU", "members": ["EEA30"], "levels": ["supranational", "national"]}]
    assert not find(yielding, rule("b", KEEP, jurisdiction="DE"), legal_orders=orders).conflicts
    assert find(yielding, rule("b", KEEP, jurisdiction="US"), legal_orders=orders).conflicts
