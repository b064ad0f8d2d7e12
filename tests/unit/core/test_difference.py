# SPDX-License-Identifier: Apache-2.0
from datetime import date

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.difference import Difference, find_differences
from tests.factories import make_pack, make_row

ROW = {"id": "d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2026-01-01", "citation": "c"}


def differ(before, after):
    return find_differences(Policies(before), Policies(after))


def only(before, after):
    (found,) = differ(before, after).changes
    return found


def changed(**fields):
    return only([make_pack("t", make_row())], [make_pack("t", make_row(**fields))])


class TestRequirements:
    def test_no_difference(self) -> None:
        assert differ([make_pack("t", make_row())], [make_pack("t", make_row())]).changes == ()

    def test_added_with_what_it_says(self) -> None:
        new = make_row("t.new", constraints=[{"evidence": "tia"}], citation="Art. 7")
        found = only([make_pack("t", make_row())], [make_pack("t", make_row(), new)])
        assert found == Difference(
            "requirement", "t.new", "added",
            ("Art. 7: A rule of a test.", "applies when data personal_data", "asks for evidence tia"),
        )  # fmt: skip

    def test_removed(self) -> None:
        found = only([make_pack("t", make_row(), make_row("t.old"))], [make_pack("t", make_row())])
        assert (found.id, found.what) == ("t.old", "removed")

    def test_conditions_are_told_in_words(self) -> None:
        found = changed(triggers=[], when={"all": ["personal_data", {"source.country": "EEA30"}]})
        assert found.details == ("applies when: data personal_data -> data personal_data and source EEA30",)

    def test_plain_fields(self) -> None:
        found = changed(
            effect="forbid", expires="2027-12-31", not_cured_by=["anonymisation"], demands={"keep_days": 30}
        )
        assert found.details == (
            "effect: require -> forbid",
            "last day: nothing -> 2027-12-31",
            "not cured by: nothing -> anonymisation",
            "demands: nothing -> keep days 30",
        )  # fmt: skip

    def test_what_means_the_same_is_no_difference(self) -> None:
        one = make_pack(
            "t", make_row(triggers=[], when="home"), definitions={"home": {"source.country": "DE"}}
        )
        other = make_pack("t", make_row(triggers=[], when={"source.country": "DE"}))
        assert differ([one], [other]).changes == ()

    def test_a_definition_that_changes_changes_the_rules_that_use_it(self) -> None:
        packs = [
            make_pack(
                "t", make_row(triggers=[], when="home"), definitions={"home": {"source.country": place}}
            )
            for place in ("DE", "FR")
        ]
        assert only(packs[:1], packs[1:]).details == ("applies when: source DE -> source FR",)


class TestDesignations:
    def test_flipped_with_its_dates(self) -> None:
        before = [make_pack("t", designations=[ROW])]
        after = [make_pack("t", designations=[{**ROW, "valid_until": "2027-02-28"}])]
        found = differ(before, after)
        assert found.changes == (
            Difference("designation", "d", "changed", ("valid until: nothing -> 2027-02-28",)),
        )
        assert found.days == (date(2027, 3, 1),)

    def test_a_suspension_says_of_what(self) -> None:
        stop = {**ROW, "id": "stop", "suspends": "d", "valid_from": "2027-03-01"}
        found = differ([make_pack("t", designations=[ROW])], [make_pack("t", designations=[ROW, stop])])
        assert found.changes[0].details == ("suspends d from 2027-03-01",)
        assert found.days == (date(2027, 3, 1),)


class TestPacks:
    def test_a_pack_that_comes_in_brings_its_places(self) -> None:
        found = differ([], [make_pack("t", make_row(), covers=["JP"])])
        assert [(change.kind, change.id, change.what) for change in found.changes] == [
            ("coverage", "JP", "changed"), ("pack", "t", "added"), ("requirement", "t.rule", "added"),
        ]  # fmt: skip
        assert found.changes[0].details == ("not covered -> covered by t",)

    def test_coverage_by_a_note(self) -> None:
        row = {"places": ["GL"], "status": "no_rule_known", "reviewed_at": "2026-11-21"}
        found = only([make_pack("t")], [make_pack("t", coverage=[row])])
        assert found == Difference("coverage", "GL", "changed", ("not covered -> no rule known",))

    def test_what_connects(self) -> None:
        found = only([make_pack("t")], [make_pack("t", connects=[{"source.country": "DE"}])])
        assert found.details == ("concerned by: always -> source DE",)


def test_the_shipped_packs_are_as_they_are() -> None:
    assert find_differences(load_policies(), load_policies()).changes == ()


def test_the_order_of_packs_does_not_matter() -> None:
    packs = [make_pack("t", make_row()), make_pack("u", make_row("u.rule"))]
    assert differ(packs, packs[::-1]).changes == ()
