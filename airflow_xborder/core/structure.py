# SPDX-License-Identifier: Apache-2.0
"""Plain data (as JSON has it) to frozen dataclasses and back, strictly.

A field says in its metadata what its strings must be: ``{"check": require_country}``. Unknown keys, wrong kinds
and unknown terms are errors that name the path and the nearest right spelling. Absent stays ``None``: unknown.
"""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import Any, TypeVar, Union

from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import FlowError, UnknownTermError

T = TypeVar("T")
Check = Callable[[str], str]

FRACTION = re.compile(r"0(\.\d{1,9})?|1(\.0{1,9})?|\.\d{1,9}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# RFC 3339; what else the standard library reads differs from one Python to the next.
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LARGEST = 2**53 - 1  # RFC 7493: what every reader of JSON holds exactly, and the ledger therefore takes


def fraction(text: str) -> str:
    """Return ``text``, which must be a decimal between 0 and 1 (core knows no floats)."""
    if not FRACTION.fullmatch(text):
        raise FlowError(f"expected a fraction between 0 and 1, got `{text}`", hint="write it as 0.93")
    return text


def parse_json(text: str) -> Any:
    """Return plain data from JSON text.

    :raises ValueError: if it is none: duplicate keys, of which one would silently win, and NaN included.
    """
    return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate key `{next(name for name in names if names.count(name) > 1)}`")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is no JSON")


def checked(check: Check, **more: Any) -> Any:
    """Declare an optional dataclass field whose strings ``check`` must accept."""
    return dataclasses.field(default=None, metadata={"check": check}, **more)


@lru_cache(maxsize=128)
def _fields(cls: Any) -> dict[str, tuple[Any, Check | None, bool]]:
    hints = typing.get_type_hints(cls)
    return {
        field.name: (
            hints[field.name],
            field.metadata.get("check"),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
    }


def build(cls: type[T], data: object, path: str = "") -> T:
    """Build a frozen dataclass from plain data.

    :param path: where the data stands in its document, for messages.
    :raises FlowError: for an unknown key, a wrong kind of value or a missing mandatory field.
    :raises UnknownTermError: for a string that the field's check refuses.
    """
    if not isinstance(data, Mapping):
        raise FlowError(f"{path or 'document'}: expected a mapping, got {_kind(data)}")
    fields = _fields(typing.cast("Any", cls))
    values: dict[str, Any] = {}
    for key, value in data.items():
        here = f"{path}.{key}" if path else str(key)
        if key not in fields:
            raise FlowError(f"{here}: unknown key `{key}`", hint=suggest(str(key), set(fields)))
        hint, check, _ = fields[key]
        values[key] = _convert(hint, value, here, check)
    for name, (_, _, mandatory) in fields.items():
        if mandatory and values.get(name) is None:
            raise FlowError(f"{path + '.' if path else ''}{name}: missing", hint=f"`{name}` is mandatory")
    try:
        return cls(**values)
    except FlowError as error:
        raise type(error)(f"{path}: {error.message}" if path else error.message, hint=error.hint) from None


def _convert(hint: Any, value: object, path: str, check: Check | None) -> Any:
    if value is None:
        return None
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [option for option in typing.get_args(hint) if option is not type(None)]
        # One of something, or a list of them: a list takes the second form.
        several = len(inner) > 1 and isinstance(value, (list, tuple))
        return _convert(inner[several], value, path, check)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise FlowError(f"{path}: expected a list, got {_kind(value)}")
        item = typing.get_args(hint)[0]
        return tuple(_member(item, entry, f"{path}[{number}]", check) for number, entry in enumerate(value))
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise FlowError(f"{path}: expected a mapping, got {_kind(value)}")
        kind = typing.get_args(hint)[1]
        return {
            str(key): entry if kind is Any else _member(kind, entry, f"{path}.{key}", None)
            for key, entry in value.items()
        }
    if dataclasses.is_dataclass(hint):
        short = getattr(hint, "from_short", None)
        if isinstance(value, str) and short is not None:
            value = short(value)
        return build(typing.cast("type[Any]", hint), value, path)
    return _scalar(hint, value, path, check)


def _member(hint: Any, value: object, path: str, check: Check | None) -> Any:
    if value is None:
        raise FlowError(f"{path}: expected {_NAMES.get(hint, 'a value')}, got nothing")
    return _convert(hint, value, path, check)


def _scalar(hint: Any, value: object, path: str, check: Check | None) -> Any:
    if hint is date:
        return _day(value, path)
    if hint is datetime:
        return instant(value, path)
    if hint is str and check is fraction and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = format(value, "f") if isinstance(value, float) else str(value)
        value = value.rstrip("0").rstrip(".") if "." in value else value
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise FlowError(f"{path}: expected {_NAMES.get(hint, 'a value')}, got {_kind(value)}")
    if isinstance(value, str):
        return _text(value, path, check)
    if isinstance(value, int) and not isinstance(value, bool):
        _require_size(value, path)
    return value


def _text(value: str, path: str, check: Check | None) -> str:
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise FlowError(f"{path}: expected text, got half of a character (a lone surrogate)")
    try:
        return value if check is None else check(value)
    except UnknownTermError as error:
        raise UnknownTermError(f"{path}: {error.message}", hint=error.hint) from None
    except FlowError as error:
        raise FlowError(f"{path}: {error.message}", hint=error.hint) from None


def _require_size(value: int, path: str) -> None:
    if value < 0:
        raise FlowError(f"{path}: expected a number that is not negative, got `{value}`")
    if value > _LARGEST:
        raise FlowError(f"{path}: expected a number up to {_LARGEST}")


def _day(value: object, path: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # a month 13 ends in the message below
    raise FlowError(f"{path}: expected a date, got `{value}`", hint="write it as 2026-11-21")


def instant(value: object, path: str) -> datetime:
    """Return an aware UTC time from RFC 3339 text (a bare date is its first moment, UTC).

    :raises FlowError: for anything else, a time without offset included.
    """
    try:
        moment = _instant(value) if isinstance(value, str) else value
        # At the ends of the calendar some time zone has no day for it.
        if isinstance(moment, datetime) and moment.tzinfo is not None and 2 <= moment.year <= 9998:
            return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        pass  # a month 13, and a moment that is before year 1 in UTC, end in the message below
    raise FlowError(f"{path}: expected a time with its offset, got `{value}`", hint="2026-11-21T00:00:00Z")


def _instant(text: str) -> datetime | None:
    text = f"{text}T00:00:00Z" if DAY.fullmatch(text) else text
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    seconds, part, offset = found.groups(default="")
    return datetime.fromisoformat(f"{seconds}{part and part.ljust(7, '0')}{offset.replace('Z', '+00:00')}")


_NAMES = {str: "text", int: "a whole number", bool: "true or false"}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (str, int, float)):
        return f"`{value}`"
    return "a mapping" if isinstance(value, Mapping) else "nothing" if value is None else "a list"


def plain(value: object) -> Any:
    """Return a dataclass as plain data; what is unknown (``None``) is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: plain(entry) for name, entry in pairs if entry is not None}
    if isinstance(value, (tuple, list)):
        return [plain(entry) for entry in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
