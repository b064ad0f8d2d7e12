# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.errors import LedgerConflictError


def test_a_callers_buffer_is_not_the_stored_object():
    store, data = MemoryObjectStore(), bytearray(b"one")
    store.create("events/a", data)
    data[0] = 0
    assert store.get("events/a") == b"one"


def test_names_that_no_ledger_writes_are_listed_for_the_auditor():
    store = MemoryObjectStore()
    store.objects["events/a b"] = b""
    assert list(store.list("events/")) == ["events/a b"]


def test_a_conflict_names_object_and_place():
    store = MemoryObjectStore("memory://here")
    store.create("events/a", b"one")
    with pytest.raises(LedgerConflictError, match="`events/a` is taken by other bytes in `memory://here`"):
        store.create("events/a", b"two")
