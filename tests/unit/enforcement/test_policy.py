# SPDX-License-Identifier: Apache-2.0
"""The cluster policy attaches the guard to every kind of task, and notices when one would hide it."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import subprocess
import sys
from typing import Any

import airflow  # noqa: F401  (it loads our cluster policy)
import pytest
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_xborder.enforcement import guard, policy


@pytest.fixture
def dag() -> Any:
    with DAG("d", schedule=None) as dag:
        yield dag


@pytest.fixture(autouse=True)
def enforce(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "ENFORCEMENT", "enforce")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What runs around a task, in order, with a guard that only says that it ran."""
    order: list[str] = []
    monkeypatch.setattr(guard, "_leave", lambda: None)
    monkeypatch.setattr(guard, "_shadow", lambda what, act: order.append("guard"))
    monkeypatch.setattr(guard.runtime, "enforcement", lambda: "shadow")
    return order


class Mover(BaseOperator):
    def __init__(self, *, n: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def execute(self, context: Any) -> None: ...


class Sensor(BaseSensorOperator):
    def poke(self, context: Any) -> bool:
        return True


def function_task() -> Any:
    @task
    def function() -> None: ...

    return function().operator


def mapped_function_task() -> Any:
    @task
    def function(n: int) -> None: ...

    return function.expand(n=[1, 2]).operator


KINDS = [
    pytest.param(lambda: Mover(task_id="t"), id="operator"),
    pytest.param(lambda: BashOperator(task_id="t", bash_command="true"), id="stock-operator"),
    pytest.param(lambda: Sensor(task_id="t"), id="sensor"),
    pytest.param(function_task, id="function"),
    pytest.param(lambda: Mover.partial(task_id="t").expand(n=[1, 2]), id="mapped-operator"),
    pytest.param(mapped_function_task, id="mapped-function"),
]


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("mode", ["enforce", "shadow"])
def test_every_kind_of_task_gets_the_guard(monkeypatch, dag, make, mode):
    monkeypatch.setattr(policy, "ENFORCEMENT", mode)
    made = make()
    policy.task_policy(made)
    assert policy.is_attached(made)


@pytest.mark.parametrize("make", KINDS)
def test_off_attaches_nothing(monkeypatch, dag, make):
    monkeypatch.setattr(policy, "ENFORCEMENT", "off")
    made = make()
    policy.task_policy(made)
    assert not policy.is_attached(made)


def test_an_instance_of_a_mapped_task_has_the_guard(dag):
    mapped = Mover.partial(task_id="t").expand(n=[1])
    policy.task_policy(mapped)
    assert isinstance(mapped, MappedOperator)
    assert policy.is_attached(mapped.unmap({"n": 1}))


def test_asking_twice_attaches_once(dag):
    mover = Mover(task_id="t")
    policy.task_policy(mover)
    hook = mover._pre_execute_hook
    policy.task_policy(mover)
    assert mover._pre_execute_hook is hook


class TestAuthorsHooks:
    def test_they_run_inside_the_guard(self, dag, ran):
        mover = Mover(
            task_id="t",
            inlets=["x"],
            pre_execute=lambda context: ran.append("before"),
            post_execute=lambda context, result: ran.append(f"after {result}"),
        )
        policy.task_policy(mover)
        mover._pre_execute_hook({"task": mover})
        mover._post_execute_hook({"task": mover}, "done")
        assert ran == ["guard", "before", "after done"]

    def test_a_generator_is_run_to_its_end(self, dag, ran):
        def hook(context: Any) -> Any:
            ran.append("before")
            yield from ()

        mover = Mover(task_id="t", pre_execute=hook)
        policy.task_policy(mover)
        mover._pre_execute_hook({"task": mover})
        assert ran == ["before"]

    def test_what_they_raise_is_theirs_to_raise(self, dag, ran):
        def hook(context: Any) -> None:
            raise LookupError("mine")

        mover = Mover(task_id="t", pre_execute=hook)
        policy.task_policy(mover)
        with pytest.raises(LookupError, match="mine"):
            mover._pre_execute_hook({"task": mover})


class Property(Mover):
    _pre_execute_hook = property(lambda self: None, lambda self, hook: None)  # type: ignore[assignment]


class PropertyAfter(Mover):
    _post_execute_hook = property(lambda self: None, lambda self, hook: None)  # type: ignore[assignment]


class Faithful(Mover):
    """Shows the hook that was set, until somebody runs it."""

    _pre_execute_hook = property(  # type: ignore[assignment]
        lambda self: self.__dict__.get("kept"), lambda self, hook: self.__dict__.update(kept=hook)
    )


class Heir(Property):
    pass


class Reader(Mover):
    def __getattribute__(self, name: str) -> Any:
        return super().__getattribute__(name)


class Preparing(Mover):
    def prepare_for_execution(self) -> Any:
        return super().prepare_for_execution()


class Deaf(Mover):
    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_pre"):
            super().__setattr__(name, value)


HIDING = [Property, PropertyAfter, Faithful, Heir, Reader, Preparing, Deaf]


class TestHiding:
    @pytest.mark.parametrize("kind", HIDING)
    def test_the_dag_of_an_operator_that_hides_the_guard_is_refused(self, dag, kind):
        with pytest.raises(AirflowClusterPolicyViolation, match="hides the hook that guards it"):
            policy.task_policy(kind(task_id="t"))

    def test_also_when_it_is_mapped(self, dag):
        with pytest.raises(AirflowClusterPolicyViolation, match="`Property` hides"):
            policy.task_policy(Property.partial(task_id="t").expand(n=[1]))

    def test_in_shadow_mode_it_is_only_named(self, monkeypatch, dag):
        monkeypatch.setattr(policy, "ENFORCEMENT", "shadow")
        said: list[str] = []
        monkeypatch.setattr(policy.log, "warning", lambda text, *more: said.append(text % more))
        policy.task_policy(Property(task_id="t"))
        assert len(said) == 1
        assert "would not be loaded" in said[0]


class TestStartFromTrigger:
    def test_a_task_begins_in_a_worker_where_tasks_are_enforced(self, dag):
        mover = Mover(task_id="t")
        mover.start_from_trigger = True
        policy.task_policy(mover)
        assert mover.start_from_trigger is False

    def test_one_that_insists_is_refused(self, dag):
        class Insisting(Mover):
            start_from_trigger = property(lambda self: True, lambda self, value: None)  # type: ignore[assignment]

        with pytest.raises(AirflowClusterPolicyViolation, match="starts from its trigger"):
            policy.task_policy(Insisting(task_id="t"))

    def test_a_shadow_changes_nothing(self, monkeypatch, dag):
        monkeypatch.setattr(policy, "ENFORCEMENT", "shadow")
        mover = Mover(task_id="t")
        mover.start_from_trigger = True
        policy.task_policy(mover)
        assert mover.start_from_trigger is True


class TestSerialized:
    def test_the_source_text_that_goes_into_every_dag_stays_as_it_is(self):
        # A change makes a new version of every DAG of every deployment: it needs a line in the changelog.
        text = inspect.getsource(policy.PreExecute.__call__) + inspect.getsource(policy.PostExecute.__call__)
        assert hashlib.sha256(text.encode()).hexdigest() == SOURCE

    def test_a_dag_with_guarded_tasks_serializes_to_the_same_text_each_time(self):
        from airflow.serialization.serialized_objects import DagSerialization

        texts = set()
        for _ in range(2):
            with DAG("d", schedule=None) as dag:
                Mover(task_id="a", pre_execute=print)
                Mover.partial(task_id="b").expand(n=[1])
            for made in dag.tasks:
                policy.task_policy(made)
            texts.add(json.dumps(DagSerialization.serialize_dag(dag), sort_keys=True))
        assert len(texts) == 1
        assert "before_execute(context, self.author)" in texts.pop()


SOURCE = "88a0fe27e8ee0b8d3af78be1baf94fdbc5195dc5f3f957baa0e9450bd0491cf8"


def test_importing_airflow_loads_next_to_nothing_of_ours():
    code = "import airflow, sys; print(*(name for name in sys.modules if name.startswith('airflow_xborder')))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert set(loaded.stdout.split()) == {
        "airflow_xborder",
        "airflow_xborder.provider_info",
        "airflow_xborder.errors",
        "airflow_xborder.config",
        "airflow_xborder.runtime",
        "airflow_xborder.enforcement",
        "airflow_xborder.enforcement.policy",
    }


def test_our_modules_may_be_imported_before_airflow():
    code = "import airflow_xborder.runtime as runtime; runtime.options(); import airflow; print(runtime.enforcement())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("value", "mode"), [("enforce", "enforce"), (" Shadow\n", "shadow"), ("enfroce", "enforce")]
)
def test_what_cannot_be_read_enforces(monkeypatch, value, mode):
    monkeypatch.setenv("AIRFLOW__XBORDER__ENFORCEMENT", value)
    code = "import airflow; from airflow_xborder.enforcement import policy; print(policy.ENFORCEMENT)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split()[-1] == mode


def test_the_log_of_a_dag_processor_names_this_module():
    assert policy.log is logging.getLogger("airflow_xborder.enforcement.policy")
