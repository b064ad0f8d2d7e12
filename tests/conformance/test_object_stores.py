# SPDX-License-Identifier: Apache-2.0
"""What ``ports.object_store`` promises, on every adapter."""

import json
import subprocess
import sys
import time

import pytest

from airflow_xborder.audit import layout
from airflow_xborder.errors import LedgerConflictError, LedgerIntegrityError

WRITERS = 6
NAMES = 25


def start_writer(place, start, count):
    command = [sys.executable, "-m", "tests.conformance.racing", str(start), place.location]
    return subprocess.Popen(
        [*command, json.dumps(place.options), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestCreate:
    def test_what_was_created_is_there_for_everybody(self, place):
        place.open().create("events/a/b.json", b"\x00bytes\xff")
        assert place.open().get("events/a/b.json") == b"\x00bytes\xff"
        assert list(place.open().list()) == ["events/a/b.json"]

    def test_the_same_bytes_again_are_no_conflict(self, place):
        for _ in range(2):
            place.open().create("events/a", b"one")
        assert place.open().get("events/a") == b"one"

    def test_other_bytes_never_replace_what_is_there(self, place):
        place.open().create("events/a", b"one")
        with pytest.raises(LedgerConflictError, match="`events/a` is taken"):
            place.open().create("events/a", b"two")
        assert place.open().get("events/a") == b"one"

    def test_nothing_at_all_can_be_stored_too(self, place):
        place.open().create("events/a", b"")
        assert place.open().get("events/a") == b""
        with pytest.raises(LedgerConflictError):
            place.open().create("events/a", b"one")

    def test_large_objects_come_back_whole(self, place):
        data = bytes(range(256)) * 30_000
        place.open().create("events/large", data)
        assert place.open().get("events/large") == data

    def test_an_object_that_no_reader_could_hold_is_neither_written_nor_read(self, place, monkeypatch):
        place.open().create("events/large", b"12345678")
        monkeypatch.setattr(layout, "MAX_BYTES", 7)
        with pytest.raises(LedgerIntegrityError, match="has 8 bytes"):
            place.open().get("events/large")
        with pytest.raises(LedgerIntegrityError, match="has 8 bytes"):
            place.open().create("events/other", b"12345678")
        assert list(place.open().list()) == ["events/large"]

    @pytest.mark.parametrize("name", ["", "../a", "/a", "a//b", "a b", ".tmp/a", "é"])
    def test_a_name_that_no_ledger_uses_is_refused(self, place, name):
        with pytest.raises(ValueError, match="no name of a ledger object"):
            place.open().create(name, b"")
        with pytest.raises(ValueError, match="no name of a ledger object"):
            place.open().get(name)

    def test_names_with_escapes_are_taken_as_they_are(self, place):
        names = sorted(["events/a=2Fb/c.=none.json", "events/a=2fb/c", "events/=other/x.y-1_z.json"])
        for name in names:
            place.open().create(name, name.encode())
        assert list(place.open().list()) == names
        assert [place.open().get(name) for name in names] == [name.encode() for name in names]


class TestReading:
    def test_what_is_not_there_is_none(self, place):
        assert place.open().get("events/a") is None
        assert list(place.open().list()) == []
        assert list(place.open().list("events/")) == []

    def test_a_folder_is_no_object(self, place):
        place.open().create("events/a/b", b"one")
        assert place.open().get("events/a") is None

    def test_names_come_in_the_order_of_their_code_points(self, place):
        names = ["log/a-b", "log/a.b", "log/a/b", "log/a/c/d", "log/a0", "log/aa", "events/Z", "events/a"]
        for name in names:
            place.open().create(name, b"")
        assert list(place.open().list()) == sorted(names)
        assert list(place.open().list("log/")) == sorted(name for name in names if name.startswith("log/"))
        assert list(place.open().list("log/a/")) == ["log/a/b", "log/a/c/d"]
        assert list(place.open().list("elsewhere/")) == []

    def test_more_than_one_page_of_names_is_listed(self, place):
        store = place.open()
        names = [f"events/{number:05d}" for number in range(1100)]
        for name in names:
            store.create(name, b"x")
        assert list(place.open().list("events/")) == names


class TestManyWriters:
    def test_exactly_one_gets_each_name(self, shared_place):
        start = time.time() + 3
        writers = [start_writer(shared_place, start, NAMES) for _ in range(WRITERS)]
        results = []
        for writer in writers:
            out, err = writer.communicate(timeout=120)
            assert writer.returncode == 0, err
            results.append(json.loads(out))
        winner = {number: result["pid"] for result in results for number in result["won"]}
        assert sum(len(result["won"]) for result in results) == NAMES == len(winner)
        store = shared_place.open()
        for number, pid in winner.items():
            assert store.get(f"events/race/{number}") == f"written by {pid}".encode()

    def test_a_writer_that_is_killed_leaves_whole_objects_or_none(self, shared_place):
        for round_ in range(4):
            writer = start_writer(shared_place, time.time(), 0)
            time.sleep(1.5 + round_ * 0.013)
            assert writer.poll() is None, writer.stderr.read()
            writer.kill()
            writer.communicate(timeout=30)
        store = shared_place.open()
        names = list(store.list())
        assert len(names) > 4
        assert all(store.get(name) == b"x" * 300_000 + b"end" for name in names)
        store.create("events/after", b"still works")
        assert store.get("events/after") == b"still works"
