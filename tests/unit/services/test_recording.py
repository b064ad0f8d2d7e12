# SPDX-License-Identifier: Apache-2.0
"""What each side of a border hears, and how events of one try are numbered."""

from __future__ import annotations

import pytest

from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.recording import Crossing, crossing_of, withhold
from tests.deployment import TASK, Deployment, flow


def test_withholding_takes_out_and_names() -> None:
    body = {"flow": {"source": {"store": "s", "region": "eu"}, "purpose": "audit"}, "counts": {"rows": 7}}
    shown, withheld = withhold(body)
    assert shown == {"flow": {"source": {"region": "eu"}, "purpose": "audit"}}
    assert withheld == ("flow.source.store", "counts")
    assert body["counts"] == {"rows": 7}, "the near side's own body must stay whole"


def test_withholding_nothing_names_nothing() -> None:
    assert withhold({"a": 1}) == ({"a": 1}, ())


def test_events_of_a_try_are_numbered_without_holes_in_each_ledger() -> None:
    deployment = Deployment()
    ruling = deployment.decide()
    deployment.gate.record(ruling, "transfer", "started", {})
    deployment.gate.record(ruling, "transfer", "completed", {"counts": {"rows": 12}})
    for region in ("eu", "us"):
        assert sorted(event.sequence for event in deployment.events(region)) == [1, 2, 3]
    completed = [event for event in deployment.events("us") if event.phase == "completed"]
    assert completed[0].withheld == ("counts",)
    assert "counts" not in completed[0].body


def test_no_staff_name_and_no_connection_secret_is_recorded() -> None:
    deployment = Deployment()
    deployment.decide(flow=flow(attributes={"eu.vital": True}))
    data = b"".join(event.to_bytes() for event in deployment.events("eu"))
    assert b"password" not in data
    assert b"SCC-1" not in data, "references of documents stay in the register"


class TestCrossing:
    def test_the_source_is_near_and_the_destination_far(self) -> None:
        ruling = Deployment().decide()
        assert ruling.crossing == Crossing(near="eu", far="us")

    def test_a_source_outside_the_catalog_is_recorded_where_the_worker_is(self) -> None:
        ruling = Deployment().decide(flow=flow(source="postgres://x:1/y.z.w"))
        assert ruling.crossing == Crossing(near="eu", far="us")

    def test_nobody_to_record_it_is_an_error(self) -> None:
        with pytest.raises(ConfigurationError, match="pg-eu"):
            crossing_of(flow(), lambda name: False, None)


def test_the_key_of_the_try_is_in_every_event() -> None:
    deployment = Deployment()
    deployment.decide()
    assert [event.task for event in deployment.events("eu")] == [TASK]
