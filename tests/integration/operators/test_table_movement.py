# SPDX-License-Identifier: Apache-2.0
"""A movement between real databases while its answer changes, and what tells it from every other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder import runtime
from airflow_xborder.operators import table_movement
from tests.regional import Regional, drop_tables, make_context
from tests.transfers import landed, move, phases, run

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def empty_destination(regional: Regional) -> None:
    drop_tables(regional.databases["us"])


class TestWhileRowsMove:
    """The answer runs out between the start and the commit."""

    @pytest.fixture
    def later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(table_movement, "is_standing", lambda decision, digest: False)

    def test_an_answer_that_changes_stops_it(
        self, regional: Regional, later: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tia = regional.catalog["registers"]["evidence"][0]
        until = runtime.SystemClock().now().date()
        tia["valid_until"] = until.isoformat()
        regional.start()
        gate = runtime.gate()
        started = gate.record

        def tomorrow(*arguments: Any) -> Any:
            receipt = started(*arguments)
            moment = gate._clock.now() + timedelta(days=2)
            monkeypatch.setattr(gate, "_clock", type("Clock", (), {"now": lambda self: moment})())
            return receipt

        monkeypatch.setattr(gate, "record", tomorrow)
        with pytest.raises(AirflowFailException, match=r"Test Art\. 1"):
            run(move())
        assert not landed(regional)
        assert phases(regional, "eu")[:2] == ["decision-transfer", "started"]
        assert "decision-transfer-again-1" in phases(regional, "eu")

    def test_one_that_stands_lets_it_finish(self, regional: Regional, later: None) -> None:
        regional.start()
        run(move())
        assert landed(regional) == 54
        assert "decision-transfer-again-1" in phases(regional, "eu")

    def test_an_obligation_that_is_new_stops_it(
        self, regional: Regional, later: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        regional.start()
        gate = runtime.gate()
        decide = gate.decide

        def without(request: Any) -> Any:
            ruling = decide(request)
            if request.step:
                return ruling
            few = ruling.decision.obligations[:1]
            return replace(ruling, decision=replace(ruling.decision, obligations=few))

        monkeypatch.setattr(gate, "decide", without)
        with pytest.raises(AirflowFailException, match="was added while rows were moving"):
            run(move())
        assert not landed(regional)


def test_the_key_of_a_movement_tells_every_other_apart(regional: Regional) -> None:
    regional.start()
    operator = move()
    keys = set()
    for changes in ({}, {"task_id": "b"}, {"run_id": "c"}, {"dag_id": "d"}, {"map_index": 0}):
        context, _ = make_context(operator)
        vars(context["ti"]).update(changes)
        keys.add(table_movement.TableMovement.prepare(operator, context).idempotency_key)
    context, _ = make_context(operator, try_number=7)
    assert len(keys) == 5
    assert table_movement.TableMovement.prepare(operator, context).idempotency_key in keys
