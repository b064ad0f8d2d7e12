# SPDX-License-Identifier: Apache-2.0
"""``xborder decide``: answer flows from a file or a pipe. Needs no Airflow, writes no ledger, authorises nothing.

Here an author's word counts that a document exists, and the flow stands for a complete catalog row (laws 1, 3).
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import (
    MALFORMED,
    OK,
    REFUSED,
    UNAVAILABLE,
    exit_code,
    json_line,
    printable,
)
from airflow_xborder.core.structure import instant, parse_json
from airflow_xborder.errors import FlowError, XborderError

if TYPE_CHECKING:
    from airflow_xborder.core.catalog import Catalog
    from airflow_xborder.core.decision import Decision, Reason
    from airflow_xborder.core.flow import DataFlow
    from airflow_xborder.core.optimisation import Case
    from airflow_xborder.ports.policy_store import PolicySet

_LINES = (".jsonl", ".ndjson")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="one flow as JSON or YAML, or JSON lines; - for stdin",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "facts"),
        default="text",
        help="facts: decide nothing, and print what an OPA bundle is asked",
    )
    parser.add_argument(
        "--as-of", metavar="T", help="decide for this moment (2026-11-21 or 2026-11-21T12:00:00Z)"
    )
    parser.add_argument(
        "--packs", metavar="P,…", help="pack ids and paths of files or folders (default: all shipped)"
    )
    parser.add_argument(
        "--catalog", metavar="FILE", help="resolve regions, stores and parties from this catalog"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer every flow of the input; return the first of 2, 3, 1, 0 that holds."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a key that no encoding has is still told of
    as_of = instant(arguments.as_of, "--as-of") if arguments.as_of else None
    policies = load_policy_set(arguments)
    codes = {
        _answer(number, entry, policies, as_of, arguments.format)
        for number, entry in read_flows(arguments.file)
    }
    if not codes:
        raise FlowError("no flow in the input", hint="give one flow as JSON or YAML, or one a line as JSON")
    return next(code for code in (MALFORMED, UNAVAILABLE, REFUSED, OK) if code in codes)


def load_policy_set(arguments: argparse.Namespace) -> PolicySet:
    """Load the packs and the catalog that ``--packs`` and ``--catalog`` name."""
    from airflow_xborder.adapters.policy_stores.sources import SourcePolicyStore

    packs = [name for name in arguments.packs.split(",") if name] if arguments.packs is not None else None
    catalog = Path(arguments.catalog) if arguments.catalog else None
    return SourcePolicyStore(catalog, _cache(), packs).current()


def _cache() -> Path | None:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "xborder" / "releases"
    except RuntimeError:
        return None  # an account without a home, as containers have


def _answer(number: int, entry: object, policies: PolicySet, as_of: datetime | None, style: str) -> int:
    try:
        if isinstance(entry, XborderError):
            raise entry
        if style == "facts":
            _print_facts(entry, policies, as_of)
            return OK
        decision = decide(entry, policies, as_of)
    except XborderError as error:
        _print_error(number, error, style)
        return exit_code(error)
    if style == "json":
        print(json_line(decision.to_dict()))
    else:
        from airflow_xborder.core.explanation import explain

        print(explain(decision, policies.catalog.read_flow(entry)))
    return OK if decision.allowed else REFUSED


def _print_error(number: int, error: XborderError, style: str) -> None:
    if style != "text":
        detail = {"code": error.code, "message": error.message, "hint": error.hint}
        print(json_line({"line": number, "error": detail}))
    else:
        print(f"error in flow {number}: {printable(str(error))}", file=sys.stderr)


def _print_facts(entry: object, policies: PolicySet, as_of: datetime | None) -> None:
    """Print a facts document for each data set of a flow: one line each."""
    from airflow_xborder.core.facts import normalise
    from airflow_xborder.core.facts_document import to_document

    flow = policies.catalog.read_flow(entry)
    policies.policies.require_known(flow)
    moment = as_of or flow.as_of or datetime.now(timezone.utc)
    flows, contradictions = _resolved(flow, policies.catalog, moment)
    if contradictions:
        raise FlowError(contradictions[0].text, hint="correct the flow, or the catalog")
    zones = [head.time_zone for head in policies.policies.heads]
    for part in flows:
        print(json_line(to_document(normalise(part, complete=True), moment, zones)))


def decide(entry: object, policies: PolicySet, as_of: datetime | None = None) -> Decision:
    """Answer one flow, given as plain data.

    :param as_of: beats the flow's own; either makes the answer a simulated one.
    :raises FlowError: if the flow is malformed, or a place lacks its country and there is no catalog.
    """
    from airflow_xborder.core.remediation import suggest_for_parts

    case = pose(entry, policies, as_of)
    if case.decision.allowed:
        return case.decision
    remedies = suggest_for_parts(case.parts, case.decision, case.prices, case.catalog)
    return replace(case.decision, remediations=remedies)


def pose(entry: object, policies: PolicySet, as_of: datetime | None = None) -> Case:
    """Answer one flow, and return the answer with all that is needed to look for remedies.

    :raises FlowError: as :func:`decide`.
    """
    from airflow_xborder.adapters.engines.native import NAME, NativeEngine
    from airflow_xborder.core.combining import Frame
    from airflow_xborder.core.decision import Outcome
    from airflow_xborder.core.facts import normalise
    from airflow_xborder.core.optimisation import Case, Part
    from airflow_xborder.ports.policy_engine import Question
    from airflow_xborder.services.identifiers import new_id
    from airflow_xborder.services.merging import deny_for, merge

    catalog, now = policies.catalog, datetime.now(timezone.utc)
    flow = catalog.read_flow(entry)
    policies.policies.require_known(flow)
    asked_for = as_of or flow.as_of
    flows, contradictions = _resolved(flow, catalog, asked_for or now)
    frame = Frame(
        decision_id=new_id(now),
        as_of=asked_for or now,
        evaluated_at=now,
        simulated=asked_for is not None,
        engine=NAME,
        on_gap=Outcome.REVIEW,
    )

    def ask(question: DataFlow) -> Decision:
        facts = normalise(question, complete=True)
        answer = NativeEngine().decide(Question(facts=facts, policies=policies.policies, frame=frame))
        return deny_for(answer, contradictions)

    return Case(
        parts=tuple(Part(part, ask) for part in flows),
        decision=merge([ask(part) for part in flows], policies.policies.digest),
        prices=catalog.control_prices,
        catalog=catalog if catalog.regions else None,
    )


def _resolved(flow: DataFlow, catalog: Catalog, moment: datetime) -> tuple[list[DataFlow], list[Reason]]:
    """Return a flow as the catalog completes it, one for each data set, and what contradicts the catalog."""
    from airflow_xborder.services.resolution import complete_from_catalog, parts_of

    if not catalog.regions:
        _require_countries(flow)
        return [flow], []
    parts = parts_of(replace(flow, as_of=None), catalog)
    resolved = [complete_from_catalog(part, catalog, moment.date()) for part in parts]
    return [part.claimed for part in resolved], list(resolved[0].contradictions)


def _require_countries(flow: DataFlow) -> None:
    from dataclasses import fields

    ends = [("source", flow.source), ("destination", flow.destination)]
    for level in fields(flow.places) if flow.places else ():
        ends += [(f"places.{level.name}", end) for end in getattr(flow.places, level.name) or ()]
    for name, end in ends:
        if end.country is None and not (name.startswith("places.") and end.region == "global"):
            raise FlowError(
                f"{name}: no country", hint=f"give {name} its `country`, or resolve regions with --catalog"
            )


def read_flows(file: str) -> Iterator[tuple[int, Any]]:
    """Yield each flow with its line number; what cannot be read is yielded as an error in its place."""
    # One line that is not UTF-8 is malformed by itself: the rest go on.
    text = _read(file).decode("utf-8-sig", "surrogateescape")
    # Not `splitlines`, which would also break a string at a character such as U+2028.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if Path(file).suffix in _LINES or _are_json_lines(line for _, line in lines):
        yield from ((number, _json_line(line)) for number, line in lines)
    elif lines:
        yield lines[0][0], _document(text, "stdin" if file == "-" else file)


def _read(file: str) -> bytes:
    if file == "-" and sys.stdin is None:
        raise FlowError("standard input is closed", hint="name a file, or pipe flows into the command")
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise FlowError(f"cannot read `{file}`: {getattr(error, 'strerror', None) or error}") from error


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\udc80" <= char <= "\udcff" for char in text)


def _are_json_lines(lines: Iterable[str]) -> bool:
    """More than one line, of which at least one is a JSON object by itself, and none starts indented."""
    given = list(lines)
    if len(given) < 2 or any(line[0].isspace() for line in given):
        return False
    return any(isinstance(_json_line(line), dict) for line in given)


def _json_line(line: str) -> Any:
    if not _is_utf8(line):
        return FlowError("not UTF-8", hint="save the flow as UTF-8")
    try:
        return parse_json(line)
    except (ValueError, RecursionError) as error:
        return FlowError("not JSON", hint=str(error)[:120])


def _document(text: str, file: str) -> Any:
    from airflow_xborder.authoring.source import parse_document

    if not _is_utf8(text):
        return FlowError(f"`{file}` is not UTF-8", hint="save the flow as UTF-8")
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        try:
            return parse_document(text, file).data
        except XborderError as error:
            return error
