# SPDX-License-Identifier: Apache-2.0
"""Solver: whoever chooses the cheapest alternatives of an estate of flows, once every plan of each flow is known."""

from __future__ import annotations

from typing import Protocol

from airflow_xborder.core.selection import Problem, Selection


class Solver(Protocol):
    """Solves choices, each alike for alike problems up to which of several equally cheap ones it takes."""

    name: str

    def select(self, problem: Problem) -> Selection:
        """Choose one alternative of each group; what several choices share is paid once.

        The cost is what the chosen items cost by ``problem.cost``, and ``optimal`` is set only if it is proven that
        nothing is cheaper. A solver that ran out of its time returns the best that it has, not set so.

        :raises MissingDependencyError: if what it needs is not installed.
        :raises EvaluationError: if it came to no choice.
        """
