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
