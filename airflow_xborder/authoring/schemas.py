# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas (draft 7) of what people write: packs, cases, catalogs and flows, so that editors complete and flag.

Made from the models and dataclasses that read the documents, and from the vocabulary; conditions are described in
``condition_schema.py``. A schema takes whatever reading takes, and refuses most of what reading refuses: what one
value says about another (a date about a date, a name about a definition) no schema can tell.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from airflow_xborder.authoring.cases import CasesDocument
from airflow_xborder.authoring.catalog import CatalogDocument
from airflow_xborder.authoring.condition_schema import DEFINITIONS, reference
from airflow_xborder.authoring.documents import AlternativeDocument, PackDocument
from airflow_xborder.core import catalog as kept
from airflow_xborder.core import places
from airflow_xborder.core.flow import Count, DataFlow, Party, identifier, one_line
from airflow_xborder.core.structure import fraction
from airflow_xborder.core.vocabulary import require_term

Schema = dict[str, Any]
_CHECKS: dict[Any, Schema] = {
    places.require_country: reference("country"),
    places.require_subdivision: reference("subdivision"),
    places.require_place: {"anyOf": [reference("country"), reference("subdivision")]},
    fraction: reference("fraction"),
    identifier: {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,127}$"},
    one_line: {"type": "string", "maxLength": 200},
}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_SCALARS: dict[type, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer", "minimum": 0, "maximum": 2**53 - 1},
    str: {"type": "string"},
    date: _DAY,
    datetime: {"type": "string", "minLength": 10},
}
# What may be written for a whole row: a place, or a type.
_SHORT = {"End": "place_of_flow", "Mechanism": "mechanism", "Evidence": "evidence"}


class _Builder:
    """Describes dataclasses, each once, in the definitions of one schema."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, hint: Any, check: Any = None) -> Schema:
        """Return the schema of values of a type."""
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            options = [self.of(option, check) for option in typing.get_args(hint) if option is not type(None)]
            # Nothing is how an unknown fact may be written out.
            return {"anyOf": [*options, {"type": "null"}]}
        if origin is tuple:
            return {"type": "array", "items": self.of(typing.get_args(hint)[0], check)}
        if origin in (dict, Mapping):
            inner = typing.get_args(hint)[1]
            return {"type": "object", "additionalProperties": True if inner is Any else self.of(inner)}
        if dataclasses.is_dataclass(hint):
            return self._row(hint)
        return _text(check) if hint is str and check is not None else dict(_SCALARS[hint])

    def _row(self, cls: Any) -> Schema:
        name = cls.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # a row may hold rows of its own kind
            self.definitions[name] = self._described(cls)
        short = _SHORT.get(name)
        return {"anyOf": [reference(name), reference(short)]} if short else reference(name)

    def _described(self, cls: Any) -> Schema:
        hints = typing.get_type_hints(cls)
        needed = [
            field.name
            for field in dataclasses.fields(cls)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        ]
        return {
            "type": "object",
            "description": (cls.__doc__ or "").split("\n")[0],
            "properties": {
                field.name: self.of(hints[field.name], field.metadata.get("check"))
                for field in dataclasses.fields(cls)
            },
            **({"required": needed} if needed else {}),
            "additionalProperties": False,
        }


def _text(check: Any) -> Schema:
    if isinstance(check, partial) and check.func is require_term:
        return reference(str(check.args[0]).replace(" ", "_"))
    # A check that is not described here takes some texts and not others; an editor takes all.
    return dict(_CHECKS.get(check, _SCALARS[str]))


def _flow() -> Schema:
    builder = _Builder()
    return {"$ref": "#/$defs/DataFlow", "$defs": builder.definitions} if builder.of(DataFlow) else {}


def _pack() -> Schema:
    """Return the schema of a pack; a file with a single requirement is one too."""
    schema = PackDocument.model_json_schema(by_alias=False)
    whole = {key: schema.pop(key) for key in list(schema) if key != "$defs"}
    alternative = AlternativeDocument.model_json_schema()
    schema["$defs"] |= {"PackDocument": whole, "AlternativeDocument": alternative}
    lone = {"allOf": [{"required": ["requirement_id"]}, {"not": {"required": ["pack"]}}]}
    return {
        "if": lone,
        "then": reference("RequirementDocument"),
        "else": reference("PackDocument"),
        **schema,
    }


def _cases() -> Schema:
    schema = CasesDocument.model_json_schema(by_alias=False)
    flow = _flow()["$defs"]
    return {**schema, "$defs": {**schema["$defs"], **flow, "flow": reference("DataFlow")}}


def _catalog() -> Schema:
    """Return the schema of a catalog; its rows are those of the core, and in them a region may stand for a place."""
    schema = CatalogDocument.model_json_schema(by_alias=False)
    builder, models = _Builder(), schema["$defs"]
    schema["properties"]["parties"] = {"type": "object", "additionalProperties": builder.of(Party)}
    dataset, registers = models["DatasetDocument"], models["RegistersDocument"]
    rows = typing.get_type_hints(kept.Registers)
    for name, row in registers["properties"].items():
        row["items"] = builder.of(typing.get_args(typing.get_args(rows[name])[0])[0])
    dataset["properties"]["counts"] = {"anyOf": [builder.of(tuple[Count, ...]), {"type": "null"}]}
    dataset["properties"]["categories"]["additionalProperties"] = reference("data_category")
    return {**schema, "$defs": {**models, **builder.definitions}}


_MADE: Mapping[str, Callable[[], Schema]] = {
    "pack": _pack, "cases": _cases, "catalog": _catalog, "flow": _flow,
}  # fmt: skip
SCHEMAS = tuple(_MADE)
_TITLES = {
    "pack": "A pack: the rules of one regime",
    "cases": "Cases: flows with the answers they must get",
    "catalog": "A catalog: what a deployment knows of its places and data",
    "flow": "A flow: one movement of data, or one access to it",
}


def make_schema(name: str) -> Schema:
    """Return one of ``SCHEMAS``, with only the definitions that it uses."""
    made = _finished(_MADE[name](), is_schema=True)
    definitions = {**DEFINITIONS, **made.pop("$defs", {})}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": _TITLES[name],
        **made,
        "$defs": {key: definitions[key] for key in sorted(_used(made, definitions))},
    }


def _finished(data: Any, *, is_schema: bool) -> Any:
    """Drop the titles that only repeat names, and put definitions where models name them."""
    if isinstance(data, list):
        return [_finished(entry, is_schema=True) for entry in data]
    if not isinstance(data, Mapping):
        return data
    if "x-definition" in data:
        return reference(data["x-definition"])
    if is_schema and "patternProperties" in data:
        # The pattern is that of all keys: another key is wrong.
        data = {"additionalProperties": False, **data}
    # Below `properties` keys are names that people write, `title` among them.
    return {
        key: _finished(value, is_schema=not (is_schema and key in ("properties", "$defs")))
        for key, value in data.items()
        if not (is_schema and key in ("title", "default"))
    }


def _used(data: Any, definitions: Mapping[str, Schema]) -> set[str]:
    found, waiting = set[str](), list(_named(data))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _named(definitions[name])
    return found


def _named(data: Any) -> set[str]:
    if isinstance(data, Mapping):
        own = {str(data["$ref"]).rpartition("/")[2]} if isinstance(data.get("$ref"), str) else set()
        return own.union(*(_named(value) for value in data.values()))
    return set[str]().union(*(_named(entry) for entry in data)) if isinstance(data, list) else set()
