# SPDX-License-Identifier: Apache-2.0
"""Errors: each with a code and a hint, and whole after a journey between processes."""

from __future__ import annotations

import pickle

import pytest

from airflow_xborder import errors
from tests.deployment import Deployment


def tree(root: type[errors.XborderError] = errors.XborderError) -> list[type[errors.XborderError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in tree(child))]


PUBLIC = [kind for kind in tree() if not kind.__name__.startswith("_") and kind.__module__ == errors.__name__]


def make(kind: type[errors.XborderError]) -> errors.XborderError:
    if issubclass(kind, errors.PolicyError):
        return kind("wrong", hint="fix it", file="f.yaml", line=3, column=7, path=("a", 0))
    if issubclass(kind, (errors.FlowDeniedError, errors.ReviewRequiredError)):
        return kind("no", decision=Deployment().decide().decision, hint="ask")
    return kind("wrong", hint="fix it")


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_whole(kind: type[errors.XborderError]) -> None:
    error = make(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in PUBLIC]
    assert len(set(codes)) == len(codes)


def test_a_policy_error_says_where_first() -> None:
    assert str(make(errors.PolicyValidationError)) == "f.yaml:3:7: wrong (hint: fix it)"
