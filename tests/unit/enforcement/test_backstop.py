# SPDX-License-Identifier: Apache-2.0
"""The backstop stops a task that lost its guard, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowTaskTerminated

from airflow_xborder.enforcement import backstop, policy


class Mover(BaseOperator):
    def execute(self, context: Any) -> None: ...


@pytest.fixture
def bare() -> Mover:
    return Mover(task_id="t")


@pytest.fixture
def guarded(bare: Mover) -> Mover:
    policy.attach(bare)
    return bare


def start(task: Any, monkeypatch: pytest.MonkeyPatch, mode: str = "enforce") -> None:
    monkeypatch.setattr(backstop.runtime, "enforcement", lambda: mode)
    backstop.on_task_instance_running(SimpleNamespace(task=task, task_id="t"))


def test_a_task_without_guard_is_stopped_in_a_way_that_airflow_does_not_swallow(bare, monkeypatch):
    with pytest.raises(AirflowTaskTerminated, match="task `t` has no guard") as caught:
        start(bare, monkeypatch)
    assert not isinstance(caught.value, Exception)


def test_half_a_guard_is_none(guarded, monkeypatch):
    guarded._post_execute_hook = None
    with pytest.raises(AirflowTaskTerminated):
        start(guarded, monkeypatch)


def test_a_guarded_task_starts(guarded, monkeypatch):
    start(guarded, monkeypatch)


@pytest.mark.parametrize("mode", ["shadow", "off"])
def test_where_nothing_is_enforced_nothing_is_stopped(bare, monkeypatch, mode):
    start(bare, monkeypatch, mode)


def test_a_state_change_outside_a_task_process_has_no_task_to_stop(monkeypatch):
    start(None, monkeypatch)
