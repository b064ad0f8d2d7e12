# SPDX-License-Identifier: Apache-2.0
"""How a record becomes bytes: the one encoding that hashes and signatures rest on.

Canonical JSON (RFC 8785) by restriction: a record may hold only values for which the standard library's
encoder, with sorted keys and no spaces, already writes what the RFC asks for. Floats, integers that a double
cannot hold and keys outside ASCII are refused. Knows nothing of events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader holds exactly (RFC 7493, section 2.2)."""

MAX_DEPTH = 64
"""How deep lists and objects may nest: far above any record, far below any reader's stack."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def encode(value: object) -> bytes:
    """Return the canonical bytes of ``value`` (RFC 8785, UTF-8).

    Equal values have equal bytes, whatever the order in which their keys were set. Tuples count as lists.

    :raises ValueError: ``value`` holds something that the restricted form has no place for.
    """
    plain = to_plain(value)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def decode(data: bytes) -> Json:
    """Parse canonical bytes; anything that ``encode`` would not have written is refused.

    :raises ValueError: not JSON, or not the canonical form of what it says.
    """
    try:
        value: Json = json.loads(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("not canonical JSON: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    # INVARIANT: the re-encoded bytes are compared, so doubled keys, floats, spaces and other spellings all
    # fail here.
    if encode(value) != data:
        raise ValueError("not canonical JSON: it reads back as other bytes")
    return value


def to_plain(value: object, path: str = "$", depth: int = 0) -> Json:
    """Return ``value`` as fresh lists and dicts, checked against the restricted form.

    :param path: where ``value`` stands in the record, for the error message.
    :raises ValueError: see :func:`encode`.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"`{path}` is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return {_key(key, path): to_plain(item, f"{path}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    return _scalar(value, path)


def _key(key: object, path: str) -> str:
    # SPEC: RFC 8785, section 3.2.3 sorts keys by UTF-16 code units; for ASCII that is Python's own order.
    if type(key) is not str or not key.isascii():
        raise ValueError(f"`{path}` has the key `{key!s}`: a key must be ASCII text")
    return key


def _scalar(value: object, path: str) -> bool | int | str | None:
    # Exact types: a subclass (an enum, a numpy integer) could print otherwise than it compares.
    if value is None or type(value) is bool:
        return value
    if type(value) is int:
        if abs(value) > MAX_INTEGER:
            raise ValueError(f"`{path}` is an integer beyond 2^53: write it as text")
        return value
    if type(value) is str:
        if not _is_unicode(value):
            raise ValueError(f"`{path}` holds a lone surrogate: it is not text")
        return value
    if type(value) is float:
        raise ValueError(f"`{path}` is a float: write it as decimal text")
    raise ValueError(f"`{path}` is neither text, integer, boolean, null, list nor object")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def format_instant(moment: datetime) -> str:
    """Write an aware moment as UTC with microseconds, so that text order is time order.

    :raises ValueError: ``moment`` has no time zone.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """Read what :func:`format_instant` wrote, and nothing else.

    :raises ValueError: another form, or no such moment.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"`{text}` is not a moment like `2026-11-21T09:30:00.000000Z`")
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc)
