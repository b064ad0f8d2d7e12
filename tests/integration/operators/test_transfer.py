# SPDX-License-Identifier: Apache-2.0
"""RegionalTransferOperator between real databases: what moves, what does not, and what both ledgers say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder import runtime
from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.errors import (
    FlowDeniedError,
    FlowError,
    LedgerError,
    LedgerUnavailableError,
    ObligationError,
    RegionMismatchError,
    ReviewRequiredError,
    StoreUnavailableError,
)
from airflow_xborder.hooks import RegionalPostgresHook
from airflow_xborder.operators import RegionalTransferOperator, movement_records
from airflow_xborder.operators.gate import XCOM_DECISION
from airflow_xborder.services.obligations import DISCHARGED
from tests.regional import Regional, closed, drop_tables, make_context
from tests.transfers import STORY, landed, move, phases, run

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def empty_destination(regional: Regional) -> None:
    drop_tables(regional.databases["us"])


def test_a_table_is_never_replaced_by_what_may_leave_it(regional: Regional) -> None:
    regional.start()
    with pytest.raises(AirflowFailException, match="cannot be copied to itself"):
        run(move(destination_conn_id="pg_eu", replace=True))
    assert regional.databases["eu"].ask("select count(*) from patients") == [(100,)]


class TestAllowed:
    def test_with_every_obligation_carried_out(self, regional: Regional) -> None:
        regional.start()
        pushed = run(move())
        rows = regional.databases["us"].ask("select * from patients order by size")
        # Of a hundred, sixty agreed and six of them withdrew; e-mail addresses stay; ids are pseudonyms.
        assert len(rows) == 54
        columns = regional.databases["us"].ask(
            "select column_name from information_schema.columns where table_name = 'patients' order by 1"
        )
        assert [name for (name,) in columns] == ["patient_id", "size"]
        assert all(len(pseudonym) == 64 for pseudonym, _ in rows)
        assert [size for _, size in rows] == [n for n in range(1, 61) if n % 10]
        assert pushed[XCOM_DECISION]["outcome"] == "allow"

    def test_both_ledgers_tell_the_story_in_order(self, regional: Regional) -> None:
        regional.start()
        run(move())
        assert phases(regional, "eu") == phases(regional, "us") == STORY
        here, there = regional.events("eu"), regional.events("us")
        assert [event.sequence for event in here] == [event.sequence for event in there] == [1, 2, 3, 4, 5, 6]
        assert [event.crossing_id for event in here] == [event.crossing_id for event in there]
        assert len({event.decision_id for event in (*here, *there)}) == 1
        done = here[-1].body
        assert done["counts"] == {"rows_read": 100, "rows_written": 54, "rows_withheld": 46,
                                  "bytes_written": done["counts"]["bytes_written"]}  # fmt: skip
        assert len(done["digest"]["hmac_sha256"]) == 64

    def test_the_far_side_hears_neither_counts_nor_digests_nor_the_store(self, regional: Regional) -> None:
        regional.start()
        run(move())
        for event in regional.events("us"):
            assert "counts" not in event.body
            assert "digest" not in event.body
            assert "store" not in event.body["flow"]["source"]
        assert {"counts", "digest", "flow.source.store"} == set(regional.events("us")[-1].withheld)

    def test_no_ledger_xcom_or_log_has_a_value(
        self, regional: Regional, capsys: pytest.CaptureFixture[str]
    ) -> None:
        regional.start()
        pushed = run(move())
        written = [
            path.read_text() for region in ("eu", "us") for path in regional.ledger(region).rglob("*.json")
        ]
        captured = capsys.readouterr()
        for text in (*written, f"{pushed}", captured.out, captured.err):
            assert "P-1" not in text
            assert "@example.org" not in text

    def test_a_retry_or_a_cleared_task_never_doubles_a_row(self, regional: Regional) -> None:
        regional.start()
        for try_number in (1, 2, 3):
            run(move(), try_number=try_number)
        assert landed(regional) == 54
        assert phases(regional, "eu", 3) == STORY
        last = regional.events("eu")[-1]
        assert last.body["is_repeat"] is True
        assert "rows_read" not in last.body["counts"]

    def test_another_task_is_another_copy(self, regional: Regional) -> None:
        regional.start()
        run(move("public.people", "analytics"))
        run(move("public.people", "analytics", task_id="again"))
        assert landed(regional, "people") == 100

    def test_replacing_gives_the_same_rows_however_often(self, regional: Regional) -> None:
        regional.start()
        for try_number in (1, 2):
            run(move("public.people", "analytics", replace=True), try_number=try_number)
        assert landed(regional, "people") == 50

    def test_only_the_columns_that_were_asked_for_are_decided_and_moved(self, regional: Regional) -> None:
        regional.catalog["registers"] = {}
        regional.catalog["datasets"][0]["categories"]["visits"] = "non_personal"
        regional.start()
        with pytest.raises(AirflowFailException):
            run(move("public.people", "analytics"))
        run(move("public.people", "analytics", columns=["visits"]), try_number=2)
        assert regional.databases["us"].ask("select sum(visits) from people") == [(1275,)]
        assert regional.events("eu")[-1].body["counts"]["rows_written"] == 50

    def test_inner_hooks_are_not_asked_again(self, regional: Regional) -> None:
        regional.start()
        run(move())
        assert len(regional.decisions()) == 1


class TestRefused:
    def test_a_denial_moves_nothing_and_is_not_retried(self, regional: Regional) -> None:
        regional.catalog["registers"] = {}
        regional.start()
        operator = move()
        context, pushed = make_context(operator)
        with pytest.raises(AirflowFailException, match=r"Test Art\. 1") as caught:
            operator.execute(context)
        assert isinstance(caught.value.__cause__, FlowDeniedError)
        assert pushed[XCOM_DECISION]["outcome"] == "deny"
        assert landed(regional) is None
        assert phases(regional, "eu") == phases(regional, "us") == ["decision-transfer"]

    def test_a_review_fails_for_now(self, regional: Regional) -> None:
        regional.catalog["datasets"][1]["subjects"].pop("complete")
        regional.catalog["datasets"][1]["subjects"].pop("countries")
        regional.pack["connects"] = [{"subjects.countries": "EU"}]
        regional.start()
        with pytest.raises(AirflowFailException) as caught:
            run(move())
        assert isinstance(caught.value.__cause__, ReviewRequiredError)
        assert landed(regional) is None

    def test_a_store_that_is_elsewhere(self, regional: Regional) -> None:
        database = regional.databases["us"]
        database.mark("jp")
        regional.start()
        try:
            with pytest.raises(AirflowFailException) as caught:
                run(move())
        finally:
            database.mark("us")
        assert isinstance(caught.value.__cause__, RegionMismatchError)
        assert not regional.events("eu")

    def test_a_store_that_does_not_answer_is_retried(self, regional: Regional) -> None:
        us = regional.databases["us"]
        uri, connection = closed(us)
        regional.catalog["stores"][uri] = regional.catalog["stores"].pop(us.uri)
        regional.connect("pg_us", connection)
        regional.start()
        with pytest.raises(StoreUnavailableError):
            run(move())

    @pytest.mark.parametrize(
        "flow",
        [
            pytest.param({"purpose": "analytics"}, id="purpose"),
            pytest.param({"source": {"store": "conn://pg_eu/public.people"}}, id="source"),
            pytest.param({"destination": {"store": "conn://pg_us/public.other"}}, id="destination"),
        ],
    )
    def test_a_flow_about_something_else(self, regional: Regional, flow: dict[str, Any]) -> None:
        regional.start()
        with pytest.raises(AirflowFailException) as caught:
            run(move(flow=flow))
        assert isinstance(caught.value.__cause__, FlowError)

    def test_a_claim_may_tighten(self, regional: Regional) -> None:
        regional.start()
        flow = {"data_categories": ["personal_data.sensitive.health"]}
        with pytest.raises(AirflowFailException, match=r"Test Art\. 2"):
            run(move("public.people", "analytics", flow=flow))

    def test_consent_that_is_kept_elsewhere_cannot_be_looked_up(self, regional: Regional) -> None:
        regional.catalog["datasets"][1]["consent"]["table"] = "postgres://elsewhere:5432/x.public.consents"
        regional.start()
        with pytest.raises(AirflowFailException) as caught:
            run(move())
        assert isinstance(caught.value.__cause__, ObligationError)
        assert landed(regional) is None


class BrokenLedger(ObjectLedger):
    """A ledger that fails when it is told to."""

    fails: Callable[[Any], bool] = staticmethod(lambda event: True)

    def append(self, event: Any) -> Any:
        if self.fails(event):
            raise LedgerUnavailableError(f"`{self.location}` does not answer")
        return super().append(event)


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Any], bool]], None]:
    """Make a region's ledger fail for some events; ``mend`` by making it fail for none."""
    monkeypatch.setattr(movement_records, "FIRST_PAUSE", 0.001)

    def break_it(region: str, fails: Callable[[Any], bool]) -> None:
        whole, gate = runtime.ledger, runtime.gate()
        broken = BrokenLedger(runtime.object_store(region), region)
        broken.fails = fails  # type: ignore[method-assign]
        recorder = replace(gate._recorder, ledger_of=lambda name: broken if name == region else whole(name))
        monkeypatch.setattr(gate, "_recorder", recorder)

    return break_it


class TestLedgers:
    def test_while_the_far_side_is_out_of_reach_nothing_moves(self, regional: Regional) -> None:
        far = regional.ledger("us")
        far.parent.mkdir()
        far.write_text("in the way")
        regional.start()
        with pytest.raises(LedgerUnavailableError) as caught:
            run(move())
        assert not isinstance(caught.value, AirflowFailException)
        assert landed(regional) is None
        far.unlink()
        run(move(), try_number=2)
        assert landed(regional) == 54
        assert phases(regional, "us", 2) == STORY

    def test_a_start_that_cannot_be_recorded_moves_nothing(self, regional: Regional, breaks: Any) -> None:
        regional.start()
        breaks("us", lambda event: event.phase == "started")
        with pytest.raises(LedgerUnavailableError):
            run(move())
        assert landed(regional) is None

    def test_an_outcome_that_cannot_be_recorded_at_once_is_told_later(
        self, regional: Regional, breaks: Any
    ) -> None:
        regional.start()
        failures = iter([True, True, False])
        breaks("us", lambda event: event.phase == "completed" and next(failures, False))
        run(move())
        for region in ("eu", "us"):
            assert phases(regional, region) == STORY
            assert [event.sequence for event in regional.events(region)] == [1, 2, 3, 4, 5, 6]

    def test_an_outcome_that_cannot_be_recorded_at_all_fails_without_a_retry(
        self, regional: Regional, breaks: Any
    ) -> None:
        regional.start()
        breaks("eu", lambda event: event.phase == "completed")
        with pytest.raises(AirflowFailException, match="the rows have moved") as caught:
            run(move())
        assert isinstance(caught.value.__cause__, LedgerError)
        assert landed(regional) == 54
        regional.start()
        run(move(), try_number=2)
        assert landed(regional) == 54
        assert phases(regional, "eu", 2) == STORY

    def test_a_copy_that_fails_is_recorded_as_failed(self, regional: Regional) -> None:
        regional.databases["us"].ask("create table patients (patient_id integer, size integer)")
        regional.start()
        with pytest.raises(AirflowFailException, match="cannot hold a pseudonym"):
            run(move())
        assert phases(regional, "eu") == ["decision-transfer", "started", "failed"]
        assert regional.events("eu")[-1].body["error"] == "configuration"


class TestTheClass:
    def test_it_discharges_what_a_copy_can_do(self) -> None:
        assert RegionalTransferOperator.xborder_discharges == DISCHARGED
        assert RegionalTransferOperator.xborder_enforces is True

    def test_a_hook_of_the_same_process_is_asked_outside_of_it(self, regional: Regional) -> None:
        regional.start()
        run(move("public.people", "analytics"))
        before = len(regional.decisions())
        with pytest.raises(FlowDeniedError):
            RegionalPostgresHook(postgres_conn_id="pg_eu", purpose="analytics").get_conn()
        assert len(regional.decisions()) > before
