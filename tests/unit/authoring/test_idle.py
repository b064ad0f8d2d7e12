# SPDX-License-Identifier: Apache-2.0
"""What does nothing is told, and what may do something is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.authoring.idle import idle
from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.loading import load_policies
from tests.factories import make_pack, make_row

LEAVES = {"not": {"reach.countries": {"within": "EEA30"}}}
ROW = {"id": "t.d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2026-01-01", "citation": "c"}


def warned(*documents: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the codes and places of what is idle in the first of some packs."""
    policies = link(documents)
    return [(entry.code, entry.path) for entry in idle(documents[0], policies)]


class TestConditions:
    @pytest.mark.parametrize(
        "when",
        [
            {"all": ["personal_data", {"not": "personal_data"}]},
            {"all": [{"source.country": "DE"}, {"source.country": "FR"}]},
            {"all": [LEAVES, {"reach.countries": {"within": ["DE", "FR"]}}]},
            {"retention_days": {"at_least": 90, "less_than": 30}},
            {"any": []},
            {"all": ["personal_data.contact.email", {"not": "personal_data.contact"}]},
        ],
        ids=str,
    )
    def test_a_rule_that_can_never_apply(self, when: Any) -> None:
        assert warned(make_pack("t", make_row(triggers=[], when=when))) == [
            ("never-holds", ("requirements", 0, "when"))
        ]

    @pytest.mark.parametrize("when", [{"all": []}, {"any": [LEAVES, {"not": LEAVES}]}, {"not": {"all": ["personal_data", {"not": "personal_data"}]}}], ids=str)  # fmt: skip
    def test_what_always_holds(self, when: Any) -> None:
        found = warned(make_pack("t", definitions={"d": when}, connects=["d"]))
        assert ("always-holds", ("definitions", "d")) in found
        assert ("always-holds", ("connects", 0)) in found

    def test_a_rule_without_a_condition_is_meant_to_apply_always(self) -> None:
        assert warned(make_pack("t", make_row(triggers=[]))) == []

    def test_a_rule_that_can_never_be_met_where_it_applies(self) -> None:
        rule = make_row(when={"source.country": "DE"}, triggers=[], constraints=[{"source.country": "FR"}])
        assert warned(make_pack("t", rule)) == [("never-holds", ("requirements", 0, "constraints"))]

    def test_a_rule_that_is_always_met_where_it_applies(self) -> None:
        rule = make_row(when={"source.country": "DE"}, triggers=[], constraints=[{"source.country": "EEA30"}])
        assert warned(make_pack("t", rule)) == [("always-holds", ("requirements", 0, "constraints"))]

    def test_an_obligation_is_met_by_doing_it(self) -> None:
        assert warned(make_pack("t", make_row(constraints=[{"obligation": "pseudonymise"}]))) == []

    def test_a_safeguard_that_cures_nothing_cannot_meet_a_rule(self) -> None:
        rule = make_row(constraints=[{"safeguard": "key_in_origin"}], not_cured_by=["key_in_origin"])
        assert warned(make_pack("t", rule)) == [("never-holds", ("requirements", 0, "constraints"))]

    def test_an_alternative_that_can_never_hold_where_its_rule_applies(self) -> None:
        options = [
            {"id": "t.home", "needs": {"reach.countries": {"within": "EEA30"}}},
            {"id": "t.tia", "needs": {"evidence": "tia"}},
        ]
        rule = make_row(triggers=[], when=LEAVES, constraints=[{"any_of": options}])
        policies = link([make_pack("t", rule)])
        (found,) = idle(make_pack("t", rule), policies)
        assert (found.code, found.message) == (
            "unreachable-alternative",
            "`t.home` can never hold where `t.rule` applies",
        )

    def test_a_transfer_and_a_scope(self) -> None:
        never = {"all": ["personal_data", {"not": "personal_data"}]}
        found = warned(make_pack("t", transfer=never, designations=[{**ROW, "scope": never}]))
        assert found == [("never-holds", ("transfer",)), ("never-holds", ("designations", 0, "scope"))]


class TestNames:
    def test_definitions_that_only_each_other_use(self) -> None:
        definitions = {
            "a": {"any": ["b", LEAVES]},
            "b": "personal_data",
            "used": {"source.country": "DE"},
            "via": {"not": "used"},
        }
        found = warned(make_pack("t", make_row(when="via"), definitions=definitions))
        assert found == [
            ("unused-definition", ("definitions", "a")),
            ("unused-definition", ("definitions", "b")),
        ]

    def test_attributes(self) -> None:
        flag = {"type": "boolean", "description": "d"}
        attributes = {"t.one": flag, "t.two": flag, "t.three": flag, "t.four": flag}
        rule = make_row(when={"importer.attributes.t.one": True})
        pack = make_pack("t", rule, attributes=attributes, definitions={"d": {"attributes.t.two": True}}, expects=["t.three"], connects=["d"])  # fmt: skip
        assert warned(pack) == [("unused-attribute", ("attributes", "t.four"))]

    def test_expectations_that_came_true_or_that_nobody_has(self) -> None:
        pack = make_pack(
            "t", make_row(conflicts=["u.rule", "u.next"]), expects=["u.rule", "u.next", "u.never"]
        )
        found = warned(pack, make_pack("u", make_row("u.rule")))
        assert found == [("stale-expectation", ("expects", 0)), ("stale-expectation", ("expects", 2))]


class TestPrecedence:
    def rules(self, **fields: Any) -> dict[str, Any]:
        """Return a pack with a company's rule that displaces a national one."""
        higher = make_row("t.law", level="national", **fields)
        return make_pack("t", make_row("t.rule", level="company", displaces=["t.law"]), higher)

    def test_what_a_lower_rule_displaces_must_be_left_to_it(self) -> None:
        assert warned(self.rules()) == [("powerless", ("requirements", 0, "displaces", 0))]
        assert warned(self.rules(derogable_by=["company"])) == []
        assert warned(self.rules(derogable_by=["t.rule"])) == []

    def test_a_higher_rule_displaces_as_it_says(self) -> None:
        law = make_row("t.law", level="constitutional", displaces=["t.rule"])
        assert warned(make_pack("t", law, make_row("t.rule", level="company"))) == []


def test_a_suspension_of_what_is_not_valid_anyway() -> None:
    row = {**ROW, "valid_until": "2026-12-31"}
    late = {**ROW, "id": "t.late", "valid_from": "2027-01-01", "suspends": "t.d"}
    assert warned(make_pack("t", designations=[row, late])) == [
        ("idle-suspension", ("designations", 1, "suspends"))
    ]
    assert warned(make_pack("t", designations=[row, {**late, "valid_from": "2026-12-31"}])) == []


def test_the_shipped_packs_have_nothing_idle() -> None:
    policies = load_policies()
    assert [entry for document in policies.documents for entry in idle(document, policies)] == []
