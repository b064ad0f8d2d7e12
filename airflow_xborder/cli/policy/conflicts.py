# SPDX-License-Identifier: Apache-2.0
"""``xborder policy conflicts``: which requirements cannot both be obeyed, for which flows, and from when."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, json_line
from airflow_xborder.cli.policy.selection import add_packs, selected_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_xborder.core.conflicts import Conflict, ConflictReport

_BETWEEN = {
    "sovereigns": "between two legal orders: a person decides",
    "equals": "between equals of one legal order: a person decides",
}


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("conflicts", help="find requirements that cannot both be obeyed")
    add_packs(parser)
    parser.add_argument("--since", metavar="DATE", help="leave out what is over before this day")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.core.conflicts import find_conflicts
    from airflow_xborder.core.structure import instant

    since = instant(arguments.since, "--since").date() if arguments.since else None
    report = find_conflicts(selected_policies(arguments), since)
    if arguments.format == "json":
        print(json_line(as_json(report)))
    else:
        print("\n".join(as_text(report)))
    return OK


def as_json(report: ConflictReport) -> dict[str, Any]:
    """Return a report as plain data."""
    return {
        "conflicts": [_conflict_as_json(conflict) for conflict in report.conflicts],
        "waiting": [{"requirement": row.requirement, "other": row.other} for row in report.waiting],
    }


def _conflict_as_json(conflict: Conflict) -> dict[str, Any]:
    period, shared = conflict.period, conflict.overlap
    return {
        "requirements": [conflict.first, conflict.second],
        "kinds": list(conflict.kinds),
        "between": conflict.between,
        "prevails": conflict.prevails,
        "real": conflict.is_real,
        "certain": bool(shared and shared.certain),
        "from": period.first.isoformat() if period else None,
        "until": period.last.isoformat() if period and period.last else None,
        "always": list(shared.always) if shared else [],
        "example": list(shared.example) if shared else [],
    }


def as_text(report: ConflictReport) -> Iterator[str]:
    """Yield the lines of a report."""
    real = [conflict for conflict in report.conflicts if conflict.is_real]
    for conflict in real:
        yield f"{conflict.first} against {conflict.second}: {', '.join(conflict.kinds)}"
        yield f"  {_BETWEEN.get(conflict.between) or f'{conflict.prevails} prevails by its level'}"
        if conflict.period is not None:
            until = f" until {conflict.period.last}" if conflict.period.last else ""
            yield f"  from {conflict.period.first}{until}"
        if conflict.overlap is not None:
            perhaps = "" if conflict.overlap.certain else ", perhaps (the search was cut short)"
            yield f"  both apply to: {', '.join(conflict.overlap.always) or 'any flow'}{perhaps}"
            if conflict.overlap.example:
                yield f"  for example: {', '.join(conflict.overlap.example)}"
    for conflict in report.conflicts:
        if not conflict.is_real:
            why = "are never law together" if conflict.period is None else "can never apply to one flow"
            yield f"warning: {conflict.first} and {conflict.second} declare a conflict, and {why}"
    for row in report.waiting:
        yield f"note: {row.requirement} declares a conflict with {row.other}, whose pack is not loaded"
    yield f"{len(real)} conflicts"
