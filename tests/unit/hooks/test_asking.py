# SPDX-License-Identifier: Apache-2.0
"""How hooks put their questions: to a real gate in memory, whose answers stand as long as they should."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.context import set_current_context

from airflow_xborder.errors import ConfigurationError, FlowDeniedError, ReviewRequiredError
from airflow_xborder.hooks import asking
from airflow_xborder.hooks.asking import Movement, require_movement
from tests.deployment import PEOPLE, TARGET, Deployment

READ = Movement(source=PEOPLE, destination=None, purpose="analytics")
MOVE = Movement(source=PEOPLE, destination=TARGET, purpose="analytics")


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment()
    monkeypatch.setattr(asking.runtime, "gate", lambda: made.gate)
    monkeypatch.setattr(asking.runtime, "worker_region", lambda: "eu")
    monkeypatch.setattr(asking, "now", lambda: made.clock.now())
    asking.forget_answers()
    return made


def make_context(**changes: Any) -> Any:
    fields = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1, "try_number": 1}
    ti = SimpleNamespace(**{**fields, **changes})
    return {"ti": ti, "dag": SimpleNamespace(schedule="@daily")}


class TestAnswers:
    def test_the_same_movement_of_a_try_is_asked_once(self, deployment: Deployment) -> None:
        with set_current_context(make_context()):
            for _ in range(3):
                require_movement(READ)
        (event,) = deployment.events("eu")
        assert event.body["point"] == "hook"
        assert event.task is not None

    def test_other_movements_and_tries_are_asked_and_recorded_apart(self, deployment: Deployment) -> None:
        with set_current_context(make_context()):
            for movement in (READ, MOVE, replace(READ, purpose="ml_inference")):
                require_movement(movement)
        with set_current_context(make_context(try_number=2)):
            require_movement(READ)
        assert len(deployment.events("eu")) == 4
        assert len({event.object_name for event in deployment.events("eu")}) == 4

    def test_outside_of_a_task_it_is_asked_and_recorded_too(self, deployment: Deployment) -> None:
        require_movement(READ)
        (event,) = deployment.events("eu")
        assert event.task is None

    def test_a_refusal_is_asked_again(self, deployment: Deployment) -> None:
        deployment.catalog["registers"] = {}
        for _ in range(2):
            with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
                require_movement(MOVE)
        deployment.catalog["registers"] = Deployment().catalog["registers"]
        deployment.restart()
        require_movement(MOVE)

    def test_a_review_stops_it(self, deployment: Deployment) -> None:
        with pytest.raises(ReviewRequiredError):
            require_movement(Movement(source=None, destination=TARGET))

    def test_an_answer_runs_out(self, deployment: Deployment) -> None:
        with set_current_context(make_context()):
            require_movement(MOVE)
            deployment.clock.advance(days=100)
            # The assessment is valid until the end of the year.
            with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
                require_movement(MOVE)

    def test_a_new_release_is_asked_again(self, deployment: Deployment) -> None:
        with set_current_context(make_context()):
            require_movement(MOVE)
            deployment.catalog["registers"] = {}
            deployment.restart()
            with pytest.raises(FlowDeniedError):
                require_movement(MOVE)

    def test_a_worker_that_nobody_placed_asks_nothing(
        self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(asking.runtime, "worker_region", lambda: None)
        with pytest.raises(ConfigurationError, match="worker_region"):
            require_movement(READ)
        assert deployment.events("eu") == []


def test_the_schedule_of_the_dag_is_measured(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    decide = deployment.gate.decide

    def listen(request: Any) -> Any:
        asked.append(request)
        return decide(request)

    monkeypatch.setattr(deployment.gate, "decide", listen)
    with set_current_context(make_context()):
        require_movement(READ)
    assert asked[0].measured.frequency == "repetitive"
