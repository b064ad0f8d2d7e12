# SPDX-License-Identifier: Apache-2.0
"""Files that are believed, and whose folder they must be in for that."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from airflow_xborder.adapters.policy_stores.cache import Cache


def test_what_was_written_is_read(tmp_path: Path) -> None:
    Cache(tmp_path / "deep").write("a/b.json", b"one")
    assert Cache(tmp_path / "deep").read("a/b.json") == b"one"
    assert Cache(tmp_path / "deep").written_at("a/b.json") is not None
    assert (tmp_path / "deep" / "a").stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in (tmp_path / "deep" / "a").iterdir()] == ["b.json"]


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert Cache(tmp_path).read("a/b.json") is None
    assert Cache(tmp_path).written_at("a.json") is None


def test_no_folder_is_no_cache() -> None:
    cache = Cache(None)
    cache.write("a", b"one")
    assert cache.read("a") is None
    assert cache.written_at("a") is None


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722, 0o1777])
def test_a_folder_that_others_can_write_to_is_not_used(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a").write_bytes(b"planted")
    tmp_path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        assert Cache(tmp_path).read("a") is None
        Cache(tmp_path).write("b", b"one")
    assert not (tmp_path / "b").exists()
    assert "is not used" in caplog.text


def test_a_folder_of_another_account_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"planted")
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert Cache(tmp_path).read("a") is None


def test_a_folder_behind_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "real" / "a").write_bytes(b"planted")
    (tmp_path / "link").symlink_to("real")
    assert Cache(tmp_path / "link").read("a") is None


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    monkeypatch.setattr(Path, "replace", _full)
    cache.write("a", b"one")
    assert cache.read("a") is None
    assert list((tmp_path / "cache").iterdir()) == []


def _full(*arguments: object) -> None:
    raise OSError(28, "No space left on device")
