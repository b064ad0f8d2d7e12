# SPDX-License-Identifier: Apache-2.0
"""An author's flow against the catalog: what is filled in, what stands, what contradicts."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.flow import DataFlow, End
from airflow_xborder.services.resolution import Measured, Resolved, complete_from_catalog, resolve
from tests.deployment import CATALOG, NOW, PEOPLE, flow


def resolved(asked: DataFlow | None = None, measured: Measured | None = None, **changes: Any) -> Resolved:
    catalog = Catalog({**deepcopy(CATALOG), **changes})
    return resolve(asked or flow(), catalog, NOW.date(), measured or Measured(), trust_claims=False)


def test_the_catalog_says_where_what_and_whose() -> None:
    known = resolved().known
    assert (known.source.country, known.source.subdivision, known.destination.country) == (
        "DE",
        "DE-HE",
        "US",
    )
    assert known.data_categories == ("personal_data.behaviour", "personal_data.contact.email")
    assert known.exporter is not None
    assert known.exporter.role == "controller"


def test_measured_columns_narrow_the_categories() -> None:
    known = resolved(measured=Measured(columns=("visits",))).known
    assert known.data_categories == ("personal_data.behaviour",)


def test_a_region_by_its_alias() -> None:
    asked = replace(flow(), destination=replace(flow().destination, store=None, region="US"))
    assert resolved(asked).known.destination.region == "us"


@pytest.mark.parametrize("trusts", [False, True])
def test_which_part_of_a_country_a_region_is_in_is_no_authors_to_say(trusts: bool) -> None:
    catalog = Catalog({**deepcopy(CATALOG), "regions": {**CATALOG["regions"], "us": {"country": "US"}}})
    end = End(region="us", subdivision="US-VA")
    answer = resolve(
        replace(flow(), source=end, destination=end), catalog, NOW.date(), Measured(), trust_claims=trusts
    )
    assert (answer.known.source.subdivision, answer.known.destination.subdivision) == (None, None)
    assert answer.claimed.source.subdivision == "US-VA"


@pytest.mark.parametrize("trusts", [False, True])
def test_nor_is_a_country_that_no_region_stands_behind(trusts: bool) -> None:
    catalog = Catalog(deepcopy(CATALOG))
    asked = replace(flow(), destination=End(country="FR"))
    answer = resolve(asked, catalog, NOW.date(), Measured(), trust_claims=trusts)
    assert answer.known.destination == End()


def test_a_wrong_region_of_a_store_contradicts() -> None:
    asked = replace(flow(), source=replace(flow().source, region="us"))
    assert [reason.template for reason in resolved(asked).contradictions] == ["contradiction"]


def test_a_wrong_role_contradicts() -> None:
    asked = flow(importer={"party": "acme-inc", "role": "controller"})
    assert "importer.role" in resolved(asked).contradictions[0].text


def test_a_party_that_the_author_names_stands_in_the_claimed_flow_alone() -> None:
    answer = resolved(flow(importer={"party": "nobody", "country": "CH", "listings": []}))
    assert answer.known.importer is not None
    assert answer.claimed.importer is not None
    assert answer.known.importer.party == "acme-inc"
    assert (answer.claimed.importer.party, answer.claimed.importer.country) == ("nobody", "US")
    assert answer.claimed.importer.listings is None
    assert answer.claimed.mechanisms == (), "a document between others is none for this party"


def test_places_that_the_author_names_stand_in_the_claimed_flow_alone() -> None:
    answer = resolved(flow(places={"logs": [{"region": "us"}]}))
    assert answer.known.places is None
    assert answer.claimed.places is not None
    assert answer.claimed.places.logs is not None
    assert answer.claimed.places.logs[0].country == "US"


def test_a_place_that_spans_countries_is_each_of_them() -> None:
    regions = {**CATALOG["regions"], "model": {"cloud": "gcp:eur4"}, "anywhere": {"cloud": "vertex:global"}}
    answer = resolved(
        flow(places={"inference": [{"region": "model", "subdivision": "US-VA"}, {"region": "anywhere"}]}),
        regions=regions,
    )
    assert answer.claimed.places is not None
    ends = answer.claimed.places.inference or ()
    assert [(end.region, end.country) for end in ends] == [
        ("model", "FI"),
        ("model", "NL"),
        ("anywhere", None),
    ]


def test_an_end_that_spans_countries_is_in_none() -> None:
    regions = {**CATALOG["regions"], "us": {"cloud": "gcp:us", "party": "acme-inc"}}
    for answer in (resolved(regions=regions).known, resolved(regions=regions).claimed):
        assert (answer.destination.region, answer.destination.country) == ("us", None)


def test_who_only_asks_may_state_parties_and_documents() -> None:
    asked = flow(importer={"party": "nobody", "country": "CH"}, mechanisms=["bcr_c"])
    answer = complete_from_catalog(asked, Catalog(deepcopy(CATALOG)), NOW.date())
    assert answer.claimed.importer is not None
    assert answer.claimed.importer.country == "CH"
    assert "bcr_c" in [entry.type for entry in answer.claimed.mechanisms or ()]


def test_a_registered_decision_says_how_a_purpose_decides() -> None:
    registers = {
        "automated_decisions": [
            {"match": PEOPLE, "purpose": "ml_inference", "significant_effect": True, "human_review": True}
        ]
    }
    answer = resolved(flow(purpose="ml_inference"), registers=registers).known.automated_decision
    assert answer is not None
    assert (answer.significant_effect, answer.human_review, answer.explanation) == (True, True, None)
    assert resolved(flow(purpose="analytics"), registers=registers).known.automated_decision is None


def test_the_party_that_runs_a_store_is_the_importer_whoever_the_author_names() -> None:
    stores = {**deepcopy(CATALOG["stores"])}
    stores["postgres://pg-us:5432/appdb"]["party"] = "acme-inc"
    answer = resolved(flow(importer={"party": "acme-gmbh"}), stores=stores)
    assert answer.known.importer is not None
    assert answer.known.importer.party == "acme-inc"
    assert "importer.party" in answer.contradictions[0].text


def test_whether_two_parties_are_one_is_seen_from_their_names() -> None:
    across, within = (
        resolved().known,
        resolved(flow(destination="postgres://pg-eu:5432/appdb.public.copy")).known,
    )
    assert across.importer is not None
    assert within.importer is not None
    assert (across.importer.same_entity, within.importer.same_entity) == (False, True)


class TestRegisteredDecisions:
    WIDE = {"match": "*", "significant_effect": False}
    EXACT = {"match": PEOPLE, "significant_effect": True}

    @pytest.mark.parametrize(
        ("rows", "effect"),
        [
            ([WIDE, EXACT], True),
            ([{**WIDE, "purpose": "analytics"}, {**WIDE, "significant_effect": True}], False),
            ([EXACT, {**EXACT, "recorded_at": "2026-02-01", "significant_effect": False}], False),
            ([{**EXACT, "recorded_at": "2027-01-01"}, WIDE], False),
            ([EXACT, {**EXACT, "significant_effect": False}], None),
        ],
    )
    @pytest.mark.parametrize("turn", [1, -1])
    def test_the_most_exact_row_speaks_in_any_order(
        self, rows: list[Any], effect: bool | None, turn: int
    ) -> None:
        said = resolved(registers={"automated_decisions": rows[::turn]}).known.automated_decision
        assert (said.significant_effect if said else None) is effect
