# SPDX-License-Identifier: Apache-2.0
"""Policies straight from their sources: built once, and anew when a source changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.adapters.policy_stores.sources import SourcePolicyStore
from airflow_xborder.errors import ConfigurationError

CATALOG = "version: 1\nregions:\n  eu: {country: DE}\n"


def test_a_second_process_reads_what_the_first_built(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(CATALOG)
    first = SourcePolicyStore(catalog, tmp_path / "cache", ["base"]).current()
    second = SourcePolicyStore(catalog, tmp_path / "cache", ["base"]).current()
    assert first.digest == second.digest
    assert second.catalog.regions["eu"].country == "DE"


def test_a_changed_catalog_is_built_anew(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(CATALOG)
    SourcePolicyStore(catalog, tmp_path / "cache", ["base"]).current()
    catalog.write_text(CATALOG.replace("DE", "FR"))
    changed = SourcePolicyStore(catalog, tmp_path / "cache", ["base"]).current()
    assert changed.catalog.regions["eu"].country == "FR"


def test_a_spoilt_cache_is_not_believed(tmp_path: Path) -> None:
    first = SourcePolicyStore(None, tmp_path, ["base"]).current()
    (cached,) = tmp_path.glob("sources/*.json")
    cached.write_bytes(cached.read_bytes().replace(b"purpose", b"nothing"))
    assert SourcePolicyStore(None, tmp_path, ["base"]).current().digest == first.digest


def test_other_packs_have_another_cache(tmp_path: Path) -> None:
    every = SourcePolicyStore(None, tmp_path).current()
    assert SourcePolicyStore(
        None, tmp_path, ["base"]
    ).current().digest != every.digest or every.policies.ids == ("base",)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert SourcePolicyStore(None, blocked, ["base"]).current().policies.ids == ("base",)


def test_a_missing_catalog_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.yaml"):
        SourcePolicyStore(tmp_path / "missing.yaml", tmp_path, ["base"]).current()
