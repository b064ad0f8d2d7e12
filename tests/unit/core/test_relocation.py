# SPDX-License-Identifier: Apache-2.0
"""Controls that move data: who acts then, where, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow, End, Party, Places
from airflow_xborder.core.relocation import (
    Engage,
    KeepCategory,
    KeepResidents,
    Relocate,
    StayHome,
    at_home,
)
from tests.factories import EMAIL, HEALTH, make_flow

ENDS = {"source": "DE", "destination": "US-VA"}
GMBH: dict[str, Any] = {"party": "acme-gmbh", "country": "DE", "role": "controller", "owners": []}
INC: dict[str, Any] = {
    "party": "acme-inc", "country": "US", "role": "processor", "owners": [{"country": "CN", "share": "0.6"}],
    "subprocessors": ["IN"], "listings": [], "us_person": True,
}  # fmt: skip
JP = End(region="jp", country="JP")
KK = Party(party="acme-kk", country="JP", role="processor")


def abroad(**fields: Any) -> DataFlow:
    """Return a flow from Germany to Virginia between two named parties, with some fields replaced."""
    flow = make_flow("DE", "US-VA", exporter=GMBH, importer=INC)
    return replace(
        flow, **{name: getattr(DataFlow.parse({**ENDS, name: value}), name) for name, value in fields.items()}
    )


class TestStayHome:
    def test_a_named_exporter_processes_it_itself(self) -> None:
        flow = StayHome("x").apply(abroad())
        assert flow.destination == End(country="DE")
        assert flow.exporter is not None
        assert flow.importer == replace(flow.exporter, same_entity=True, same_group=True)

    def test_otherwise_the_importer_acts_there_and_stays_who_it_is(self) -> None:
        before = abroad(exporter={"country": "DE"})
        after = at_home(before)
        assert before.importer is not None
        assert after.importer == replace(
            before.importer, country="DE", organised_in="US", subprocessors=()
        ), "owners, role, lists and where it is organised are no control"
        assert normalise(after, complete=True).values["reach.countries"] == frozenset({"DE"})

    @pytest.mark.parametrize(
        "exporter", [{"party": "jane", "role": "individual"}, None], ids=["individual", "nobody"]
    )
    def test_nobody_processes_their_own_data_for_somebody(self, exporter: Any) -> None:
        importer = at_home(abroad(exporter=exporter)).importer
        assert importer is not None
        assert importer.party == "acme-inc"

    def test_an_unknown_importer_stays_unknown(self) -> None:
        assert at_home(make_flow("DE", "US")).importer is None

    def test_the_provider_of_the_source_stays(self) -> None:
        flow = abroad(source={"country": "DE", "store": "s3://a", "provider": {"control_country": "US"}})
        assert at_home(flow).destination.provider == flow.source.provider
        assert at_home(flow).destination.store is None

    def test_every_place_that_was_named_moves_but_the_keys(self) -> None:
        places = {"storage": ["US"], "access": ["US", "IN"], "backup": [], "key_custody": ["CH"]}
        after = at_home(abroad(places=places)).places
        home = End(country="DE")
        assert after == Places(storage=(home,), access=(home,), backup=(), key_custody=(End(country="CH"),))


class TestElsewhere:
    def test_a_region_has_its_own_party_as_the_catalog_knows_it(self) -> None:
        after = Relocate("jp", JP, KK).apply(abroad(places={"storage": ["US"]}))
        assert after.destination == JP
        assert after.places == Places(storage=(JP,))
        assert after.importer == replace(KK, same_entity=False)

    def test_the_exporters_own_region_is_the_same_entity(self) -> None:
        own = Party(party="acme-gmbh", country="JP", role="controller")
        importer = Relocate("jp", JP, own).apply(abroad()).importer
        assert importer == replace(own, same_entity=True, same_group=True)

    def test_of_nameless_parties_nobody_can_tell_whether_they_are_one(self) -> None:
        assert Relocate("jp", JP, KK).apply(abroad(exporter={"country": "DE"})).importer == KK

    def test_another_party_acts_at_the_same_place(self) -> None:
        other = Party(party="other", country="US", role="processor")
        after = Engage(other).apply(abroad())
        assert after == replace(abroad(), importer=replace(other, same_entity=False))
        assert Engage(other).words(abroad()) == "use other instead of acme-inc"


class TestSplit:
    def test_the_rows_of_a_place_stay(self) -> None:
        flow = abroad(subjects={"countries": ["DE", "CN"], "us_persons": True, "nationality": ["CN"]})
        going, staying = KeepResidents("CN").apply(flow), KeepResidents("CN").apart(flow)
        assert going.subjects is not None
        assert going.subjects == replace(flow.subjects, countries=("DE",)), (
            "all else about people is unchanged"
        )
        assert going.importer == flow.importer
        assert staying is not None
        assert staying.subjects is not None
        assert staying.subjects.countries == ("CN",)
        assert staying.destination.country == "DE"

    def test_nothing_stays_of_what_is_not_there(self) -> None:
        assert KeepResidents("CN").apart(abroad(subjects={"countries": ["DE"]})) is None
        assert KeepResidents("CN").apart(abroad()) is None
        assert KeepResidents("CN").apply(abroad()) == abroad()
        unknown = abroad(subjects={"us_persons": True})
        assert KeepResidents("CN").apply(unknown) == unknown, "unknown is not none"
        assert KeepCategory(HEALTH).apart(abroad()) is None

    def test_the_columns_of_a_category_stay(self) -> None:
        flow = abroad(data_categories=[EMAIL, HEALTH])
        staying = KeepCategory(HEALTH).apart(flow)
        assert KeepCategory(HEALTH).apply(flow) == abroad()
        assert staying == at_home(replace(flow, data_categories=(HEALTH,)))


def test_each_has_an_id_a_price_and_words() -> None:
    controls = [
        StayHome("process in DE"),
        Relocate("jp", JP, KK),
        Engage(KK),
        KeepResidents("CN"),
        KeepCategory(HEALTH),
    ]
    assert [control.id for control in controls] == [
        "move home", "move region jp", "party acme-kk", "split residence CN", f"split category {HEALTH}",
    ]  # fmt: skip
    assert [control.price_id for control in controls] == ["move", "move", "party", "split", "split"]
    assert {control.slot for control in controls} == {"place"}
    assert [control.words(abroad()) for control in controls] == [
        "process in DE",
        "process in region jp",
        "use acme-kk instead of acme-inc",
        "split by residence: process the rows about CN where they are",
        f"split by category: process {HEALTH} where it is",
    ]
