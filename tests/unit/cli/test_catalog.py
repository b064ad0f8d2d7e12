# SPDX-License-Identifier: Apache-2.0
"""``xborder catalog``: what the catalog's document says, and what it knows of an object."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    ("cloud", "note"),
    [
        pytest.param("gcp:eur4", "may be any of FI, NL", id="several"),
        pytest.param("edge:cloudfront", "may be anywhere", id="anywhere"),
        pytest.param("azure:chinanorth3", "is not confirmed", id="not-confirmed"),
    ],
)
def test_what_an_officer_should_know_of_a_region_is_noted(
    catalog: str, cloud: str, note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(catalog).write_text(CATALOG.replace("aws:eu-central-1", cloud))
    assert main(["catalog", "lint", catalog]) == 0
    assert f"note: regions.eu: `{cloud}` {note}" in capsys.readouterr().out


def test_a_region_in_no_cloud_needs_no_note(catalog: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(catalog).write_text(CATALOG.replace('cloud: "aws:eu-central-1"', "country: DE"))
    assert main(["catalog", "lint", catalog]) == 0
    assert capsys.readouterr().out == "1 regions, 1 stores, 1 data sets\n"


def test_an_object_in_several_countries_is_in_none(catalog: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(catalog).write_text(CATALOG.replace("aws:eu-central-1", "gcp:eu"))
    assert main(["catalog", "show", catalog, "s3://acme-eu/users/1.csv"]) == 0
    assert "in region eu (no one country)" in capsys.readouterr().out


@pytest.mark.parametrize("cloud", ["gcp:eu", "gcp:us", "gcp:global", "edge:cloudflare", "aws:aws-global"])
@pytest.mark.parametrize("end", ["source", "destination"])
def test_what_starts_or_ends_in_several_countries_is_never_allowed(
    tmp_path: Path, cloud: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    regions = {"a": {"cloud": "aws:eu-central-1"}, "b": {"cloud": "aws:eu-west-3"}}
    regions["a" if end == "source" else "b"] = {"cloud": cloud}
    (tmp_path / "catalog.json").write_text(json.dumps({"version": 1, "regions": regions}))
    flow = {"source": {"region": "a"}, "destination": {"region": "b"}, "data_categories": ["non_personal"]}
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    files = [str(tmp_path / "flow.json"), "--catalog", str(tmp_path / "catalog.json"), "--packs", "base"]
    assert main(["decide", *files, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["outcome"] == "review"


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
