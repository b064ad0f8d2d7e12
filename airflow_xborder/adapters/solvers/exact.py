# SPDX-License-Identifier: Apache-2.0
"""The solver that is always there: branch and bound of our own, exact up to a stated number of nodes."""

from __future__ import annotations

from airflow_xborder.core.selection import MAX_NODES, Problem, Selection, select


class ExactSolver:
    """Branch and bound in this process.

    :param max_nodes: how many choices to try at most for flows that share controls; beyond, nothing is proven.
    """

    name = "exact"

    def __init__(self, max_nodes: int = MAX_NODES) -> None:
        self._max_nodes = max_nodes

    def select(self, problem: Problem) -> Selection:
        """Choose the cheapest alternatives."""
        return select(problem, self._max_nodes)
