# SPDX-License-Identifier: Apache-2.0
"""The engines of the benchmark give the same answers about the made-up world, whose packs are such as people write."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from statistics import mean

import pytest

from airflow_xborder.authoring.loading import load_policies
from tests.benchmarks import engines
from tests.benchmarks.contenders import AbsentError
from tests.benchmarks.contenders.cedar_policies import condition
from tests.benchmarks.contenders.entries import ENTRIES
from tests.benchmarks.contenders.native import ENGINE
from tests.benchmarks.contenders.saying import said_by
from tests.benchmarks.estate.law import SIZES, make_law
from tests.benchmarks.estate.traffic import make_flows
from tests.benchmarks.estate.world import World

FLOWS = 60


@pytest.fixture(scope="module")
def world() -> World:
    """Return the made-up world at its middle size."""
    return World(size=300, count=FLOWS, seed=3)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title.replace(" ", "-"))
def test_an_engine_answers_as_the_whole_decision_does(entry, world: World) -> None:
    decisions = [ENGINE.decide(question) for question in world.questions]
    asked = [n for n in range(FLOWS) if entry.can_ask(world.facts[n], decisions[n])]
    assert len(asked) > FLOWS / 2
    with ExitStack() as stack:
        try:
            ask = entry.open(world, stack)
        except AbsentError as error:
            pytest.skip(str(error))
        for number in asked:
            outcome, violated = ask(number)
            expected = said_by(decisions[number])
            assert (outcome, expected[1] if violated is None else violated) == expected, number


def test_an_answer_that_differs_ends_the_benchmark_without_figures(world: World) -> None:
    found = engines.Measured(size=300, decisions=[ENGINE.decide(world.questions[0])])
    with pytest.raises(SystemExit, match="flow 0 is answered `deny` with x violated"):
        engines._compare("somebody", found, [0], [("deny", ("x",))])


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_made_up_packs_are_such_as_people_write(size: int, tmp_path: Path) -> None:
    for document in make_law(size):
        (tmp_path / f"{document['pack']}.json").write_text(json.dumps(document))
    policies = load_policies([str(tmp_path)])
    assert sum(len(pack.requirements) for pack in policies.packs() if pack.id != "base") == size


def test_the_law_grows_by_special_rules_so_that_about_as_many_apply_to_a_flow() -> None:
    small, large = (World(size=size, count=FLOWS) for size in (SIZES[0], SIZES[-1]))
    applicable = [
        mean(len(ENGINE.decide(question).applicable) for question in one.questions) for one in (small, large)
    ]
    assert applicable[0] <= applicable[1] < 1.6 * applicable[0]
    ids = [
        {row["requirement_id"] for pack in one.policies.documents for row in pack["requirements"]}
        for one in (small, large)
    ]
    assert ids[0] < ids[1]


def test_the_flows_are_the_same_each_time_and_get_every_answer(world: World) -> None:
    assert make_flows(FLOWS, 3) == world.flows
    assert {ENGINE.decide(question).outcome.value for question in world.questions} == {
        "allow",
        "review",
        "deny",
    }


def test_what_has_no_cedar_is_an_error_and_no_weaker_policy() -> None:
    with pytest.raises(ValueError, match="no Cedar for"):
        condition({"importer.owners": {"stated": "RU"}}, {})
