# SPDX-License-Identifier: Apache-2.0
"""Policies straight from their sources: built once, and anew when a source changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.adapters.policy_stores import standing
from airflow_xborder.adapters.policy_stores.sources import SourcePolicyStore
from airflow_xborder.errors import ConfigurationError, EvaluationError, FlowError, PolicyError
from tests.unit.adapters.policy_stores.test_reload import Clocks

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


class TestReload:
    @pytest.fixture
    def clocks(self, monkeypatch: pytest.MonkeyPatch) -> Clocks:
        clocks = Clocks()
        monkeypatch.setattr(standing, "time", clocks)
        return clocks

    def start(self, folder: Path) -> SourcePolicyStore:
        (folder / "catalog.yaml").write_text(CATALOG)
        store = SourcePolicyStore(folder / "catalog.yaml", folder / "cache", ["base"], max_staleness=600)
        assert store.current().catalog.regions["eu"].country == "DE"
        return store

    def test_an_edit_is_seen_within_half_a_minute(self, tmp_path: Path, clocks: Clocks) -> None:
        store = self.start(tmp_path)
        (tmp_path / "catalog.yaml").write_text(CATALOG.replace("DE", "FR"))
        clocks.go_on(29)
        assert store.current().catalog.regions["eu"].country == "DE"
        clocks.go_on(1)
        assert store.current().catalog.regions["eu"].country == "FR"

    @pytest.mark.parametrize(
        "text", ["version: [", "version: 1\nregions: {eu: {country: Nowhere}}\n", "version: 1\nnovel: 1\n", "\xff", None],
        ids=["syntax", "unknown place", "unknown key", "not utf-8", "missing"],
    )  # fmt: skip
    def test_a_broken_edit_leaves_the_last_good_set_for_a_while(
        self, tmp_path: Path, clocks: Clocks, text: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        store, catalog = self.start(tmp_path), tmp_path / "catalog.yaml"
        catalog.unlink() if text is None else catalog.write_bytes(text.encode("latin-1"))
        for _ in range(10):
            clocks.go_on(60)
            assert store.current().catalog.regions["eu"].country == "DE"
        assert store.problem
        assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
        with pytest.raises((PolicyError, FlowError, ConfigurationError)):
            SourcePolicyStore(catalog, tmp_path / "cache", ["base"]).current()
        clocks.go_on(1)
        with pytest.raises(EvaluationError, match="no policy set is recent enough"):
            store.current()
        catalog.write_text(CATALOG.replace("DE", "FR"))
        clocks.go_on(30)
        assert store.current().catalog.regions["eu"].country == "FR"
        assert store.problem is None

    def test_sources_that_stay_as_they_are_stay_in_force(self, tmp_path: Path, clocks: Clocks) -> None:
        store = self.start(tmp_path)
        release = store.current()
        for _ in range(30):
            clocks.go_on(100)
            assert store.current() is release

    def test_what_was_edited_while_it_was_read_is_not_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "catalog.yaml").write_text(CATALOG)
        store = SourcePolicyStore(tmp_path / "catalog.yaml", tmp_path / "cache", ["base"])
        digests = iter(["before", "after"])
        monkeypatch.setattr(store, "_sources_digest", lambda: next(digests))
        store.current()
        assert not list(tmp_path.glob("cache/sources/*.json"))
