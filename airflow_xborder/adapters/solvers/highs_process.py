# SPDX-License-Identifier: Apache-2.0
"""The child process of the HiGHS adapter: a choice as JSON on standard input, its answer on standard output.

``{"groups": [[[item, …], …], …], "prices": [p, …], "seconds": s}`` gives ``{"chosen": [i, …] | null, "bound": b}``,
where no choice costs less than ``bound``. Nothing else imports highspy.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

_NONE = float("-inf")


def main() -> None:
    """Answer one question."""
    # The library writes to the standard output by itself; only the answer may stand there.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        json.dump(solve(json.load(sys.stdin)), output)


def solve(question: Mapping[str, Any]) -> dict[str, Any]:
    """Choose one alternative of each group, so that the items bought cost least.

    One Boolean says whether an item is bought, and one whether an alternative is chosen: exactly one of a group,
    and of the alternatives of a group that have an item at most one, and only if that is bought.
    """
    highspy = _library()
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("random_seed", 0)
    model.setOptionValue("time_limit", float(question["seconds"]))
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 0.5)  # costs are whole numbers
    integer = highspy.HighsVarType.kInteger
    items = [_add_boolean(model, float(price), integer) for price in question["prices"]]
    groups = [[_add_boolean(model, 0.0, integer) for _ in group] for group in question["groups"]]
    for group, variables in zip(question["groups"], groups, strict=True):
        model.addRow(1.0, 1.0, len(variables), variables, [1.0] * len(variables))
        for item in sorted({item for alternative in group for item in alternative}):
            having = [
                variable
                for variable, alternative in zip(variables, group, strict=True)
                if item in alternative
            ]
            columns, values = [items[item], *having], [-1.0, *([1.0] * len(having))]
            model.addRow(-highspy.kHighsInf, 0.0, len(columns), columns, values)
    model.run()
    info = model.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return {"chosen": None, "bound": 0}
    values = list(model.getSolution().col_value)
    return {"chosen": [_largest(values, variables) for variables in groups], "bound": _bound(info)}


def _library() -> Any:
    return import_module("highspy")  # it has no types that a checker without it could know


def _add_boolean(model: Any, cost: float, integer: Any) -> int:
    column: int = model.getNumCol()
    model.addCol(cost, 0.0, 1.0, 0, [], [])
    model.changeColIntegrality(column, integer)
    return column


def _largest(values: Sequence[float], variables: Sequence[int]) -> int:
    return max(range(len(variables)), key=lambda index: (values[variables[index]], -index))


def _bound(info: Any) -> float:
    bound = float(info.mip_dual_bound)
    return 0.0 if bound == _NONE or bound != bound else min(bound, 1e15)


if __name__ == "__main__":
    main()
