# SPDX-License-Identifier: Apache-2.0
"""What conditions are made of: conjunction, alternatives, negation, and what each says besides its truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from airflow_xborder.core.conditions import MAX_WAYS, All, Any, Case, Condition, Not
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.truth import Truth
from tests.factories import make_case, make_facts

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@dataclass(frozen=True, slots=True)
class Say(Condition):
    """A condition that answers what it was told."""

    answer: Truth
    name: str = "x"
    strings: int = 0
    told: tuple[str, ...] = ()

    def truth(self, case: Case) -> Truth:
        return self.answer

    def missing(self, case: Case) -> Iterator[str]:
        yield self.name

    def boundaries(self, case: Case) -> Iterator[date]:
        yield date(2027, 1, 1)

    def obligations(self, case: Case) -> Iterator[Obligation]:
        yield from (Obligation(type=f"{self.name}{n}") for n in range(self.strings))

    def warnings(self, case: Case) -> Iterator[str]:
        yield from self.told


CASE = make_case()


class TestCompounds:
    def test_all_and_any_follow_kleene(self) -> None:
        assert All((Say(T), Say(U))).truth(CASE) is U
        assert All((Say(U), Say(F))).truth(CASE) is F
        assert Any((Say(F), Say(U))).truth(CASE) is U
        assert Any((Say(U), Say(T))).truth(CASE) is T
        assert (All(()).truth(CASE), Any(()).truth(CASE)) == (T, F)

    def test_only_what_is_unknown_is_missing(self) -> None:
        assert list(All((Say(T, "a"), Say(U, "b"))).missing(CASE)) == ["b"]

    def test_what_does_not_hold_is_unmet(self) -> None:
        assert list(All((Say(T, "a"), Say(F, "b"), Say(U, "c"))).unmet(CASE)) == ["b", "c"]
        assert list(Say(T, "a").unmet(CASE)) == []

    def test_days_come_from_every_part(self) -> None:
        assert list(Any((Say(T), Not(Say(F)))).boundaries(CASE)) == [date(2027, 1, 1)] * 2

    def test_parts(self) -> None:
        assert list(All((Say(T, "a"), Say(F, "b"))).parts()) == [Say(T, "a"), Say(F, "b")]
        assert list(Not(Say(T)).parts()) == [Say(T)]
        assert list(Say(T).parts()) == []

    def test_not(self) -> None:
        assert [Not(Say(answer)).truth(CASE) for answer in (T, F, U)] == [F, T, U]
        assert list(Not(Say(U, "a")).missing(CASE)) == ["a"]


class TestStringsAttached:
    def test_all_carries_those_of_every_part(self) -> None:
        both = All((Say(T, "a", 1, ("w",)), Say(T, "b", 1)))
        assert [entry.type for entry in both.obligations(CASE)] == ["a0", "b0"]
        assert list(both.warnings(CASE)) == ["w"]

    def test_of_several_grounds_the_one_with_the_fewest_obligations_speaks(self) -> None:
        either = Any((Say(T, "a", 2), Say(U, "u"), Say(T, "b", 1, ("w",)), Say(F, "c")))
        assert either.chosen(CASE) == Say(T, "b", 1, ("w",))
        assert [entry.type for entry in either.obligations(CASE)] == ["b0"]
        assert list(either.warnings(CASE)) == ["w"]

    def test_then_the_one_with_the_fewest_warnings_then_the_first(self) -> None:
        assert Any((Say(T, "a", told=("w",)), Say(T, "b"), Say(T, "c"))).chosen(CASE) == Say(T, "b")

    def test_where_none_holds_none_speaks(self) -> None:
        nothing = Any((Say(F, "a", 1, ("w",)), Say(U, "b", 1)))
        assert nothing.chosen(CASE) is None
        assert list(nothing.obligations(CASE)) == list(nothing.warnings(CASE)) == []


class TestWays:
    def test_a_conjunction_lacks_all_it_lacks(self) -> None:
        assert All((Say(F, "a"), Say(T, "b"), Say(U, "c"))).ways(CASE) == [("a", "c")]

    def test_alternatives_are_ways_of_their_own(self) -> None:
        either = Any((Say(F, "a"), All((Say(F, "b"), Say(F, "c")))))
        assert either.ways(CASE) == [("a",), ("b", "c")]
        assert All((either, Say(F, "d"))).ways(CASE) == [("a", "d"), ("b", "c", "d")]

    def test_where_one_holds_nothing_is_lacking(self) -> None:
        assert Any((Say(F, "a"), Say(T, "b"))).ways(CASE) == [()]

    def test_what_nothing_can_meet_has_no_way(self) -> None:
        assert Any(()).ways(CASE) == []
        assert All((Say(F, "a"), Any(()))).ways(CASE) == []

    def test_they_are_bounded(self) -> None:
        wide = Any(tuple(Say(F, f"{n}") for n in range(100)))
        assert len(wide.ways(CASE)) == len(All((wide, wide)).ways(CASE)) == MAX_WAYS


def test_a_condition_need_not_say_more_than_its_truth() -> None:
    class Bare(Condition):
        def truth(self, case: Case) -> Truth:
            return F

    bare = Bare()
    said = (bare.missing, bare.boundaries, bare.unmet, bare.obligations, bare.warnings)
    assert [list(method(CASE)) for method in said] == [[]] * 5
    assert bare.ways(CASE) == []


class TestCases:
    @pytest.mark.parametrize(
        ("complete", "connecting", "path", "expected"),
        [
            (True, True, "subjects.countries", frozenset()),
            (True, True, "exporter.country", frozenset()),
            (True, True, "data_categories", None),
            (True, False, "subjects.countries", None),
            (False, True, "subjects.countries", None),
        ],
    )
    def test_the_silence_of_a_complete_row_connects_nothing(
        self, complete: bool, connecting: bool, path: str, expected: object
    ) -> None:
        facts = make_facts(complete=complete, data_categories=None)
        assert make_case(facts, connecting=connecting).value(path) == expected

    def test_what_is_known_stays(self) -> None:
        assert make_case(connecting=True).value("source.country") == "DE"
