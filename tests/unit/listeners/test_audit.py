# SPDX-License-Identifier: Apache-2.0
"""The audit listener outside a run: what it records, and that nothing it meets gets in a task's way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_xborder.errors import ConfigurationError
from airflow_xborder.listeners import audit
from tests.deployment import Deployment


class Operator:
    """Stands for an operator: only its name is told."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(audit, "_count", names.append)
    return names


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, counted: list[str]) -> Iterator[Deployment]:
    made = Deployment()
    monkeypatch.setattr(audit.runtime, "is_configured", lambda: True)
    monkeypatch.setattr(audit.runtime, "worker_region", lambda: "eu")
    monkeypatch.setattr(audit.runtime, "ledger", made.ledger)
    monkeypatch.setattr(audit.runtime, "catalog", lambda: made.gate.policy_set.catalog)
    yield made


def instance(**changes: Any) -> Any:
    fields = {
        "dag_id": "d",
        "run_id": "r",
        "task_id": "t",
        "map_index": None,
        "try_number": 1,
        "task": Operator(),
        "_ti_context_from_server": None,
    }
    return SimpleNamespace(**{**fields, **changes})


def test_start_and_end_are_told_in_order(deployment):
    audit.on_task_instance_running(instance())
    audit.on_task_instance_success(instance())
    events = sorted(deployment.events("eu"), key=lambda event: event.sequence)
    assert [(event.kind, event.phase, event.sequence) for event in events] == [
        ("task", "running", 1),
        ("task", "success", 2),
    ]
    assert events[0].body == {"state": "running", "operator": "Operator"}


def test_an_error_is_told_by_its_class_and_that_of_its_cause(deployment, counted):
    try:
        raise ValueError("jane@example.org") from KeyError("jane")
    except ValueError as error:
        audit.on_task_instance_failed(instance(), error=error)
    (event,) = deployment.events("eu")
    assert event.body["error"] == {"class": "builtins.ValueError", "cause": "builtins.KeyError"}
    assert b"jane" not in event.to_bytes()
    assert counted == []


def test_a_resumed_task_is_told_once(deployment):
    audit.on_task_instance_running(instance())
    audit.on_task_instance_running(instance())
    assert len(deployment.events("eu")) == 1


def test_after_a_failed_telling_the_numbers_have_no_hole(deployment, monkeypatch):
    monkeypatch.setattr(audit.runtime, "ledger", lambda region: None)
    audit.on_task_instance_running(instance())
    monkeypatch.setattr(audit.runtime, "ledger", deployment.ledger)
    audit.on_task_instance_success(instance())
    assert [event.sequence for event in deployment.events("eu")] == [1]


class TestNeverInTheWay:
    @pytest.mark.parametrize(
        "problem", [ConfigurationError("no ledger"), RuntimeError("a bug of ours"), OSError("disk")], ids=str
    )
    def test_whatever_goes_wrong_is_logged_and_counted(self, deployment, counted, monkeypatch, problem):
        said: list[str] = []
        monkeypatch.setattr(audit.log, "exception", lambda text, *more: said.append(text % more))

        def fail(region: str) -> Any:
            raise problem

        monkeypatch.setattr(audit.runtime, "ledger", fail)
        audit.on_task_instance_running(instance())
        assert counted == ["listener.failed"]
        assert "could not record `running`" in said[0]

    def test_a_ledger_that_hangs_is_not_waited_for(self, deployment, counted, monkeypatch):
        class Hanging:
            def next_number(self, task: Any) -> int:
                return 1

            def append(self, event: Any) -> None:
                time.sleep(5)

        monkeypatch.setattr(audit, "_MAX_SECONDS", 0.1)
        monkeypatch.setattr(audit.runtime, "ledger", lambda region: Hanging())
        started = time.monotonic()
        audit.on_task_instance_running(instance())
        assert time.monotonic() - started < 2
        assert counted == ["listener.failed"]


class TestSaysNothing:
    def test_where_no_release_and_no_catalog_are_configured(self, deployment, counted, monkeypatch):
        monkeypatch.setattr(audit.runtime, "is_configured", lambda: False)
        audit.on_task_instance_running(instance())
        assert deployment.events("eu") == counted == []

    def test_where_nobody_knows_the_workers_region(self, deployment, counted, monkeypatch):
        monkeypatch.setattr(audit.runtime, "worker_region", lambda: None)
        audit.on_task_instance_running(instance())
        assert deployment.events("eu") == counted == []

    def test_of_a_change_that_a_server_makes(self, deployment, counted):
        server_side = instance(task=None)
        audit.on_task_instance_failed(server_side, error="killed")
        del server_side._ti_context_from_server
        server_side.task = Operator()
        audit.on_task_instance_failed(server_side, error="killed")
        assert deployment.events("eu") == counted == []
