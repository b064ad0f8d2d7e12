# SPDX-License-Identifier: Apache-2.0
"""``xborder policy schema``: JSON Schemas for editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from airflow_xborder.cli.output import OK
from airflow_xborder.errors import PolicyNotFoundError


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("schema", help="JSON Schemas of packs, cases, catalogs and flows")
    parser.add_argument(
        "name",
        nargs="?",
        choices=("pack", "cases", "catalog", "flow"),
        help="which one (default: all, with --to)",
    )
    parser.add_argument("--to", metavar="DIR", help="write NAME.json there instead of printing")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.schemas import SCHEMAS, make_schema

    if arguments.to is None:
        if arguments.name is None:
            hint = f"one of {', '.join(SCHEMAS)}; or --to DIR for all of them"
            raise PolicyNotFoundError("no schema is named", hint=hint)
        print(schema_text(make_schema(arguments.name)), end="")
        return OK
    folder = Path(arguments.to)
    folder.mkdir(parents=True, exist_ok=True)
    for name in [arguments.name] if arguments.name else SCHEMAS:
        path = folder / f"{name}.json"
        path.write_text(schema_text(make_schema(name)), encoding="utf-8")
        print(path)
    return OK


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=1, ensure_ascii=True) + "\n"
