# SPDX-License-Identifier: Apache-2.0
from datetime import date, datetime, timezone

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.graph import Node
from airflow_xborder.core.impact import Change, find_node, impact_of
from airflow_xborder.errors import PolicyNotFoundError, PolicyValidationError
from tests.factories import decide, make_pack, make_row

SHIPPED = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])
DPF = Node("designation", "eu.adequacy.us")
LISTED = {
    "country": "US",
    "role": "processor",
    "listings": [{"framework": "eu_us_dpf", "covers": ["non_hr"], "status": "active"}],
}


def touched(name):
    return {entry.id: entry for entry in impact_of(SHIPPED, find_node(SHIPPED, name)).touched}


class TestNames:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [("eu.adequacy.us", "designation"), ("eu.gdpr.a44", "requirement"), ("eu.gdpr.a45", "constraint"), ("scc_eu", "mechanism"),
         ("personal_data", "category"), ("US", "jurisdiction"), ("EEA30", "jurisdiction"), ("us.dsp", "pack"), ("base", "pack")],
    )  # fmt: skip
    def test_what_a_name_stands_for(self, name, kind) -> None:
        assert find_node(SHIPPED, name) == Node(kind, name)

    def test_a_kind_before_the_name(self) -> None:
        assert find_node(SHIPPED, "designation:eu.adequacy.us") == DPF

    def test_an_unknown_name(self) -> None:
        with pytest.raises(PolicyNotFoundError, match=r"nothing is called `eu\.adequacy\.uss`") as caught:
            find_node(SHIPPED, "eu.adequacy.uss")
        assert caught.value.hint == "did you mean `eu.adequacy.us`?"


class TestImpact:
    def test_a_designation_breaks_the_ground_that_rests_on_it(self) -> None:
        transfer = touched("eu.adequacy.us")["eu.gdpr.a44"]
        assert [way.id for way in transfer.lost] == ["eu.gdpr.a45"]
        assert "eu.gdpr.a46.scc" in [way.id for way in transfer.instead]
        assert next(way.needs for way in transfer.instead if way.id == "eu.gdpr.a46.scc") == "mechanism scc_eu and evidence tia"  # fmt: skip

    def test_and_decides_whether_others_apply(self) -> None:
        assert touched("eu.adequacy.us")["eu.gdpr.tia.supplementary"].asked == ("when",)
        assert touched("eu.adequacy.us")["eu.gdpr.onward"].asked == ("constraints",)

    def test_other_rows_about_the_place_are_named(self) -> None:
        assert impact_of(SHIPPED, find_node(SHIPPED, "eu.adequacy.gb")).also == (
            "eu.adequacy.gb.2021", "eu.adequacy.gb.2025", "eu.adequacy.gb.bridge",
        )  # fmt: skip

    def test_a_mechanism(self) -> None:
        assert [way.id for way in touched("scc_eu")["eu.gdpr.a44"].lost] == ["eu.gdpr.a46.scc"]

    def test_a_ground(self) -> None:
        assert [way.id for way in touched("eu.gdpr.a45")["eu.gdpr.a44"].lost] == ["eu.gdpr.a45"]

    def test_a_category_is_asked_for_by_what_it_is_a_kind_of(self) -> None:
        assert {"data_minimization", "eu.gdpr.a9"} <= touched("personal_data.sensitive.health").keys()
        assert "eu.gdpr.a9" not in touched("personal_data.contact.email")

    def test_a_requirement_with_those_that_rest_on_it(self) -> None:
        assert touched("us.dsp.restricted")["us.dsp.restricted"].dependents == ("us.dsp.compliance",)

    def test_a_pack_and_a_jurisdiction(self) -> None:
        assert all(name.startswith("jp.") for name in touched("jp.appi"))
        assert {"jp.appi.a28", "jp.appi.a31"} <= touched("JP").keys()

    def test_what_nothing_asks_for(self) -> None:
        assert touched("idta") == {}


class TestChanges:
    FLOW = {"destination": "US", "importer": LISTED, "exporter": {"country": "DE", "role": "controller"}}

    def answer(self, change, node=DPF, as_of="2027-03-01"):
        policies = change.apply(SHIPPED, node) if change else SHIPPED
        moment = datetime.fromisoformat(f"{as_of}T12:00:00").replace(tzinfo=timezone.utc)
        return decide(policies, as_of=moment, **self.FLOW).outcome

    def test_a_suspension_holds_from_its_day_on(self) -> None:
        change = Change("suspend", date(2027, 3, 1))
        assert self.answer(None) is Outcome.ALLOW
        assert self.answer(change) is Outcome.DENY
        assert self.answer(change, as_of="2027-02-28") is Outcome.ALLOW
        assert change.first_day() == date(2027, 3, 1)

    def test_an_expiry_is_the_last_day(self) -> None:
        change = Change("expire", date(2027, 3, 1))
        assert self.answer(change) is Outcome.ALLOW
        assert self.answer(change, as_of="2027-03-02") is Outcome.DENY
        assert change.first_day() == date(2027, 3, 2)
        assert change.moment() == datetime(2027, 3, 2, 12, tzinfo=timezone.utc)

    def test_a_removal_is_as_if_it_had_never_been(self) -> None:
        assert self.answer(Change("remove")) is Outcome.DENY
        assert (Change("remove").first_day(), Change("remove").moment()) == (None, None)

    @pytest.mark.parametrize(
        ("change", "last"),
        [(Change("suspend", date(2027, 3, 1)), "2027-02-28"), (Change("expire", date(2027, 3, 1)), "2027-03-01")],
    )  # fmt: skip
    def test_a_requirement_ends(self, change, last) -> None:
        policies = change.apply(Policies([make_pack("t", make_row())]), Node("requirement", "t.rule"))
        (rule,) = policies.pack("t").requirements
        assert rule.expires == date.fromisoformat(last)

    def test_nothing_rests_on_what_is_gone(self) -> None:
        packs = [make_pack("t", make_row()), make_pack("u", make_row("u.rule", dependencies=["t.rule"]))]
        for node in (Node("requirement", "t.rule"), Node("pack", "t")):
            policies = Change("remove").apply(Policies(packs), node)
            assert policies.pack("u").requirements[0].dependencies == ()
            assert "t.rule" not in policies.owners

    @pytest.mark.parametrize("node", [Node("mechanism", "scc_eu"), Node("pack", "base")], ids=str)
    def test_what_is_no_part_of_a_pack_cannot_change(self, node) -> None:
        with pytest.raises(PolicyValidationError, match=f"a {node.kind} cannot be changed by `suspend`"):
            Change("suspend", date(2027, 3, 1)).apply(SHIPPED, node)
