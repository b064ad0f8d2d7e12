# SPDX-License-Identifier: Apache-2.0
"""``xborder law stale``: what of the law was not checked for long, is about to change, or was never confirmed."""

from __future__ import annotations

import argparse
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, REFUSED, json_line, printable
from airflow_xborder.cli.policy.selection import add_packs, selected_policies
from airflow_xborder.core.structure import instant
from airflow_xborder.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_xborder.core.staleness import Due

_LONGEST = 36_500


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("stale", help="list what is due for a look, and what rests on it")
    parser.add_argument(
        "--within",
        metavar="DAYS",
        type=int,
        default=90,
        help="checked longer ago than that, or changing sooner than that (default: 90)",
    )
    parser.add_argument("--on", metavar="DATE", help="the day to look from (default: today)")
    add_packs(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.core.staleness import find_due

    on, within = _day(arguments.on), arguments.within
    reach = timedelta(days=min(max(within, 0), _LONGEST))
    if within != reach.days or not date.min + reach <= on <= date.max - reach:
        raise ConfigurationError(f"--within: {within} days cannot be", hint=f"from 0 to {_LONGEST}")
    due = find_due(selected_policies(arguments), on, within)
    if arguments.format == "json":
        print(json_line({"on": on.isoformat(), "within": within, "due": [_as_json(entry) for entry in due]}))
    else:
        print("\n".join(printable(line) for line in _as_text(due, on, within)))
    return REFUSED if any(entry.presses for entry in due) else OK


def _day(given: str | None) -> date:
    return (instant(given, "--on") if given else datetime.now(timezone.utc)).date()


def _as_json(due: Due) -> dict[str, Any]:
    return {
        "kind": due.kind,
        "day": due.day.isoformat(),
        "pack": due.pack,
        "id": due.id,
        "what": due.what,
        "confidence": due.confidence,
        "rests": list(due.rests),
        "instead": list(due.instead),
    }


def _as_text(due: tuple[Due, ...], on: date, within: int) -> Iterator[str]:
    from airflow_xborder.core.staleness import BEGINS, ENDS, UNCHECKED, UNCONFIRMED

    until = on + timedelta(days=within)
    headings = {
        UNCHECKED: f"not checked since {on - timedelta(days=within)}",
        ENDS: f"valid for the last time by {until}",
        BEGINS: f"beginning by {until}",
        UNCONFIRMED: "to be checked against the cited text",
    }
    for kind, heading in headings.items():
        entries = [entry for entry in due if entry.kind == kind]
        if entries:
            yield f"{heading}: {len(entries)}"
            for entry in entries:
                yield from _entry(entry, kind == UNCHECKED)
    pressing = sum(entry.presses for entry in due)
    yield f"{pressing} due, {len(due) - pressing} to be checked"


def _entry(entry: Due, is_pack: bool) -> Iterator[str]:
    start = f"{entry.day} " if entry.presses else f"{entry.confidence} "
    yield f"  {start}{entry.id}: {entry.what}"
    if entry.rests:
        yield f"    {'its requirements' if is_pack else 'on it rest'}: {', '.join(entry.rests)}"
    if entry.instead:
        yield f"    valid after it: {', '.join(entry.instead)}"
