# SPDX-License-Identifier: Apache-2.0
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from airflow_xborder.adapters.object_stores.directory import DirectoryObjectStore
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerIntegrityError,
    LedgerUnavailableError,
)


@pytest.fixture
def store(tmp_path):
    return DirectoryObjectStore(tmp_path / "deep" / "ledger")


def failing(error):
    def fail(*arguments, **options):
        raise OSError(error, os.strerror(error))

    return fail


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for a few pages."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root on Linux only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class TestFiles:
    def test_nothing_is_made_before_the_first_write(self, store, tmp_path):
        assert store.get("events/a") is None
        assert list(store.list()) == []
        assert list(tmp_path.iterdir()) == []

    def test_an_object_is_a_read_only_file_of_its_name(self, store, tmp_path):
        store.create("events/a/b.json", b"one")
        path = tmp_path / "deep" / "ledger" / "events" / "a" / "b.json"
        assert path.read_bytes() == b"one"
        assert path.stat().st_mode & 0o777 == 0o440
        assert store.location == str(tmp_path / "deep" / "ledger")

    def test_no_temporary_file_stays_behind(self, store, tmp_path):
        store.create("events/a", b"one")
        store.create("events/a", b"one")
        with pytest.raises(LedgerConflictError):
            store.create("events/a", b"two")
        assert list((tmp_path / "deep" / "ledger" / ".tmp").iterdir()) == []

    def test_files_of_killed_writers_are_not_listed(self, store, tmp_path):
        store.create("events/a", b"one")
        (tmp_path / "deep" / "ledger" / ".tmp" / "killed").write_bytes(b"half")
        assert list(store.list()) == ["events/a"]

    def test_files_that_no_ledger_writes_are_listed_for_the_auditor(self, store, tmp_path):
        store.create("events/a", b"one")
        (tmp_path / "deep" / "ledger" / "events" / "a b").write_bytes(b"")
        assert list(store.list()) == ["events/a", "events/a b"]

    def test_a_home_folder_is_found(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        assert DirectoryObjectStore("~/ledger").location == str(tmp_path / "ledger")


class TestDurability:
    def test_bytes_and_every_folder_entry_are_synced_before_create_returns(
        self, store, tmp_path, monkeypatch
    ):
        synced, real = [], os.fsync

        def record(descriptor):
            synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
            real(descriptor)

        if not Path("/proc/self/fd").is_dir():
            pytest.skip("which file a descriptor means can be asked on Linux only")
        monkeypatch.setattr(os, "fsync", record)
        store.create("events/a/b", b"one")
        root = tmp_path / "deep" / "ledger"
        assert any(path.startswith(str(root / ".tmp")) for path in synced)
        # Each folder that was made, in its parent; and the object's own entry last.
        assert {str(tmp_path), str(root.parent), str(root), str(root / "events")} <= set(synced)
        assert synced[-1] == str(root / "events" / "a")

    @pytest.mark.parametrize("is_new_process", [False, True])
    def test_the_second_object_syncs_itself_and_its_folder_alone(self, store, monkeypatch, is_new_process):
        store.create("events/a/b", b"one")
        calls, real = [], os.fsync
        monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append(descriptor), real(descriptor)))
        if is_new_process:
            store = DirectoryObjectStore(store.location)
        store.create("events/a/c", b"two")
        assert len(calls) == 2

    def test_folders_that_a_rival_has_made_but_not_synced_are_synced(self, store, tmp_path, monkeypatch):
        (tmp_path / "deep" / "ledger" / "events" / "a").mkdir(parents=True)
        calls, real = [], os.fsync
        monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append(descriptor), real(descriptor)))
        store.create("events/a/b", b"one")
        assert len(calls) == 5

    def test_a_folder_that_was_taken_away_is_made_again(self, store, tmp_path):
        store.create("events/a/b", b"one")
        shutil.rmtree(tmp_path / "deep" / "ledger" / "events")
        with pytest.raises(LedgerUnavailableError):
            store.create("events/a/b", b"one")
        store.create("events/a/b", b"one")
        assert store.get("events/a/b") == b"one"

    def test_a_folder_that_cannot_be_synced_by_its_nature_is_no_failure(self, store, monkeypatch):
        real = os.fsync

        def refuse_folders(descriptor):
            if Path(f"/proc/self/fd/{descriptor}").is_dir():
                raise OSError(errno.EINVAL, "no sync here")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", refuse_folders)
        store.create("events/a", b"one")
        assert store.get("events/a") == b"one"


class TestFailures:
    @pytest.mark.parametrize("call", ["fsync", "link", "open"])
    @pytest.mark.parametrize(
        "error", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS], ids=errno.errorcode.get
    )
    def test_a_write_that_fails_leaves_the_ledger_out_of_reach(self, store, monkeypatch, call, error):
        monkeypatch.setattr(os, call, failing(error))
        with pytest.raises(LedgerUnavailableError, match="could not be written"):
            store.create("events/a", b"one")
        monkeypatch.undo()
        store.create("events/a", b"one")
        assert store.get("events/a") == b"one"

    @pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV], ids=errno.errorcode.get)
    def test_a_file_system_without_hard_links_is_a_mistake_of_the_deployment(self, store, monkeypatch, error):
        monkeypatch.setattr(os, "link", failing(error))
        with pytest.raises(ConfigurationError, match="has no hard links"):
            store.create("events/a", b"one")
        assert list(store.list()) == []

    def test_reads_that_fail_are_not_taken_for_absence(self, store, monkeypatch):
        store.create("events/a", b"one")
        monkeypatch.setattr(os, "open", failing(errno.EIO))
        with pytest.raises(LedgerUnavailableError, match="could not be read"):
            store.get("events/a")
        monkeypatch.undo()
        monkeypatch.setattr(os, "fstat", failing(errno.EIO))
        with pytest.raises(LedgerUnavailableError, match="could not be read"):
            store.get("events/a")
        monkeypatch.undo()
        monkeypatch.setattr(os, "scandir", failing(errno.EACCES))
        with pytest.raises(LedgerUnavailableError, match="could not be listed"):
            list(store.list())

    def test_a_location_that_is_a_file_is_no_ledger(self, tmp_path):
        (tmp_path / "file").write_text("x")
        store = DirectoryObjectStore(tmp_path / "file")
        with pytest.raises(LedgerUnavailableError):
            store.create("events/a", b"one")
        with pytest.raises(ConfigurationError, match="is a file"):
            list(store.list())

    def test_a_parent_that_may_not_be_read_is_no_failure_when_the_ledger_is_there(
        self, store, tmp_path, monkeypatch
    ):
        root, real = tmp_path / "deep" / "ledger", os.open
        root.mkdir(parents=True)

        def closed(path, *arguments, **options):
            if path == root.parent:
                raise PermissionError(errno.EACCES, "closed")
            return real(path, *arguments, **options)

        monkeypatch.setattr(os, "open", closed)
        store.create("events/a", b"one")
        assert store.get("events/a") == b"one"

    def test_a_parent_that_may_not_be_read_is_one_when_the_ledger_had_to_be_made(
        self, store, tmp_path, monkeypatch
    ):
        parent, real = tmp_path / "deep", os.open
        parent.mkdir()

        def closed(path, *arguments, **options):
            if path == parent:
                raise PermissionError(errno.EACCES, "closed")
            return real(path, *arguments, **options)

        monkeypatch.setattr(os, "open", closed)
        with pytest.raises(LedgerUnavailableError):
            store.create("events/a", b"one")

    def test_a_full_disk_writes_nothing_and_loses_nothing(self, small_disk):
        store = DirectoryObjectStore(small_disk / "ledger")
        store.create("events/first", b"one")
        with pytest.raises(LedgerUnavailableError, match="No space left"):
            store.create("events/large", b"x" * 200_000)
        assert list(store.list()) == ["events/first"]
        assert list((small_disk / "ledger" / ".tmp").iterdir()) == []
        store.create("events/small", b"two")
        assert store.get("events/first") == b"one"


class TestForeignFiles:
    def test_a_link_is_not_followed(self, store, tmp_path):
        store.create("events/a", b"one")
        (tmp_path / "elsewhere").write_bytes(b"two")
        (tmp_path / "deep" / "ledger" / "events" / "b").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(LedgerIntegrityError, match="is a link"):
            store.get("events/b")

    def test_a_pipe_does_not_hold_up_the_reader(self, store, tmp_path):
        store.create("events/a", b"one")
        os.mkfifo(tmp_path / "deep" / "ledger" / "events" / "b")
        with pytest.raises(LedgerIntegrityError, match="is not a file"):
            store.get("events/b")

    def test_a_folder_through_a_link_is_not_walked(self, store, tmp_path):
        store.create("events/a", b"one")
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "b").write_bytes(b"two")
        (tmp_path / "deep" / "ledger" / "events" / "c").symlink_to(tmp_path / "elsewhere")
        assert list(store.list()) == ["events/a", "events/c"]

    @pytest.mark.parametrize("plant", [Path.touch, lambda path: path.symlink_to("/nowhere")])
    def test_what_stands_in_a_folders_place_is_listed_for_the_auditor(self, store, tmp_path, plant):
        store.create("log/keys/a", b"one")
        plant(tmp_path / "deep" / "ledger" / "events")
        assert list(store.list("events/")) == ["events"]
        assert list(store.list("events/deeper/")) == []
        assert list(store.list()) == ["events", "log/keys/a"]

    def test_a_file_too_large_for_memory_is_not_read(self, store, tmp_path):
        store.create("events/a", b"one")
        with (tmp_path / "deep" / "ledger" / "events" / "b").open("wb") as file:
            file.truncate(2**40)
        with pytest.raises(LedgerIntegrityError, match="has 1099511627776 bytes"):
            store.get("events/b")


def test_a_ledger_in_a_folder_needs_the_standard_library_only():
    program = """
import sys
import tempfile
from pathlib import Path
from datetime import datetime, timezone
before = set(sys.modules)
from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.audit.event import Event
ledger = ObjectLedger(open_store(sys.argv[1]), "eu")
ledger.append(Event(kind="a", phase="b", region="eu", event_id="c", occurred_at=datetime.now(timezone.utc)))
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(roots - set(sys.stdlib_module_names) - {"airflow_xborder"}))
"""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", program, folder]
        result = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    assert result.stdout.strip() == "[]"
