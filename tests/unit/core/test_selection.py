# SPDX-License-Identifier: Apache-2.0
"""The cheapest choice among alternatives that share items: exact, or honest about its limit."""

from __future__ import annotations

from airflow_xborder.core.selection import Problem, Selection, select


def problem(prices: list[int], *groups: list[set[int]]) -> Problem:
    return Problem(tuple(tuple(map(frozenset, group)) for group in groups), tuple(prices))


class TestSelect:
    def test_of_nothing_nothing_is_chosen(self) -> None:
        assert select(problem([])) == Selection((), 0, True)

    def test_the_cheapest_alternative_of_one_group(self) -> None:
        assert select(problem([5, 2, 2], [{0}, {1, 2}])) == Selection((1,), 4, True)

    def test_what_two_groups_share_is_paid_once(self) -> None:
        # Each by itself is cheaper at home (4), and both together with the clauses (8 < 4 + 4 + nothing).
        shared = problem([7, 4, 4], [{0}, {1}], [{0}, {2}])
        assert select(shared) == Selection((0, 0), 7, True)

    def test_an_alternative_that_costs_nothing_is_taken(self) -> None:
        assert select(problem([3], [{0}, set()])) == Selection((1,), 0, True)

    def test_greed_would_miss_it(self) -> None:
        # Whoever takes the cheapest for the first group (3) pays 3 + 3 + 3; the shared item costs 8.
        tempting = problem([8, 3, 3, 3], [{1}, {0}], [{2}, {0}], [{3}, {0}])
        assert select(tempting) == Selection((1, 1, 1), 8, True)

    def test_groups_that_share_nothing_are_chosen_apart(self) -> None:
        many = problem([2, 1] * 40, *[[{2 * n}, {2 * n + 1}] for n in range(40)])
        assert select(many, max_nodes=3) == Selection((1,) * 40, 40, True)

    def test_beyond_its_limit_it_proves_nothing(self) -> None:
        linked = problem([3, 3, 3, 4], [{0, 1}, {2, 3}], [{1, 2}, {0, 3}], [{0, 2}, {1, 3}])
        found = select(linked, max_nodes=1)
        assert not found.optimal
        assert found.cost == linked.cost(found.chosen)
        assert select(linked).optimal
