# SPDX-License-Identifier: Apache-2.0
"""``xborder policy schema``: schemas printed, or written into a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.authoring.schemas import SCHEMAS, make_schema
from airflow_xborder.cli.main import main
from airflow_xborder.cli.policy.schema import schema_text


def test_one_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema", "flow"]) == 0
    assert json.loads(capsys.readouterr().out) == make_schema("flow")


def test_all_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema", "--to", str(tmp_path / "new")]) == 0
    assert sorted(path.stem for path in (tmp_path / "new").iterdir()) == sorted(SCHEMAS)
    assert (tmp_path / "new" / "pack.json").read_text() == schema_text(make_schema("pack"))
    assert str(tmp_path / "new" / "pack.json") in capsys.readouterr().out


def test_one_is_written(tmp_path: Path) -> None:
    assert main(["policy", "schema", "cases", "--to", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["cases.json"]


def test_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema"]) == 2
    assert "hint: one of pack, cases, catalog, flow" in capsys.readouterr().err
