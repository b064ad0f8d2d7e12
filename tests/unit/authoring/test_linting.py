# SPDX-License-Identifier: Apache-2.0
"""What nobody checked and what is out of date is told, each on the day it is so and not before."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.linting import Warning, lint
from airflow_xborder.authoring.loading import read_packs, validate_pack
from airflow_xborder.cli.policy.cases import decide
from tests.factories import EMAIL, make_pack, make_row

TODAY = date(2026, 11, 21)
ROW = {"id": "t.d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2020-01-01", "citation": "c"}
SOUND = {"citation": "Art. 1", "source": "https://example.com"}


def warnings(
    folder: Path, pack: dict[str, Any], cases: list[Any] | None = None, today: date = TODAY
) -> list[Warning]:
    """Return the warnings about a pack in a file."""
    (folder / "t.json").write_text(json.dumps(pack))
    if cases is not None:
        (folder / "t.cases.yaml").write_text(
            json.dumps({"as_of": "2026-11-21", "packs": ["t.json"], "cases": cases})
        )
    sources = read_packs([str(folder / "t.json")])
    policies = link([validate_pack(source) for source in sources], sources)
    return lint(policies, sources[1:], today, decide)


def codes(folder: Path, pack: dict[str, Any], **more: Any) -> list[str]:
    """Return the codes of the warnings about a pack whose cases are of no interest."""
    return [warning.code for warning in warnings(folder, pack, **more) if warning.code != "no-cases"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the folder of the pack, so that cases can name it."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (SOUND, []),
        ({}, ["no-citation"]),
        ({"citation": "Art. 1"}, ["no-source"]),
        ({"citation": "Art. 1", "level": "company"}, []),
        ({"citation": "Art. 1", "confidence": "recalled", "review_required": True}, []),
        ({"citation": "Art. 1", "confidence": "recalled"}, ["unchecked"]),
        ({**SOUND, "confidence": "mixed"}, ["unchecked"]),
    ],
)
def test_what_nobody_checked(tmp_path: Path, fields: dict[str, Any], found: list[str]) -> None:
    assert codes(tmp_path, make_pack("t", make_row(**fields))) == found


class TestDates:
    def test_a_pack_that_nobody_looked_at_for_half_a_year(self, tmp_path: Path) -> None:
        assert codes(tmp_path, make_pack("t", last_checked="2026-05-25")) == []
        assert codes(tmp_path, make_pack("t", last_checked="2026-05-24")) == ["stale"]

    @pytest.mark.parametrize(("last", "found"), [("2026-11-20", ["expired"]), ("2026-11-21", ["expiring"]), ("2027-02-19", ["expiring"]), ("2027-02-20", [])])  # fmt: skip
    def test_a_row_and_a_rule_near_their_ends(self, tmp_path: Path, last: str, found: list[str]) -> None:
        assert codes(tmp_path, make_pack("t", designations=[{**ROW, "valid_until": last}])) == found
        assert codes(tmp_path, make_pack("t", make_row(**SOUND, expires=last))) == found

    def test_what_is_continued_needs_no_warning(self, tmp_path: Path) -> None:
        following = {**ROW, "id": "t.e", "valid_from": "2026-12-01"}
        assert (
            codes(tmp_path, make_pack("t", designations=[{**ROW, "valid_until": "2026-11-30"}, following]))
            == []
        )
        rules = make_row(**SOUND, expires="2026-11-30"), make_row("t.next", **SOUND, effective_date="2026-12-01", supersedes=["t.rule"])  # fmt: skip
        assert codes(tmp_path, make_pack("t", *rules)) == []

    @pytest.mark.parametrize(("entered", "found"), [("2026-11-20", ["expired"]), ("2026-11-21", [])])
    def test_what_was_over_when_it_was_written_down_is_history(
        self, tmp_path: Path, entered: str, found: list[str]
    ) -> None:
        row = {**ROW, "valid_until": "2026-11-20", "recorded_at": entered}
        assert codes(tmp_path, make_pack("t", designations=[row])) == found
        rule = make_row(**SOUND, expires="2026-11-20", last_updated=entered)
        assert codes(tmp_path, make_pack("t", rule)) == found


class TestCases:
    PACK = make_pack(
        "t", make_row(**SOUND), make_row("t.other", **SOUND, triggers=["personal_data.sensitive.health"])
    )

    def test_a_pack_without_cases(self, tmp_path: Path) -> None:
        (found,) = warnings(tmp_path, self.PACK)
        assert (found.code, found.message, found.hint) == (
            "no-cases",
            "`t` has no cases",
            "write some into t.cases.yaml",
        )

    def test_a_rule_that_applies_in_none(self, tmp_path: Path) -> None:
        case = {
            "case": "c",
            "flow": {"source": "DE", "destination": "FR", "data_categories": [EMAIL]},
            "expect": {"outcome": "deny"},
        }
        (found,) = warnings(tmp_path, self.PACK, [case])
        assert (found.code, found.message) == ("no-case", "`t.other` applies in no case")


def test_a_warning_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps(make_pack("t", make_row(citation="Art. 1")), indent=1))
    sources = read_packs([str(tmp_path / "t.json")])
    policies = link([validate_pack(source) for source in sources], sources)
    found = [entry for entry in lint(policies, sources[1:], TODAY, decide) if entry.code == "no-source"]
    line = (tmp_path / "t.json").read_text().split("\n").index('   "requirement_id": "t.rule",') + 1
    assert [(entry.file, entry.line, entry.column) for entry in found] == [
        (str(tmp_path / "t.json"), line, 4)
    ]
