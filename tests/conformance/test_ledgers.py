# SPDX-License-Identifier: Apache-2.0
"""What ``ports.ledger`` promises, on every place that a ledger can be kept in."""

import hashlib
from datetime import timedelta

import pytest

from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.audit.event import parse_event
from airflow_xborder.errors import ConfigurationError, LedgerIntegrityError
from airflow_xborder.services.sealing import seal
from tests.evidence import NOON, append_events, findings, make_event, make_signer, make_task


@pytest.fixture
def ledger(place):
    return ObjectLedger(place.open(), "eu")


class TestAppend:
    def test_the_receipt_names_what_is_stored(self, place, ledger):
        event = make_event()
        receipt = ledger.append(event)
        stored = place.open().get(receipt.name)
        assert receipt.event == event == parse_event(stored)
        assert receipt.sha256 == hashlib.sha256(stored).hexdigest()

    def test_coming_back_to_a_fact_gives_the_first_telling_of_it(self, place, ledger):
        first = ledger.append(make_event(crossing_id="crossing-1"))
        again = ObjectLedger(place.open(), "eu").append(
            make_event(
                event_id="event-2",
                decision_id="decision-2",
                crossing_id="crossing-2",
                occurred_at=NOON + timedelta(minutes=1),
                sequence=4,
            )
        )
        assert again == first
        assert (again.event.decision_id, again.event.crossing_id) == ("decision-1", "crossing-1")
        assert len(list(place.open().list())) == 1

    def test_another_fact_under_the_same_name_is_refused_and_changes_nothing(self, place, ledger):
        first = ledger.append(make_event())
        with pytest.raises(LedgerIntegrityError, match="records another fact"):
            ledger.append(make_event(body={"outcome": "deny"}))
        assert parse_event(place.open().get(first.name)) == first.event

    def test_a_name_that_holds_no_event_is_refused(self, place, ledger):
        place.open().create(make_event().object_name, b"{}")
        with pytest.raises(LedgerIntegrityError, match="not an event"):
            ledger.append(make_event())

    def test_a_name_that_holds_an_event_from_elsewhere_is_refused(self, place, ledger):
        other = make_event(task=make_task(dag_id="other"))
        place.open().create(make_event().object_name, other.to_bytes())
        with pytest.raises(LedgerIntegrityError, match="another fact"):
            ledger.append(make_event())

    def test_another_regions_event_is_refused_before_anything_is_written(self, place, ledger):
        with pytest.raises(ConfigurationError, match="region `us` was handed to the ledger of region `eu`"):
            ledger.append(make_event(region="us"))
        assert list(place.open().list()) == []

    def test_it_says_where_and_whose_it_is(self, place, ledger):
        assert (ledger.region, ledger.location) == ("eu", place.open().location)


class TestSealedLedgers:
    def test_a_ledger_is_sealed_and_verified_where_it_lies(self, place):
        append_events(place.open(), 5)
        seal(place.open(), make_signer(), "eu", NOON)
        append_events(place.open(), 2, first=5)
        seal(place.open(), make_signer(), "eu", NOON + timedelta(hours=1))
        assert findings(place.open(), location=place.open().location) == ()
