# SPDX-License-Identifier: Apache-2.0
from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.audit.numbering import Numbering
from airflow_xborder.services.sealing import seal
from tests.evidence import NOON, findings, make_event, make_ledger, make_signer, make_task


class TestNumbering:
    def test_a_hole_below_a_sealed_event_is_a_gap(self):
        store = MemoryObjectStore()
        ledger = ObjectLedger(store, "eu")
        for number in (3, 4, 9):
            ledger.append(make_event(sequence=number, decision_key=str(number), body={}))
        seal(store, make_signer(), "eu", NOON)
        details = [(finding.kind.value, finding.name, finding.detail) for finding in findings(store)]
        assert [detail[2].partition(" missing")[0] for detail in details] == [
            "events 1 to 2 are",
            "events 5 to 8 are",
        ]
        assert details[0][:2] == ("gap", "users_to_us/manual__1/move[-1] try 1")

    def test_a_hole_that_the_tail_fills_is_none(self):
        store = MemoryObjectStore()
        ledger = ObjectLedger(store, "eu")
        ledger.append(make_event(sequence=2))
        seal(store, make_signer(), "eu", NOON)
        ledger.append(make_event(sequence=1, phase="started"))
        assert findings(store) == ()

    def test_a_hole_in_the_tail_is_not_judged_yet(self):
        store = make_ledger(batches=(1,))
        ObjectLedger(store, "eu").append(make_event(sequence=5))
        assert findings(store) == ()

    def test_each_try_is_counted_on_its_own_and_events_without_a_task_not_at_all(self):
        store = MemoryObjectStore()
        ledger = ObjectLedger(store, "eu")
        ledger.append(make_event(sequence=1))
        ledger.append(make_event(sequence=1, task=make_task(try_number=2)))
        ledger.append(make_event(sequence=7, task=None))
        seal(store, make_signer(), "eu", NOON)
        assert findings(store) == ()

    def test_a_number_without_end_costs_nothing(self):
        numbering = Numbering()
        numbering.add(make_event(sequence=2**52), sealed=True)
        assert [hole.detail.split(" are")[0] for hole in numbering.holes()] == [f"events 1 to {2**52 - 1}"]
