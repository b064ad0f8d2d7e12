# SPDX-License-Identifier: Apache-2.0
"""Conditions as questions and gates: the same truth, on levels, and nothing owed under a negation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.conditions import All, Condition, Not
from airflow_xborder.core.conditions import Any as AnyOf
from airflow_xborder.core.designations import Designation, Designations
from airflow_xborder.core.flattening import MAX_LEVEL, Tables
from airflow_xborder.core.pack import read_designation
from airflow_xborder.core.questions import View
from airflow_xborder.errors import PolicyValidationError

VIEW = View(zone="UTC")
A, B, C = ({"frequency": name} for name in ("one_off", "occasional", "repetitive"))


def tables(*rows: Designation) -> Tables:
    return Tables(Designations(rows))


def flat(data: Any, made: Tables | None = None, view: View = VIEW) -> tuple[Tables, dict[str, Any]]:
    made = made or tables()
    return made, dict(made.gates[made.add(made.tree(parse_condition(data), view))])


def truth(made: Tables, gate: str, answers: dict[str, int]) -> int:
    """Evaluate a gate as an engine does, with an answer for each question."""
    row = made.gates[gate]
    found = [answers[name] for key in ("yes", "slow_yes") for name in row.get(key, ())]
    found += [2 - answers[name] for key in ("no", "slow_no") for name in row.get(key, ())]
    found += [truth(made, name, answers) for name in row.get("gates", ())]
    return min(found, default=2) if row["op"] == "all" else max(found, default=0)


def plain_truth(condition: Condition, made: Tables, answers: dict[str, int]) -> int:
    match condition:
        case Not():
            return 2 - plain_truth(condition.condition, made, answers)
        case All():
            return min((plain_truth(part, made, answers) for part in condition.conditions), default=2)
        case AnyOf():
            return max((plain_truth(part, made, answers) for part in condition.conditions), default=0)
    (name,) = [
        key
        for key in ("yes", "slow_yes")
        for key in made.gates[made.add(made.tree(condition, VIEW))].get(key, ())
    ]
    return answers[name]


trees = st.recursive(
    st.sampled_from([A, B, C, {"evidence": "tia"}, {"retention_days": {"at_least": 3}}]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(trees, st.data())
def test_the_gates_have_the_truth_of_the_condition(data: Any, draw: st.DataObject) -> None:
    condition = parse_condition(data)
    made = tables()
    gate = made.add(made.tree(condition, VIEW))
    for leaf in (A, B, C, {"evidence": "tia"}, {"retention_days": {"at_least": 3}}):
        flat(leaf, made)
    answers = {name: draw.draw(st.integers(0, 2)) for name in made.questions}
    assert truth(made, gate, answers) == plain_truth(condition, made, answers)


@settings(max_examples=100, deadline=None)
@given(trees)
def test_a_gate_stands_just_above_those_it_combines(data: Any) -> None:
    made, _ = flat(data)
    for row in made.gates.values():
        assert {made.gates[name]["level"] for name in row.get("gates", ())} <= {row["level"] - 1}


def test_equal_parts_are_shared() -> None:
    made, first = flat({"all": [A, {"any": [B, C]}]})
    _, second = flat({"all": [{"evidence": "tia"}, {"any": [B, C]}]}, made)
    assert first["gates"] == second["gates"]


def test_a_negated_ground_obliges_to_nothing() -> None:
    consent = {"consent": {"type": "consent_explicit", "ground_for": "transfer"}}
    assert "parts" in flat(consent)[1]
    assert "parts" not in flat({"not": consent})[1]
    assert "parts" not in flat({"not": {"not": consent}})[1]


def test_too_deep_a_nesting_is_refused() -> None:
    data: Any = A
    for number in range(MAX_LEVEL):
        data = {("all", "any")[number % 2]: [B, data]}
    flat(data)
    with pytest.raises(PolicyValidationError, match="changes between"):
        flat({("all", "any")[MAX_LEVEL % 2]: [C, {("any", "all")[MAX_LEVEL % 2]: [A, data]}]})


def test_a_designation_is_asked_for_each_group_of_places() -> None:
    rows = [
        read_designation(
            {"id": name, "by": "EU", "kind": "adequacy", "of": of, "valid_from": "2020-01-01", **rest}, (), {}
        )
        for name, of, rest in (
            ("jp", "JP", {"scope": {"importer.same_group": True}}),
            ("gb", "GB", {"warning": "w"}),
        )
    ]
    asked = {"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}}
    made, gate = flat(asked, tables(*rows))
    assert gate["op"] == "all"
    assert len(gate["gates"]) == 2
    covered = next(row for row in made.questions.values() if row["op"] == "covered")
    assert {"JP", "GB", "DE"} <= set(made.sets[covered["set"]])
    assert "US" not in made.sets[covered["set"]]
    assert {row["designation"] for row in made.questions.values() if row["op"] == "in_force"} == {"jp", "gb"}
