# SPDX-License-Identifier: Apache-2.0
"""The condition language as JSON Schema: names, facts and tests, with the terms that each can have.

Follows ``core/condition_syntax.py`` and the vocabulary, so that an editor completes what can be written and flags what
cannot. A pack's own definitions are names that no schema knows: any name is taken that looks like no data category.
"""

from __future__ import annotations

from typing import Any

from airflow_xborder.core.condition_syntax import NAMES, PATHS
from airflow_xborder.core.places import COUNTRIES, ORDERS, ORGANISATIONS, SETS
from airflow_xborder.core.vocabulary import KINDS
from airflow_xborder.core.vocabulary_terms import CATEGORIES, PURPOSES

Schema = dict[str, Any]
_SUBDIVISION = "^[A-Z]{2}-[A-Z0-9]{1,3}$"
_TRUE = {"const": True}


def reference(name: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def _enum(values: Any) -> Schema:
    return {"enum": sorted(values)}


def _object(properties: Schema, needed: list[str], **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
        **more,
    }


def _one_or_more(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1}]}


def _test(value: Schema, *, many: bool = True, **more: Schema) -> Schema:
    """Return the tests of a fact whose values are such: a value, or one of the written-out tests."""
    operand = _one_or_more(value) if many else value
    tests = {
        "in": operand,
        "stated": operand,
        "known": _TRUE,
        **({"within": operand} if many else {}),
        **more,
    }
    return {"anyOf": [operand, _object(tests, [], minProperties=1, maxProperties=1)]}


_WHOLE = {"type": "integer", "minimum": 0}
_RANGE = _object({"at_least": _WHOLE, "less_than": _WHOLE}, [], minProperties=1)
_KNOWN = _object({"known": _TRUE}, ["known"])
_TESTS: dict[str, Schema] = {
    "place": _test(reference("place")),
    "true or false": _test({"type": "boolean"}, many=False),
    "number": {"anyOf": [_RANGE, _KNOWN]},
    "text": _test({"type": "string", "minLength": 1}),
    "declared attribute": {
        "anyOf": [_test({"type": "string", "minLength": 1}), _test({"type": "boolean"}, many=False), _RANGE]
    },
    "data category": _test(reference("data_category"), is_a=reference("data_category")),
}


def _test_of(kind: str) -> Schema:
    return reference(f"test_{kind.replace(' ', '_')}")


def _kinds_tested() -> dict[str, Schema]:
    kinds = {*PATHS.values(), "declared attribute"}
    return {
        f"test_{kind.replace(' ', '_')}": _TESTS.get(kind) or _test(reference(kind.replace(" ", "_")))
        for kind in kinds
    }


_CONDITIONS = {"type": "array", "items": reference("condition")}
_SPECIAL: dict[str, Schema] = {
    "mechanism": {
        "anyOf": [
            _one_or_more(reference("mechanism")),
            _object(
                {"type": _one_or_more(reference("mechanism")), "ground_for": reference("ground")}, ["type"]
            ),
        ]
    },
    "evidence": reference("evidence"),
    "safeguard": reference("safeguard"),
    "consent": _object(
        {"type": _one_or_more(reference("mechanism")), "ground_for": reference("ground")},
        ["type", "ground_for"],
    ),
    "listed": _object({"framework": {"type": "string", "minLength": 1}}, ["framework"]),
    "owned_by": _object(
        {"countries": _one_or_more(reference("place")), "at_least": reference("fraction")},
        ["countries", "at_least"],
    ),
    "count": _object(
        {
            "category": _one_or_more(reference("data_category")),
            "unit": reference("count_unit"),
            "more_than": _WHOLE,
            "at_least": {"type": "integer", "minimum": 1},
            "window": reference("count_window"),
        },
        ["category", "window"],
        oneOf=[{"required": ["more_than"]}, {"required": ["at_least"]}],
    ),
    "designated": _object(
        {
            "by": reference("place"),
            "kind": reference("designation"),
            "place": _enum(path for path, kind in PATHS.items() if kind == "place"),
            "outside": _one_or_more(reference("place")),
        },
        ["by", "kind", "place"],
    ),
    "obligation": reference("obligation"),
}
_MAPPING: Schema = {
    "type": "object",
    "properties": {
        "all": _CONDITIONS,
        "any": _CONDITIONS,
        "not": reference("condition"),
        **_SPECIAL,
        **{path: _test_of(kind) for path, kind in sorted(PATHS.items())},
    },
    "patternProperties": {r"^((ex|im)porter\.)?attributes\..": _test_of("declared attribute")},
    "additionalProperties": False,
    "minProperties": 1,
}
_ALTERNATIVES = {
    "type": "array",
    "minItems": 1,
    "items": {
        "if": {"type": "object", "required": ["needs"]},
        "then": reference("AlternativeDocument"),
        "else": reference("condition"),
    },
}
# SPEC: a definition is named like an id, and shadows no term; the roots of data categories are never its beginning.
_ROOTS = "|".join(sorted({name.partition(".")[0] for name in CATEGORIES if "." in name}))

DEFINITIONS: dict[str, Schema] = {
    **{kind.replace(" ", "_"): _enum(terms) for kind, terms in KINDS.items()},
    "country": _enum(COUNTRIES),
    "subdivision": {"type": "string", "pattern": _SUBDIVISION},
    "place": {"anyOf": [_enum({*COUNTRIES, *SETS, *ORDERS}), reference("subdivision")]},
    "place_of_flow": {"anyOf": [reference("country"), reference("subdivision")]},
    "jurisdiction": {"anyOf": [reference("place"), {"const": "base"}]},
    "designated": {"anyOf": [reference("place"), _enum(ORGANISATIONS)]},
    "fraction": {
        "anyOf": [
            {"type": "string", "pattern": r"^(0(\.[0-9]{1,9})?|1(\.0{1,9})?|\.[0-9]{1,9})$"},
            {"type": "number", "minimum": 0, "maximum": 1},
        ]
    },
    "obligation": {
        "anyOf": [
            _enum(KINDS["obligation"]),
            _object(
                {
                    "type": _enum(KINDS["obligation"]),
                    "parameters": {
                        "type": "object",
                        "additionalProperties": {"type": ["string", "number", "boolean"]},
                    },
                },
                ["type"],
            ),
        ]
    },
    "name": {
        "description": "A trigger, a data category, a purpose, or a definition of this pack.",
        "anyOf": [
            _enum({*NAMES, *CATEGORIES, *PURPOSES}),
            {"type": "string", "pattern": rf"^(?!({_ROOTS})(\.|$))[A-Za-z0-9][A-Za-z0-9_.\-]{{0,99}}$"},
        ],
    },
    "condition": {
        "description": "A question about a flow: a name, or a mapping of which every entry must hold.",
        "if": {"type": "string"},
        "then": reference("name"),
        "else": _MAPPING,
    },
    "constraint": {
        "description": "What is asked: a condition, or `any_of` with alternatives.",
        "if": {"type": "object", "required": ["any_of"]},
        "then": _object({"any_of": _ALTERNATIVES}, ["any_of"]),
        "else": reference("condition"),
    },
    **_kinds_tested(),
}
