# SPDX-License-Identifier: Apache-2.0
"""The cheapest choice of one alternative for each group, where what several choices share is paid once.

A weighted set union problem over whole numbers; knows nothing of flows. Solved here exactly by branch and bound,
group by group of those that share anything, up to a stated number of nodes; a larger one is for a solver
(``ports/solver.py``), whose answer has the same shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import lcm
from typing import TypeAlias

MAX_NODES = 200_000
Items: TypeAlias = frozenset[int]


@dataclass(frozen=True, slots=True)
class Problem:
    """For each group its alternatives, at least one, as sets of items; ``prices`` of the items, none below zero."""

    groups: tuple[tuple[Items, ...], ...]
    prices: tuple[int, ...]

    def cost(self, chosen: Sequence[int]) -> int:
        """Return what the items of one alternative of each group cost, each item once."""
        bought = frozenset[int]().union(
            *(group[index] for group, index in zip(self.groups, chosen, strict=True))
        )
        return self.total(bought)

    def total(self, items: Iterable[int]) -> int:
        """Return what some items cost."""
        return sum(self.prices[item] for item in items)


@dataclass(frozen=True, slots=True)
class Selection:
    """The alternative chosen for each group, by its position, and the cost. ``optimal``: nothing is cheaper, proven."""

    chosen: tuple[int, ...]
    cost: int
    optimal: bool


def select(problem: Problem, max_nodes: int = MAX_NODES) -> Selection:
    """Choose the cheapest alternatives.

    :param max_nodes: how many choices to try at most for groups that share items; then the best so far is told,
        as one that may not be the cheapest.
    """
    chosen = [0] * len(problem.groups)
    optimal = True
    for members in _linked(problem):
        part = Problem(tuple(problem.groups[member] for member in members), problem.prices)
        searcher = _BranchAndBound(part, max_nodes)
        searcher.run()
        optimal = optimal and searcher.nodes <= max_nodes
        for member, index in zip(members, searcher.best, strict=True):
            chosen[member] = index
    return Selection(tuple(chosen), problem.cost(chosen), optimal)


def _linked(problem: Problem) -> list[list[int]]:
    """Return the groups that share items, directly or through others, together."""
    owner: dict[int, int] = {}
    root = list(range(len(problem.groups)))

    def find(member: int) -> int:
        while root[member] != member:
            root[member] = root[root[member]]
            member = root[member]
        return member

    for member, group in enumerate(problem.groups):
        for item in sorted(frozenset[int]().union(*group)):
            root[find(member)] = find(owner.setdefault(item, member))
    linked: dict[int, list[int]] = {}
    for member in range(len(problem.groups)):
        linked.setdefault(find(member), []).append(member)
    return sorted(linked.values())


class _BranchAndBound:
    """Depth first, the groups with the fewest alternatives first.

    The bound of what is left: each open group pays at least its cheapest alternative, where the price of an item
    not yet bought is split evenly among the groups that could use it. Prices are scaled so that shares are whole.
    """

    def __init__(self, problem: Problem, max_nodes: int) -> None:
        self.problem = problem
        self.max_nodes = max_nodes
        self.nodes = 0
        self.order = sorted(
            range(len(problem.groups)), key=lambda member: (len(problem.groups[member]), member)
        )
        users: dict[int, int] = {}
        for group in problem.groups:
            for item in frozenset[int]().union(*group):
                users[item] = users.get(item, 0) + 1
        self.scale = lcm(*users.values()) if users else 1
        self.share = {item: problem.prices[item] * self.scale // count for item, count in users.items()}
        self.best = self._greedy()
        self.cost = problem.cost(self.best)

    def _greedy(self) -> list[int]:
        bought: Items = frozenset()
        chosen = [0] * len(self.problem.groups)
        for member in self.order:
            chosen[member] = self._ranked(member, bought)[0]
            bought |= self.problem.groups[member][chosen[member]]
        return chosen

    def _ranked(self, member: int, bought: Items) -> list[int]:
        group = self.problem.groups[member]
        return sorted(range(len(group)), key=lambda index: (self.problem.total(group[index] - bought), index))

    def run(self) -> None:
        """Search; what is found is in ``best`` and ``cost``, and is the cheapest unless too many nodes were needed."""
        stack: list[tuple[int, Items, tuple[int, ...]]] = [(0, frozenset(), ())]
        while stack and self.nodes <= self.max_nodes:
            depth, bought, chosen = stack.pop()
            self.nodes += 1
            spent = self.problem.total(bought)
            if depth == len(self.order):
                if spent < self.cost:
                    self.cost, self.best = spent, self._in_place(chosen)
                continue
            if spent * self.scale + self._bound(depth, bought) >= self.cost * self.scale:
                continue
            member = self.order[depth]
            for index in reversed(self._ranked(member, bought)):
                group = self.problem.groups[member]
                stack.append((depth + 1, bought | group[index], (*chosen, index)))

    def _in_place(self, chosen: tuple[int, ...]) -> list[int]:
        found = [0] * len(self.order)
        for member, index in zip(self.order, chosen, strict=True):
            found[member] = index
        return found

    def _bound(self, depth: int, bought: Items) -> int:
        return sum(
            min(
                sum(self.share[item] for item in items if item not in bought)
                for items in self.problem.groups[member]
            )
            for member in self.order[depth:]
        )
