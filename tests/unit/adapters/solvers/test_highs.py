# SPDX-License-Identifier: Apache-2.0
"""HiGHS in a process of its own: its answers are priced again, and no failure of it is an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.adapters.solvers import highs
from airflow_xborder.adapters.solvers.highs import HighsSolver
from airflow_xborder.core.selection import Problem, Selection
from airflow_xborder.errors import EvaluationError, MissingDependencyError

SHARED = Problem(tuple(tuple(map(frozenset, group)) for group in (({0}, {1}), ({0}, {2}))), (7, 4, 4))
needs_highs = pytest.mark.skipif(not highs.is_installed(), reason="highspy is not installed")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a process that prints something, and ends in some way, stand for the solver's."""

    def answer(output: str, code: int = 0) -> None:
        script = f"import sys; sys.stdin.read(); print({output!r}); print('odd', file=sys.stderr); sys.exit({code})"
        real = subprocess.run
        monkeypatch.setattr(highs, "is_installed", lambda: True)
        monkeypatch.setattr(
            highs.subprocess, "run", lambda _, **options: real([sys.executable, "-c", script], **options)
        )

    return answer


@needs_highs
class TestSolving:
    def test_what_is_shared_is_paid_once(self) -> None:
        assert HighsSolver().select(SHARED) == Selection((0, 0), 7, True)

    def test_the_library_is_not_loaded_here(self) -> None:
        HighsSolver().select(SHARED)
        assert "highspy" not in sys.modules

    def test_out_of_time_nothing_is_proven(self) -> None:
        hard = _hard()
        try:
            found = HighsSolver(seconds=0.01).select(hard)
        except EvaluationError as error:
            assert "no choice in its time" in error.message
        else:
            assert found.cost == hard.cost(found.chosen)
            assert not found.optimal

    def test_nothing_to_choose_starts_no_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(highs.subprocess, "run", None)
        assert HighsSolver().select(Problem((), ())) == Selection((), 0, True)


def _hard() -> Problem:
    groups = tuple(
        tuple(frozenset({(7 * n + 3 * k) % 60, (11 * n + 5 * k) % 60, (n * n + k) % 60}) for k in range(8))
        for n in range(150)
    )
    return Problem(groups, tuple(1 + (13 * n) % 29 for n in range(60)))


class TestDistrust:
    def test_without_the_extra_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(highs, "is_installed", lambda: False)
        with pytest.raises(MissingDependencyError) as caught:
            HighsSolver().select(SHARED)
        assert "optimize" in str(caught.value)

    def test_the_choice_is_priced_here(self, answering: Any) -> None:
        answering(json.dumps({"chosen": [1, 1], "bound": 8.0, "cost": 1}))
        assert HighsSolver().select(SHARED) == Selection((1, 1), 8, True)

    def test_a_bound_below_the_cost_proves_nothing(self, answering: Any) -> None:
        answering(json.dumps({"chosen": [1, 1], "bound": 6.9}))
        assert HighsSolver().select(SHARED) == Selection((1, 1), 8, False)

    @pytest.mark.parametrize(
        "output",
        ["", "no JSON", '{"chosen": [0], "bound": 1}', '{"chosen": [0, 2], "bound": 1}', '{"chosen": [0, -1], "bound": 1}', '{"chosen": [0, 0]}', '{"chosen": null, "bound": 0}', '{"chosen": [0, "0"], "bound": 0}'],
    )  # fmt: skip
    def test_what_is_no_choice_is_an_error(self, answering: Any, output: str) -> None:
        answering(output)
        with pytest.raises(EvaluationError, match="the solver `highs`"):
            HighsSolver().select(SHARED)

    def test_a_process_that_fails_is_an_error_with_its_last_word(self, answering: Any) -> None:
        answering("{}", code=3)
        with pytest.raises(EvaluationError, match="exit code 3: odd"):
            HighsSolver().select(SHARED)

    def test_a_process_that_hangs_is_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = subprocess.run
        monkeypatch.setattr(highs, "is_installed", lambda: True)
        monkeypatch.setattr(highs, "_GRACE", 0.2)
        hanging = [sys.executable, "-c", "import time; time.sleep(60)"]
        monkeypatch.setattr(highs.subprocess, "run", lambda _, **options: real(hanging, **options))
        with pytest.raises(EvaluationError, match="did not answer"):
            HighsSolver(seconds=0.1).select(SHARED)


def test_the_process_is_where_the_adapter_looks() -> None:
    assert Path(highs.__file__).with_name("highs_process.py").exists()
