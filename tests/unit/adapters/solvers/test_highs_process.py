# SPDX-License-Identifier: Apache-2.0
"""The solver's process: one question in, one answer out, and nothing else on the standard output."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from airflow_xborder.adapters.solvers.highs import is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="highspy is not installed")


def run(question: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow_xborder.adapters.solvers.highs_process"],
        input=json.dumps(question), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_answer_is_the_whole_output() -> None:
    done = run({"groups": [[[0], [1]], [[0], [2]]], "prices": [7, 4, 4], "seconds": 10})
    assert (done.returncode, json.loads(done.stdout)) == (0, {"chosen": [0, 0], "bound": 7.0})


def test_alternatives_that_need_nothing_cost_nothing() -> None:
    done = run({"groups": [[[0], []]], "prices": [7], "seconds": 10})
    assert json.loads(done.stdout) == {"chosen": [1], "bound": 0.0}


def test_a_question_that_is_none_ends_badly() -> None:
    assert run({"groups": 3}).returncode != 0
