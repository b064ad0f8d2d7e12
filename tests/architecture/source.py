# SPDX-License-Identifier: Apache-2.0
"""The files that architecture tests look at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_xborder"
TESTS = ROOT / "tests"


def tracked_files() -> list[Path]:
    """Return every file that git knows, or that it would take; in an unpacked archive, every file."""
    if not (ROOT / ".git").exists():
        hidden = (".venv", ".demo", "__pycache__")
        return sorted(
            path for path in ROOT.rglob("*") if path.is_file() and not set(path.parts) & set(hidden)
        )
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


def python_files(folder: Path) -> list[Path]:
    """Return the Python files below a folder."""
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def read_exceptions(name: str) -> dict[str, Any]:
    """Read a TOML file of exceptions that lies beside the tests."""
    return tomllib.loads((Path(__file__).with_name(name)).read_text())


def relative(path: Path) -> str:
    """Return a path as people write it."""
    return path.relative_to(ROOT).as_posix()
