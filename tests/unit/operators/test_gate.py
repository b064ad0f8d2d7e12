# SPDX-License-Identifier: Apache-2.0
"""The gate operator around one decision, against a deployment in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DownstreamTasksSkipped

from airflow_xborder import runtime
from airflow_xborder.errors import ConfigurationError, FlowError
from airflow_xborder.operators import ComplianceGateOperator, RegionalTransferOperator
from airflow_xborder.operators.gate import discharged_after
from airflow_xborder.services.obligations import DISCHARGED
from tests.deployment import PEOPLE, TARGET, Deployment, flow

PATIENTS = "postgres://pg-eu:5432/appdb.public.patients"
ALLOWED = {"source": {"store": PEOPLE}, "destination": {"store": TARGET}, "purpose": "analytics"}
DENIED = {**ALLOWED, "source": {"store": PATIENTS}, "purpose": "care_treatment"}
PROVIDERS = ("airflow.providers.amazon", "airflow.providers.postgres", "airflow.providers.common")


class Plain(BaseOperator):
    def execute(self, context: Any) -> None: ...


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment()
    monkeypatch.setattr(runtime, "gate", lambda: made.gate)
    return made


@pytest.fixture
def dag() -> Any:
    with DAG("d", schedule=None) as dag:
        yield dag


def context_of(task: Any, map_index: int = -1) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a context, and the XComs that are pushed in it."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="d",
        run_id="r",
        task_id=task.task_id,
        map_index=map_index,
        try_number=1,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return {"ti": ti, "task": task, "dag": task.dag}, pushed


def run(task: Any, map_index: int = -1) -> dict[str, Any]:
    context, pushed = context_of(task, map_index)
    task.execute.__wrapped__(task, context)
    return pushed


class TestAnswers:
    def test_an_allow_is_shown_and_returns_nothing(self, deployment, dag):
        gate = ComplianceGateOperator(task_id="g", flow=ALLOWED)
        context, pushed = context_of(gate)
        assert gate.execute.__wrapped__(gate, context) is None
        assert pushed["xborder_decision"]["outcome"] == "allow"
        assert json.dumps(pushed)

    def test_a_ready_made_flow_is_taken_as_it_is(self, deployment, dag):
        assert run(ComplianceGateOperator(task_id="g", flow=flow()))["xborder_decision"]["allowed"]

    def test_a_denial_is_shown_before_it_is_raised(self, deployment, dag):
        gate = ComplianceGateOperator(task_id="g", flow=DENIED)
        context, pushed = context_of(gate)
        with pytest.raises(AirflowFailException, match="flow_denied"):
            gate.execute.__wrapped__(gate, context)
        assert pushed["xborder_decision"]["outcome"] == "deny"

    @pytest.mark.parametrize("given", [None, [], "eu", {}, {"source": {"region": "eu"}}])
    def test_what_is_no_flow_fails_without_retry(self, deployment, dag, given):
        with pytest.raises(AirflowFailException) as caught:
            run(ComplianceGateOperator(task_id="g", flow=given))
        assert isinstance(caught.value.__cause__, FlowError)
        assert deployment.events("eu") == []

    def test_a_scheduled_dag_moves_repeatedly(self, monkeypatch, deployment):
        asked: list[Any] = []
        decide = deployment.gate.decide
        monkeypatch.setattr(
            deployment.gate, "decide", lambda request: asked.append(request) or decide(request)
        )
        with DAG("d", schedule="@daily"):
            run(ComplianceGateOperator(task_id="g", flow=ALLOWED))
        assert asked[0].measured.frequency == "repetitive"
        assert (asked[0].point, asked[0].task.task_id) == ("gate", "g")


class TestSkip:
    def test_the_direct_downstream_is_skipped_but_no_teardown(self, deployment, dag):
        gate = ComplianceGateOperator(task_id="g", flow=DENIED, on_deny="skip")
        gate >> [Plain(task_id="a"), Plain(task_id="b"), Plain(task_id="c").as_teardown()]
        with pytest.raises(DownstreamTasksSkipped) as caught:
            run(gate)
        assert sorted(caught.value.tasks) == ["a", "b"]

    def test_a_review_is_no_denial_and_fails(self, deployment, dag):
        unknown = {**ALLOWED, "source": {"store": "postgres://pg-eu:5432/appdb.public.nobody_knows"}}
        gate = ComplianceGateOperator(task_id="g", flow=unknown, on_deny="skip")
        gate >> Plain(task_id="a")
        with pytest.raises(AirflowFailException, match="review_required"):
            run(gate)

    def test_a_mapped_instance_is_skipped_itself(self, deployment, dag):
        gate = ComplianceGateOperator(task_id="g", flow=DENIED, on_deny="skip")
        with pytest.raises(AirflowSkipException):
            run(gate, map_index=0)

    def test_with_nothing_after_it_there_is_nothing_to_skip(self, deployment, dag):
        assert run(ComplianceGateOperator(task_id="g", flow=DENIED, on_deny="skip"))["xborder_decision"]

    def test_anything_else_than_fail_and_skip_is_an_error_when_the_dag_is_loaded(self, dag):
        with pytest.raises(ConfigurationError, match="on_deny: unknown value `ignore`"):
            ComplianceGateOperator(task_id="g", on_deny="ignore")


class TestDischarges:
    """A gate discharges nothing; what follows it directly may, all of it."""

    @staticmethod
    def transfer(task_id: str) -> RegionalTransferOperator:
        table = {"source_table": "a.b", "destination_table": "a.b"}
        ids = {"source_conn_id": "x", "destination_conn_id": "y"}
        return RegionalTransferOperator(task_id=task_id, purpose="analytics", **table, **ids)

    def test_nothing_after_it_discharges_nothing(self, dag):
        assert discharged_after(ComplianceGateOperator(task_id="g")) == frozenset()

    def test_a_transfer_discharges_what_transfers_can(self, dag):
        gate = ComplianceGateOperator(task_id="g")
        gate >> [self.transfer("a"), self.transfer("b")]
        assert discharged_after(gate) == DISCHARGED != frozenset()

    def test_one_task_that_cannot_is_enough(self, dag):
        gate = ComplianceGateOperator(task_id="g")
        gate >> [self.transfer("a"), Plain(task_id="b")]
        assert discharged_after(gate) == frozenset()

    def test_a_mapped_transfer_counts_as_one(self, dag):
        gate = ComplianceGateOperator(task_id="g")
        mapped = RegionalTransferOperator.partial(
            task_id="t", purpose="x", source_conn_id="x", destination_conn_id="y", destination_table="a.b"
        ).expand(source_table=["a.b"])
        gate >> mapped
        assert discharged_after(gate) == DISCHARGED

    def test_an_obligation_that_follows_is_no_reason_to_deny(self, deployment, dag):
        gate = ComplianceGateOperator(task_id="g", flow=DENIED)
        gate >> self.transfer("t")
        assert run(gate)["xborder_decision"]["outcome"] == "allow"


def test_a_flow_is_rendered_down_to_its_leaves(deployment, dag):
    gate = ComplianceGateOperator(
        task_id="g", flow={"source": {"store": "{{ params.table }}"}, "counts": ["{{ 1 }}"]}
    )
    gate.render_template_fields({"params": {"table": PEOPLE}})
    assert gate.flow == {"source": {"store": PEOPLE}, "counts": ["1"]}


def test_a_gate_with_either_kind_of_flow_serializes(dag):
    from airflow.serialization.serialized_objects import DagSerialization

    ComplianceGateOperator(task_id="a", flow=ALLOWED)
    ComplianceGateOperator(task_id="b", flow=flow())
    assert json.dumps(DagSerialization.serialize_dag(dag))


def test_importing_the_gate_loads_no_client_no_provider_and_no_decision():
    code = (
        "import airflow.sdk, sys; from airflow.sdk import BaseOperator; before = set(sys.modules)\n"
        "import airflow_xborder.operators.gate; print(*(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(result.stdout.split())
    assert not [
        name
        for name in loaded
        if name.partition(".")[0] in {"requests", "boto3", "pydantic", "yaml", "obstore"}
    ]
    assert not [name for name in loaded if name.startswith(PROVIDERS)]
    assert loaded <= {
        "airflow_xborder.operators",
        "airflow_xborder.operators.gate",
        "airflow_xborder.outcomes",
        "airflow_xborder.errors",
        "airflow.sdk.bases.skipmixin",
    }


def test_the_package_names_what_it_has_and_nothing_else():
    from airflow_xborder import operators

    assert [getattr(operators, name).__name__ for name in operators.__all__] == operators.__all__
    with pytest.raises(AttributeError, match="has no `NoSuchOperator`"):
        _ = operators.NoSuchOperator
