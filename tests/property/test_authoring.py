# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to a pack, it loads, or gets one error of ours that says where; it never hangs, and never crashes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.loading import validate_pack
from airflow_xborder.authoring.shipped import shipped_packs
from airflow_xborder.authoring.source import parse_document
from airflow_xborder.core.condition_syntax import _SPECIAL, NAMES, PATHS
from airflow_xborder.core.vocabulary import KINDS
from airflow_xborder.errors import PolicyError

SECONDS = 3
SMALL = ("jp.appi", "us.ccpa", "base")
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in shipped_packs().items()}
DATA = {name: parse_document(text, name).data for name, text in TEXTS.items()}
BASE_SOURCE = parse_document(TEXTS["base"], "base.yaml")
BASE = validate_pack(BASE_SOURCE)

CHARACTERS = st.sampled_from(
    [*"{}[]:,-#&*!|>'\"%@`\\\n\t ?", "\0", "\u202e", "\ufeff", "é", "\x85", "a", "0"]
)
WORDS = st.sampled_from(
    [
        *PATHS, *NAMES, *_SPECIAL, *KINDS["evidence"], *KINDS["purpose"], "all", "any", "not", "any_of", "needs", "within", "stated", "known",
        "../../x", "__proto__", "a\nb", "x" * 5000, "2026-02-30", "nan", "1e9", "0.5", "", "true", "EEA30", "UK", "special_category", "eu.gdpr.a44", "attributes.", "attributes.x",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(-5, 10**17), st.text(max_size=8).filter(str.isprintable)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def accept(text: str, file: str = "fuzzed.yaml") -> None:
    """Load a pack with the base pack; what is wrong must be told with its place, and soon."""
    started = time.monotonic()
    try:
        document = parse_document(text, file)
        pack = validate_pack(document)
        if pack["pack"] != "base":
            assert link([BASE, pack], [BASE_SOURCE, document]).digest
    except PolicyError as error:
        assert error.message.isprintable() and 0 < len(error.message) < 400
        assert error.file == file
        lines = text.split("\n")
        assert error.line is not None and 1 <= error.line <= len(lines) + 1
        assert error.column is not None and error.column >= 1
    assert time.monotonic() - started < SECONDS


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values below the top."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    found = [path] if path else []
    for key, value in entries:
        found += places(value, (*path, key))
    return found


def changed(data: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """Return a copy in which ``change`` was made to the container of a path."""
    copy = json.loads(json.dumps(data))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copy


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.parametrize("name", SMALL)
@FUZZ
@given(data=st.data())
def test_characters_put_anywhere(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        at, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
        text = text[:at] + "".join(data.draw(st.lists(CHARACTERS, max_size=4))) + text[at + length :]
    accept(text)


@pytest.mark.parametrize("name", SMALL)
@FUZZ
@given(data=st.data())
def test_lines_moved_repeated_or_left_out(name: str, data: st.DataObject) -> None:
    lines = TEXTS[name].split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(lines) - 1))
        block = lines[start : start + data.draw(st.integers(1, 6))]
        if data.draw(st.booleans()):
            del lines[start : start + len(block)]
        lines[(at := data.draw(st.integers(0, len(lines)))) : at] = block if data.draw(st.booleans()) else []
    accept("\n".join(lines))


@pytest.mark.parametrize("name", sorted(DATA))
@FUZZ
@given(data=st.data())
def test_values_replaced_by_anything(name: str, data: st.DataObject) -> None:
    pack = DATA[name]
    for _ in range(data.draw(st.integers(1, 2))):
        path, value = data.draw(st.sampled_from(places(pack))), data.draw(VALUES)
        kind = data.draw(st.sampled_from(["replace", "remove", "rename"]))

        def change(holder: Any, key: Any, kind: str = kind, value: Any = value) -> None:
            if kind == "remove":
                del holder[key]
            elif kind == "rename" and isinstance(holder, dict):
                holder[str(value)[:50]] = holder.pop(key)
            else:
                holder[key] = value

        pack = changed(pack, path, change)
    accept(json.dumps(pack))


@FUZZ
@given(st.binary(max_size=300))
def test_anything_at_all(content: bytes) -> None:
    accept(content.decode("utf-8", "replace"))
