# SPDX-License-Identifier: Apache-2.0
"""Facts as plain JSON: unknown is absent, and what decides nothing stays out."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from airflow_xborder.core.facts_document import to_document
from tests.factories import make_facts

MOMENT = datetime(2026, 11, 21, 23, 30, tzinfo=timezone.utc)


def test_the_day_is_that_of_each_zone() -> None:
    document = to_document(make_facts(), MOMENT, ["Asia/Tokyo", "UTC", "America/New_York"])
    assert document["as_of"] == "2026-11-21T23:30:00Z"
    assert document["days"] == {
        "America/New_York": "2026-11-21",
        "Asia/Tokyo": "2026-11-22",
        "UTC": "2026-11-21",
    }


def test_unknown_is_absent_and_none_is_empty() -> None:
    document = to_document(make_facts(), MOMENT)
    assert "owners" not in document
    assert "subjects.countries" not in document["values"]
    known = to_document(
        make_facts(importer={"owners": [], "listings": []}, subjects={"countries": []}), MOMENT
    )
    assert known["owners"] == known["listings"] == known["values"]["subjects.countries"] == []


def test_documents_carry_their_validity_and_no_reference() -> None:
    scc = {"type": "scc_eu", "module": 2, "reference": "SCC-1", "valid_until": "2027-01-01"}
    tia = {"type": "tia", "reference": "TIA-1", "issued_at": "2026-01-01"}
    document = to_document(make_facts(mechanisms=[scc], evidence=[tia]), MOMENT)
    assert document["mechanisms"] == [
        {"type": "scc_eu", "ground_for": "transfer", "module": 2, "until": "2027-01-01"}
    ]
    assert document["evidence"] == [{"type": "tia", "from": "2026-01-01"}]
    assert "SCC-1" not in json.dumps(document)


def test_equal_facts_give_equal_documents() -> None:
    first = make_facts(subjects={"countries": ["DE", "FR"]}, flow_id="one")
    second = make_facts(subjects={"countries": ["FR", "DE"]}, flow_id="two")
    assert json.dumps(to_document(first, MOMENT)) == json.dumps(to_document(second, MOMENT))


def test_consents_and_counts_go_with_what_decides() -> None:
    consent = {"type": "consent_explicit", "ground_for": "transfer", "coverage": "0.93", "reference": "C-1"}
    count = {"category": "personal_data", "n": 5, "scope": "window"}
    document = to_document(make_facts(consent=consent, counts=[count], purpose="analytics"), MOMENT)
    assert document["consents"] == [
        {"type": "consent_explicit", "ground_for": "transfer", "coverage": "0.93"}
    ]
    assert document["counts"] == [{"category": "personal_data", "unit": "persons", "n": 5, "scope": "window"}]
    assert document["purpose"] == "analytics"
