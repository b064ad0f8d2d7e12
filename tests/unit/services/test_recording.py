# SPDX-License-Identifier: Apache-2.0
"""What each side of a border hears, and how events of one try are numbered."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.explanation import render
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.recording import Crossing, crossing_of, withhold
from tests.deployment import PEOPLE, TASK, Deployment, flow


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


JANE = "jane.doe@example.com"


class TestFreeText:
    """What a DAG's author, or the data behind a template, can put into a flow, and what of it is evidence."""

    @pytest.mark.parametrize(
        ("uri", "told"),
        [
            (PEOPLE, PEOPLE),
            (f"{PEOPLE}?password=secret", PEOPLE),
            ("postgres://pg-eu:5432/appdb.public.other", "postgres://pg-eu:5432/appdb.public.other"),
            (f"postgres://pg-eu:5432/appdb.public.{JANE}", "postgres://pg-eu:5432/appdb"),
            (f"s3://acme-eu/people/{JANE}.json", "s3://acme-eu/people/*"),
            (f"s3://acme-eu/other/{JANE}.json", "s3://acme-eu"),
            (f"s3://unknown/{JANE}", "s3://unknown"),
            (f"postgres://jane:secret@host:5432/appdb.public.{JANE}", "postgres://host:5432"),
            (f"https://{JANE}?x=y/z", "https://untold"),
            ("link:anybody", "link:anybody"),
            (f"letters of {JANE}", "untold"),
        ],
    )
    def test_stores_are_named_as_the_catalog_does(self, uri: str, told: str) -> None:
        deployment = Deployment()
        deployment.catalog["stores"]["s3://acme-eu"] = {"region": "eu"}
        deployment.catalog["datasets"].append({"match": "s3://acme-eu/people/*", "categories": {}})
        deployment.decide(flow=flow(source=uri))
        deployment.decide(flow=flow(destination=uri), step="2")
        flows = {event.phase: event.body["flow"] for event in deployment.events("eu")}
        assert flows["decision-transfer"]["source"]["store"] == told
        assert flows["decision-transfer-2"]["destination"]["store"] == told

    @pytest.mark.parametrize(
        "more",
        [
            {"flow_id": JANE},
            {"importer": {"party": JANE}},
            {"exporter": {"party": JANE}},
            {"mechanisms": [{"type": "scc_eu", "reference": JANE}]},
            {"evidence": [{"type": "tia", "reference": JANE}]},
        ],
        ids=lambda more: next(iter(more)),
    )
    def test_what_is_no_identifier_is_in_no_ledger(self, more: dict[str, Any]) -> None:
        deployment = Deployment()
        for uri, party in (
            ("postgres://pg-eu:5432/appdb", "acme-gmbh"),
            ("postgres://pg-us:5432/appdb", "acme-inc"),
        ):
            deployment.catalog["stores"][uri]["party"] = party
        deployment.decide(flow=flow(**more))
        assert deployment.events("eu")
        assert deployment.events("us")
        for event in (*deployment.events("eu"), *deployment.events("us")):
            assert b"jane" not in event.to_bytes()

    def test_the_sentence_can_still_be_made_from_the_record(self) -> None:
        deployment = Deployment()
        deployment.catalog["stores"]["postgres://pg-us:5432/appdb"]["party"] = "acme-inc"
        deployment.decide(flow=flow(importer={"party": JANE}))
        (event,) = deployment.events("eu")
        (told,) = [
            entry for entry in event.body["decision"]["reasons"] if entry["template"] == "contradiction"
        ]
        assert "importer.party is untold" in render(told["template"], told["parameters"])
