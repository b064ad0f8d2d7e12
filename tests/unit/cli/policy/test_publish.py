# SPDX-License-Identifier: Apache-2.0
"""``xborder policy``: packs are checked, tried on their cases, and published."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.adapters.object_stores.opening import open_store
from airflow_xborder.authoring.loading import shipped_folder
from airflow_xborder.cli.main import main
from airflow_xborder.services.release import fetch_release, latest_pointer

CATALOG = "version: 1\nregions:\n  eu: {country: DE}\n"


def test_shipped_packs_are_well_formed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "lint", "--packs", "eu.gdpr,us.dsp"]) == 0
    out = capsys.readouterr().out
    assert "eu.gdpr: " in out
    assert "us.dsp: " in out


def test_the_cases_of_a_pack_hold_and_none_is_lacking(capsys: pytest.CaptureFixture[str]) -> None:
    cases = str(shipped_folder() / "us.dsp.cases.yaml")
    assert main(["policy", "test", cases, "--require-coverage", "requirements"]) == 0
    assert " 0 failed, 0 requirements lack a case" in capsys.readouterr().out


def test_a_case_that_does_not_hold_is_named_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "x.cases.yaml"
    cases.write_text(
        "as_of: 2026-11-21\npacks: [base]\ncases:\n"
        "  - case: from Germany to France with no pack for either\n"
        "    flow: {source: DE, destination: FR, data_categories: [personal_data.contact.email]}\n"
        "    expect: {outcome: allow}\n"
    )
    assert main(["policy", "test", str(cases)]) == 1
    out, err = capsys.readouterr()
    assert f"{cases}:4: from Germany to France" in err
    assert out.startswith("0 passed, 1 failed")


def test_a_malformed_pack_is_exit_2_with_file_line_column_and_suggestion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = tmp_path / "x.yaml"
    pack.write_text(
        "pack: x\njurisdiction: EU\ntitel: y\nversion: '1'\nlast_checked: 2026-01-01\nnotice: n\n"
    )
    assert main(["policy", "lint", "--packs", str(pack)]) == 2
    err = capsys.readouterr().err
    assert f"{pack}:3:1: unknown key `titel`" in err
    assert "did you mean `title`?" in err


def test_what_is_published_is_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalog, key, place = tmp_path / "catalog.yaml", tmp_path / "release.key", tmp_path / "release"
    catalog.write_text(CATALOG)
    assert main(["ledger", "keygen", "--out", str(key)]) == 0
    publish = ["policy", "publish", "--catalog", str(catalog), "--to", str(place), "--signing-key", str(key)]
    assert main(publish) == 0
    assert "release 1 in force" in capsys.readouterr().out
    store = open_store(str(place))
    pointer = latest_pointer(store)
    assert pointer is not None
    assert fetch_release(store, pointer.digest).catalog.regions["eu"].country == "DE"
    catalog.write_text(CATALOG.replace("DE", "XX"))
    assert main(publish) == 2, "a bad source cannot be published"
    assert latest_pointer(store) == pointer


def test_a_folder_without_cases_is_no_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "test", str(tmp_path)]) == 2
    assert f"no cases in `{tmp_path}`" in capsys.readouterr().err
