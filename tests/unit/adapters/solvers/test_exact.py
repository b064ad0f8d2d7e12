# SPDX-License-Identifier: Apache-2.0
"""The solver that is always there."""

from __future__ import annotations

from airflow_xborder.adapters.solvers.exact import ExactSolver
from airflow_xborder.core.selection import Problem, Selection
from airflow_xborder.ports.solver import Solver

LINKED = Problem(
    (tuple(map(frozenset, ({0, 1}, {2, 3}))), tuple(map(frozenset, ({1, 2}, {0, 3})))), (3, 3, 3, 4)
)


def test_it_chooses_and_proves() -> None:
    solver: Solver = ExactSolver()
    assert solver.select(LINKED) == Selection((0, 0), 9, True)


def test_it_says_when_its_limit_was_hit() -> None:
    found = ExactSolver(max_nodes=0).select(LINKED)
    assert (found.cost, found.optimal) == (9, False)
