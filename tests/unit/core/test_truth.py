# SPDX-License-Identifier: Apache-2.0
"""Kleene's tables."""

import pytest

from airflow_xborder.core.truth import Truth, all_of, any_of

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [(T, T, T, T), (T, F, F, T), (T, U, U, T), (F, F, F, F), (F, U, F, U), (U, U, U, U)],
)
def test_and_and_or(left: Truth, right: Truth, both: Truth, either: Truth) -> None:
    assert all_of([left, right]) is all_of([right, left]) is both
    assert any_of([left, right]) is any_of([right, left]) is either


def test_nothing_holds_and_no_alternative_does() -> None:
    assert all_of([]) is T
    assert any_of([]) is F


def test_not_leaves_the_unknown_unknown() -> None:
    assert (~T, ~F, ~U) == (F, T, U)


def test_lifting() -> None:
    assert (Truth.of(True), Truth.of(False), Truth.of(None)) == (T, F, U)


def test_a_truth_is_no_boolean() -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(T)
