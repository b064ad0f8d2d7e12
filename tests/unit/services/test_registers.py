# SPDX-License-Identifier: Apache-2.0
"""Restrictions that the register lays on data, and when its rows change what they say."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.services.registers import next_change, restrictions_on
from tests.deployment import CATALOG, NOW, PEOPLE, Deployment, flow

ROW = {
    "id": "eu.keep/us.disclose",
    "match": PEOPLE,
    "regimes": ["eu.gdpr", "us.cloudact"],
    "reason": "case 7",
}
EU = "postgres://pg-eu:5432/appdb"


def bound(row: dict[str, Any], asked: DataFlow) -> bool:
    """Tell whether a restriction binds a flow today."""
    catalog = Catalog({**deepcopy(CATALOG), "registers": {"restrictions": [{**ROW, **row}]}})
    return restrictions_on(asked, catalog, NOW.date()) == (ROW["id"],)


@pytest.mark.parametrize(
    ("row", "asked", "binds"),
    [
        ({}, flow(), True),
        ({}, flow(f"{EU}.public.patients"), False),
        ({}, flow(EU), True),
        ({"match": EU}, flow(), True),
        ({"match": f"{EU}.*"}, flow(), True),
        ({"match": "postgres://pg-eu:5432/app"}, flow(), False),
        ({"purposes": ["ml_inference"]}, flow(), False),
        ({"purposes": ["ml_inference", "analytics"]}, flow(), True),
        ({"purposes": ["ml_inference"]}, flow(purpose=None), True),
        ({"recorded_at": "2026-11-24"}, flow(), True),
        ({"recorded_at": "2026-11-25"}, flow(), False),
        ({"resolved_at": "2026-11-25"}, flow(), True),
        ({"resolved_at": "2026-11-24"}, flow(), False),
    ],
    ids=str,
)
def test_a_restriction_binds_what_it_is_about_while_it_stands(
    row: dict[str, Any], asked: DataFlow, binds: bool
) -> None:
    assert bound(row, asked) is binds


@pytest.mark.parametrize(("region", "binds"), [("eu", True), ("us", False), (None, True)])
def test_a_flow_from_nobody_knows_which_store_may_be_about_it(region: str | None, binds: bool) -> None:
    source = {"region": region} if region else {"country": "DE"}
    assert bound({}, DataFlow.parse({"source": source, "destination": {"region": "us"}})) is binds


class TestAtTheGate:
    def decide(self, asked: DataFlow | None = None, **row: Any) -> Any:
        deployment = Deployment()
        deployment.catalog["registers"]["restrictions"] = [{**ROW, **row}]
        return deployment.decide(flow=asked or flow()).decision

    def test_use_waits_for_a_person_and_the_restriction_travels_on(self) -> None:
        decision = self.decide()
        assert decision.outcome is Outcome.REVIEW
        assert [reason.kind for reason in decision.reasons] == ["restriction"]
        assert decision.restrictions == (ROW["id"],)

    def test_a_resolved_one_binds_no_more(self) -> None:
        assert self.decide(resolved_at="2026-11-20").allowed

    @pytest.mark.parametrize(
        "provenance", [{"restrictions": []}, {"restrictions": ["other"]}, {"via": ["x"]}]
    )
    def test_an_author_claims_none_of_it_away(self, provenance: dict[str, Any]) -> None:
        decision = self.decide(flow(provenance=provenance))
        assert decision.outcome is Outcome.REVIEW
        assert ROW["id"] in decision.restrictions

    def test_an_answer_stands_until_the_register_changes(self) -> None:
        until = self.decide(recorded_at="2026-11-30").valid_until
        assert until.isoformat() == "2026-11-30T00:00:00+00:00"
        deployment = Deployment()
        deployment.catalog["registers"]["restrictions"] = [{**ROW, "recorded_at": "2026-11-30"}]
        deployment.clock.moment = until - timedelta(seconds=1)
        assert deployment.decide().decision.allowed
        deployment.clock.moment = until
        assert not deployment.decide().decision.allowed


@pytest.mark.parametrize(
    ("registers", "change"),
    [
        ({}, None),
        ({"evidence": [{"type": "tia", "recorded_at": "2026-11-24"}]}, None),
        ({"evidence": [{"type": "tia", "recorded_at": "2026-11-26"}]}, "2026-11-26"),
        ({"restrictions": [{**ROW, "recorded_at": "2026-11-01", "resolved_at": "2026-12-01"}]}, "2026-12-01"),
        ({"mechanisms": [{"type": "scc_eu", "recorded_at": "2026-12-02"}],
          "automated_decisions": [{"recorded_at": "2026-12-01"}]}, "2026-12-01"),
    ],
)  # fmt: skip
def test_the_next_change_is_the_first_day_on_which_a_row_counts_anew(
    registers: dict[str, Any], change: str | None
) -> None:
    found = next_change(Catalog({**deepcopy(CATALOG), "registers": registers}).registers, NOW.date())
    assert found == (datetime.fromisoformat(f"{change}T00:00:00+00:00") if change else None)
