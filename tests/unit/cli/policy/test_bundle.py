# SPDX-License-Identifier: Apache-2.0
"""``xborder policy bundle``: writes what OPA has checked, and says so when nobody did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.cli.main import main


@pytest.fixture
def opa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in OPA's place that says what it was asked to read."""
    path = tmp_path / "opa"
    path.write_text(
        '#!/bin/sh\nfor last; do true; done\ncd "$last" && find . -name "*.rego" | sort\n[ ! -e fail ]\n'
    )
    path.chmod(0o755)
    monkeypatch.setenv("XBORDER_OPA", str(path))
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "allow.rego").write_text("package acme.rules\n")
    (folder / "allow_test.rego").write_text("package acme.rules_test\n")
    return folder


def test_a_checked_bundle_is_written(
    opa: Path, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "bundle"
    assert main(["policy", "bundle", "--packs", "eu.gdpr", "--rego", str(own), "--to", str(to)]) == 0
    assert "opa check: passed" in capsys.readouterr().out
    assert json.loads((to / ".manifest").read_text())["roots"] == ["xborder", "acme"]
    assert (to / "rules" / "allow.rego").exists()
    assert not list(to.rglob("*_test.rego"))
    assert (to / "xborder" / "answer.rego").exists()


def test_what_fails_is_not_written(opa: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opa.write_text("#!/bin/sh\necho 'rego_type_error' >&2; exit 1\n")
    to = tmp_path / "b.tar.gz"
    assert main(["policy", "bundle", "--to", str(to)]) == 1
    assert "opa check: failed rego_type_error" in capsys.readouterr().err
    assert not to.exists()


def test_without_opa_it_says_that_nobody_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("XBORDER_OPA", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    to = tmp_path / "b.tar.gz"
    assert main(["policy", "bundle", "--to", str(to)]) == 3
    assert "not checked" in capsys.readouterr().err
    assert to.read_bytes()[:2] == b"\x1f\x8b"


def test_a_folder_that_holds_something_is_left_alone(
    opa: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "bundle"
    to.mkdir()
    (to / "old.rego").write_text("package old\n")
    assert main(["policy", "bundle", "--to", str(to)]) == 2
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("make", ["none", "empty", "binary"])
def test_a_folder_without_readable_rego_is_refused(
    opa: Path, tmp_path: Path, make: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "rego"
    if make != "none":
        folder.mkdir()
    if make == "binary":
        (folder / "a.rego").write_bytes(b"\xff\xfe")
    assert main(["policy", "bundle", "--rego", str(folder), "--to", str(tmp_path / "b.tar.gz")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
