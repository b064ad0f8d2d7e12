# SPDX-License-Identifier: Apache-2.0
"""The guard around one task, against a deployment in memory."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder.decorators.gate import GateDecoratedOperator
from airflow_xborder.enforcement import guard
from airflow_xborder.errors import (
    ConfigurationError,
    FlowDeniedError,
    LedgerUnavailableError,
    ReviewRequiredError,
)
from airflow_xborder.operators import ComplianceGateOperator, RegionalTransferOperator
from airflow_xborder.services import scopes
from tests.deployment import NOW, PEOPLE, TARGET, Deployment

CLAIM = {"xborder": {"purpose": "analytics"}}
SOURCE = Asset("people", uri="postgres://pg-eu:5432/appdb/public/people")
PATIENTS = Asset("patients", uri="postgres://pg-eu:5432/appdb/public/patients")
COPY = Asset("copy", uri="postgres://pg-us:5432/appdb/public/people", extra=CLAIM)
SECOND = Asset("second", uri="postgres://pg-us:5432/appdb/public/second", extra=CLAIM)
NOWHERE = Asset("nowhere", uri="s3://nobody/x", extra=CLAIM)


class Failing:
    """A ledger that is out of reach until it is mended."""

    def __init__(self, ledger: Any, failures: int) -> None:
        self.ledger, self.failures = ledger, failures

    def next_number(self, task: Any) -> int:
        return int(self.ledger.next_number(task))

    def append(self, event: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailableError("out of reach")
        return self.ledger.append(event)


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    made = Deployment()
    monkeypatch.setattr(guard.runtime, "gate", lambda: made.gate)
    monkeypatch.setattr(guard.runtime, "catalog", lambda: made.gate.policy_set.catalog)
    monkeypatch.setattr(guard.runtime, "worker_region", lambda: "eu")
    monkeypatch.setattr(guard.runtime, "is_configured", lambda: True)
    monkeypatch.setattr(guard.time, "sleep", lambda seconds: None)
    enforce(monkeypatch)
    yield made
    guard._leave()


def enforce(monkeypatch: pytest.MonkeyPatch, mode: str = "enforce") -> None:
    monkeypatch.setattr(guard.runtime, "enforcement", lambda: mode)


class Mover(BaseOperator):
    def execute(self, context: Any) -> None: ...


def context(
    inlets: list[Any], outlets: list[Any], task_id: str = "t", schedule: Any = None
) -> dict[str, Any]:
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id=task_id, map_index=-1, try_number=1)
    task = Mover(task_id=task_id, inlets=inlets, outlets=outlets)
    return {"ti": ti, "task": task, "dag": SimpleNamespace(schedule=schedule)}


def phases(deployment: Deployment, region: str = "eu") -> list[str]:
    return [event.phase for event in sorted(deployment.events(region), key=lambda event: event.sequence)]


def is_open(store: str) -> bool:
    return scopes.scope_for(store, NOW) is not None


class TestEnforce:
    def test_an_allowed_task_runs_in_the_scope_of_its_decision(self, deployment):
        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        assert is_open(PEOPLE)
        assert is_open(TARGET)
        assert not is_open("postgres://pg-us:5432/appdb.public.other")
        guard.after_execute(now, None, None)
        assert not is_open(PEOPLE)
        assert phases(deployment) == phases(deployment, "us") == ["decision-guard", "completed"]

    def test_its_accesses_are_counted_for_the_near_side_alone(self, deployment):
        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        is_open(PEOPLE)
        guard.after_execute(now, None, None)
        near, far = (
            next(event for event in deployment.events(region) if event.phase == "completed")
            for region in ("eu", "us")
        )
        assert near.body["counts"] == {"accesses": 1}
        assert "counts" in far.withheld

    def test_a_denied_task_does_not_run_and_opens_nothing(self, deployment):
        with pytest.raises(AirflowFailException, match="flow_denied: eu") as caught:
            guard.before_execute(context([PATIENTS], [COPY]), None)
        assert isinstance(caught.value.__cause__, FlowDeniedError)
        assert not is_open(PEOPLE)

    def test_a_review_stops_a_task_too(self, deployment):
        with pytest.raises(AirflowFailException) as caught:
            guard.before_execute(context([SOURCE], [NOWHERE]), None)
        assert isinstance(caught.value.__cause__, ReviewRequiredError)

    def test_of_several_answers_the_denial_is_what_the_author_reads(self, deployment):
        with pytest.raises(AirflowFailException, match="flow_denied"):
            guard.before_execute(context([SOURCE, PATIENTS], [NOWHERE, COPY]), None)
        assert len([phase for phase in phases(deployment) if phase.startswith("decision")]) == 4

    def test_pairs_with_one_decision_key_have_an_event_each(self, deployment):
        guard.before_execute(context([SOURCE], [COPY, SECOND]), None)
        first, second = (event for event in deployment.events("eu"))
        assert first.decision_key == second.decision_key
        assert first.object_name != second.object_name

    def test_the_authors_hook_does_not_run_before_a_denial(self, deployment):
        with pytest.raises(AirflowFailException):
            guard.before_execute(context([PATIENTS], [COPY]), lambda context: pytest.fail("it ran"))

    def test_what_cannot_be_recorded_is_retried_and_not_run(self, deployment):
        deployment.ledgers["us"] = Failing(deployment.ledger("us"), failures=1)
        with pytest.raises(LedgerUnavailableError):
            guard.before_execute(context([SOURCE], [COPY]), None)
        assert not is_open(PEOPLE)

    def test_without_a_sound_deployment_the_task_fails_with_the_reason(self, monkeypatch, deployment):
        def broken() -> Any:
            raise ConfigurationError("[xborder] on_gap: unknown value `allow`")

        monkeypatch.setattr(guard.runtime, "catalog", broken)
        with pytest.raises(AirflowFailException, match=r"configuration: .*on_gap"):
            guard.before_execute(context([SOURCE], [COPY]), None)

    def test_a_resumed_task_is_decided_anew_and_told_once(self, deployment):
        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        deployment.restart()
        guard.before_execute(now, None)
        guard.after_execute(now, None, None)
        assert phases(deployment) == ["decision-guard", "completed"]

    def test_a_task_without_assets_costs_nothing(self, monkeypatch, deployment):
        monkeypatch.setattr(guard.runtime, "catalog", lambda: pytest.fail("the catalog was read"))
        guard.before_execute(context([], []), None)
        guard.after_execute(context([], []), None, None)

    def test_a_scheduled_dag_moves_repeatedly(self, deployment):
        guard.before_execute(context([SOURCE], [COPY], schedule="@daily"), None)
        assert guard._watches[0].rulings[0].request.measured.frequency == "repetitive"


class TestOneTaskAfterAnother:
    """As in ``dag.test()``, where one process runs them all."""

    def test_a_task_does_not_inherit_the_scope_of_one_that_failed(self, deployment):
        guard.before_execute(context([SOURCE], [COPY], "first"), None)
        guard.before_execute(context([], [], "second"), None)
        assert not is_open(PEOPLE)

    def test_nor_what_it_has_read(self, deployment):
        guard.before_execute(context([SOURCE], [COPY], "first"), None)
        assert scopes.stores_read() == (PEOPLE,)
        guard.before_execute(context([], [], "second"), None)
        assert scopes.stores_read() == ()

    def test_nor_completes_it(self, deployment):
        guard.before_execute(context([SOURCE], [COPY], "first"), None)
        guard.after_execute(context([], [], "second"), None, None)
        assert phases(deployment) == ["decision-guard"]


class TestOutcome:
    def test_a_short_outage_after_the_task_is_waited_for(self, deployment):
        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        deployment.ledgers["us"] = Failing(deployment.ledger("us"), failures=2)
        guard.after_execute(now, None, None)
        assert phases(deployment, "us") == ["decision-guard", "completed"]

    def test_a_long_one_fails_the_task_without_retry(self, deployment):
        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        deployment.ledgers["us"] = Failing(deployment.ledger("us"), failures=3)
        with pytest.raises(AirflowFailException, match="the task has run, and that could not be recorded"):
            guard.after_execute(now, None, None)

    def test_a_task_whose_own_hook_fails_is_not_completed(self, deployment):
        def fail(context: Any, result: Any) -> None:
            raise LookupError

        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        with pytest.raises(LookupError):
            guard.after_execute(now, None, fail)
        assert phases(deployment) == ["decision-guard"]


class TestShadow:
    @pytest.fixture(autouse=True)
    def shadow(self, monkeypatch, deployment):
        enforce(monkeypatch, "shadow")

    @pytest.fixture
    def counted(self, monkeypatch) -> list[str]:
        names: list[str] = []
        monkeypatch.setattr(guard, "_count", names.append)
        return names

    def test_a_denied_task_runs_and_opens_no_scope(self, deployment, counted):
        guard.before_execute(context([PATIENTS, SOURCE], [COPY]), None)
        assert not is_open(PEOPLE)
        assert counted == ["guard.deny", "guard.allow"]

    def test_an_allowed_task_has_its_scope(self, deployment):
        guard.before_execute(context([SOURCE], [COPY]), None)
        assert is_open(PEOPLE)

    def test_its_own_failures_are_counted_and_stop_nothing(self, deployment, counted):
        deployment.ledgers["us"] = Failing(deployment.ledger("us"), failures=9)
        ran: list[int] = []
        now = context([SOURCE], [COPY])
        guard.before_execute(now, lambda context: ran.append(1))
        guard.after_execute(now, None, None)
        assert ran == [1]
        assert counted.count("guard.shadow_failed") == 1

    def test_an_outcome_that_cannot_be_recorded_stops_nothing(self, deployment, counted):
        now = context([SOURCE], [COPY])
        guard.before_execute(now, None)
        deployment.ledgers["us"] = Failing(deployment.ledger("us"), failures=9)
        guard.after_execute(now, None, None)
        assert counted[-1] == "guard.shadow_failed"

    def test_a_deployment_that_has_not_begun_is_not_asked(self, monkeypatch, deployment, counted):
        monkeypatch.setattr(guard.runtime, "is_configured", lambda: False)
        monkeypatch.setattr(guard.runtime, "catalog", lambda: pytest.fail("the catalog was read"))
        guard.before_execute(context([SOURCE], [COPY]), None)
        assert counted == []


class Heir(ComplianceGateOperator):
    """A company's own name for the gate."""


class Sly(ComplianceGateOperator):
    def execute(self, context: Any) -> None: ...


class Early(ComplianceGateOperator):
    def pre_execute(self, context: Any) -> None: ...


class Pretender(BaseOperator):
    xborder_enforces = True

    def execute(self, context: Any) -> None: ...


@pytest.mark.parametrize(
    ("operator", "answer"),
    [
        (ComplianceGateOperator, True),
        (GateDecoratedOperator, False),
        (RegionalTransferOperator, True),
        (Heir, True),
        (Sly, False),
        (Early, False),
        (Pretender, False),
        (BaseOperator, False),
    ],
)
def test_only_operators_of_ours_are_left_to_ask_for_themselves(operator, answer):
    assert guard.enforces_itself(operator) is answer


def test_a_stock_operator_that_says_it_enforces_itself_is_guarded() -> None:
    from airflow.providers.standard.operators.python import PythonOperator

    from airflow_xborder.enforcement.guard import enforces_itself
    from airflow_xborder.operators import ComplianceGateOperator

    class Pretender(PythonOperator):
        xborder_enforces = True

    assert not enforces_itself(Pretender)
    assert enforces_itself(ComplianceGateOperator)
