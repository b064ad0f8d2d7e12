# SPDX-License-Identifier: Apache-2.0
"""``xborder policy test``: run the cases beside the packs, and tell what they do not reach."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, REFUSED
from airflow_xborder.errors import PolicyNotFoundError

if TYPE_CHECKING:
    from airflow_xborder.core.combining import Frame
    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.decision import Decision
    from airflow_xborder.core.facts import Facts


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("test", help="run the cases beside the packs")
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="case files, or folders of them (default: the shipped ones)"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.adapters.engines.native import NativeEngine
    from airflow_xborder.authoring.cases import run_cases, untested
    from airflow_xborder.authoring.loading import load_policies, shipped_folder
    from airflow_xborder.ports.policy_engine import Question

    def decide(policies: Policies, facts: Facts, frame: Frame) -> Decision:
        return NativeEngine().decide(Question(facts=facts, policies=policies, frame=frame))

    paths = [Path(path) for path in arguments.paths]
    results = run_cases(paths or [shipped_folder()], decide)
    if not results:
        raise PolicyNotFoundError(
            f"no cases in {', '.join(f'`{path}`' for path in paths)}",
            hint="case files are called `*.cases.yaml`",
        )
    failed = [result for result in results if not result.passed]
    for result in failed:
        print(f"{result.file}:{result.line}: {result.case}: {'; '.join(result.failures)}", file=sys.stderr)
    lacking = [] if paths else untested(load_policies(), results)
    for entry in lacking:
        print(f"{entry.requirement_id}: no case where it is {' or '.join(entry.lacks)}", file=sys.stderr)
    print(
        f"{len(results) - len(failed)} passed, {len(failed)} failed, {len(lacking)} requirements lack a case"
    )
    return REFUSED if failed or lacking else OK
