# SPDX-License-Identifier: Apache-2.0
import hashlib
import os
from datetime import timedelta

import pytest

from airflow_xborder.adapters.object_stores.directory import DirectoryObjectStore
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.audit import layout
from airflow_xborder.audit.checkpoint import parse_checkpoint
from airflow_xborder.audit.note import parse_note
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerIntegrityError,
    LedgerUnavailableError,
)
from airflow_xborder.services import sealing
from airflow_xborder.services.sealing import seal
from tests.evidence import NOON, add_checkpoint, append_events, findings, make_event, make_ledger, make_signer

LATER = NOON + timedelta(hours=1)


class Interrupted(MemoryObjectStore):
    """A store that dies before or after one of its writes, once."""

    def __init__(self, objects, prefix, *, lands):
        super().__init__()
        self.objects = dict(objects)
        self.prefix, self.lands, self.is_armed = prefix, lands, True

    def create(self, name, data):
        if self.is_armed and name.startswith(self.prefix):
            self.is_armed = False
            if self.lands:
                super().create(name, data)
            raise LedgerUnavailableError("the connection is gone")
        super().create(name, data)


class Contended(MemoryObjectStore):
    """A store in which another sealer always gets the next number first, ``times`` times."""

    def __init__(self, objects, times, late=0):
        super().__init__()
        self.objects = dict(objects)
        self.times, self.late = times, late

    def create(self, name, data):
        if name.startswith(layout.CHECKPOINTS) and self.times:
            self.times -= 1
            rival = MemoryObjectStore()
            rival.objects = self.objects
            seal(rival, make_signer(), "eu", NOON + timedelta(minutes=5 - self.times))
            append_events(rival, self.late, first=50 - self.times)
        super().create(name, data)


def unsealed(count=3):
    store = MemoryObjectStore()
    append_events(store, count)
    return store


class TestSeal:
    def test_the_first_checkpoint_covers_all_events_in_the_order_of_their_names(self):
        store = unsealed()
        report = seal(store, make_signer(), "eu", NOON)
        assert (report.is_new, report.added, report.foreign) == (True, 3, ())
        assert report.name == layout.checkpoint_name(1)
        stored = parse_checkpoint(parse_note(store.get(report.name)).text)
        assert stored == report.checkpoint
        assert (stored.region, stored.location, stored.size, stored.previous) == (
            "eu",
            "memory://ledger",
            3,
            None,
        )
        lines = store.get(layout.segment_name(1, stored.segment)).decode().splitlines()[3:]
        assert [line.split()[2] for line in lines] == sorted(store.list(layout.EVENTS))

    def test_each_checkpoint_names_the_digest_of_the_one_before_it(self):
        store = make_ledger(batches=(1, 1))
        first = hashlib.sha256(store.get(layout.checkpoint_name(1))).hexdigest()
        assert parse_checkpoint(parse_note(store.get(layout.checkpoint_name(2))).text).previous == first

    def test_silence_is_sealed_too_and_adds_no_segment(self):
        store = make_ledger(batches=(2, 0))
        checkpoint = parse_checkpoint(parse_note(store.get(layout.checkpoint_name(2))).text)
        assert (checkpoint.size, checkpoint.segment) == (2, None)
        assert len(list(store.list(layout.SEGMENTS))) == 1

    def test_an_empty_ledger_can_be_sealed(self):
        store = MemoryObjectStore()
        assert seal(store, make_signer(), "eu", NOON).checkpoint.size == 0
        assert findings(store) == ()

    def test_a_late_event_comes_into_the_next_segment(self):
        store = unsealed()
        seal(store, make_signer(), "eu", NOON)
        append_events(store, 1, first=3)
        assert seal(store, make_signer(), "eu", LATER).added == 1
        assert findings(store) == ()

    def test_events_are_never_rewritten(self):
        store = unsealed()
        before = {name: store.get(name) for name in store.list(layout.EVENTS)}
        seal(store, make_signer(), "eu", NOON)
        assert {name: store.get(name) for name in store.list(layout.EVENTS)} == before

    def test_the_public_key_lies_in_the_ledger(self):
        store, signer = unsealed(), make_signer()
        seal(store, signer, "eu", NOON)
        assert store.get(layout.key_name(signer.verifier.key_id)).decode() == f"{signer.public_key}\n"

    def test_the_time_of_sealing_never_goes_back(self):
        store = unsealed()
        seal(store, make_signer(), "eu", LATER)
        append_events(store, 1, first=3)
        assert seal(store, make_signer(), "eu", NOON).checkpoint.sealed_at == LATER
        assert findings(store) == ()


class TestRunningAgain:
    def test_the_same_run_again_changes_nothing(self):
        store = unsealed()
        first = seal(store, make_signer(), "eu", NOON)
        before = dict(store.objects)
        again = seal(store, make_signer(), "eu", NOON)
        assert store.objects == before
        assert (again.is_new, again.added, again.checkpoint) == (False, 0, first.checkpoint)

    @pytest.mark.parametrize("lands", [False, True], ids=["before the write", "after the write"])
    @pytest.mark.parametrize("prefix", [layout.KEYS, layout.SEGMENTS, layout.CHECKPOINTS])
    def test_a_run_that_died_anywhere_is_made_good_by_the_next(self, prefix, lands):
        store = Interrupted(make_ledger(batches=(2,)).objects, prefix, lands=lands)
        store.objects.pop(layout.key_name(make_signer().verifier.key_id))
        append_events(store, 2, first=2)
        with pytest.raises(LedgerUnavailableError):
            seal(store, make_signer(), "eu", NOON + timedelta(hours=2))
        append_events(store, 1, first=4)
        seal(store, make_signer(), "eu", NOON + timedelta(hours=3))
        assert findings(store) == ()
        last = list(store.list(layout.CHECKPOINTS))[-1]
        assert parse_checkpoint(parse_note(store.get(last)).text).size == 5


class TestTwoAtOnce:
    def test_the_slower_one_finds_its_work_done(self):
        store = Contended(unsealed().objects, times=1)
        report = seal(store, make_signer(), "eu", LATER)
        assert (report.is_new, report.added, report.checkpoint.number) == (False, 0, 1)
        assert findings(store) == ()

    def test_the_slower_one_seals_what_came_since(self):
        store = Contended(unsealed().objects, times=2, late=1)
        report = seal(store, make_signer(), "eu", LATER)
        assert (report.is_new, report.added, report.checkpoint.number) == (True, 1, 3)
        assert [finding for finding in findings(store) if finding.kind.value != "gap"] == []

    def test_one_that_always_loses_gives_up_and_nothing_is_lost(self):
        store = Contended(unsealed().objects, times=10, late=1)
        with pytest.raises(LedgerUnavailableError, match="faster 10 times"):
            seal(store, make_signer(), "eu", LATER)
        assert [finding for finding in findings(store) if finding.kind.value != "gap"] == []


class TestForeignObjects:
    def test_what_is_no_event_of_this_ledger_is_left_out_and_reported(self):
        store = unsealed()
        store.objects["events/planted"] = b"{}"
        store.objects["events/a//b"] = b"{}"
        event = make_event(region="us", task=None)
        store.objects[event.object_name] = event.to_bytes()
        store.objects["events/copy.json"] = make_event().to_bytes()
        report = seal(store, make_signer(), "eu", NOON)
        assert report.foreign == (event.object_name, "events/a//b", "events/copy.json", "events/planted")
        assert report.added == 3

    def test_what_cannot_even_be_read_stops_no_seal(self, tmp_path):
        store = DirectoryObjectStore(tmp_path)
        append_events(store, 2)
        (tmp_path / "events" / "link").symlink_to("/nowhere")
        os.mkfifo(tmp_path / "events" / "pipe")
        report = seal(store, make_signer(), "eu", NOON)
        assert (report.added, report.foreign) == (2, ("events/link", "events/pipe"))

    def test_of_very_many_events_the_next_run_seals_the_rest(self, monkeypatch):
        monkeypatch.setattr(sealing, "_MOST", 3)
        store = unsealed(5)
        assert [seal(store, make_signer(), "eu", NOON).added for _ in range(3)] == [3, 2, 0]
        assert findings(store) == ()


class TestRefusals:
    @pytest.mark.parametrize(
        "name",
        [
            pytest.param(layout.checkpoint_name(1), id="first checkpoint"),
            pytest.param(layout.checkpoint_name(2), id="last checkpoint"),
            pytest.param(layout.SEGMENTS, id="segment"),
        ],
    )
    def test_nothing_is_built_on_a_log_that_does_not_hold(self, name):
        store = make_ledger(batches=(2, 1))
        place = next(store.list(name)) if name.endswith("/") else name
        store.objects[place] = store.objects[place].replace(b"3", b"4").replace(b"2", b"5")
        before = dict(store.objects)
        with pytest.raises(LedgerIntegrityError):
            seal(store, make_signer(), "eu", LATER)
        assert store.objects == before

    @pytest.mark.parametrize("prefix", [layout.checkpoint_name(1), layout.SEGMENTS])
    def test_nothing_is_built_on_a_log_with_a_hole(self, prefix):
        store = make_ledger(batches=(2, 1))
        del store.objects[next(name for name in sorted(store.objects) if name.startswith(prefix))]
        with pytest.raises(LedgerIntegrityError, match="does not hold"):
            seal(store, make_signer(), "eu", LATER)

    def test_a_checkpoint_with_a_further_signature_is_refused(self):
        store = make_ledger()
        store.objects[layout.checkpoint_name(4)] += "— witness YWJjZGVm\n".encode()
        with pytest.raises(LedgerIntegrityError, match="has 2 signatures"):
            seal(store, make_signer(), "eu", LATER)

    def test_checkpoints_in_another_order_are_refused(self):
        store = make_ledger(batches=(0, 0, 0))
        two, three = layout.checkpoint_name(2), layout.checkpoint_name(3)
        store.objects[two], store.objects[three] = store.objects[three], store.objects[two]
        with pytest.raises(LedgerIntegrityError, match="does not continue"):
            seal(store, make_signer(), "eu", LATER)

    def test_a_log_with_another_root_is_refused(self):
        store = MemoryObjectStore()
        add_checkpoint(store, root=bytes(32))
        with pytest.raises(LedgerIntegrityError, match="the root of checkpoint 1"):
            seal(store, make_signer(), "eu", LATER)

    def test_a_log_with_another_text_under_its_signature_is_refused(self):
        store = make_ledger(batches=(1,))
        name = layout.checkpoint_name(1)
        store.objects[name] = store.objects[name].replace(b"T13:00", b"T13:01")
        with pytest.raises(LedgerIntegrityError, match="does not match"):
            seal(store, make_signer(), "eu", LATER)

    @pytest.mark.parametrize(
        ("signer", "region", "message"),
        [
            pytest.param(make_signer(2), "eu", "was signed by the key", id="another key"),
            pytest.param(make_signer(), "us", "is of region `eu`", id="another region"),
        ],
    )
    def test_another_key_or_region_is_a_mistake_that_leaves_no_trace(self, signer, region, message):
        store = make_ledger()
        before = dict(store.objects)
        with pytest.raises(ConfigurationError, match=message):
            seal(store, signer, region, LATER)
        assert store.objects == before

    def test_a_key_file_that_is_not_the_key_is_refused(self):
        store, signer = unsealed(), make_signer()
        store.objects[layout.key_name(signer.verifier.key_id)] = b"other"
        with pytest.raises(LedgerIntegrityError, match="is not the key"):
            seal(store, signer, "eu", NOON)


class TestPlaces:
    def test_a_bucket_keeps_its_name(self):
        store = make_ledger(location="s3://acme-eu")
        store.location = "s3://acme-us"
        with pytest.raises(ConfigurationError, match="was sealed at `s3://acme-eu`"):
            seal(store, make_signer(), "eu", LATER + timedelta(hours=9))

    def test_a_folder_may_be_mounted_elsewhere(self, tmp_path):
        store = DirectoryObjectStore(tmp_path / "here")
        seal(store, make_signer(), "eu", NOON)
        (tmp_path / "here").rename(tmp_path / "there")
        moved = DirectoryObjectStore(tmp_path / "there")
        report = seal(moved, make_signer(), "eu", LATER)
        assert report.checkpoint.location == str(tmp_path / "here")
        assert findings(moved) == ()
