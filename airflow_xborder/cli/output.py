# SPDX-License-Identifier: Apache-2.0
"""What a command prints and how it ends: one exit code for each class of error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TextIO

from airflow_xborder.errors import (
    ConfigurationError,
    EnforcementError,
    EvaluationError,
    FlowError,
    LedgerError,
    LedgerIntegrityError,
    LedgerUnavailableError,
    PolicyError,
    XborderError,
)

OK = 0
REFUSED = 1
MALFORMED = 2
UNAVAILABLE = 3
TAMPERED = 4

# The first row that fits counts: a class stands before its bases.
EXIT_CODES: tuple[tuple[type[XborderError], int], ...] = (
    (ConfigurationError, MALFORMED),
    (PolicyError, MALFORMED),
    (FlowError, MALFORMED),
    (EvaluationError, UNAVAILABLE),
    (LedgerUnavailableError, UNAVAILABLE),
    (EnforcementError, REFUSED),
    (LedgerIntegrityError, TAMPERED),
    (LedgerError, UNAVAILABLE),
)


def exit_code(error: XborderError) -> int:
    """Return the exit code for ``error``; one that no row names could not be evaluated."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), UNAVAILABLE)


def print_error(error: XborderError, stream: TextIO | None = None) -> None:
    """Print ``error`` as `error: …`, with what to do about it on a line of its own."""
    stream = stream or sys.stderr
    # `str` of an error adds its hint in brackets; here the hint has its own line.
    text = str(error)
    if error.hint:
        text = text.removesuffix(f" (hint: {error.hint})")
    print(f"error: {printable(text)}", file=stream)
    if error.hint:
        print(f"hint: {printable(error.hint)}", file=stream)


def printable(text: str) -> str:
    """Return ``text`` as one line that any terminal may show: foreign names can hold line breaks and commands."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def json_line(record: object) -> str:
    """Return ``record`` as one compact line of ASCII: the same bytes whatever the locale is."""
    return json.dumps(record, separators=(",", ":"))


def print_table(rows: Sequence[Sequence[str]], stream: TextIO | None = None) -> None:
    """Print ``rows`` with their columns aligned; the first row is the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip(), file=stream or sys.stdout)
