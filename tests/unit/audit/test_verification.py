# SPDX-License-Identifier: Apache-2.0
"""Each thing that can be done to a ledger, and what it is called."""

import hashlib
from datetime import timedelta

import pytest

from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.audit import layout
from airflow_xborder.audit.merkle import leaf_hash, tree_root
from airflow_xborder.audit.segment import Leaf, Segment
from airflow_xborder.audit.verification import verify_ledger
from airflow_xborder.errors import LedgerIntegrityError
from airflow_xborder.services.sealing import seal
from tests.evidence import (
    NOON,
    add_checkpoint,
    append_events,
    findings,
    is_signed_by,
    kinds,
    make_event,
    make_ledger,
    make_signer,
)


def segments(store):
    return [name for name in store.objects if name.startswith(layout.SEGMENTS)]


def events(store):
    return [name for name in sorted(store.objects) if name.startswith(layout.EVENTS)]


def replace_lines(store, name, change):
    """Apply ``change`` to the leaf lines of a stored segment."""
    *header, _ = lines = store.objects[name].decode().split("\n")
    header, leaves = lines[:3], lines[3:-1]
    store.objects[name] = ("\n".join([*header, *change(leaves)]) + "\n").encode()


class TestIntactLedgers:
    def test_it_says_what_is_sealed_and_since_when_the_tail_is_not(self):
        store = make_ledger(batches=(3, 2))
        append_events(store, 2, first=5)
        state = verify_ledger(store, is_signed_by(make_signer()))
        assert state.is_intact
        assert (state.region, state.location) == ("eu", "memory://ledger")
        assert (state.checkpoints, state.size, state.sealed_at) == (2, 5, NOON + timedelta(hours=2))
        assert (state.unverified, state.unverified_since) == (2, NOON + timedelta(seconds=5))
        assert state.to_json() == {
            "region": "eu",
            "location": "memory://ledger",
            "checkpoints": 2,
            "size": 5,
            "sealed_at": "2026-11-21T14:00:00.000000Z",
            "unverified": 2,
            "unverified_since": "2026-11-21T12:00:05.000000Z",
            "intact": True,
            "findings": [],
        }

    def test_no_ledger_is_empty_and_not_intact(self):
        state = verify_ledger(MemoryObjectStore(), is_signed_by(make_signer()))
        assert state.is_empty
        assert not state.is_intact
        assert state.to_json()["sealed_at"] is None

    def test_events_that_nobody_sealed_are_not_intact(self):
        store = MemoryObjectStore()
        append_events(store, 2)
        state = verify_ledger(store, is_signed_by(make_signer()))
        assert not state.is_empty
        assert not state.is_intact
        assert (state.unverified, state.size, state.findings) == (2, 0, ())

    def test_a_segment_that_an_interrupted_seal_left_is_no_finding(self):
        store = make_ledger()
        data = Segment(number=9, start=0, leaves=()).to_bytes()
        store.objects[layout.segment_name(9, hashlib.sha256(data).hexdigest())] = data
        assert findings(store) == ()

    def test_a_key_that_an_interrupted_first_seal_left_is_no_finding(self):
        store = MemoryObjectStore()
        key = make_signer()
        store.objects[layout.key_name(key.verifier.key_id)] = f"{key.public_key}\n".encode()
        assert findings(store) == ()

    def test_other_folders_of_the_bucket_are_nobodys_business(self):
        store = make_ledger()
        store.objects["approvals/1.json"] = b"{}"
        assert findings(store) == ()


class TestEvents:
    def test_an_edited_event_is_an_edit_and_nothing_else(self):
        store = make_ledger()
        name = events(store)[0]
        store.objects[name] = store.objects[name].replace(b'"number":0', b'"number":7')
        assert [finding.to_json() for finding in findings(store)] == [
            {"kind": "edit", "name": name, "detail": "its bytes are not those that were sealed"}
        ]

    def test_a_deleted_event_is_a_deletion_and_a_hole_in_its_try(self):
        store = make_ledger()
        del store.objects[events(store)[1]]
        assert kinds(store) == {"delete", "gap"}
        assert "event 2 is missing" in findings(store)[-1].detail

    def test_a_renamed_event_is_a_deletion_and_an_insertion(self):
        store = make_ledger()
        name = events(store)[-1]
        store.objects[name.replace("move", "moved")] = store.objects.pop(name)
        assert kinds(store) == {"delete", "insert"}

    @pytest.mark.parametrize("name", ["events/planted", "events/é", "events/a//b"])
    def test_a_file_among_the_events_that_is_none_is_an_insertion(self, name):
        store = make_ledger()
        store.objects[name] = b"{}"
        assert kinds(store) == {"insert"}

    def test_an_event_of_another_region_is_foreign_sealed_or_not(self):
        store = MemoryObjectStore()
        append_events(store, 2, region="us")
        seal(store, make_signer(), "us", NOON)
        ObjectLedger(store, "eu").append(make_event(task=None))
        assert kinds(store) == {"foreign_region"}

    def test_a_sealed_file_that_is_no_event_is_an_insertion(self):
        store = MemoryObjectStore()
        store.objects["events/planted"] = b"{}"
        leaf = Leaf(name="events/planted", hash=leaf_hash(b"{}"), size=2)
        segment = Segment(number=1, start=0, leaves=(leaf,)).to_bytes()
        digest = hashlib.sha256(segment).hexdigest()
        store.objects[layout.segment_name(1, digest)] = segment
        add_checkpoint(store, size=1, root=tree_root([leaf.hash]), segment=digest)
        assert [(finding.kind.value, finding.name) for finding in findings(store)] == [
            ("insert", "events/planted")
        ]

    def test_an_event_sealed_twice_is_an_insertion(self):
        store = make_ledger(batches=(1,))
        name = events(store)[0]
        leaf = Leaf(name=name, hash=leaf_hash(store.objects[name]), size=1)
        segment = Segment(number=2, start=1, leaves=(leaf,)).to_bytes()
        digest = hashlib.sha256(segment).hexdigest()
        store.objects[layout.segment_name(2, digest)] = segment
        previous = hashlib.sha256(store.objects[layout.checkpoint_name(1)]).hexdigest()
        add_checkpoint(
            store,
            number=2,
            size=2,
            root=tree_root([leaf.hash] * 2),
            segment=digest,
            previous=previous,
            sealed_at=NOON + timedelta(hours=5),
        )
        assert [finding.detail for finding in findings(store)] == ["it is sealed twice"]


class TestSegments:
    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            pytest.param(lambda lines: lines[::-1], "reorder", id="turned round"),
            pytest.param(lambda lines: lines[:-1], "delete", id="one left out"),
            pytest.param(lambda lines: [*lines, lines[0].replace("move", "other")], "insert", id="one added"),
            pytest.param(
                lambda lines: [lines[0].replace(" events", "0 events"), *lines[1:]], "edit", id="one changed"
            ),
            pytest.param(lambda lines: ["not a leaf"], "edit", id="no list any more"),
        ],
    )
    def test_a_changed_list_of_entries_is_named_by_what_was_done(self, change, kind):
        store = make_ledger(batches=(3,))
        replace_lines(store, segments(store)[0], change)
        found = [
            finding.kind.value for finding in findings(store) if finding.name.startswith(layout.SEGMENTS)
        ]
        assert found == [kind]

    def test_a_missing_list_is_a_deletion_and_its_events_are_unverified(self):
        store = make_ledger(batches=(3, 1))
        del store.objects[sorted(segments(store))[0]]
        state = verify_ledger(store, is_signed_by(make_signer()))
        assert [finding.kind.value for finding in state.findings] == ["delete"]
        assert state.unverified == 3


class TestCheckpoints:
    def test_a_missing_one_is_a_gap(self):
        store = make_ledger(batches=(1, 1, 1, 1))
        del store.objects[layout.checkpoint_name(2)]
        del store.objects[layout.checkpoint_name(3)]
        assert "2 checkpoints before it are missing" in findings(store)[0].detail

    def test_one_that_is_no_note_is_an_edit(self):
        store = make_ledger()
        store.objects[layout.checkpoint_name(4)] = b"no note"
        assert kinds(store) == {"edit"}

    def test_one_under_another_number_is_a_reordering(self):
        store = make_ledger(batches=(1, 0, 0))
        two, three = layout.checkpoint_name(2), layout.checkpoint_name(3)
        store.objects[two], store.objects[three] = store.objects[three], store.objects[two]
        assert {"reorder", "broken_chain"} <= kinds(store)

    def test_one_with_another_signature_is_a_bad_signature(self):
        store = make_ledger(batches=(0,))
        add_checkpoint(store, signer=make_signer(2))
        assert "bad_signature" in kinds(store)

    @pytest.mark.parametrize("number", [1, 4])
    def test_a_further_signature_is_an_edit(self, number):
        store = make_ledger()
        store.objects[layout.checkpoint_name(number)] += "— witness YWJjZGVm\n".encode()
        assert "edit" in kinds(store)

    def test_one_of_another_region_is_foreign(self):
        store = MemoryObjectStore()
        digest = add_checkpoint(store)
        add_checkpoint(store, number=2, region="us", previous=digest)
        assert kinds(store) == {"foreign_region"}

    def test_one_of_another_place_is_a_move(self):
        store = MemoryObjectStore()
        digest = add_checkpoint(store)
        add_checkpoint(store, number=2, location="s3://elsewhere", previous=digest)
        assert kinds(store) == {"moved"}

    def test_a_ledger_that_lies_elsewhere_than_it_was_sealed_is_a_move(self):
        store = make_ledger(batches=(1,), location="s3://acme-eu")
        assert kinds(store, location="s3://acme-eu") == set()
        assert kinds(store, location="s3://acme-us") == {"moved"}

    def test_one_that_goes_back_in_time_or_size_is_a_broken_chain(self):
        store = MemoryObjectStore()
        digest = add_checkpoint(store)
        add_checkpoint(store, number=2, previous=digest, sealed_at=NOON - timedelta(hours=1))
        assert kinds(store) == {"broken_chain"}

    def test_one_with_a_root_of_other_entries_is_a_broken_chain(self):
        store = MemoryObjectStore()
        digest = add_checkpoint(store, root=bytes(32))
        add_checkpoint(store, number=2, previous=digest)
        assert [finding.kind.value for finding in findings(store)] == ["broken_chain"]

    def test_one_that_begins_a_log_but_names_a_forerunner_is_a_broken_chain(self):
        store = MemoryObjectStore()
        add_checkpoint(store, previous="ab" * 32)
        assert kinds(store) == {"broken_chain"}

    @pytest.mark.parametrize(
        "name",
        [
            "log/checkpoints/latest",
            "log/segments/x",
            "log/keys/00000000.pub",
            "log/x",
            "log/checkpoints/00000000000٣",
        ],
    )
    def test_a_file_among_those_of_the_log_that_no_seal_wrote_is_an_insertion(self, name):
        store = make_ledger()
        store.objects[name] = b"x"
        assert kinds(store) == {"insert"}

    @pytest.mark.parametrize(
        "data",
        [b"", b"\xff", make_signer(2).public_key.encode(), f" {make_signer().public_key}\n".encode()],
        ids=["empty", "bytes", "other", "blank"],
    )
    def test_a_changed_key_file_is_found(self, data):
        store = make_ledger()
        store.objects[layout.key_name(make_signer().verifier.key_id)] = data
        assert kinds(store) == {"insert"}


class Vanishing(MemoryObjectStore):
    """A store in which listed objects of one kind cannot be read."""

    def __init__(self, objects, prefix, error=None):
        super().__init__()
        self.objects = objects
        self.prefix, self.error = prefix, error

    def get(self, name):
        if not name.startswith(self.prefix):
            return super().get(name)
        if self.error:
            raise self.error
        return None


class TestReaders:
    def test_what_vanishes_while_it_is_read_is_a_deletion(self):
        store = make_ledger(batches=(1,))
        append_events(store, 1, first=1)
        for prefix in (layout.CHECKPOINTS, layout.EVENTS):
            assert "delete" in kinds(Vanishing(store.objects, prefix))

    def test_what_is_no_plain_object_is_an_edit(self):
        store = make_ledger(batches=(1,))
        error = LedgerIntegrityError("it is a link")
        assert "edit" in kinds(Vanishing(store.objects, layout.EVENTS, error))
