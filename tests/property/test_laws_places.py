# SPDX-License-Identifier: Apache-2.0
"""Law 5: every place that a flow touches, in whatever way, has rules, or shows as a gap."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.facts import LEVELS, REACHING_LEVELS
from airflow_xborder.core.places import members
from airflow_xborder.ports.policy_engine import Question
from tests.factories import EMAIL, decide, make_facts, make_flow, make_frame, make_pack, place

SHIPPED = load_policies()
few = settings(max_examples=60)
INSIDE = sorted(members("EU27"))
KNOWN = SHIPPED.coverage.covered | SHIPPED.coverage.about.keys()
# Places of every continent of which no pack says anything, not even that nobody knows a rule of theirs.
UNRULED = sorted({"MA", "GH", "TZ", "UA", "PK", "LK", "EC", "JO", "FJ"} - KNOWN)

CONNECTIONS: dict[str, Any] = {
    "source": lambda name: {"source": name},
    "destination": lambda name: {"destination": name},
    "exporter": lambda name: {"exporter": {"country": name}},
    "importer": lambda name: {"importer": {"country": name}},
    "residence": lambda name: {"subjects": {"countries": [name]}},
    "subprocessor": lambda name: {"importer": {"country": "FR", "subprocessors": [{"country": name}]}},
    **{level: lambda name, level=level: {"places": {level: [place(name)]}} for level in REACHING_LEVELS},
}
connections = st.sampled_from(sorted(CONNECTIONS))


def gaps(decision: Any) -> set[str]:
    """Return the places that an answer says nobody has rules for."""
    return {
        dict(reason.parameters)["place"]
        for reason in decision.reasons
        if reason.template == "gap_jurisdiction"
    }


def test_the_places_of_these_tests_are_without_rules() -> None:
    assert len(UNRULED) > 3


@few
@given(connections, st.sampled_from(UNRULED), st.sampled_from(INSIDE))
def test_a_place_without_rules_shows_however_it_is_touched(how: str, unruled: str, home: str) -> None:
    fields = {"source": home, "destination": "FR", **CONNECTIONS[how](unruled)}
    decision = decide(SHIPPED, make_flow(fields.pop("source"), fields.pop("destination"), **fields))
    assert decision.outcome is not Outcome.ALLOW
    assert unruled in gaps(decision)


@few
@given(st.sampled_from(UNRULED), st.lists(connections, min_size=1, max_size=4, unique=True))
def test_and_the_deployment_may_have_it_denied(unruled: str, hows: list[str]) -> None:
    fields: dict[str, Any] = {"source": "DE", "destination": "FR"}
    for how in hows:
        for name, value in CONNECTIONS[how](unruled).items():
            both = isinstance(value, dict) and isinstance(fields.get(name), dict)
            fields[name] = {**fields[name], **value} if both else value
    facts = make_facts(make_flow(fields.pop("source"), fields.pop("destination"), **fields))
    question = Question(facts=facts, policies=SHIPPED, frame=make_frame(on_gap=Outcome.DENY))
    assert NativeEngine().decide(question).outcome is Outcome.DENY


@few
@given(st.sampled_from(INSIDE), st.sampled_from(INSIDE), st.sampled_from([None, *sorted(REACHING_LEVELS)]))
def test_where_every_place_has_rules_there_is_no_gap(home: str, there: str, level: str | None) -> None:
    fields = CONNECTIONS[level](there) if level else {}
    assert gaps(decide(SHIPPED, make_flow(home, there, **fields))) == set()


@pytest.mark.parametrize("level", sorted(set(LEVELS) - set(REACHING_LEVELS)))
def test_mere_routing_and_keys_reach_nobody(level: str) -> None:
    assert gaps(decide(SHIPPED, make_flow(places={level: [{"country": UNRULED[0]}]}))) == set()


@few
@given(st.sampled_from(UNRULED), st.sampled_from(UNRULED))
def test_the_same_country_is_no_short_cut(one: str, other: str) -> None:
    assert gaps(decide(SHIPPED, make_flow(one, one))) == {one}
    assert gaps(decide(SHIPPED, make_flow(one, other))) == {one, other}


@cache
def covering(place: str) -> Policies:
    """Return the shipped packs with one more, of a place."""
    return Policies([*SHIPPED.documents, make_pack("more", covers=[place])])


@few
@given(connections, st.sampled_from(UNRULED))
def test_a_pack_that_covers_the_place_closes_it_and_no_other_does(how: str, unruled: str) -> None:
    fields = {"source": "DE", "destination": "FR", **CONNECTIONS[how](unruled)}
    flow = make_flow(fields.pop("source"), fields.pop("destination"), **fields)
    other = next(name for name in UNRULED if name != unruled)
    assert unruled not in gaps(decide(covering(unruled), flow))
    assert unruled in gaps(decide(covering(other), flow))


@few
@given(connections)
def test_a_place_that_nobody_names_is_a_missing_fact(how: str) -> None:
    if how not in REACHING_LEVELS:
        return
    decision = decide(SHIPPED, make_flow(places={how: [{"region": "somewhere"}]}))
    assert decision.outcome is not Outcome.ALLOW
    assert "missing_fact" in {reason.kind for reason in decision.reasons}


@few
@given(st.sampled_from(["telemetry", EMAIL]), st.sampled_from(["data.unknown"]))
def test_one_uncategorised_column_is_enough(category: str, unknown: str) -> None:
    decision = decide(SHIPPED, data_categories=[category, unknown])
    assert "gap_categories" in {reason.template for reason in decision.reasons}
