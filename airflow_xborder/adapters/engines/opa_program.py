# SPDX-License-Identifier: Apache-2.0
"""The `opa` program of this machine, if there is one: checks and tests Rego files before anybody relies on them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from airflow_xborder.core.records import dataclass
from airflow_xborder.errors import MissingDependencyError

_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What `opa` said of some files. ``passed`` is false when it found anything wrong."""

    name: str
    passed: bool
    output: str


def find_opa() -> Path | None:
    """Return the program that ``XBORDER_OPA`` names, or the one on the path; ``None`` when there is none."""
    found = os.environ.get("XBORDER_OPA") or shutil.which("opa")
    return Path(found) if found else None


def check_bundle(opa: Path, folder: Path) -> list[Check]:
    """Check the Rego of a bundle strictly, and run its tests.

    :param folder: the bundle's files, with the tests among them.
    :raises MissingDependencyError: if the program cannot be run, or does not end.
    """
    checks = [_run(opa, "check", "--strict", "--bundle", str(folder))]
    # What does not compile has no tests to run.
    return [*checks, _run(opa, "test", "--bundle", str(folder))] if checks[0].passed else checks


def _run(opa: Path, name: str, *arguments: str) -> Check:
    try:
        done = subprocess.run(
            [str(opa), name, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingDependencyError(
            f"cannot run `{opa}`: {error}", hint="set XBORDER_OPA to an `opa` program of version 1 or newer"
        ) from error
    lines: Sequence[str] = (done.stdout + done.stderr).strip().splitlines()
    return Check(name=name, passed=done.returncode == 0, output="\n".join(lines))
