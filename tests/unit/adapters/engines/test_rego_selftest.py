# SPDX-License-Identifier: Apache-2.0
"""The self-test finds every way in which evaluators have been wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from airflow_xborder.adapters.engines.company_policy import UNDEFINED
from airflow_xborder.adapters.engines.rego_selftest import (
    EXPECTED,
    INPUT,
    POLICY,
    WRONG,
    require_sound_evaluator,
)
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError


class Evaluator:
    """An evaluator that answers right but for some rules."""

    def __init__(self, **values: object) -> None:
        self.values = {**EXPECTED, **values}
        self.wrong = {text.split()[0]: values.get(text.split()[0], EngineUnavailableError) for text in WRONG}

    def load(self, text: str, asked: Mapping[str, Any]) -> Callable[[str], object]:
        assert asked == INPUT
        return self.value if text == POLICY else self.value_of_wrong

    def value(self, rule: str) -> object:
        return self.values[rule.rpartition(".")[2]]

    def value_of_wrong(self, rule: str) -> object:
        found = self.wrong[rule.rpartition(".")[2]]
        if found is EngineUnavailableError:
            raise EngineUnavailableError("it fails")
        return found


def test_a_right_one_passes() -> None:
    require_sound_evaluator(Evaluator().load)


def test_a_wrong_rule_may_be_undefined_instead_of_failing() -> None:
    require_sound_evaluator(Evaluator(wrong_type=UNDEFINED).load)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("no_is_boolean", UNDEFINED),
        ("no_is_not_true", UNDEFINED),
        ("refused", True),
        ("refused", UNDEFINED),
        ("yes", 1),
        ("undefined", False),
        ("undefined", None),
        ("date", UNDEFINED),
        ("date", 1767225600000000000.0),
        ("members", ["b", "a", "b"]),
        ("address", UNDEFINED),
        ("conflict", 1),
        ("unknown_function", "no.such_function"),
        ("unsafe_variable", True),
    ],
)
def test_one_that_differs_is_refused_and_the_rule_named(rule: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"at `{rule}` expected"):
        require_sound_evaluator(Evaluator(**{rule: value}).load)


def test_one_that_fails_at_a_right_rule_is_refused() -> None:
    def load(text: str, asked: Mapping[str, Any]) -> Callable[[str], object]:
        def fail(rule: str) -> object:
            raise EngineUnavailableError("it fails")

        return fail

    with pytest.raises(ConfigurationError, match="at `yes` expected `true`, got a failure: it fails"):
        require_sound_evaluator(load)


def test_every_rule_of_the_policy_is_expected_to_be_something() -> None:
    heads = {line.split()[0] for line in POLICY.splitlines()[3:]} - {"default"}
    assert heads == set(EXPECTED)
