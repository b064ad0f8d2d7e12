# SPDX-License-Identifier: Apache-2.0
"""``xborder policy test``: run the cases beside the packs, and tell what they do not reach."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, REFUSED, print_table, printable
from airflow_xborder.errors import PolicyNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_xborder.authoring.cases import CaseResult
    from airflow_xborder.authoring.coverage import Side
    from airflow_xborder.core.combining import Frame
    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.decision import Decision
    from airflow_xborder.core.facts import Facts

# Dates are told and never required: a library of laws has more of them than anybody wants cases for.
_REQUIRED = {
    "none": (),
    "requirements": ("requirements",),
    "all": ("requirements", "alternatives", "thresholds"),
}


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("test", help="run the cases beside the packs")
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="case files, or folders of them (default: the shipped ones)"
    )
    parser.add_argument("--coverage", action="store_true", help="name everything that no case reaches")
    parser.add_argument(
        "--require-coverage",
        choices=tuple(_REQUIRED),
        metavar="WHAT",
        help="what cases must reach, or the exit code is 1: requirements (default for the shipped ones), "
        "all (alternatives and thresholds too), none (default for a PATH)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def decide(policies: Policies, facts: Facts, frame: Frame) -> Decision:
    """Decide a case with the native engine."""
    from airflow_xborder.adapters.engines.native import NativeEngine
    from airflow_xborder.ports.policy_engine import Question

    return NativeEngine().decide(Question(facts=facts, policies=policies, frame=frame))


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.cases import run_cases
    from airflow_xborder.authoring.coverage import coverage
    from airflow_xborder.authoring.loading import shipped_folder

    paths = [Path(path) for path in arguments.paths]
    results = run_cases(paths or [shipped_folder()], decide)
    if not results:
        raise PolicyNotFoundError(
            f"no cases in {', '.join(f'`{path}`' for path in paths)}",
            hint="case files are called `*.cases.yaml`",
        )
    policies, packs = _covered(paths)
    sides = coverage(policies, packs, results)
    required = _REQUIRED[arguments.require_coverage or ("none" if paths else "requirements")]
    failed = [result for result in results if not result.passed]
    lacking = [side for side in sides if side.kind in required and not side.reached]
    if arguments.format == "json":
        _print_json(results, sides)
    else:
        told = [side for side in sides if not side.reached] if arguments.coverage else lacking
        _print_text(results, sides, told, required)
    return REFUSED if failed or lacking else OK


def _covered(paths: list[Path]) -> tuple[Policies, list[str]]:
    """Return what the cases are about: all shipped packs, or those that case files stand beside."""
    from airflow_xborder.authoring.cases import case_files, pack_beside
    from airflow_xborder.authoring.loading import load_document, load_policies, shipped_folder, shipped_ids

    if not paths:
        policies = load_policies()
        return policies, list(policies.ids)
    beside = {pack_beside(file) for path in paths for file in case_files(path)} - {None}
    files = sorted(path.resolve() for path in beside if path is not None)
    packs = [str(load_document(file)["pack"]) for file in files]
    own = [str(file) for file in files if file.parent != shipped_folder().resolve()]
    return load_policies([*shipped_ids(), *own]), packs


def _print_text(
    results: Sequence[CaseResult], sides: Sequence[Side], told: Sequence[Side], required: Sequence[str]
) -> None:
    failed = [result for result in results if not result.passed]
    for result in failed:
        line = f"{result.file}:{result.line}: {result.case}: {'; '.join(result.failures)}"
        print(printable(line), file=sys.stderr)
    for side in told:
        print(f"{side.of}: no case reaches `{side.side}`", file=sys.stderr if side.kind in required else None)
    if sides:
        print_table(_table(sides))
    lacking = {side.of for side in sides if side.kind == "requirements" and not side.reached}
    print(
        f"{len(results) - len(failed)} passed, {len(failed)} failed, {len(lacking)} requirements lack a case"
    )


def _table(sides: Sequence[Side]) -> list[list[str]]:
    """Return, for each pack and all of them, how many sides of what are reached."""
    from airflow_xborder.authoring.coverage import KINDS

    packs = list(dict.fromkeys(side.pack for side in sides))
    rows = [["cases reach", *KINDS]]
    for name in [*packs, *(["all"] if len(packs) != 1 else [])]:
        own = [side for side in sides if name in (side.pack, "all")]
        rows.append([name, *(_share([side.reached for side in own if side.kind == kind]) for kind in KINDS)])
    return rows


def _share(reached: list[bool]) -> str:
    return f"{sum(reached)} of {len(reached)}" if reached else "-"


def _print_json(results: Sequence[CaseResult], sides: Sequence[Side]) -> None:
    cases = [
        {
            "file": result.file,
            "line": result.line,
            "case": result.case,
            "passed": result.passed,
            "failures": list(result.failures),
            "outcome": result.decision.outcome.value,
        }
        for result in results
    ]
    reached = [
        {"pack": side.pack, "kind": side.kind, "of": side.of, "side": side.side, "reached": side.reached}
        for side in sides
    ]
    print(json.dumps({"cases": cases, "coverage": reached}, indent=2))
