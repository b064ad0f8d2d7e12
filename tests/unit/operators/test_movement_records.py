# SPDX-License-Identifier: Apache-2.0
"""What both ledgers hear of a movement, and what happens when they do not listen."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.adapters.transfers.postgres import CopyResult, Landed
from airflow_xborder.core.decision import Obligation
from airflow_xborder.errors import LedgerError, LedgerUnavailableError, ObligationError, StoreUnavailableError
from airflow_xborder.operators import movement_records
from airflow_xborder.operators.movement_records import MovementRecords
from airflow_xborder.services.obligations import CopyPlan, PlannedColumn
from airflow_xborder.services.tables import Column, TableName
from tests.deployment import PEOPLE, TARGET, Deployment

OBLIGATIONS = (
    Obligation("filter_rows_by_consent", (("purpose", "analytics"),), ("test.health",)),
    Obligation("minimise_columns", (("drop", "personal_data.contact"),), ("test.reduced",)),
    Obligation("pseudonymise", (("categories", "personal_data.identifiers"),), ("test.reduced",)),
)


def make_plan(*obligations: Obligation) -> CopyPlan:
    return CopyPlan(
        table=TableName("public", "people"),
        columns=(PlannedColumn(Column("visits", "integer"), "personal_data.behaviour", False),),
        consent=None,
        purposes=(),
        dropped=("email",),
        discharged=obligations,
    )


def make_result(**changes: Any) -> CopyResult:
    fields: dict[str, Any] = {
        "landed": Landed(rows=54, bytes=900, content_digest="ab" * 32),
        "rows_read": 100,
        "plan_digest": "cd" * 32,
        "columns": ("visits",),
        "pseudonymised": ("person_id",),
        "dropped": ("email",),
        "is_repeat": False,
    }
    return CopyResult(**{**fields, **changes})


class Story:
    """A deployment with one ruling and its records."""

    def __init__(self) -> None:
        self.deployment = Deployment()
        self.ruling = self.deployment.decide()
        self.records = MovementRecords(self.deployment.gate, PEOPLE, TARGET)

    def told(self, region: str) -> dict[str, Any]:
        return {event.phase: event for event in self.deployment.events(region)}

    def break_ledger(self, region: str, failures: int) -> None:
        ledger = self.deployment.ledger(region)
        append, left = ledger.append, [failures]

        def fail(event: Any) -> Any:
            if left[0] > 0:
                left[0] -= 1
                raise LedgerUnavailableError("out of reach")
            return append(event)

        ledger.append = fail


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setattr(movement_records, "FIRST_PAUSE", 0.001)
    return Story()


def test_each_obligation_is_an_event_of_its_own(story: Story) -> None:
    plan = make_plan(*OBLIGATIONS)
    story.records.started(story.ruling, plan)
    story.records.completed(story.ruling, plan, make_result())
    near, far = story.told("eu"), story.told("us")
    assert (
        set(near)
        == set(far)
        == {
            "decision-transfer",
            "started",
            "obligation-1-filter_rows_by_consent",
            "obligation-2-minimise_columns",
            "obligation-3-pseudonymise",
            "completed",
        }
    )
    assert near["obligation-1-filter_rows_by_consent"].body["counts"] == {"rows_withheld": 46}
    assert near["obligation-2-minimise_columns"].body["dropped"] == ["email"]
    assert near["obligation-3-pseudonymise"].body["pseudonymised"] == ["person_id"]
    assert near["completed"].body["counts"]["rows_written"] == 54
    assert "counts" not in far["obligation-1-filter_rows_by_consent"].body
    assert "counts" not in far["completed"].body
    assert "digest" not in far["completed"].body


def test_two_obligations_of_one_type_are_two_events(story: Story) -> None:
    other = Obligation("minimise_columns", (("drop", "personal_data.location"),), ("x",))
    story.records.completed(story.ruling, make_plan(OBLIGATIONS[1], other), make_result())
    assert {"obligation-1-minimise_columns", "obligation-2-minimise_columns"} <= set(story.told("eu"))


def test_of_a_repeat_nobody_knows_how_many_rows_stayed(story: Story) -> None:
    result = make_result(rows_read=None, is_repeat=True)
    story.records.completed(story.ruling, make_plan(OBLIGATIONS[0]), result)
    near = story.told("eu")
    assert near["completed"].body["is_repeat"] is True
    assert set(near["completed"].body["counts"]) == {"rows_written", "bytes_written"}
    assert "counts" not in near["obligation-1-filter_rows_by_consent"].body


@pytest.mark.parametrize("region", ["eu", "us"])
def test_an_outage_that_passes_leaves_no_hole(story: Story, region: str) -> None:
    story.break_ledger(region, movement_records.ATTEMPTS - 1)
    story.records.completed(story.ruling, make_plan(OBLIGATIONS[0]), make_result())
    for side in ("eu", "us"):
        numbers = sorted(event.sequence for event in story.deployment.events(side))
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("region", ["eu", "us"])
def test_an_outage_that_stays_is_final(story: Story, region: str) -> None:
    story.break_ledger(region, 1000)
    with pytest.raises(LedgerError, match="the rows have moved") as caught:
        story.records.completed(story.ruling, make_plan(), make_result())
    assert not isinstance(caught.value, LedgerUnavailableError)


def test_a_start_that_cannot_be_recorded_is_for_a_retry(story: Story) -> None:
    story.break_ledger("us", 1)
    with pytest.raises(LedgerUnavailableError):
        story.records.started(story.ruling, make_plan())


class TestFailures:
    def test_one_is_recorded_with_its_code_and_goes_on(self, story: Story) -> None:
        with pytest.raises(ObligationError), story.records.failure(lambda: story.ruling):
            raise ObligationError("no")
        assert story.told("us")["failed"].body["error"] == "obligation"

    def test_a_ledger_that_is_away_does_not_hide_it(self, story: Story) -> None:
        story.break_ledger("eu", 1000)
        with pytest.raises(StoreUnavailableError), story.records.failure(lambda: story.ruling):
            raise StoreUnavailableError("gone")
        assert "failed" not in story.told("eu")
