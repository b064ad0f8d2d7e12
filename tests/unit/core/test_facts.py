# SPDX-License-Identifier: Apache-2.0
"""From a flow to facts, and their digest."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from airflow_xborder.core.facts import UNKNOWN, Facts
from airflow_xborder.core.flow import DataFlow
from tests.factories import make_facts

DAY = date(2026, 11, 21)


def value(path: str, *, complete: bool = True, **fields: Any) -> object:
    """Return one fact of a flow."""
    return make_facts(complete=complete, **fields).values.get(path)


class TestReach:
    def test_whoever_gets_hold_of_the_data_is_reached(self) -> None:
        facts = make_facts(
            source="DE", destination="US-IL", places={"logs": ["JP"], "access": [], "transit": ["CN"], "key_custody": ["FR"]},
            importer={"country": "GB", "subprocessors": ["IN"]},
        )  # fmt: skip
        assert facts.values["reach"] == {"US", "US-IL", "JP", "GB", "IN"}
        assert facts.values["reach.countries"] == {"US", "JP", "GB", "IN"}

    def test_a_place_that_is_not_named_is_unknown(self) -> None:
        assert value("reach", places={"inference": [{"region": "global"}]}) == {"FR", UNKNOWN}

    @pytest.mark.parametrize(
        ("fields", "crosses"),
        [
            ({"destination": "DE"}, False),
            ({"destination": "FR"}, True),
            ({"destination": "DE", "places": {"logs": [{"region": "any"}]}}, None),
            ({"destination": "FR", "places": {"logs": [{"region": "any"}]}}, True),
        ],
    )
    def test_crossing_a_border(self, fields: dict[str, Any], crosses: bool | None) -> None:
        assert value("crosses_border", **fields) is crosses

    def test_a_source_without_country_may_cross(self) -> None:
        flow = DataFlow.parse({"source": {"region": "eu"}, "destination": "DE"})
        assert make_facts(flow).values["crosses_border"] is None


class TestPurpose:
    @pytest.mark.parametrize(
        ("fields", "complete", "expected"),
        [
            ({"purpose": "analytics"}, False, {"analytics"}),
            ({}, True, frozenset()),
            ({}, False, None),
            ({"collected_purposes": ["support"]}, False, {"support"}),
            ({"collected_purposes": ["support", "fraud"]}, False, {"support", "fraud", UNKNOWN}),
            ({"collected_purposes": []}, True, frozenset()),
        ],
    )
    def test_an_absent_purpose_is_one_that_the_row_permits(
        self, fields: dict[str, Any], complete: bool, expected: object
    ) -> None:
        assert value("purpose", complete=complete, **fields) == expected


class TestDecisions:
    @pytest.mark.parametrize(
        ("fields", "decides", "effect"),
        [
            ({"purpose": "analytics"}, False, False),
            ({"purpose": "ml_inference"}, None, None),
            ({"purpose": "analytics", "access_mode": "infer"}, None, None),
            ({"purpose": "ml_inference", "automated_decision": {"significant_effect": False}}, True, False),
            ({"purpose": "ml_inference", "automated_decision": {"human_review": True}}, None, None),
            ({"purpose": "analytics", "automated_decision": {"significant_effect": True}}, True, True),
        ],
    )
    def test_what_infers_may_decide(self, fields: dict[str, Any], decides: object, effect: object) -> None:
        assert value("automated_decision", **fields) is decides
        assert value("automated_decision.significant_effect", **fields) is effect


class TestParties:
    def test_a_person_in_the_us_is_a_us_person(self) -> None:
        assert value("exporter.us_person", exporter={"country": "US"}) is True
        assert value("exporter.us_person", exporter={"country": "US", "us_person": False}) is False
        assert value("exporter.us_person", exporter={"country": "DE"}) is None

    def test_owners_roles_and_attributes(self) -> None:
        facts = make_facts(
            importer={"legal_roles": {"us.hipaa": "covered_entity"}, "owners": [{"country": "CN", "share": 1}],
                      "attributes": {"a": True, "b": ["x"], "c": {"odd": 1}}},
        )  # fmt: skip
        assert facts.values["importer.legal_roles"] == {"us.hipaa:covered_entity"}
        assert facts.values["importer.owners"] == {"CN"}
        assert facts.values["importer.attributes.a"] is True
        assert facts.values["importer.attributes.b"] == {"x"}
        assert facts.values["importer.attributes.c"] is None

    def test_residents_of_a_part_are_residents_of_the_whole(self) -> None:
        assert value("subjects.countries", subjects={"countries": ["US-CA"]}) == {"US", "US-CA"}

    def test_the_basis_of_processing_names_its_regime(self) -> None:
        basis = [{"regime": "eu.gdpr", "type": "contract"}]
        assert value("legal_basis", legal_basis=basis) == {"eu.gdpr:contract"}


class TestDigest:
    def digest(self, facts: Facts | None = None, **fields: Any) -> str:
        """Return the digest of a flow's facts."""
        return (facts or make_facts(**fields)).digest({}, DAY)

    def test_equal_facts_have_equal_digests(self) -> None:
        one = self.digest(data_categories=["personal_data.contact.email", "telemetry"])
        assert one == self.digest(data_categories=["telemetry", "personal_data.contact.email"])

    @pytest.mark.parametrize(
        "fields",
        [
            {"flow_id": "another"},
            {"as_of": "2026-01-01"},
            {"counts": [{"category": "personal_data", "n": 7}]},
            {"importer": {"listings": [], "owners": []}},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_ids_clocks_and_raw_counts_are_not_in_it(self, fields: dict[str, Any]) -> None:
        base: dict[str, Any] = {"importer": {"listings": [], "owners": []}}
        assert self.digest(**base, **{key: v for key, v in fields.items() if key not in base}) == self.digest(
            **base
        )

    def test_when_a_list_was_checked_is_not_in_it(self) -> None:
        row = {"framework": "eu_us_dpf", "status": "active"}
        checked = {**row, "checked_at": "2026-11-01"}
        assert self.digest(importer={"listings": [row]}) == self.digest(importer={"listings": [checked]})

    @pytest.mark.parametrize(
        "fields",
        [
            {"purpose": "support"},
            {"mechanisms": ["scc_eu"]},
            {"mechanisms": [{"type": "scc_eu", "valid_until": "2026-11-20"}]},
            {"evidence": ["tia"]},
            {"consent": {"type": "consent_explicit", "ground_for": "transfer"}},
            {
                "consent": [
                    {"type": "consent_explicit", "ground_for": name} for name in ("transfer", "processing")
                ]
            },
            {"importer": {"listings": []}},
            {"importer": {"owners": [{"country": "CN", "share": 1}]}},
            {"importer": {"listings": [{"framework": "eu_us_dpf", "status": "active"}]}},
            {"destination": "IT"},
        ],
        ids=str,
    )
    def test_what_an_answer_may_rest_on_is_in_it(self, fields: dict[str, Any]) -> None:
        assert self.digest(**fields) != self.digest()

    def test_the_order_of_consents_is_nothing(self) -> None:
        consents = [{"type": "consent_explicit", "ground_for": name} for name in ("transfer", "processing")]
        assert self.digest(consent=consents) == self.digest(consent=consents[::-1])
        assert self.digest(consent=consents) != self.digest(consent=consents[:1])

    def test_a_document_counts_by_its_validity_on_each_day(self) -> None:
        facts = make_facts(evidence=[{"type": "tia", "valid_until": "2026-11-21"}])
        before, after = date(2026, 11, 20), date(2026, 11, 22)
        assert facts.digest({}, before) == facts.digest({}, DAY) != facts.digest({}, after)
        assert facts.digest({}, [DAY, after]) not in (facts.digest({}, DAY), facts.digest({}, after))

    def test_completeness_and_thresholds_are_in_it(self) -> None:
        assert self.digest(make_facts(complete=False)) != self.digest(make_facts(complete=True))
        assert make_facts().digest({"x >= 3": "true"}, DAY) != make_facts().digest({"x >= 3": "false"}, DAY)
