# SPDX-License-Identifier: Apache-2.0
"""``xborder policy bundle``: write the graph, and perhaps a company's own Rego, as an OPA bundle, checked by OPA."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from airflow_xborder.cli.output import OK, REFUSED, UNAVAILABLE
from airflow_xborder.cli.policy.selection import add_packs, selected_policies
from airflow_xborder.errors import PolicyNotFoundError, PolicySyntaxError, PolicyValidationError

_ARCHIVES = (".tar.gz", ".tgz")


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("bundle", help="write an OPA bundle")
    add_packs(parser)
    parser.add_argument(
        "--to", required=True, metavar="PATH", help="a new or empty folder, or a file that ends in .tar.gz"
    )
    parser.add_argument(
        "--rego",
        action="append",
        default=[],
        metavar="FOLDER",
        help="Rego of your own to put in (repeatable)",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.adapters.engines.opa_program import find_opa
    from airflow_xborder.authoring.loading import shipped_folder
    from airflow_xborder.services.bundle import ROOT, make_bundle

    to = Path(arguments.to)
    generic = _read(shipped_folder().parent / "rego" / ROOT)
    own: dict[str, str] = {}
    for name in arguments.rego:
        own |= _named(own, Path(name))
    files = make_bundle(selected_policies(arguments), generic, _without_tests(own))
    tests = {f"{ROOT}/{name}": text for name, text in generic.items() if name.endswith("_test.rego")}
    tests |= {name: text for name, text in own.items() if name.endswith("_test.rego")}
    opa = find_opa()
    if opa is not None and not _check(opa, files, tests):
        return REFUSED
    _write(to, files)
    print(f"{to}: {len(files)} files, {sum(map(len, files.values()))} bytes")
    if opa is None:
        print("not checked: there is no `opa` on the path", file=sys.stderr)
        print("hint: install OPA 1 or newer, or name it in XBORDER_OPA, and run this again", file=sys.stderr)
        return UNAVAILABLE
    return OK


def _without_tests(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if not name.endswith("_test.rego")}


def _named(known: Mapping[str, str], folder: Path) -> dict[str, str]:
    found = {f"{folder.resolve().name}/{name}": text for name, text in _read(folder).items()}
    for name in found:
        if name in known:
            raise PolicyValidationError(f"two files are called `{name}`", hint="rename one of the folders")
    return found


def _read(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise PolicyNotFoundError(f"no folder `{folder}`", hint="name the folder that has your .rego files")
    paths = sorted(path for path in folder.rglob("*.rego") if path.is_file())
    if not paths:
        raise PolicyNotFoundError(f"no .rego file in `{folder}`")
    try:
        return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise PolicySyntaxError(f"cannot read a file in `{folder}`: {error}") from error


def _check(opa: Path, files: Mapping[str, bytes], tests: Mapping[str, str]) -> bool:
    from airflow_xborder.adapters.engines.opa_program import check_bundle

    with tempfile.TemporaryDirectory(prefix="xborder-bundle-") as name:
        _write_files(Path(name), [*files.items(), *((path, text.encode()) for path, text in tests.items())])
        checks = check_bundle(opa, Path(name))
        for check in checks:
            stream = sys.stdout if check.passed else sys.stderr
            last = check.output.splitlines()[-1:] if check.passed else [check.output]
            verdict = "passed" if check.passed else "failed"
            print(f"opa {check.name}: {verdict}", *(line.replace(name, ".") for line in last), file=stream)
    return all(check.passed for check in checks)


def _write(to: Path, files: Mapping[str, bytes]) -> None:
    from airflow_xborder.services.bundle import archive

    try:
        if to.name.endswith(_ARCHIVES):
            to.write_bytes(archive(files.items()))
            return
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            # What an older bundle left behind would be loaded with the new one.
            raise PolicyValidationError(f"`{to}` is not empty", hint="name a new folder, or a .tar.gz file")
        _write_files(to, files.items())
    except OSError as error:
        raise PolicyValidationError(f"cannot write `{to}`: {error.strerror}") from error


def _write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
