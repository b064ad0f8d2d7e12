# SPDX-License-Identifier: Apache-2.0
"""``xborder law pages``: written anew, the old ones removed, nobody else's touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.cli.main import main
from airflow_xborder.core.law_pages import MADE
from tests.factories import make_pack, make_row


@pytest.fixture
def pack(tmp_path: Path) -> str:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(make_pack("t", make_row())))
    return str(path)


def test_a_page_for_each_pack_and_an_index(
    pack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "law"
    assert main(["law", "pages", "--to", str(folder), "--packs", pack]) == 0
    assert {"README.md", "base.md", "t.md"} <= {path.name for path in folder.iterdir()}
    assert "pages written to" in capsys.readouterr().out
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["law", "pages", "--to", str(folder), "--packs", pack]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_page_of_a_pack_that_is_gone_is_removed_and_nobodys_own(
    pack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone.md").write_text(f"# gone\n\n{MADE}\n")
    (tmp_path / "mine.md").write_text("# mine\n")
    assert main(["law", "pages", "--to", str(tmp_path), "--packs", pack]) == 0
    assert not (tmp_path / "gone.md").exists()
    assert (tmp_path / "mine.md").read_text() == "# mine\n"
    assert ", 1 removed" in capsys.readouterr().out


def test_a_pack_that_is_not_there_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "pages", "--to", str(tmp_path / "law"), "--packs", "eu.gpdr"]) == 2
    assert not (tmp_path / "law").exists()
