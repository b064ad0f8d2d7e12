# SPDX-License-Identifier: Apache-2.0
"""``xborder policy new``: a first pack of a regime, with its cases."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow_xborder.cli.output import OK
from airflow_xborder.errors import PolicyValidationError


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("new", help="a first pack of a regime, with its cases")
    parser.add_argument("regime", metavar="REGIME", help="its id, such as pe.29733")
    parser.add_argument("--jurisdiction", required=True, metavar="XX", help="whose law it is: BR, US-TX, EU")
    parser.add_argument(
        "--to", metavar="FILE", help="the file (default: REGIME.yaml); the cases go beside it"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.shipped import CASES_SUFFIX
    from airflow_xborder.authoring.skeleton import make_skeleton
    from airflow_xborder.cli.policy.cases import decide

    made = make_skeleton(arguments.regime, arguments.jurisdiction, datetime.now(timezone.utc), decide)
    pack = Path(arguments.to or f"{arguments.regime}.yaml")
    if pack.suffix not in (".yaml", ".yml") or pack.name.endswith(CASES_SUFFIX):
        raise PolicyValidationError(f"`{pack}` is no name of a pack", hint="call it NAME.yaml")
    cases = pack.with_name(f"{pack.name.removesuffix(pack.suffix)}{CASES_SUFFIX}")
    for path in (pack, cases):
        if path.exists():
            raise PolicyValidationError(f"`{path}` is there already", hint="choose another name with --to")
    for path, text in ((pack, made.pack), (cases, made.cases)):
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
        print(path)
    return OK
