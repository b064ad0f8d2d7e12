# SPDX-License-Identifier: Apache-2.0
"""``xborder policy diff``: what is different between two policy sets, and what that does to ordinary flows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, time, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, json_line, printable

if TYPE_CHECKING:
    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.consequences import Consequence
    from airflow_xborder.core.decision import Decision
    from airflow_xborder.core.difference import Differences
    from airflow_xborder.core.flow import DataFlow

# Of how many days to come the consequences are told.
_MOST_DAYS = 3


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("diff", help="compare two policy sets, in words")
    for name in ("old", "new"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="pack ids and paths of files or folders, with commas between, or a release's file",
        )
    parser.add_argument(
        "--as-of",
        metavar="T",
        help="decide flows for this moment (default: now, and the days of the changes)",
    )
    parser.add_argument("--no-flows", action="store_true", help="compare the law alone, and decide nothing")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.core.consequences import find_consequences
    from airflow_xborder.core.difference import find_differences

    old, new = _load(arguments.old), _load(arguments.new)
    found = find_differences(old, new)
    moments = [] if arguments.no_flows or not found.changes else _moments(arguments.as_of, found)
    told = [(moment, find_consequences(old, new, _Decider(moment))) for moment in moments]
    if arguments.format == "json":
        print(json_line(_as_json(found, told)))
    else:
        print("\n".join(printable(line) for line in _as_text(found, told)))
    return OK


def _load(name: str) -> Policies:
    from airflow_xborder.authoring.loading import BASE_PACK, link, read_packs, validate_pack
    from airflow_xborder.services.release import Release

    path = Path(name)
    if path.suffix == ".json" and path.is_file() and b'"catalog"' in path.read_bytes():
        return Release(path.read_bytes()).policies
    sources = read_packs([part for part in name.split(",") if part])
    documents = [validate_pack(source) for source in sources]
    bases = [number for number, document in enumerate(documents) if document["pack"] == BASE_PACK]
    # A folder with a base pack of its own is a whole set; the shipped one is for those without.
    dropped = bases[:1] if len(bases) > 1 else []
    kept = [number for number in range(len(documents)) if number not in dropped]
    return link([documents[number] for number in kept], [sources[number] for number in kept])


def _moments(as_of: str | None, found: Differences) -> list[datetime]:
    from airflow_xborder.core.structure import instant

    if as_of:
        return [instant(as_of, "--as-of")]
    now = datetime.now(timezone.utc)
    coming = [day for day in found.days if day > now.date()]
    return [now, *(datetime.combine(day, time(12), timezone.utc) for day in coming[:_MOST_DAYS])]


class _Decider:
    """Decides flows for one moment, as complete rows."""

    def __init__(self, moment: datetime) -> None:
        from airflow_xborder.adapters.engines.native import NAME, NativeEngine
        from airflow_xborder.core.combining import Frame

        self._engine = NativeEngine()
        self._frame = Frame(
            decision_id="diff", as_of=moment, evaluated_at=moment, simulated=True, engine=NAME
        )

    def __call__(self, policies: Policies, flow: DataFlow) -> Decision:
        from airflow_xborder.core.facts import normalise
        from airflow_xborder.ports.policy_engine import Question

        facts = normalise(flow, complete=True)
        return self._engine.decide(Question(facts=facts, policies=policies, frame=self._frame))


Told = list[tuple[datetime, "tuple[Consequence, ...]"]]


def _as_json(found: Differences, told: Told) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "changes": [asdict(change) for change in found.changes],
        "consequences": [
            {"as_of": moment.date().isoformat(), **asdict(one)} for moment, all_of in told for one in all_of
        ],
    }


def _as_text(found: Differences, told: Told) -> Iterator[str]:
    for change in found.changes:
        yield f"{change.kind} {change.id} {change.what}"
        yield from (f"  {detail}" for detail in change.details)
    before: set[str] = set()
    for moment, all_of in told:
        lines = [str(one) for one in all_of]
        fresh = [line for line in lines if line not in before]
        if fresh:
            yield f"after this change, on {moment.date()}:"
            yield from (f"  {line}" for line in fresh)
        before = set(lines)
    yield f"{len(found.changes)} differences"
