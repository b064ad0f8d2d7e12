# SPDX-License-Identifier: Apache-2.0
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.consequences import GROUPS, PURPOSES, find_consequences
from tests.factories import decide, make_pack, make_row


def find(before, after):
    return find_consequences(Policies(before), Policies(after), decide)


def rule(**fields):
    return make_pack("t", make_row(**fields), covers=["EEA30", "JP"])


HEALTH = {"all": ["personal_data.sensitive.health", {"source.country": "DE"}, {"reach.countries": "JP"}]}


def test_nothing_follows_from_no_change() -> None:
    assert find([rule()], [rule()]) == ()


def test_a_ban_is_told_with_data_route_and_purpose() -> None:
    new = make_row("t.new", when={"all": [HEALTH, {"purpose": "ml_training"}]}, citation="Art. 7")
    (found,) = find([make_pack("t", covers=["EEA30", "JP"])], [make_pack("t", new, covers=["EEA30", "JP"])])
    assert (found.data, found.routes, found.purposes) == (
        ("health data",),
        (("EEA30", "JP"),),
        ("ml_training",),
    )
    assert (found.before, found.after, found.listed) == ("allow", "deny", False)
    assert str(found) == (
        "health data EEA30 → JP for ml_training: deny instead of allow. Art. 7 forbids it: A rule of a test."
    )


def test_what_is_then_needed_is_told_though_the_answer_stays() -> None:
    ask = {"triggers": [], "when": HEALTH, "citation": "Art. 7"}
    (found,) = find(
        [rule(constraints=[{"evidence": "tia"}], **ask)],
        [rule(constraints=[{"evidence": "tia"}, {"evidence": "dpia"}], **ask)],
    )
    assert (found.before, found.after, found.purposes) == ("deny", "deny", PURPOSES)
    assert "Missing: evidence tia and evidence dpia" in str(found)


def test_flows_that_change_alike_are_told_once() -> None:
    ban = {"triggers": [], "when": {"reach.countries": "JP"}}
    found = find([make_pack("t", covers=["EEA30", "JP"])], [rule(**ban)])
    assert len(found) == 1
    assert found[0].data == tuple(GROUPS)
    assert found[0].routes == (("EEA30", "JP"), ("JP", "JP"))


def test_a_list_that_begins_to_count() -> None:
    ban = {"triggers": [], "when": HEALTH}
    (found,) = find([rule(**ban)], [rule(constraints=[{"listed": {"framework": "eu_us_dpf"}}], **ban)][:1])[
        -1:
    ]
    assert found.listed
    assert (found.before, found.after) == ("deny", "allow")


class TestPlaces:
    """Which places are tried."""

    def test_territories_with_the_law_of_a_set_are_shown_by_it(self) -> None:
        area = ["EEA30", "AX", "GF", "RE", "JP"]
        ban = make_row("t.ban", triggers=[], when={"destination.country": "JP"})
        (found,) = find([make_pack("t", covers=area)], [make_pack("t", ban, covers=area)])
        assert found.routes == (("EEA30", "JP"), ("JP", "JP"))

    def test_a_designation_is_about_who_makes_it_and_whom(self) -> None:
        row = {"id": "d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2020-01-01", "citation": "c"}  # fmt: skip
        asks = {
            "designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}
        }
        large = [make_pack(name, *[make_row(f"{name}.{n}", triggers=[], when={"any": []}) for n in range(9)], covers=[place])
                 for name, place in (("a", "AU"), ("b", "BR"), ("c", "CA"), ("d", "IL"))]  # fmt: skip
        packs = [*large, make_pack("t", make_row("t.r", constraints=[asks]), covers=["EEA30"]), make_pack("u", covers=["JP"])]  # fmt: skip
        (found,) = find(packs, [*packs, make_pack("w", designations=[row], covers=[])])
        assert ("EEA30", "JP") in found.routes
        assert found.after == "allow"
