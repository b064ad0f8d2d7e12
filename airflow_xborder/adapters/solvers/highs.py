# SPDX-License-Identifier: Apache-2.0
"""HiGHS as the solver, in a process of its own with a time limit; needs the extra ``optimize``.

highspy and ortools cannot share a process, and a worker may hold either. What comes back is not believed: the
choice is priced again in whole numbers, and counts as the cheapest only if the solver's own bound proves it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from airflow_xborder.core.selection import Problem, Selection
from airflow_xborder.errors import EvaluationError, MissingDependencyError

_GRACE = 30.0  # for the process to start and to stop by itself
_TOLERANCE = 1e-6


def is_installed() -> bool:
    """Tell whether highspy can be imported, without importing it."""
    return find_spec("highspy") is not None


class HighsSolver:
    """A mixed-integer programme, solved by a child process.

    :param seconds: after how long to take the best choice so far.
    """

    name = "highs"

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds

    def select(self, problem: Problem) -> Selection:
        """Choose the cheapest alternatives.

        :raises MissingDependencyError: without the extra.
        :raises EvaluationError: if the process failed, or found no choice in its time.
        """
        if not is_installed():
            raise MissingDependencyError(
                "the solver `highs` needs highspy",
                hint="pip install 'airflow-provider-xborder[optimize]', or use the solver `exact`",
            )
        if not problem.groups:
            return Selection((), 0, True)
        answer = self._run(problem)
        chosen = _chosen(problem, answer)
        cost = problem.cost(chosen)
        return Selection(chosen, cost, math.ceil(answer["bound"] - _TOLERANCE) >= cost)

    def _run(self, problem: Problem) -> dict[str, Any]:
        question = {
            "groups": [[sorted(items) for items in group] for group in problem.groups],
            "prices": list(problem.prices),
            "seconds": self._seconds,
        }
        command = [sys.executable, "-m", "airflow_xborder.adapters.solvers.highs_process"]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(question),
                capture_output=True,
                text=True,
                timeout=self._seconds + _GRACE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EvaluationError(f"the solver `highs` did not answer: {error}") from error
        if done.returncode != 0:
            last = done.stderr.strip().rpartition("\n")[2]
            raise EvaluationError(f"the solver `highs` failed with exit code {done.returncode}: {last[:200]}")
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise EvaluationError("the solver `highs` answered no JSON") from error
        return answer


def _chosen(problem: Problem, answer: dict[str, Any]) -> tuple[int, ...]:
    chosen = answer.get("chosen")
    if chosen is None:
        raise EvaluationError(
            "the solver `highs` found no choice in its time", hint="give it more, or use the solver `exact`"
        )
    fits = len(chosen) == len(problem.groups) and all(
        isinstance(index, int) and 0 <= index < len(group)
        for index, group in zip(chosen, problem.groups, strict=False)
    )
    if not fits or not isinstance(answer.get("bound"), (int, float)):
        raise EvaluationError("the solver `highs` answered no choice")
    return tuple(chosen)
