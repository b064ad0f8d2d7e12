# SPDX-License-Identifier: Apache-2.0
"""``xborder law stale``: as text and as JSON, and the exit code that a scheduled job looks at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.cli.main import main
from tests.factories import make_pack, make_row

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def packs(tmp_path: Path) -> str:
    designated = {
        "designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}
    }
    rows = [
        make_row("t.ground", constraints=[designated]),
        make_row("t.next", effective_date="2026-12-01", dependencies=["t.ground"], confidence="recalled"),
    ]
    about = {"by": "EU", "kind": "adequacy", "of": "GB", "citation": "a decision"}
    designations = [
        {"id": "t.gb.1", "valid_from": "2021-01-01", "valid_until": "2026-12-10", **about},
        {"id": "t.gb.2", "valid_from": "2026-12-11", **about},
    ]
    pack = make_pack("t", *rows, designations=designations, last_checked="2026-11-01", title="Test law")
    path = tmp_path / "t.json"
    path.write_text(json.dumps(pack))
    return str(path)


def run(packs: str, *arguments: str) -> int:
    return main(["law", "stale", "--packs", packs, *arguments])


def test_what_is_due_with_what_rests_on_it(packs: str, capsys: Captured) -> None:
    assert run(packs, "--on", "2026-11-24", "--within", "30") == 1
    out = capsys.readouterr().out
    assert (
        "valid for the last time by 2026-12-24: 1\n"
        "  2026-12-10 t.gb.1: EU: adequacy of GB\n"
        "    on it rest: t.ground, t.next\n"
        "    valid after it: t.gb.2\n"
        "beginning by 2026-12-24: 2\n"
    ) in out
    assert "  recalled t.next: " in out
    assert out.endswith("3 due, 4 to be checked\n")


def test_a_pack_that_nobody_checked_for_long(packs: str, capsys: Captured) -> None:
    assert run(packs, "--on", "2027-11-24", "--within", "200") == 1
    out = capsys.readouterr().out
    assert out.startswith("not checked since 2027-05-08: 2\n")
    assert "  2026-11-01 t: Test law\n    its requirements: t.ground, t.next\n" in out


def test_what_is_only_not_confirmed_does_not_press(packs: str, capsys: Captured) -> None:
    assert run(packs, "--on", "2026-11-03", "--within", "5") == 0
    assert capsys.readouterr().out.endswith("0 due, 4 to be checked\n")


def test_as_json(packs: str, capsys: Captured) -> None:
    assert run(packs, "--on", "2026-11-24", "--within", "30", "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["on"], report["within"]) == ("2026-11-24", 30)
    assert report["due"][0] == {
        "kind": "ends", "day": "2026-12-10", "pack": "t", "id": "t.gb.1", "what": "EU: adequacy of GB",
        "confidence": "confirmed", "rests": ["t.ground", "t.next"], "instead": ["t.gb.2"],
    }  # fmt: skip


def test_today_is_the_day_unless_said(packs: str, capsys: Captured) -> None:
    assert run(packs, "--format", "json", "--within", "3650") in (0, 1)
    assert json.loads(capsys.readouterr().out)["on"] >= "2026-11-24"


@pytest.mark.parametrize("days", ["-1", "36501", "99999999999"])
def test_a_window_that_cannot_be(packs: str, days: str, capsys: Captured) -> None:
    assert run(packs, "--within", days) == 2
    assert "--within" in capsys.readouterr().err


@pytest.mark.parametrize("day", ["9990-01-01", "0005-01-01"])
def test_a_window_past_the_ends_of_time(packs: str, day: str, capsys: Captured) -> None:
    assert run(packs, "--on", day, "--within", "36500") == 2
    assert "--within" in capsys.readouterr().err
