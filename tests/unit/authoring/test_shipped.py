# SPDX-License-Identifier: Apache-2.0
"""Where the shipped packs are, and what they give names to."""

from __future__ import annotations

from pathlib import Path

from airflow_xborder.authoring.shipped import (
    other_regime,
    pack_files,
    regime_of,
    shipped_folder,
    shipped_ids,
    shipped_names,
    shipped_packs,
)


def test_each_pack_is_the_file_of_its_name() -> None:
    assert tuple(sorted(shipped_packs())) == shipped_ids()
    assert shipped_packs()["eu.gdpr"] == shipped_folder() / "eu.gdpr.yaml"


def test_cases_and_notes_are_no_packs(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.json", "b.cases.yaml", "README.md", "c.yml"):
        (tmp_path / name).touch()
    assert [path.name for path in pack_files(tmp_path)] == ["a.json", "b.yaml", "c.yml"]


def test_names_are_those_of_the_documents() -> None:
    names = shipped_names()["jp.appi"]
    assert "jp.appi.a28" in names.rules
    assert names.definitions == {
        "abroad", "equivalent_country", "exception_27", "informed_consent", "provision", "third_party", "under_appi"
    }  # fmt: skip
    assert "jp.not_handled" in names.attributes


def test_a_name_of_another_regime() -> None:
    assert other_regime("firm_safeguards", "acme", "definitions") == "eu.gdpr"
    assert other_regime("firm_safeguards", "eu.gdpr", "definitions") is None
    assert other_regime("special_category", "eu.gdpr", "definitions") == "eu.ai_act", "the first of several"
    assert other_regime("jp.not_handled", "acme", "attributes") == "jp.appi"


def test_a_name_belongs_to_the_pack_whose_id_it_is_or_begins_with() -> None:
    packs = {"us", "us.ca.ccpa", "us.c"}
    assert regime_of("us.ca.ccpa.sale.minors", packs) == "us.ca.ccpa"
    assert regime_of("us.ca.cmia", packs) == "us"
    assert regime_of("us.ca.ccpa", packs) == "us.ca.ccpa"
    assert [regime_of(name, packs) for name in ("", "usa.x", "data_minimization")] == [None] * 3
