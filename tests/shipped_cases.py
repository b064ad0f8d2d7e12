# SPDX-License-Identifier: Apache-2.0
"""The cases of all shipped packs, which take a minute: run once, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.authoring import cases, linting
from airflow_xborder.authoring.cases import CaseResult, case_files, run_cases
from airflow_xborder.authoring.loading import shipped_folder
from airflow_xborder.cli.policy.cases import decide


@cache
def shipped_results() -> tuple[CaseResult, ...]:
    """Return how each case of each shipped pack goes."""
    return tuple(run_cases([shipped_folder()], decide))


def run_them_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands that are about to run all shipped cases take what they gave before."""

    def run(paths: Iterable[Path], decide: Any) -> list[CaseResult]:
        files = {file for path in paths for file in case_files(path)}
        assert files == set(case_files(shipped_folder()))
        return list(shipped_results())

    for module in (cases, linting):
        monkeypatch.setattr(module, "run_cases", run)
