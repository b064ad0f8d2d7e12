# SPDX-License-Identifier: Apache-2.0
"""``xborder policy lint``: what it prints for people, for programs and for reviews of code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.authoring.loading import shipped_ids
from airflow_xborder.cli.main import main
from tests.factories import make_pack, make_row
from tests.shipped_cases import run_them_once


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a pack that loads, and that a person should look at."""
    path = tmp_path / "a,b.json"
    path.write_text(json.dumps(make_pack("t", make_row(citation="Art. 1"), covers=[])))
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """Return a pack that does not load."""
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(make_pack("t", make_row(conflicts=["t.rul%\n"]))))
    return path


@pytest.mark.limit(300)
def test_the_shipped_packs_get_no_warning_of_today(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_them_once(monkeypatch)
    assert main(["policy", "lint", "--strict", "--as-of", "2026-11-24"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "eu.gdpr: 21 requirements, 29 designations" in lines
    assert [line.split(":")[0] for line in lines[:-1]] == list(shipped_ids())
    assert lines[-1] == "0 warnings"


def test_warnings_stand_at_their_places(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["policy", "lint", "--packs", str(pack.parent), "--as-of", "2026-11-24"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{pack}:1:") and ": no-cases: `t` has no cases (hint: " in lines[0]
    assert ": no-source: `t.rule` counts as confirmed" in lines[1]
    assert lines[-1] == "2 warnings"
    assert main([*arguments, "--strict"]) == 1


def test_programs_read_them_as_json(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["policy", "lint", "--packs", str(pack.parent), "--format", "json", "--as-of", "2026-11-24"])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["packs"] == ["base", "t"]
    assert [row["code"] for row in found["warnings"]] == ["no-cases", "no-source"]
    assert set(found["warnings"][0]) == {"code", "file", "line", "column", "message", "hint"}


def test_a_review_shows_them_beside_the_lines(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["policy", "lint", "--packs", str(pack.parent), "--format", "github", "--as-of", "2026-11-24"])
        == 0
    )
    first = capsys.readouterr().out.splitlines()[0]
    place = str(pack).replace(",", "%2C")
    assert (
        first.startswith(f"::warning file={place},line=1,col=")
        and ",title=no-cases::`t` has no cases; " in first
    )


def test_an_error_is_told_in_the_same_form(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["policy", "lint", "--packs", str(wrong)]
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"error: {wrong}:1:")
    assert main([*arguments, "--format", "json"]) == 2
    detail = json.loads(capsys.readouterr().out)["error"]
    assert (detail["code"], detail["file"], detail["line"]) == ("policy_validation", str(wrong), 1)
    assert main([*arguments, "--format", "github"]) == 2
    line = capsys.readouterr().out
    assert (
        line.startswith(f"::error file={wrong},line=1,col=") and "t.rul%25" in line and line.count("\n") == 1
    )


def test_a_day_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "lint", "--as-of", "soon"]) == 2
    assert "--as-of: expected a time" in capsys.readouterr().err
