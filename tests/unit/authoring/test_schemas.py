# SPDX-License-Identifier: Apache-2.0
"""The schemas take what reading takes, and flag what an editor can see to be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator

from airflow_xborder.authoring.schemas import SCHEMAS, make_schema
from tests.factories import make_pack, make_row

VALIDATORS = {name: Draft7Validator(make_schema(name)) for name in SCHEMAS}
FLOW = {"source": "DE", "destination": {"country": "US", "subdivision": "US-VA"}}
CATALOG = {"version": 1, "regions": {"eu": {"country": "DE"}}}


def accepts(name: str, data: Any) -> bool:
    """Tell whether a document is what its schema says."""
    return VALIDATORS[name].is_valid(json.loads(json.dumps(data)))


@pytest.mark.parametrize("name", SCHEMAS)
class TestEach:
    def test_it_is_a_schema_that_editors_know(self, name: str) -> None:
        schema = make_schema(name)
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        Draft7Validator.check_schema(schema)

    def test_it_refers_to_nothing_outside_and_carries_nothing_unused(self, name: str) -> None:
        text = json.dumps(make_schema(name))
        for definition in make_schema(name)["$defs"]:
            assert f'"#/$defs/{definition}"' in text
        assert '"x-definition"' not in text

    def test_it_takes_no_other_document(self, name: str) -> None:
        for wrong in ([], "x", 3, {"unknown": 1}):
            assert not accepts(name, wrong)


def with_rule(**fields: Any) -> dict[str, Any]:
    """Return a pack with one rule."""
    return make_pack("t", make_row(**fields))


@pytest.mark.parametrize(
    "pack",
    [
        make_pack("t"),
        make_row("lone"),
        with_rule(when="leaves_eea", constraints=[{"any_of": [{"id": "t.a", "needs": {"mechanism": "scc_eu"}}, "personal_data"]}]),
        with_rule(when={"all": ["personal_data", {"not": {"reach.countries": {"within": "EEA30"}}}]}),
        with_rule(when={"source.place": ["DE", "US-CA"], "importer.same_group": {"stated": True}}),
        with_rule(when={"retention_days": {"at_least": 3}}, constraints=[{"obligation": {"type": "pseudonymise", "parameters": {"a": "b"}}}]),
        with_rule(when={"count": {"category": "personal_data", "more_than": 10, "window": "12_months"}}),
        with_rule(when={"importer.attributes.t.x": {"stated": ["a", "b"]}}, demands={"store_in": ["EEA30"]}),
        with_rule(constraints=[{"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}}]),
    ],
    ids=lambda pack: json.dumps(pack)[-60:],
)  # fmt: skip
def test_a_right_pack(pack: Any) -> None:
    assert accepts("pack", pack), [error.message for error in VALIDATORS["pack"].iter_errors(pack)]


@pytest.mark.parametrize(
    "pack",
    [
        {**make_pack("t"), "titel": "x"},
        make_pack("../x"),
        {**make_pack("t"), "last_checked": "21.11.2026"},
        make_pack("t", covers=["UK"]),
        with_rule(effective_date=None),
        with_rule(effect="forbidd"),
        with_rule(when={"reach.country": "DE"}),
        with_rule(when={"reach.countries": "UK"}),
        with_rule(when={"purpose": "ml_inferenc"}),
        with_rule(when="personal_data.contct"),
        with_rule(when={"all": ["personal_data", 3]}),
        with_rule(when={"source.country": {"witin": "EEA30"}}),
        with_rule(when={"importer.same_group": "true"}),
        with_rule(when={"count": {"category": "personal_data", "more_than": 10}}),
        with_rule(when={"count": {"category": "personal_data", "more_than": 10, "at_least": 11, "window": "12_months"}}),
        with_rule(when={"count": {"category": "personal_data", "more_than": "10", "window": "12_months"}}),
        with_rule(constraints=[{"mechanism": "scc"}]),
        with_rule(constraints=[{"any_of": [{"id": "t.a", "need": {"mechanism": "scc_eu"}}]}]),
        with_rule(constraints=[{"any_of": []}]),
        with_rule(obligations=["pseudonymize"]),
        with_rule(not_cured_by=["anonymization"]),
        with_rule(demands={"keep_days": -1}),
        make_pack("t", designations=[{"id": "d", "by": "EU", "kind": "adequacy", "of": "ZZ", "valid_from": "2026-01-01", "citation": "c"}]),
    ],
    ids=lambda pack: json.dumps(pack)[-60:],
)  # fmt: skip
def test_a_wrong_pack(pack: Any) -> None:
    assert not accepts("pack", pack)


@pytest.mark.parametrize(
    ("more", "right"),
    [
        ({}, True),
        ({"mechanisms": ["scc_eu", {"type": "care", "ground_for": "special_category"}], "evidence": ["tia"]}, True),
        ({"consent": {"type": "consent_explicit", "ground_for": "transfer", "coverage": 0.93}}, True),
        ({"places": {"storage": ["DE"], "inference": [{"region": "global"}]}, "purpose": None}, True),
        ({"importer": {"country": "JP", "attributes": {"jp.appi_operator": True}, "owners": [{"country": "CN", "share": "0.2"}]}}, True),
        ({"purpose": "supprt"}, False),
        ({"destination": "UK"}, False),
        ({"mechanisms": ["scc"]}, False),
        ({"counts": [{"category": "personal_data", "n": -1}]}, False),
        ({"importer": {"county": "JP"}}, False),
        ({"as_of": 3}, False),
    ],
)  # fmt: skip
def test_flows_and_those_of_cases(more: dict[str, Any], right: bool) -> None:
    flow = {**FLOW, **more}
    case = {"as_of": "2026-11-21", "cases": [{"case": "c", "flow": flow, "expect": {"outcome": "allow"}}]}
    assert accepts("flow", flow) is right
    assert accepts("cases", case) is right


@pytest.mark.parametrize(
    ("more", "right"),
    [
        ({}, True),
        ({"parties": {"acme": {"country": "DE", "role": "controller", "listings": []}}}, True),
        ({"registers": {"mechanisms": [{"type": "scc_eu", "module": 2, "exporter": "acme", "valid_from": "2026-01-01"}]}}, True),
        ({"parties": {"acme": {"county": "DE"}}}, False),
        ({"registers": {"mechanisms": [{"type": "scc"}]}}, False),
        ({"datasets": [{"match": "s3://x/*", "categories": {"email": "personal_data.contact.emial"}}]}, False),
        ({"version": 2}, False),
    ],
)  # fmt: skip
def test_catalogs(more: dict[str, Any], right: bool) -> None:
    assert accepts("catalog", {**CATALOG, **more}) is right
