# SPDX-License-Identifier: Apache-2.0
"""Catalog documents: strict, with file, line and column; one file or a folder of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.authoring.catalog import load_catalog
from airflow_xborder.core.catalog import Catalog
from airflow_xborder.errors import PolicyError, PolicyNotFoundError

GOOD = """version: 1
regions:
  eu: {cloud: "aws:eu-central-1", aliases: [EU], connections: {postgres: pg_eu, s3: aws_eu}, ledger: "s3://ledger-eu/"}
stores:
  "s3://acme-eu": {region: eu, connection: aws_eu, control_country: US}
datasets:
  - match: "s3://acme-eu/users/*"
    categories: {email: personal_data.contact.email, region: non_personal}
    subjects: {countries: [DE, FR], groups: [customer], complete: true}
    purposes: [service_delivery, ml_inference]
    retention_days: 365
parties: {acme-gmbh: {country: DE, role: controller}, acme-inc: {country: US, same_group: true, listings: []}}
registers: {mechanisms: [], evidence: [], approvals: []}
reviewers: [{jurisdiction: EU, role: dpo, users: [dana]}]
aliases: {purposes: {model_inference: ml_inference}}
domestic_ok: []
control_prices: {scc_eu: 3, tia: 5}
"""


def write(folder: Path, text: str, name: str = "catalog.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_example_of_the_design_loads(tmp_path: Path) -> None:
    catalog = Catalog(load_catalog(write(tmp_path, GOOD)))
    assert catalog.regions["eu"].country == "DE"
    assert catalog.control_prices == {"scc_eu": 3, "tia": 5}


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        pytest.param("aliases: [EU]", "alias: [EU]", ":3:", "did you mean `aliases`", id="misspelt-key"),
        pytest.param("region: eu,", "region: ue,", ":5:", "unknown region `ue`", id="unknown-region"),
        pytest.param(
            "personal_data.contact.email", "personal_data.contact.emial", ":7:", "emial", id="category"
        ),
        pytest.param(
            "[service_delivery, ml_inference]", "[ml_infernce]", ":10:", "ml_infernce", id="purpose"
        ),
        pytest.param("version: 1", "version: 2", ":1:", "version", id="version"),
        pytest.param("retention_days: 365", "retention_days: long", ":11:", "retention_days", id="kind"),
        pytest.param("countries: [DE, FR]", "countries: [DE, UK]", ":9:", "use GB", id="country"),
    ],
)
def test_a_mistake_is_shown_with_its_place(
    tmp_path: Path, old: str, new: str, where: str, words: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(PolicyError) as caught:
        load_catalog(path)
    assert f"{path}{where}" in str(caught.value)
    assert words in str(caught.value)


def test_a_folder_is_merged(tmp_path: Path) -> None:
    regions, rest = GOOD.split("stores:", 1)
    write(tmp_path, regions, "a.yaml")
    write(tmp_path, "version: 1\nregions: {us: {country: US}}\nstores:" + rest, "b.yaml")
    assert set(Catalog(load_catalog(tmp_path)).regions) == {"eu", "us"}


def test_two_files_that_disagree_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "version: 1\nregions: {eu: {country: DE}}\n", "a.yaml")
    write(tmp_path, "version: 1\nregions: {eu: {country: FR}}\n", "b.yaml")
    with pytest.raises(PolicyError, match="already in another file"):
        load_catalog(tmp_path)


def test_an_empty_folder_is_no_catalog(tmp_path: Path) -> None:
    with pytest.raises(PolicyNotFoundError):
        load_catalog(tmp_path)
