# SPDX-License-Identifier: Apache-2.0
"""What packs say of places, put together."""

from __future__ import annotations

from airflow_xborder.core.compilation import Policies
from tests.factories import make_pack


def test_places_and_rows_of_all_packs() -> None:
    row = {"places": ["US-TX"], "status": "rule_known", "reviewed_at": "2026-01-01", "note": "n"}
    known = Policies(
        [make_pack("a", covers=["DE", "CA-QC"]), make_pack("b", covers=["US"], coverage=[row])]
    ).coverage
    assert known.covered == {"DE", "CA-QC", "US"}
    assert [entry.note for entry in known.about["US-TX"]] == ["n"]
    assert known.divided == {"CA", "US"}
