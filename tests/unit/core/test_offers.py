# SPDX-License-Identifier: Apache-2.0
"""Which controls are open to a flow, what they cost, and what is never offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.controls import Attach, HandOver, LeaveOut
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.offers import asked, cost, open_changes, price, require_prices
from airflow_xborder.errors import FlowError
from tests.factories import EMAIL, HEALTH, make_flow

ENDS = {"source": "DE", "destination": "US-VA"}
GMBH: dict[str, Any] = {"party": "acme-gmbh", "country": "DE", "role": "controller"}
INC: dict[str, Any] = {"party": "acme-inc", "country": "US", "role": "processor"}
CATALOG = Catalog(
    {
        "version": 1,
        "regions": {
            "eu": {"country": "DE", "party": "acme-gmbh"},
            "eu2": {"country": "FR", "party": "acme-gmbh"},
            "us": {"country": "US"},
            "us2": {"country": "US", "subdivision": "US-VA"},
            "jp": {"country": "JP", "party": "acme-kk"},
            "in": {"country": "IN", "party": "broker"},
            "dark": {"country": "CH"},
        },
        "stores": {"s3://run": {"region": "us", "party": "acme-inc"}},
        "parties": {
            "acme-gmbh": {"country": "DE", "role": "controller"},
            "acme-inc": {"country": "US", "role": "processor"},
            "other-inc": {"country": "US", "role": "processor"},
            "us-broker": {"country": "US", "role": "controller"},
            "us-clinic": {
                "country": "US",
                "role": "processor",
                "legal_roles": {"us.hipaa": "covered_entity"},
            },
            "acme-kk": {"country": "JP", "role": "processor"},
            "broker": {"country": "IN", "role": "controller"},
        },
    }
)


def abroad(**fields: Any) -> DataFlow:
    """Return a flow from Germany to Virginia between two named parties, with some fields replaced."""
    flow = make_flow("DE", "US-VA", exporter=GMBH, importer=INC)
    return replace(
        flow, **{name: getattr(DataFlow.parse({**ENDS, name: value}), name) for name, value in fields.items()}
    )


def ids(flow: DataFlow, catalog: Catalog | None = None) -> list[str]:
    return [control.id for control in open_changes([flow], catalog)]


class TestOpenChanges:
    def test_one_column_cannot_be_left_out(self) -> None:
        assert ids(abroad()) == ["move home"]

    def test_each_of_several_can_be_left_out_or_stay(self) -> None:
        assert ids(abroad(data_categories=[EMAIL, HEALTH])) == [
            f"leave out {EMAIL}", f"leave out {HEALTH}", "move home", f"split category {EMAIL}", f"split category {HEALTH}",
        ]  # fmt: skip

    def test_residents_of_several_places_can_be_told_apart(self) -> None:
        found = ids(abroad(subjects={"countries": ["US-CA", "DE"]}))
        assert found == ["move home", "split residence DE", "split residence US-CA"]

    def test_columns_of_all_data_sets_count(self) -> None:
        flows = [abroad(), abroad(data_categories=[HEALTH])]
        assert f"leave out {HEALTH}" in [control.id for control in open_changes(flows)]

    def test_without_a_place_nobody_stays(self) -> None:
        assert ids(abroad(source={"store": "s3://x"})) == []

    def test_what_is_at_home_stays_with_its_exporter(self) -> None:
        (control,) = open_changes([make_flow("DE", "DE", exporter=GMBH, importer={**INC, "country": "DE"})])
        assert control.words(abroad()) == "keep it with acme-gmbh"
        assert ids(make_flow("DE", "DE", importer=INC)) == []

    def test_nobody_is_made_a_us_person(self) -> None:
        assert ids(make_flow("US", "DE", importer={"country": "DE", "role": "processor"})) == []
        assert ids(make_flow("US", "DE", importer={"country": "DE", "us_person": False})) == ["move home"]
        assert ids(make_flow("US", "DE", exporter=INC, importer={"country": "DE"})) == ["move home"]


class TestCatalog:
    def test_regions_of_those_who_do_the_same_job_or_of_the_exporter(self) -> None:
        found = ids(abroad(), CATALOG)
        assert found == [
            "move home",
            "move region eu",
            "move region eu2",
            "move region jp",
            "party other-inc",
        ]

    def test_the_places_of_the_flow_are_no_change(self) -> None:
        flow = abroad(source={"region": "eu", "country": "DE"}, destination={"region": "jp", "country": "JP"}, importer={**INC, "party": "acme-kk"})  # fmt: skip
        found = ids(flow, CATALOG)
        assert "move region eu" not in found
        assert "move region jp" not in found

    @pytest.mark.parametrize(
        "destination",
        [{"region": "jp", "country": "JP"}, {"region": "us", "country": "US", "store": "s3://run/x"}],
        ids=["region", "store"],
    )
    def test_where_the_catalog_says_who_acts_nobody_else_can(self, destination: dict[str, str]) -> None:
        found = ids(abroad(destination=destination), CATALOG)
        assert not [name for name in found if name.startswith("party")]

    def test_an_unknown_importer_is_not_given_a_role(self) -> None:
        found = ids(abroad(importer=None), CATALOG)
        assert found == ["move home", *(f"move region {name}" for name in ("dark", "eu", "eu2", "us"))]


class TestAsked:
    def test_the_documents_that_a_rule_lacks(self) -> None:
        assert asked([("mechanism scc_eu", "evidence tia")]) == [
            frozenset({Attach("mechanism", "scc_eu"), Attach("evidence", "tia")})
        ]

    def test_each_mechanism_that_would_do_is_a_way(self) -> None:
        found = asked([("mechanism bcr_c or bcr_p or law",), ("safeguard minimise",)])
        assert found == [
            frozenset({Attach("mechanism", "bcr_c")}),
            frozenset({Attach("mechanism", "bcr_p")}),
            frozenset({Attach("safeguard", "minimise")}),
        ]

    def test_a_ground_is_what_it_is_for(self) -> None:
        assert asked([("mechanism baa or care for processing",)]) == [
            frozenset({Attach("mechanism", "baa", "processing")})
        ]

    def test_a_person_decides_where_a_rule_asks_for_one(self) -> None:
        lacking = ("automated_decision.human_review", "automated_decision.explanation")
        assert asked([lacking]) == [frozenset({HandOver("human_review"), HandOver("explanation")})]

    def test_the_roles_that_clauses_hang_on_are_not_stated_by_a_control(self) -> None:
        assert asked([("mechanism scc_eu", "importer.role")]) == [frozenset({Attach("mechanism", "scc_eu")})]
        assert asked([("importer.role",)]) == []

    @pytest.mark.parametrize(
        "item",
        [
            "mechanism law or vital", "mechanism care for special_category", "consent consent_explicit", "adequacy", "listing eu_us_dpf",
            "counts", "purpose", "importer.owners", "importer.us_person", "importer.same_group", "retention_days", "exporter.role",
            "automated_decision.significant_effect", "automated_decision", "collected_purposes", "subjects.us_persons",
            "attributes.us.transaction_type", "frequency",
        ],
    )  # fmt: skip
    def test_nothing_else_is_a_control(self, item: str) -> None:
        assert asked([(item,), (item, "evidence tia"), ()]) == []


class TestPrices:
    def test_the_file_beats_what_is_shipped_and_the_rest_costs_the_same(self) -> None:
        assert price(Attach("mechanism", "scc_eu"), {}) == 3
        assert price(Attach("mechanism", "scc_eu"), {"scc_eu": 0}) == 0
        assert price(Attach("evidence", "dpia"), {}) == 8
        assert cost([LeaveOut(EMAIL), LeaveOut(HEALTH)], {"leave_out": 7}) == 14

    def test_prices_are_read(self) -> None:
        assert require_prices({"move": 0, "tia": 5}) == {"move": 0, "tia": 5}

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ([], "expected a mapping"), ({"tai": 1}, "nothing is called `tai`"), ({"tia": -1}, "got `-1`"), ({"tia": 1.5}, "got `1.5`"),
            ({"tia": True}, "got `True`"), ({"tia": 10**10}, "got `10000000000`"), ({"counts": 1}, "nothing is called `counts`"),
        ],
    )  # fmt: skip
    def test_a_price_that_is_none_is_an_error(self, data: object, message: str) -> None:
        with pytest.raises(FlowError, match=message):
            require_prices(data)
