# SPDX-License-Identifier: Apache-2.0
"""``xborder policy new``: two files that other actions take at once, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.cli.main import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_next_steps_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "new", "pe.29733", "--jurisdiction", "PE"]) == 0
    assert capsys.readouterr().out == "pe.29733.yaml\npe.29733.cases.yaml\n"
    assert main(["policy", "lint", "--strict", "--packs", "pe.29733.yaml"]) == 0
    assert main(["policy", "test", "pe.29733.cases.yaml", "--require-coverage", "all"]) == 0


def test_nothing_is_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own.cases.yaml").write_text("mine")
    assert main(["policy", "new", "pe.29733", "--jurisdiction", "PE", "--to", "own.yaml"]) == 2
    assert "error: `own.cases.yaml` is there already" in capsys.readouterr().err
    assert (folder / "own.cases.yaml").read_text() == "mine"
    assert not (folder / "own.yaml").exists()


@pytest.mark.parametrize("name", ["own.json", "own.cases.yaml", "own"])
def test_a_name_that_no_pack_has(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "new", "pe.29733", "--jurisdiction", "PE", "--to", name]) == 2
    assert "hint: call it NAME.yaml" in capsys.readouterr().err


def test_a_place_that_there_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "new", "uk.gdpr", "--jurisdiction", "UK"]) == 2
    assert "unknown jurisdiction `UK`" in capsys.readouterr().err
    assert list(folder.iterdir()) == []
