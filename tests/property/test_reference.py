# SPDX-License-Identifier: Apache-2.0
"""The engine against the semantics written naively, over generated flows, the shipped packs and generated packs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.flow import DataFlow
from tests.conformance import reference
from tests.factories import decide
from tests.generators import flags, flows, moments, packs
from tests.library_flows import LibraryFlows

SHIPPED = load_policies()


def agree(policies: Policies, flow: DataFlow, as_of: datetime, complete: bool) -> None:
    """Assert that engine and reference say the same."""
    found: Decision = decide(policies, flow, as_of=as_of, complete=complete)
    expected = reference.decide(list(policies.documents), flow, as_of, complete)
    assert {entry.requirement_id: entry.status for entry in found.applicable} == expected.statuses
    assert {name for name, _ in found.not_considered} == expected.not_considered
    assert {
        regime.id: regime.is_transfer for regime in found.regimes if regime.id not in expected.unconnected
    } == expected.transfers
    assert set(found.conflicts) == expected.conflicts
    assert set(found.overridden) == expected.overridden
    assert {obligation.type for obligation in found.obligations} == expected.obligations
    assert found.outcome.value == expected.outcome


@settings(max_examples=200)
@given(flows, moments, flags)
def test_the_shipped_packs_mean_what_the_reference_says(
    flow: DataFlow, as_of: datetime, complete: bool
) -> None:
    agree(SHIPPED, flow, as_of, complete)


@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_the_library_means_it_too_where_its_packs_are_put_to_the_test(seed: int) -> None:
    agree(SHIPPED, *LibraryFlows(seed).question())


@settings(max_examples=200)
@given(packs(), flows, moments, flags)
def test_any_packs_mean_what_the_reference_says(
    documents: list[dict[str, Any]], flow: DataFlow, as_of: datetime, complete: bool
) -> None:
    agree(Policies(documents), flow, as_of, complete)
