# SPDX-License-Identifier: Apache-2.0
"""What the conformance suite cannot bring about on a working store."""

import pytest

from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.errors import LedgerConflictError, LedgerUnavailableError
from tests.evidence import make_event


class Broken(MemoryObjectStore):
    """A store whose writes fail in one way."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def create(self, name, data):
        raise self.error


def test_a_name_that_is_taken_but_cannot_be_read_may_be_tried_again():
    with pytest.raises(LedgerUnavailableError, match="cannot be read yet"):
        ObjectLedger(Broken(LedgerConflictError("taken")), "eu").append(make_event())


def test_a_store_out_of_reach_gives_no_receipt():
    error = LedgerUnavailableError("gone")
    with pytest.raises(LedgerUnavailableError) as caught:
        ObjectLedger(Broken(error), "eu").append(make_event())
    assert caught.value is error
