# SPDX-License-Identifier: Apache-2.0
"""Nothing that is done to sealed history passes verification, whatever it is done to."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.audit import layout
from airflow_xborder.services.sealing import seal
from tests.evidence import NOON, append_events, findings, kinds, make_ledger, make_signer

LEDGER = make_ledger(batches=(3, 0, 4, 1, 2)).objects
NAMES = sorted(LEDGER)
LAST = layout.checkpoint_name(5)
SMALL = make_ledger(batches=(2, 0, 1)).objects
EVENTS = [name for name in NAMES if name.startswith(layout.EVENTS)]


@pytest.fixture
def ledger():
    return copy_of(LEDGER)


def copy_of(objects):
    store = MemoryObjectStore()
    store.objects.update(objects)
    return store


def test_the_ledger_that_these_tests_tamper_with_is_intact(ledger):
    assert findings(ledger) == ()
    assert len(EVENTS) == 10


@pytest.mark.parametrize("name", sorted(SMALL))
def test_flipping_a_bit_of_any_one_byte_is_found(name):
    store = copy_of(SMALL)
    for place in range(len(SMALL[name])):
        data = bytearray(SMALL[name])
        data[place] ^= 1 << (place % 8)
        store.objects[name] = bytes(data)
        assert findings(store), f"byte {place} of {name}"


@given(name=st.sampled_from(NAMES), data=st.data())
def test_any_other_bytes_are_found(name, data):
    store = copy_of(LEDGER)
    store.objects[name] = data.draw(st.binary(max_size=200) | st.sampled_from([*LEDGER.values()]))
    if store.objects[name] != LEDGER[name]:
        assert findings(store)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith((LAST, layout.KEYS))])
def test_deleting_any_object_is_found(ledger, name):
    del ledger.objects[name]
    assert kinds(ledger) & {"delete", "gap"}


def test_deleting_the_newest_checkpoint_alone_is_not_found_but_what_it_sealed_is_unverified_again(ledger):
    # The documented limit: rollback takes an outside checkpoint to see.
    del ledger.objects[LAST]
    assert findings(ledger) == ()


@given(
    name=st.sampled_from(NAMES), new=st.from_regex(r"(events|log)/[a-z=]{1,8}(/[a-z.]{1,8})?", fullmatch=True)
)
def test_renaming_any_object_is_found(name, new):
    store = copy_of(LEDGER)
    if layout.is_object_name(new) and new != name:
        store.objects[new] = store.objects.pop(name)
        assert findings(store)


@given(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
def test_swapping_any_two_objects_is_found(old, new):
    store = copy_of(LEDGER)
    store.objects[old], store.objects[new] = LEDGER[new], LEDGER[old]
    if LEDGER[old] != LEDGER[new]:
        assert findings(store)


@given(source=st.sampled_from(NAMES), name=st.from_regex(r"(events|log)/[a-z/.=]{1,20}", fullmatch=True))
def test_a_copy_of_any_object_under_another_name_is_found(source, name):
    store = copy_of(LEDGER)
    store.objects[name] = LEDGER[source]
    assert findings(store)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_any_history_of_seals_is_intact_and_each_checkpoint_begins_the_next(batches):
    store = make_ledger(batches=batches)
    assert findings(store) == ()
    assert len([name for name in store.objects if name.startswith(layout.CHECKPOINTS)]) == len(batches)


@given(batches=st.lists(st.integers(0, 3), min_size=1, max_size=4), late=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_the_tail_is_counted_and_never_changes_what_is_said_of_history(batches, late):
    store = make_ledger(batches=batches)
    append_events(store, late, first=sum(batches))
    assert findings(store) == ()


def test_the_same_events_give_the_same_bytes_and_the_same_log():
    assert make_ledger().objects == make_ledger().objects


def test_a_history_sealed_by_another_key_fails_with_the_right_one(ledger):
    assert kinds(ledger, make_signer(seed=2)) == {"bad_signature"}


def test_a_forged_continuation_is_found(ledger):
    forged = make_ledger(batches=(2,), signer=make_signer(seed=2))
    append_events(forged, 3, first=20)
    seal(forged, make_signer(seed=2), "eu", NOON + timedelta(hours=9))
    ledger.objects.update({k: v for k, v in forged.objects.items() if k.startswith(layout.CHECKPOINTS)})
    assert {"bad_signature", "broken_chain"} <= kinds(ledger)
