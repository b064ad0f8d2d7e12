# SPDX-License-Identifier: Apache-2.0
"""What a privacy officer wants to know of packs that load: what nobody checked, what is out of date, what is idle.

A warning is about a document that is right as far as a machine can tell; what is wrong is an error, raised by
``loading.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from airflow_xborder.authoring.cases import Decide, pack_beside, run_cases
from airflow_xborder.authoring.idle import Warned, idle
from airflow_xborder.authoring.shipped import CASES_SUFFIX
from airflow_xborder.authoring.source import Document, readable
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.designations import Designation

SOON = timedelta(days=90)
STALE = timedelta(days=180)


@dataclass(frozen=True, slots=True, order=True)
class Warning:
    """One warning, at its place; ``code`` says of what kind, and never changes its meaning."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str | None = None


def lint(policies: Policies, sources: Iterable[Document], today: date, decide: Decide) -> list[Warning]:
    """Return the warnings about the packs of some documents, in the order of their places.

    :param sources: the documents that ``policies`` were loaded from.
    :param decide: how cases are decided, to tell which rules they reach.
    """
    sources = list(sources)
    documents = {str(row["pack"]): row for row in policies.documents}
    reached = _reached(sources, decide)
    found: list[Warning] = []
    for source in sources:
        document = documents[str(source.data["pack"])]
        warned = [
            *_unchecked(document),
            *_dated(document, policies, today),
            *idle(document, policies),
            *_unreached(document, _cases_of(source), reached),
        ]
        found += [_at(source, entry) for entry in warned]
    return sorted(found)


def _cases_of(source: Document) -> Path:
    file = Path(source.file)
    return file.with_name(f"{file.name.removesuffix(file.suffix)}{CASES_SUFFIX}")


def _reached(sources: Iterable[Document], decide: Decide) -> dict[str, set[str]]:
    """Return the rules that the cases beside each pack reach, by the case file."""
    files = [file for file in map(_cases_of, sources) if file.is_file() and pack_beside(file) is not None]
    found: dict[str, set[str]] = {str(file): set() for file in files}
    for result in run_cases(files, decide):
        found[result.file].update(row.requirement_id for row in result.decision.applicable)
    return found


def _at(source: Document, warned: Warned) -> Warning:
    line, column = source.position(warned.path)
    return Warning(source.file, line, column, warned.code, readable(warned.message), warned.hint)


def _unchecked(document: Mapping[str, Any]) -> Iterator[Warned]:
    for number, row in enumerate(document.get("requirements") or ()):
        name, path = row["requirement_id"], ("requirements", number, "requirement_id")
        confidence = row.get("confidence") or "confirmed"
        if not row.get("citation"):
            yield Warned("no-citation", path, f"`{name}` cites nothing", "say which article it follows from")
        elif confidence == "confirmed" and not row.get("source") and row.get("level") != "company":
            hint = "give its `source`, or a `confidence` that says what was checked"
            yield Warned("no-source", path, f"`{name}` counts as confirmed, and names no source", hint)
        if confidence != "confirmed" and not row.get("review_required"):
            hint = "say `review_required: true` until somebody has checked it"
            yield Warned(
                "unchecked", path, f"`{name}` is {confidence}, and nobody is asked to check it", hint
            )


def _dated(document: Mapping[str, Any], policies: Policies, today: date) -> Iterator[Warned]:
    checked = date.fromisoformat(document["last_checked"])
    if today - checked > STALE:
        message = f"last checked on {checked}, more than {STALE.days} days ago"
        yield Warned("stale", ("last_checked",), message, "check the law again, and say so here")
    pack = policies.pack(str(document["pack"]))
    # Whatever was written down after its end was never meant to go on.
    settled = {name for rule in pack.requirements for name in rule.supersedes} | _history(document)
    for number, rule in enumerate(pack.requirements):
        if rule.expires is not None and rule.id not in settled:
            yield from _ending(rule.id, rule.expires, ("requirements", number, "expires"), today)
    rows = [row for other in policies.packs() for row in other.designations]
    for number, row in enumerate(pack.designations):
        if row.valid_until is None or row.suspends is not None or row.id in settled:
            continue
        if not _continued(row, rows):
            yield from _ending(row.id, row.valid_until, ("designations", number, "valid_until"), today)


def _history(document: Mapping[str, Any]) -> set[str]:
    """Return the rules and designations that were over on the day of their entry."""
    rules = (
        (row["requirement_id"], row.get("expires"), row.get("last_updated"))
        for row in document.get("requirements") or ()
    )
    rows = (
        (row["id"], row.get("valid_until"), row.get("recorded_at"))
        for row in document.get("designations") or ()
    )
    return {str(name) for name, last, entered in (*rules, *rows) if last and entered and last < entered}


def _ending(name: str, last: date, path: tuple[str | int, ...], today: date) -> Iterator[Warned]:
    if last < today:
        yield Warned("expired", path, f"`{name}` expired on {last}, and nothing continues it")
    elif last - today <= SOON:
        message = f"`{name}` expires on {last}, in {(last - today).days} days, and nothing continues it"
        yield Warned("expiring", path, message, "see what rests on it before that day")


def _continued(row: Designation, rows: Sequence[Designation]) -> bool:
    return any(
        (other.by, other.kind) == (row.by, row.kind)
        and row.places <= other.places
        and other.suspends is None
        and row.valid_until is not None
        and (other.valid_until is None or other.valid_until > row.valid_until)
        for other in rows
    )


def _unreached(document: Mapping[str, Any], cases: Path, by_file: Mapping[str, set[str]]) -> Iterator[Warned]:
    reached = by_file.get(str(cases))
    if reached is None:
        hint = f"write some into {cases.name}"
        yield Warned("no-cases", ("pack",), f"`{document['pack']}` has no cases", hint)
        return
    for number, row in enumerate(document.get("requirements") or ()):
        name = row["requirement_id"]
        if name not in reached:
            yield Warned(
                "no-case", ("requirements", number, "requirement_id"), f"`{name}` applies in no case"
            )
