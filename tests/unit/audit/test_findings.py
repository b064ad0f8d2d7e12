# SPDX-License-Identifier: Apache-2.0
import json

from airflow_xborder.audit.findings import Finding, FindingKind, Verification
from tests.evidence import NOON


def make_verification(**overrides):
    fields = {
        "region": "eu",
        "location": "s3://acme",
        "checkpoints": 1,
        "size": 2,
        "sealed_at": NOON,
        "unverified": 0,
        "unverified_since": None,
        "findings": (),
    }
    return Verification(**{**fields, **overrides})


FOUND = Finding(kind=FindingKind.EDIT, name="events/a", detail="changed")


def test_a_sealed_ledger_without_findings_is_intact():
    assert make_verification().is_intact


def test_findings_or_no_seal_at_all_are_not_intact():
    assert not make_verification(findings=(FOUND,)).is_intact
    assert not make_verification(checkpoints=0).is_intact


def test_only_a_ledger_with_nothing_in_it_is_empty():
    nothing = {"checkpoints": 0, "size": 0, "sealed_at": None}
    assert make_verification(**nothing).is_empty
    assert not make_verification(**nothing, unverified=1).is_empty
    assert not make_verification(**nothing, findings=(FOUND,)).is_empty


def test_it_can_be_written_as_json():
    record = json.loads(json.dumps(make_verification(findings=(FOUND,)).to_json()))
    assert record["findings"] == [{"kind": "edit", "name": "events/a", "detail": "changed"}]
    assert record["intact"] is False
