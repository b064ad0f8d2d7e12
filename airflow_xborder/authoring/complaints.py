# SPDX-License-Identifier: Apache-2.0
"""What a model refuses in a document, as one error of ours: what is wrong, where, and the nearest right spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from airflow_xborder.authoring.source import Place
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import PolicyValidationError

# Parts of a place that say which branch of a type was tried, and not where in the document.
_BRANCH = re.compile(r"(function-\w+|dict|list|literal|nullable|union)\[.*|constrained-str|str|\[key\]")
_ID_HINT = "ASCII letters and digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100"
_EXPECTED = {
    "string_type": "text", "bool_type": "true or false", "int_type": "a whole number", "list_type": "a list",
    "dict_type": "a mapping", "model_type": "a mapping", "model_attributes_type": "a mapping",
    "string_unicode": "text",
}  # fmt: skip


def validate_data(model: type[BaseModel], data: object, path: Place = ()) -> Any:
    """Validate plain data against a model.

    :param path: where the data stands in its document.
    :raises PolicyValidationError: for the first complaint; its ``path`` says where.
    """
    try:
        return model.model_validate(data if data is not None else {})
    except ValidationError as error:
        raise _complaint(model, error, path) from None


def _complaint(model: type[BaseModel], error: ValidationError, before: Place) -> PolicyValidationError:
    # Unknown keys first: a misspelt key is also reported as a missing one, and the former says more.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    path = tuple(part for part in first["loc"] if not _BRANCH.fullmatch(str(part)))
    name, given = _name(path), first.get("input")
    if isinstance(given, Mapping | list) and first["type"] not in _EXPECTED:
        given = "…"
    message, hint = _said(first, name, given, _known_keys(model, path[:-1]))
    if first["type"] == "missing":
        path = path[:-1]
    return PolicyValidationError(message, hint=hint, path=(*before, *path))


def _name(path: Place) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "document")


def _said(first: Mapping[str, Any], name: str, given: object, keys: set[str]) -> tuple[str, str | None]:
    kind, context = str(first["type"]), first.get("ctx") or {}
    match kind:
        case "extra_forbidden":
            return f"unknown key `{name}`", suggest(name, keys)
        case "missing":
            return f"`{name}` is missing", None
        case "literal_error":
            expected = str(context.get("expected", ""))
            known = {part.strip(" '") for part in expected.replace(" or ", ",").split(",")}
            return f"unknown `{name}`: `{given}`", suggest(str(given), known) or f"one of {expected}"
        case "string_pattern_mismatch" if "{4}" in str(context.get("pattern")):
            return f"`{name}` cannot be `{given}`", "write it as 2026-11-21"
        case "string_pattern_mismatch":
            return f"`{name}` cannot be `{given}`", _ID_HINT
        case "string_too_long":
            return f"`{name}` is longer than {context.get('max_length')} characters", None
        case "string_too_short":
            return f"`{name}` is empty", None
        case "greater_than_equal":
            return f"`{name}` cannot be less than {context.get('ge')}, got `{given}`", None
    if kind in _EXPECTED:
        # A number or a truth value where text is meant: quotes make it text.
        hint = "put it in quotes" if kind == "string_type" and isinstance(given, bool | int) else None
        return f"`{name}` should be {_EXPECTED[kind]}, got {_shown(given)}", hint
    return f"`{name}`: {str(first['msg']).lower()}", None


def _shown(given: object) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, Mapping | list):
        return "a mapping" if isinstance(given, Mapping) else "a list"
    return f"`{str(given).lower() if isinstance(given, bool) else given}`"


def _known_keys(model: type[BaseModel], path: Place) -> set[str]:
    current: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and current is not None and part in current.model_fields:
            current = _inner_model(current.model_fields[part].annotation)
    return set(current.model_fields) if current is not None else set()


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
