# SPDX-License-Identifier: Apache-2.0
"""One movement, one decision: what a scope covers, and what it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.services.scopes import forget_reads, note_read, open_scope, scope_for, stores_read
from tests.deployment import NOW, Deployment

EU, US = "postgres://pg-eu:5432/appdb", "postgres://pg-us:5432/appdb"


@pytest.fixture(scope="module")
def decision() -> Decision:
    return Deployment().decide().decision


def test_inside_a_scope_an_access_only_counts(decision: Decision) -> None:
    with open_scope(decision, frozenset({EU, US})) as scope:
        assert scope_for(f"{EU}.public.people", NOW) is scope
        assert scope_for(f"{EU}.public.people", NOW) is scope
    assert scope.touched == {f"{EU}.public.people": 2}


def test_another_store_is_outside(decision: Decision) -> None:
    with open_scope(decision, frozenset({EU})):
        assert scope_for(US, NOW) is None
        assert scope_for(f"{EU}2.public.people", NOW) is None


def test_a_scope_ends_with_its_block(decision: Decision) -> None:
    with open_scope(decision, frozenset({EU})):
        pass
    assert scope_for(EU, NOW) is None


def test_a_scope_ends_with_its_decision(decision: Decision) -> None:
    until = NOW + timedelta(minutes=5)
    with open_scope(decision.with_changes(valid_until=until), frozenset({EU})):
        assert scope_for(EU, until - timedelta(seconds=1)) is not None
        assert scope_for(EU, until) is None


def test_a_denial_opens_nothing(decision: Decision) -> None:
    denied = decision.with_changes(outcome=Outcome.DENY)
    with pytest.raises(ValueError, match="allowed"), open_scope(denied, frozenset({EU})):
        pass


def test_what_was_read_is_remembered_once_and_in_order() -> None:
    forget_reads()
    for store in (US, EU, US):
        note_read(store)
    assert stores_read() == (US, EU)
    forget_reads()
    assert stores_read() == ()


def test_a_bucket_is_not_another_whose_name_begins_alike(decision: Decision) -> None:
    with open_scope(decision, frozenset({"s3://acme"})):
        assert scope_for("s3://acme.us/x", NOW) is None
        assert scope_for("s3://acme/x", NOW) is not None
