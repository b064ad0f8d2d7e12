# SPDX-License-Identifier: Apache-2.0
"""The input contract: what a flow may say."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.flow import DataFlow, End
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import FlowError

# The example of the input contract, without its comments.
CONTRACT: dict[str, Any] = {
    "flow_id": "users-to-us",
    "access_mode": "copy",
    "source": {"region": "eu", "country": "DE", "subdivision": None, "store": "s3://acme-eu/users/", "provider": {"party": "aws", "control_country": "US"}},
    "destination": {"region": "us", "country": "US", "subdivision": "US-IL", "store": "postgres://pg-us/appdb.public.users"},
    "places": {"storage": [{"country": "US"}], "processing": [{"country": "US"}], "access": [], "inference": [], "model_artifact": [],
               "backup": [], "key_custody": [{"country": "DE"}], "control_plane": [], "logs": [], "transit": []},
    "exporter": {"party": "acme-gmbh", "country": "DE", "role": "controller", "legal_roles": {"us.hipaa": "covered_entity"},
                 "sector": ["health_provider"], "on_behalf_of": None, "joint_with": []},
    "importer": {"party": "acme-inc", "country": "US", "role": "processor", "same_entity": False, "same_group": True, "subprocessors": [],
                 "listings": [{"framework": "eu_us_dpf", "covers": ["non_hr"], "status": "active", "checked_at": "2026-11-01"}],
                 "owners": [{"country": "CN", "share": 0.2}], "us_person": None, "organised_in": "US", "principal_place": "US",
                 "residence": None, "employer": None, "attributes": {}},
    "subjects": {"countries": ["DE"], "nationality": [], "collected_in": ["DE"], "groups": ["customer"], "min_age": 18, "us_persons": False},
    "counts": [{"category": "personal_data", "unit": "persons", "n": 12000, "scope": "window"}],
    "data_categories": ["personal_data.contact.email", "personal_data.sensitive.health"],
    "identifiability": [{"relative_to": "importer", "status": "pseudonymised", "test": "KEY-9"}],
    "purpose": "ml_inference",
    "collected_purposes": ["service_delivery", "ml_inference"],
    "legal_basis": [{"regime": "eu.gdpr", "type": "contract"}],
    "frequency": "repetitive",
    "mechanisms": [{"type": "scc_eu", "ground_for": "transfer", "module": 2, "reference": "SCC-2026-014", "valid_from": "2026-01-01", "valid_until": None}],
    "evidence": [{"type": "tia", "reference": "TIA-17", "issued_at": "2026-02-01", "valid_until": "2027-02-01"}],
    "safeguards": ["pseudonymisation", "key_in_origin"],
    "consent": {"type": "consent_explicit", "ground_for": "special_category", "purpose": "ml_inference", "coverage": 0.93, "reference": "consent-eu"},
    "retention_days": 30,
    "automated_decision": {"significant_effect": True, "human_review": False, "explanation": False, "features": []},
    "provenance": {"origin_regimes": [], "restrictions": [], "via": []},
    "attributes": {"us.transaction_type": "vendor_agreement", "cn.ciio": False},
    "as_of": "2026-11-21T00:00:00Z",
}  # fmt: skip


class TestContract:
    def test_its_example_is_a_flow(self) -> None:
        flow = DataFlow.parse(CONTRACT)
        assert flow.importer is not None and flow.importer.owners is not None
        assert flow.importer.owners[0].share == "0.2"
        assert flow.provenance is not None and flow.provenance.via == ()

    def test_the_shipped_packs_know_its_attributes(self) -> None:
        load_policies().require_known(DataFlow.parse(CONTRACT))

    def test_a_flow_survives_being_written_and_read(self) -> None:
        flow = DataFlow.parse(CONTRACT)
        assert DataFlow.parse(plain(flow)) == flow

    def test_consents_are_one_or_a_list_of_them(self) -> None:
        several = [CONTRACT["consent"], {"type": "consent_explicit", "ground_for": "automated_decision"}]
        flow = DataFlow.parse({**CONTRACT, "consent": several})
        assert [consent.ground_for for consent in flow.consents] == ["special_category", "automated_decision"]
        assert DataFlow.parse(plain(flow)) == flow
        assert DataFlow.parse({**CONTRACT, "consent": []}).consents == ()
        assert DataFlow.parse({"source": "DE", "destination": "FR"}).consents == ()

    def test_one_consent_is_the_same_however_it_is_written(self) -> None:
        flow = DataFlow.parse({**CONTRACT, "consent": [CONTRACT["consent"]]})
        assert flow == DataFlow.parse(CONTRACT)
        assert plain(flow)["consent"] == {**CONTRACT["consent"], "coverage": "0.93"}

    def test_five_lines_are_enough(self) -> None:
        flow = DataFlow.parse(
            {"source": "DE", "destination": "US-IL", "mechanisms": ["scc_eu"], "evidence": ["tia"]}
        )
        assert flow.destination == End(country="US", subdivision="US-IL")
        assert flow.mechanisms is not None and flow.mechanisms[0].ground_for == "transfer"
        assert flow.purpose is None

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"source": {}}, "source: no region, country or store"),
            ({"source": None}, "source: missing"),
            ({"destination": {"country": "US", "subdivision": "DE-BE"}}, "destination: subdivision `DE-BE` is not in country `US`"),
            ({"purpose": "model_inference"}, "purpose: unknown purpose `model_inference`"),
            ({"consent": [{"type": "consent_explicit"}]}, "consent[0].ground_for: missing"),
            ({"consent": "consent_explicit"}, "consent: expected a mapping, got `consent_explicit`"),
            ({"data_categories": ["user.emial"]}, "data_categories[0]: unknown data category `user.emial`"),
            ({"counts": [{"category": "personal_data", "n": 1, "scope": "week"}]}, "counts[0]: unknown count scope `week`"),
            ({"counts": [{"category": "personal_data", "n": 1, "unit": "heads"}]}, "counts[0]: unknown count unit `heads`"),
            ({"mechanisms": [{"type": "scc"}]}, "mechanisms[0].type: unknown mechanism `scc`"),
            ({"mechanisms": [{"type": "scc_eu", "ground_for": "fun"}]}, "mechanisms[0].ground_for: unknown ground `fun`"),
            ({"frequency": "often"}, "frequency: unknown frequency `often`"),
            ({"access_mode": "read"}, "access_mode: unknown access mode `read`"),
            ({"safeguards": ["magic"]}, "safeguards[0]: unknown safeguard `magic`"),
            ({"subjects": {"countries": ["Germany"]}}, "subjects.countries[0]: unknown country `Germany`"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_with_its_path(self, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(FlowError) as caught:
            DataFlow.parse({"source": "DE", "destination": "FR", **changes})
        assert caught.value.message == message


@pytest.mark.parametrize("flow_id", ["two\nlines", "x" * 201, "bell\x07"])
def test_a_flows_name_is_one_line(flow_id: str) -> None:
    with pytest.raises(FlowError, match="one line"):
        DataFlow.parse({"source": "DE", "destination": "FR", "flow_id": flow_id})


@pytest.mark.parametrize("field", ["origin_regimes", "restrictions", "via"])
def test_provenance_has_identifiers_and_no_free_text(field: str) -> None:
    with pytest.raises(FlowError, match="no identifier"):
        DataFlow.parse({"source": "DE", "destination": "FR", "provenance": {field: ["Jane Doe, born 1970"]}})
    DataFlow.parse({"source": "DE", "destination": "FR", "provenance": {field: ["eu.gdpr"]}})
