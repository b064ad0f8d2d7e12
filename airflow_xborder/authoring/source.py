# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain data, remembering where each value stands.

YAML 1.2 core scalars only: ``NO`` is Norway, not false, and a date stays text. Anchors and aliases, duplicate
keys, tags, deep nesting, characters that hide what is written, and documents larger than people read are refused
as soon as they are met, so that no document costs more than its size.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from airflow_xborder.errors import PolicyNotFoundError, PolicySyntaxError, PolicyValidationError

MAX_BYTES = 2_000_000
MAX_VALUES = 200_000
MAX_DEPTH = 40
_LONGEST_MESSAGE = 300
# What has more digits stays text, which no number is: Python refuses to read some thousands of them.
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
# Control characters, half characters, and those that turn the direction of text: a rule must read as it is.
_HIDING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
Place = tuple[str | int, ...]
Event: TypeAlias = Any  # a parser's event; its stubs know less than it has
# libyaml's parser reads the same text ten times as fast; not every platform has it, and it says less of what is wrong.
_FAST = getattr(yaml, "CSafeLoader", None)


@dataclass(slots=True)
class Document:
    """Plain data with the line and column (from 1) of each of its values, by path."""

    file: str
    data: Any = None
    positions: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def position(self, path: Place) -> tuple[int, int]:
        """Return the position of the value at ``path``, or of the nearest one around it."""
        while path not in self.positions and path:
            path = path[:-1]
        return self.positions.get(path, (1, 1))

    def locate(self, error: PolicyValidationError) -> PolicyValidationError:
        """Return the error with this document's file, line and column."""
        line, column = self.position(error.path)
        return type(error)(
            readable(error.message),
            hint=error.hint,
            file=self.file,
            line=line,
            column=column,
            path=error.path,
        )


def readable(text: str) -> str:
    """Return what a message says as one line of bounded length, whatever a document's author wrote into it."""
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
        )
    if len(text) <= _LONGEST_MESSAGE:
        return text
    half = _LONGEST_MESSAGE // 2
    return f"{text[:half]}… ({len(text) - 2 * half} more characters) …{text[-half:]}"


def read_document(path: Path) -> Document:
    """Read one file.

    :raises PolicyNotFoundError: if there is none, or it is no plain file.
    :raises PolicySyntaxError: if it is no UTF-8, YAML or JSON, or more than people can read.
    """
    file = str(path)
    content = _read(path)
    if len(content) > MAX_BYTES:
        raise _too_large(file)
    try:
        return parse_document(content.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise PolicySyntaxError(
            "not UTF-8", file=file, line=line, column=column, hint="save the file as UTF-8"
        ) from None


def _too_large(file: str) -> PolicySyntaxError:
    return PolicySyntaxError(
        f"larger than {MAX_BYTES} bytes", file=file, line=1, column=1, hint="split it into several files"
    )


def _read(path: Path) -> bytes:
    """Return what is in a plain file, or a little more of it than is allowed; never wait for a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PolicyNotFoundError(f"`{readable(str(path))}` is no plain file")
            return stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise PolicyNotFoundError(f"`{readable(str(path))}` is a folder, not a file") from None
    except (OSError, ValueError) as error:
        # ValueError: a name with a NUL in it.
        why = getattr(error, "strerror", None) or "no such name"
        raise PolicyNotFoundError(f"cannot read `{readable(str(path))}`: {why}") from error


def parse_document(text: str, file: str) -> Document:
    """Parse YAML or JSON text.

    :raises PolicySyntaxError: with line and column.
    """
    if len(text) > MAX_BYTES:
        raise _too_large(file)
    hiding = _HIDING.search(text)
    if hiding is not None:
        raise _hidden(text, hiding, file)
    if _FAST is not None:
        try:
            return _parse(text, file, _FAST)
        except (yaml.YAMLError, ValueError, OverflowError):
            pass  # what is wrong is told below
    try:
        return _parse(text, file, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PolicySyntaxError(readable(str(error.problem)), file=file, line=line, column=column) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # ValueError, OverflowError: an escape for a character that there is not, or a number of many digits.
        hint = readable(str(error).splitlines()[0])
        raise PolicySyntaxError("not YAML or JSON", file=file, line=1, column=1, hint=hint) from error


def _parse(text: str, file: str, loader: Any) -> Document:
    document = Document(file)
    document.data = _Reader(document).read(yaml.parse(text, Loader=loader))
    return document


def _hidden(text: str, found: re.Match[str], file: str) -> PolicySyntaxError:
    before = text[: found.start()]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    name = f"U+{ord(found.group()):04X}"
    hint = "leave it out: it cannot be seen, or changes how the text around it reads"
    if found.group() == "\ufeff":
        hint = "save the file as UTF-8 without a byte order mark"
    return PolicySyntaxError(
        f"the character {name} is not allowed", file=file, line=line, column=column, hint=hint
    )


class _Reader:
    """Builds data from a parser's events as they come: nothing is read beyond what is refused."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._values = 0

    def read(self, events: Iterator[Event]) -> Any:
        """Return the data of the one document."""
        data, documents = None, 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._wrong(event, "one document a file: there is another here")
            elif isinstance(event, yaml.NodeEvent):
                data = self._value(event, events, ())
        return data

    def _wrong(self, event: Event, message: str, hint: str | None = None) -> PolicySyntaxError:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        return PolicySyntaxError(
            readable(message), file=self._document.file, line=line, column=column, hint=hint
        )

    def _value(self, event: Event, events: Iterator[Event], path: Place) -> Any:
        self._require_plain(event, path)
        self._document.positions[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            found: list[Any] = []
            while not isinstance(entry := next(events), yaml.SequenceEndEvent):
                found.append(self._value(entry, events, (*path, len(found))))
            return found
        return self._scalar(event)

    def _require_plain(self, event: Event, path: Place) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._wrong(event, "anchors and aliases are not allowed", "write the value out")
        if event.tag is not None:
            raise self._wrong(event, "tags are not allowed", "write the value out")
        if len(path) > MAX_DEPTH:
            raise self._wrong(event, f"nested deeper than {MAX_DEPTH}")
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._wrong(event, f"more than {MAX_VALUES} values", "split it into several files")

    def _mapping(self, events: Iterator[Event], path: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            # A complaint about an entry points at its key, where the eye looks first.
            position = (event.start_mark.line + 1, event.start_mark.column + 1)
            self._require_plain(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._wrong(event, "a key must be text")
            key = str(event.value)
            self._require_visible(event)
            if key in found:
                raise self._wrong(event, f"duplicate key `{key}`")
            found[key] = self._value(next(events), events, (*path, key))
            self._document.positions[(*path, key)] = position
        return found

    def _require_visible(self, event: Event) -> None:
        # What stands in the text was looked at already; an escape such as "\u202e" makes more of them.
        hiding = _HIDING.search(event.value)
        if hiding is not None:
            name = f"U+{ord(hiding.group()):04X}"
            raise self._wrong(event, f"the character {name} is not allowed", "leave it out")

    def _scalar(self, event: Event) -> Any:
        self._require_visible(event)
        text = str(event.value)
        if event.style:
            return text
        if text in ("true", "false"):
            return text == "true"
        if text in ("", "null", "~"):
            return None
        if _INTEGER.fullmatch(text):
            return int(text)
        # Fractions stay decimal text: core, ledger and digests know no floats.
        return text
