# SPDX-License-Identifier: Apache-2.0
"""``xborder policy lint``: check packs, and warn of what a person should look at."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import MALFORMED, OK, REFUSED, printable
from airflow_xborder.cli.policy.selection import add_packs, pack_names
from airflow_xborder.core.structure import instant
from airflow_xborder.errors import PolicyError

if TYPE_CHECKING:
    from airflow_xborder.authoring.linting import Warning
    from airflow_xborder.core.compilation import Policies


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("lint", help="check packs")
    add_packs(parser)
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")
    parser.add_argument("--strict", action="store_true", help="exit 1 if there is a warning")
    parser.add_argument("--as-of", metavar="DAY", help="the day to look from (default: today)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.linking import link
    from airflow_xborder.authoring.linting import lint
    from airflow_xborder.authoring.loading import read_packs, validate_pack
    from airflow_xborder.cli.policy.cases import decide

    today = _today(arguments.as_of)
    try:
        sources = read_packs(pack_names(arguments))
        policies = link([validate_pack(source) for source in sources], sources)
        warnings = lint(policies, sources, today, decide)
    except PolicyError as error:
        if arguments.format == "text":
            raise
        _print_error(error, arguments.format)
        return MALFORMED
    _PRINTERS[arguments.format](warnings, policies)
    return REFUSED if warnings and arguments.strict else OK


def _today(given: str | None) -> date:
    return (instant(given, "--as-of") if given else datetime.now(timezone.utc)).date()


def _print_text(warnings: list[Warning], policies: Policies) -> None:
    for warning in warnings:
        place = f"{warning.file}:{warning.line}:{warning.column}"
        hint = f" (hint: {warning.hint})" if warning.hint else ""
        print(printable(f"{place}: {warning.code}: {warning.message}{hint}"))
    for pack in policies.packs():
        print(f"{pack.id}: {len(pack.requirements)} requirements, {len(pack.designations)} designations")
    print(f"{len(warnings)} warning{'' if len(warnings) == 1 else 's'}")


def _print_json(warnings: list[Warning], policies: Policies) -> None:
    rows = [
        {
            "code": warning.code,
            "file": warning.file,
            "line": warning.line,
            "column": warning.column,
            "message": warning.message,
            "hint": warning.hint,
        }
        for warning in warnings
    ]
    print(json.dumps({"packs": list(policies.ids), "warnings": rows}, indent=2))


def _print_github(warnings: list[Warning], policies: Policies) -> None:
    for warning in warnings:
        place = {"file": warning.file, "line": warning.line, "col": warning.column, "title": warning.code}
        print(
            _annotation("warning", place, f"{warning.message}{f'; {warning.hint}' if warning.hint else ''}")
        )


def _print_error(error: PolicyError, style: str) -> None:
    """Print an error on standard output, where programs read what is wrong with the packs."""
    if style == "github":
        place = {"file": error.file, "line": error.line, "col": error.column, "title": error.code}
        print(_annotation("error", place, f"{error.message}{f'; {error.hint}' if error.hint else ''}"))
        return
    detail = {key: getattr(error, key) for key in ("code", "file", "line", "column", "message", "hint")}
    print(json.dumps({"error": detail}, indent=2))


def _annotation(level: str, place: dict[str, Any], message: str) -> str:
    """Return a workflow command of GitHub Actions, in which only these characters have a meaning."""
    known = {key: _escaped(str(value)) for key, value in place.items() if value is not None}
    pairs = ",".join(f"{key}={value.replace(':', '%3A').replace(',', '%2C')}" for key, value in known.items())
    return f"::{level} {pairs}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


_PRINTERS = {"text": _print_text, "json": _print_json, "github": _print_github}
