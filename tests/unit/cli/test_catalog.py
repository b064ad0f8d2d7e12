# SPDX-License-Identifier: Apache-2.0
"""``xborder catalog``: what the catalog's document says, and what it knows of an object."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.cli.main import main

CATALOG = """version: 1
regions:
  eu: {cloud: "aws:eu-central-1"}
stores:
  "s3://acme-eu": {region: eu}
datasets:
  - {match: "s3://acme-eu/users/*", categories: {email: personal_data.contact.email}}
"""


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    path = tmp_path / "catalog.yaml"
    path.write_text(CATALOG)
    return str(path)


def test_a_good_catalog_is_counted(catalog: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "lint", catalog]) == 0
    assert capsys.readouterr().out == "1 regions, 1 stores, 1 data sets\n"


def test_a_bad_one_is_exit_2_with_its_place(catalog: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(catalog).write_text(CATALOG.replace("{region: eu}", "{region: ue}"))
    assert main(["catalog", "lint", catalog]) == 2
    assert f"{catalog}:5:" in capsys.readouterr().err


def test_an_object_is_placed_and_its_columns_named(catalog: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "show", catalog, "s3://acme-eu/users/1.csv"]) == 0
    out = capsys.readouterr().out
    assert "in region eu (DE, DE-HE)" in out
    assert "email: personal_data.contact.email" in out


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        pytest.param("s3://elsewhere/x", "no store of the catalog", id="no-store"),
        pytest.param("s3://acme-eu/logs/x", "not categorised", id="no-data-set"),
    ],
)
def test_what_it_does_not_know_it_says(
    catalog: str, uri: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", "show", catalog, uri]) == 1
    assert words in capsys.readouterr().out
