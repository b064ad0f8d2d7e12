# SPDX-License-Identifier: Apache-2.0
"""Overlap against brute force: whenever one flow makes both conditions true, there is an overlap."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.conditions import Case, Not
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.narrowing import Voice
from airflow_xborder.core.overlap import Side, overlap
from airflow_xborder.core.pack import read_designation
from airflow_xborder.core.truth import Truth
from tests.generators import DAYS, conditions, designation_rows, flows

UNCURED = st.sampled_from([frozenset(), frozenset({"anonymisation"}), frozenset({"pseudonymisation"})])
VOICES = st.builds(lambda uncured, connecting: Voice("UTC", uncured, connecting), UNCURED, st.booleans())
parsed = conditions.map(parse_condition)
sides = st.tuples(st.one_of(parsed, parsed.map(Not)), VOICES)


def true_of(side, flow, complete, rows, day):
    """Return the condition, or its opposite, or whatever is true of the flow on the day; nothing for an unknown one."""
    condition, voice = side
    case = Case(
        facts=normalise(flow, complete=complete),
        on=day,
        designations=rows,
        connecting=voice.connecting,
        uncured=voice.uncured,
    )
    answer = condition.truth(case)
    if answer is Truth.UNKNOWN:
        return Side(())
    return Side.of(condition if answer is Truth.TRUE else Not(condition), voice)


DATED = st.tuples(designation_rows("d"), st.sampled_from(DAYS).map(date.fromisoformat))


@given(sides, sides, flows, st.booleans(), DATED)
def test_what_one_flow_shows_is_never_called_impossible(one, other, flow, complete, dated):
    rows, day = Designations([read_designation(row, ()) for row in dated[0]]), dated[1]
    shown = [true_of(side, flow, complete, rows, day) for side in (one, other)]
    assert overlap(*shown, rows) is not None


@given(parsed, VOICES)
def test_nothing_overlaps_its_own_opposite(condition, voice):
    found = overlap(Side.of(condition, voice), Side.of(Not(condition), voice))
    assert found is None or not found.certain


@given(sides, sides)
def test_which_of_the_two_comes_first_does_not_matter(one, other):
    there = overlap(Side.of(*one), Side.of(*other))
    back = overlap(Side.of(*other), Side.of(*one))
    if there is None or back is None:
        assert (there is None) is (back is None) or not (there or back).certain
