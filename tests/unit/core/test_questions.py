# SPDX-License-Identifier: Apache-2.0
"""Single questions as plain data: what depends on who asks is written into them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.questions import SHARE_UNIT, View, question
from airflow_xborder.core.requirement import Discharge
from airflow_xborder.errors import PolicyValidationError
from tests.factories import Exploding


def asked(data: Any, **view: Any) -> dict[str, Any]:
    return dict(
        question(
            parse_condition(data), View(zone="Asia/Tokyo", **view), lambda members: ",".join(sorted(members))
        )
    )


def test_silence_means_none_to_a_connecting_factor_only() -> None:
    assert asked({"frequency": "one_off"}, connecting=True) == {
        "op": "some", "path": "frequency", "closed": True, "set": "one_off"}  # fmt: skip
    assert asked({"frequency": "one_off"})["closed"] is False


def test_a_dated_question_has_the_time_zone_of_who_asks() -> None:
    assert asked({"evidence": "tia"}) == {"op": "evidence", "type": "tia", "zone": "Asia/Tokyo"}


def test_a_safeguard_that_cures_nothing_is_never_there() -> None:
    uncured = frozenset({"anonymisation"})
    assert asked({"safeguard": "anonymisation"}, uncured=uncured) == {"op": "constant", "answer": 0}
    assert asked("personal_data", uncured=uncured)["uncured"] == {"anonymised": True}
    assert "uncured" not in asked("personal_data")


def test_shares_are_whole_numbers() -> None:
    assert asked({"owned_by": {"countries": "CN", "at_least": "0.25"}})["at_least"] == SHARE_UNIT // 4


def test_an_obligation_is_owed_unless_it_is_denied() -> None:
    duty = Discharge(Obligation("pseudonymise", (("columns", "email"),)))
    said = question(duty, View(zone="UTC"), str)
    assert said["obligations"] == [{"type": "pseudonymise", "parameters": {"columns": "email"}}]
    assert "obligations" not in question(duty, View(zone="UTC", muted=True), str)


def test_a_condition_that_nobody_else_can_ask_is_refused() -> None:
    with pytest.raises(PolicyValidationError, match="no other engine can ask"):
        question(Exploding("truth", ValueError()), View(zone="UTC"), str)
