# SPDX-License-Identifier: Apache-2.0
"""Does the embedded evaluator evaluate as OPA does? Asked at each start, about what others of its family got wrong.

Among them: a Boolean that becomes a number, so that missing consent reads as consent; a rule that quietly has no
value because a date has no fraction; a conflict or an unknown function that is taken for "undefined".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from airflow_xborder.adapters.engines.company_policy import UNDEFINED
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError

POLICY: Final = """package selftest
import rego.v1

yes if input.yes == true
no_is_false if input.no == false
no_is_boolean if is_boolean(input.no)
no_is_not_true if not input.no
one_is_not_true if input.one == true
text_is_not_true if input.text == true
default refused := false
refused if input.no
undefined if input.missing == 1
negated_undefined if not input.missing
date := time.parse_rfc3339_ns("2026-01-01T00:00:00Z")
date_with_fraction := time.parse_rfc3339_ns("2026-01-01T01:00:00.5+01:00")
date_order if time.parse_rfc3339_ns(input.day) < time.parse_rfc3339_ns("2026-06-01T00:00:00Z")
members contains name if some name in input.list
counted := count(members)
common := members & {"b", "c"}
everybody if every name in input.list { name in members }
large := input.large
deep := object.get(input, ["deep", "missing"], "none")
address if net.cidr_contains("10.0.0.0/8", "10.1.2.3")
nothing := input.null
"""

INPUT: Final[Mapping[str, Any]] = {
    "yes": True, "no": False, "one": 1, "text": "true", "null": None, "list": ["b", "a", "b"],
    "day": "2026-01-01T00:00:00Z", "large": 2**53 - 1,
}  # fmt: skip

EXPECTED: Final[Mapping[str, object]] = {
    "yes": True, "no_is_false": True, "no_is_boolean": True, "no_is_not_true": True, "one_is_not_true": UNDEFINED,
    "text_is_not_true": UNDEFINED, "refused": False, "undefined": UNDEFINED, "negated_undefined": True,
    "date": 1767225600000000000, "date_with_fraction": 1767225600500000000, "date_order": True,
    "members": ["a", "b"], "counted": 2, "common": ["b"], "everybody": True, "large": 2**53 - 1, "deep": "none",
    "address": True, "nothing": None,
}  # fmt: skip

WRONG: Final = (
    "conflict := 1 if input.yes\nconflict := 2 if input.yes",
    "unknown_function := no.such_function(input.yes)",
    "wrong_type := 1 + input.text",
    "unsafe_variable if nobody == input.yes",
)
"""Rules that have no right value: OPA refuses them, or fails. Here they must fail or be undefined: both deny."""

Load = Callable[[str, Mapping[str, Any]], Callable[[str], object]]


def require_sound_evaluator(load: Load) -> None:
    """Raise unless the evaluator answers every question of the self-test as OPA does.

    :param load: reads a policy's text and takes an input; gives the value of a rule, ``UNDEFINED`` if it has none.
    :raises ConfigurationError: naming the first rule that differs, and how.
    """
    evaluate = load(POLICY, INPUT)
    for rule, expected in EXPECTED.items():
        try:
            found = evaluate(f"data.selftest.{rule}")
        except EngineUnavailableError as error:
            raise _difference(rule, _told(expected), f"a failure: {error.message}") from error
        # Not by == alone, for which True is 1.
        if (type(found), found) != (type(expected), expected):
            raise _difference(rule, _told(expected), _told(found))
    for text in WRONG:
        found = _value_of_wrong(load, text)
        if found is not UNDEFINED:
            raise _difference(text.split()[0], "a failure", _told(found))


def _value_of_wrong(load: Load, text: str) -> object:
    try:
        return load(f"package selftest\nimport rego.v1\n{text}\n", INPUT)(f"data.selftest.{text.split()[0]}")
    except (EngineUnavailableError, ConfigurationError):
        return UNDEFINED


def _difference(rule: str, expected: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"the embedded Rego does not evaluate as OPA does: at `{rule}` expected {expected}, got {found}",
        hint="install the version that the extra `rego` names, or ask an OPA server",
    )


def _told(value: object) -> str:
    return "no value" if value is UNDEFINED else f"`{json.dumps(value)}`"
