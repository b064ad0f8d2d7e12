# SPDX-License-Identifier: Apache-2.0
"""``@task.compliance_gate``: a function that returns the flow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, task

from airflow_xborder import runtime
from airflow_xborder.decorators.gate import GateDecoratedOperator
from tests.deployment import PEOPLE, TARGET, Deployment


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment()
    monkeypatch.setattr(runtime, "gate", lambda: made.gate)
    return made


def run(operator: Any) -> dict[str, Any]:
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="d", run_id="r", task_id=operator.task_id, map_index=-1, try_number=1,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )  # fmt: skip
    operator.execute.__wrapped__(operator, {"ti": ti, "task": operator, "dag": operator.dag, "run_id": "r"})
    return pushed


def test_airflow_knows_it_by_its_name():
    assert callable(task.compliance_gate)


def test_it_decides_what_its_function_returns(deployment):
    with DAG("d", schedule=None):

        @task.compliance_gate(on_deny="skip")
        def gate(table: str, purpose: str = "", run_id: str | None = None) -> dict[str, Any]:
            assert run_id == "r"
            return {"source": {"store": table}, "destination": {"store": TARGET}, "purpose": purpose}

        operator = gate(PEOPLE, purpose="analytics").operator
    assert isinstance(operator, GateDecoratedOperator)
    assert operator.on_deny == "skip"
    assert run(operator)["xborder_decision"]["outcome"] == "allow"


def test_what_the_function_returns_is_not_rendered_again(deployment):
    with DAG("d", schedule=None):

        @task.compliance_gate
        def gate() -> dict[str, Any]:
            return {
                "flow_id": "{{ run_id }}",
                "source": {"store": PEOPLE},
                "destination": {"store": TARGET},
                "purpose": "analytics",
            }

        operator = gate().operator
    assert run(operator)["xborder_decision"]["flow_id"] == "{{ run_id }}"
