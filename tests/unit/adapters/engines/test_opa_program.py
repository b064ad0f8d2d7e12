# SPDX-License-Identifier: Apache-2.0
"""The `opa` program: found where one says, and its word is not made better than it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_xborder.adapters.engines.opa_program import check_bundle, find_opa
from airflow_xborder.errors import MissingDependencyError


def program(folder: Path, script: str) -> Path:
    path = folder / "opa"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_it_is_the_one_that_is_named_or_the_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = program(tmp_path, "true")
    monkeypatch.delenv("XBORDER_OPA", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_opa() == here
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_opa() is None
    monkeypatch.setenv("XBORDER_OPA", "/opt/opa")
    assert find_opa() == Path("/opt/opa")


def test_what_passes_is_checked_and_tested(tmp_path: Path) -> None:
    checks = check_bundle(program(tmp_path, 'echo "$@"'), Path("b"))
    assert [(check.name, check.passed, check.output) for check in checks] == [
        ("check", True, "check --strict --bundle b"),
        ("test", True, "test --bundle b"),
    ]


def test_what_does_not_compile_is_not_tested(tmp_path: Path) -> None:
    (check,) = check_bundle(program(tmp_path, "echo wrong >&2; exit 1"), Path("b"))
    assert (check.name, check.passed, check.output) == ("check", False, "wrong")


def test_a_failing_test_fails(tmp_path: Path) -> None:
    checks = check_bundle(program(tmp_path, '[ "$1" = check ]'), Path("b"))
    assert [check.passed for check in checks] == [True, False]


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="cannot run"):
        check_bundle(tmp_path / "gone", Path("b"))
