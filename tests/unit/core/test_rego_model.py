# SPDX-License-Identifier: Apache-2.0
"""The graph as one document: indexed, and nothing that could apply is left out."""

from __future__ import annotations

import json
from typing import Any

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.rego_model import rego_model
from tests.factories import make_pack, make_row


def model_of(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return rego_model(Policies([make_pack("t", *rows, **fields)]))


def test_it_is_plain_json_and_equal_policies_give_equal_documents() -> None:
    first, second = (json.dumps(rego_model(load_policies(None))) for _ in range(2))
    assert first == second


def test_every_requirement_is_a_candidate_somewhere() -> None:
    model = rego_model(load_policies(None))
    listed = {*model["candidates"]["always"]}
    listed |= {name for values in model["candidates"]["facts"].values() for name in values["?"]}
    listed |= {*model["candidates"]["categories"].get("?", ())}
    assert listed == set(model["requirements"])


def test_a_rule_is_found_by_the_value_without_which_it_cannot_apply() -> None:
    model = model_of(make_row("t.jp", triggers=[], when={"reach.countries": "JP"}))
    assert model["candidates"]["facts"] == {"reach.countries": {"?": ["t.jp"], "JP": ["t.jp"]}}


def test_a_rule_that_a_name_tells_nothing_is_found_by_that_name_too() -> None:
    health = "personal_data.sensitive.health"
    plain = model_of(make_row("t.r", triggers=[health]))
    uncured = model_of(make_row("t.r", triggers=[health], not_cured_by=["anonymisation"]))
    assert "anonymised" not in plain["candidates"]["categories"]
    assert uncured["candidates"]["categories"]["anonymised"] == ["t.r"]


def test_what_a_rule_rests_on_is_followed_to_the_end() -> None:
    rows = [make_row("t.a", dependencies=["t.b"]), make_row("t.b", dependencies=["t.c"]), make_row("t.c")]
    found = model_of(*rows)["requirements"]
    assert found["t.a"]["rests_on"] == ["t.b", "t.c"]
    assert "rests_on" not in found["t.c"]


def test_a_rule_knows_when_newer_ones_stand_in_its_place() -> None:
    found = model_of(make_row("t.old"), make_row("t.new", supersedes=["t.old"], effective_date="2027-01-01"))
    assert found["requirements"]["t.old"]["superseded"] == [{"from": "2027-01-01"}]


def test_a_designation_carries_its_suspensions() -> None:
    row = {"id": "d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2020-01-01", "citation": "c"}
    stop = {**row, "id": "stop", "suspends": "d", "valid_from": "2027-03-01", "valid_until": "2027-03-31"}
    found = model_of(designations=[row, stop])["designations"]
    assert set(found) == {"d"}
    assert found["d"]["suspended"] == [{"from": "2027-03-01", "until": "2027-03-31"}]


def test_a_local_copy_is_owed() -> None:
    found = model_of(make_row("t.copy", effect="local_copy"))
    assert found["requirements"]["t.copy"]["obligations"] == [{"type": "keep_local_copy", "parameters": {}}]


def test_known_rules_and_divided_countries_are_told_by_place() -> None:
    rows = [
        {"places": ["US-TX"], "status": "rule_known", "categories": ["personal_data.sensitive.health"]},
        {"places": ["US-VA"], "status": "no_rule_known", "reviewed_at": "2026-11-21"},
    ]
    coverage = model_of(coverage=rows)["coverage"]
    assert coverage["known"] == {"US-TX": [{"categories": ["personal_data.sensitive.health"]}], "US-VA": []}
    assert list(coverage["parts"]) == ["US"]
    assert "US" in coverage["divided"]
