# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain data, remembering where each value stands.

YAML 1.2 core scalars only: ``NO`` is Norway, not false, and a date stays text. Anchors and aliases, duplicate
keys, tags and documents over five million characters are refused: a policy is read by people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from airflow_xborder.errors import PolicyNotFoundError, PolicySyntaxError, PolicyValidationError

MAX_CHARACTERS = 5_000_000
MAX_DEPTH = 40
# What has more digits stays text, which no number is: Python refuses to read some thousands of them.
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_REFUSED: dict[type[yaml.Token], str] = {
    yaml.AnchorToken: "anchors and aliases", yaml.AliasToken: "anchors and aliases", yaml.TagToken: "tags",
}  # fmt: skip
Place = tuple[str | int, ...]


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
            error.message, hint=error.hint, file=self.file, line=line, column=column, path=error.path
        )


def read_document(path: Path) -> Document:
    """Read one file.

    :raises PolicyNotFoundError: if there is none.
    :raises PolicySyntaxError: if it is no UTF-8, YAML or JSON, or more than people can read.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PolicyNotFoundError(f"cannot read `{path}`: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PolicySyntaxError("not UTF-8", file=str(path), hint="save the file as UTF-8") from error
    return parse_document(text, str(path))


def parse_document(text: str, file: str) -> Document:
    """Parse YAML or JSON text.

    :raises PolicySyntaxError: with line and column.
    """
    document = Document(file)
    if len(text) > MAX_CHARACTERS:
        raise PolicySyntaxError(
            f"more than {MAX_CHARACTERS} characters", file=file, hint="split it into packs"
        )
    try:
        for token in yaml.scan(text):
            _refuse_token(token, document)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PolicySyntaxError(str(error.problem), file=file, line=line, column=column) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise PolicySyntaxError(
            "not YAML or JSON", file=file, hint=str(error).splitlines()[0][:120]
        ) from error
    document.data = None if node is None else _value(node, (), document)
    return document


def _refuse_token(token: yaml.Token, document: Document) -> None:
    for kind, name in _REFUSED.items():
        if isinstance(token, kind):
            line, column = token.start_mark.line + 1, token.start_mark.column + 1
            raise PolicySyntaxError(
                f"{name} are not allowed",
                file=document.file,
                line=line,
                column=column,
                hint="write the value out",
            )


def _value(node: yaml.Node, path: Place, document: Document) -> Any:
    document.positions[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if len(path) > MAX_DEPTH:
        raise _syntax(node, document, f"nested deeper than {MAX_DEPTH}")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, number), document) for number, child in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node)


def _syntax(node: yaml.Node, document: Document, message: str) -> PolicySyntaxError:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    return PolicySyntaxError(message, file=document.file, line=line, column=column)


def _mapping(node: yaml.MappingNode, path: Place, document: Document) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise _syntax(key_node, document, "a key must be text")
        key = str(key_node.value)
        if key in found:
            raise _syntax(key_node, document, f"duplicate key `{key}`")
        found[key] = _value(value_node, (*path, key), document)
        # A complaint about an entry points at its key, where the eye looks first.
        document.positions[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
    return found


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None:
        return text
    if text in ("true", "false"):
        return text == "true"
    if text in ("", "null", "~"):
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    # Fractions stay decimal text: core, ledger and digests know no floats.
    return text
