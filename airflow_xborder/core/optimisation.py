# SPDX-License-Identifier: Apache-2.0
"""The cheapest sets of controls that make a flow lawful, each verified by deciding the changed flow.

A *plan* first changes the flow (place, party, columns, partition), and then attaches what rules that are not met
ask for, in any order, until the answer is ``allow``; attaching one thing may bring in a new rule, so every set is
decided, and none is trusted to be lawful by its model. All plans of that kind are searched, the most promising
first; a set that contains a lawful one is none. What was not searched because a bound was hit is said, and then
nothing is claimed to be the cheapest or to be impossible. The decider is passed in: only an engine may evaluate.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.controls import Attach, Changed, Control, HandOver, changed, in_order, sentence
from airflow_xborder.core.decision import Decision, Outcome, Violation
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.infeasibility import Refusal, refusal_of
from airflow_xborder.core.offers import DEFAULT_PRICES, Prices, asked, cost, open_changes

Decide: TypeAlias = Callable[[DataFlow], Decision]
Chosen: TypeAlias = frozenset[Control]
# A set of controls and the cost of the best plan so far, if any -> whether the set is not worth a decision.
Skip: TypeAlias = "Callable[[Plan, int | None], bool]"


@dataclass(frozen=True, slots=True)
class Part:
    """One flow that is decided together with others (its data sets; the two flows of a gate), and who decides it.

    :param decide: answers a changed flow; nothing it answers authorises anything.
    """

    flow: DataFlow
    decide: Decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be made lawful.

    :param parts: at least one; every control is applied to each, and all must be allowed.
    :param decision: the answer to the parts as they are.
    """

    parts: tuple[Part, ...]
    decision: Decision
    prices: Prices = field(default_factory=lambda: DEFAULT_PRICES)
    catalog: Catalog | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far to search.

    :param decisions: how many sets of controls to decide at most.
    :param plans: how many plans are enough, once the first is proven the cheapest; ``None`` for all there are.
    """

    decisions: int = 5000
    plans: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A set of controls that makes the flow lawful, with what it costs; ``flows`` are those that still go."""

    controls: tuple[Control, ...]
    cost: int
    flows: tuple[DataFlow, ...]

    @property
    def words(self) -> str:
        """The plan as a sentence."""
        return sentence(self.controls, self.flows[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search found.

    :param plans: in order of cost; none contains another.
    :param optimal: no plan is cheaper than the first, which is proven.
    :param exhausted: every plan there is was found, or there is none, which is proven.
    :param refusals: of each set that was decided and is no plan, what stood against it.
    """

    plans: tuple[Plan, ...] = ()
    optimal: bool = False
    exhausted: bool = False
    decided: int = 0
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    """A set of controls that waits to be decided: what it costs, and what it will cost at a guess."""

    guess: int
    lacking: int
    ids: tuple[str, ...]
    cost: int = field(compare=False)
    chosen: Chosen = field(compare=False)


def search(case: Case, bounds: Bounds | None = None, skip: Skip | None = None) -> Search:
    """Find the cheapest plans.

    :param skip: tells that neither a set of controls nor what contains it is wanted.
    """
    return _Searcher(case, bounds or Bounds(), skip).run()


class _Searcher:
    """One search. Best first by what a set will cost at a guess; the guess orders, and proves nothing."""

    def __init__(self, case: Case, bounds: Bounds, skip: Skip | None) -> None:
        self.case = case
        self.bounds = bounds
        self.skip = skip
        self.open = open_changes([part.flow for part in case.parts], case.catalog)
        self.heap = [_Entry(0, 0, (), 0, frozenset())]
        self.seen: set[Chosen] = {frozenset()}
        self.plans: list[Plan] = []
        self.refusals: list[Refusal] = []
        self.decided = 0

    def run(self) -> Search:
        """Search until enough is found, nothing is left or the bound is hit."""
        while self.heap and not self._enough() and self.decided < self.bounds.decisions:
            self._consider(heapq.heappop(self.heap))
        plans = tuple(sorted(self.plans, key=lambda plan: (plan.cost, _ids(plan.controls))))
        left = min((entry.cost for entry in self.heap), default=None)
        return Search(
            plans=_minimal(plans)[: self.bounds.plans],
            optimal=bool(plans) and (left is None or left >= plans[0].cost),
            exhausted=not self.heap,
            decided=self.decided,
            refusals=tuple(self.refusals),
        )

    def _enough(self) -> bool:
        """Whether there are plans enough, and nothing left that could be cheaper than the first."""
        if self.bounds.plans is None or len(self.plans) < self.bounds.plans:
            return False
        best = self._best()
        self.heap = [entry for entry in self.heap if best is None or entry.cost < best]
        heapq.heapify(self.heap)
        return not self.heap

    def _best(self) -> int | None:
        return min((plan.cost for plan in self.plans), default=None)

    def _consider(self, entry: _Entry) -> None:
        if any(entry.chosen >= set(plan.controls) for plan in self.plans):
            return
        parts = [changed(part.flow, entry.chosen) for part in self.case.parts]
        going = tuple(part.going for part in parts if part.going is not None)
        if not going:
            return  # to move nothing is no way to move something
        plan = Plan(controls=tuple(in_order(entry.chosen)), cost=entry.cost, flows=going)
        if self.skip is not None and self.skip(plan, self._best()):
            return
        decisions = self._decisions(entry, parts)
        if all(decision.outcome is Outcome.ALLOW for decision in decisions):
            self.plans.append(plan)
            return
        self.refusals.append(refusal_of(decisions))
        self._extend(entry, [violation for decision in decisions for violation in decision.violations])

    def _decisions(self, entry: _Entry, parts: Sequence[Changed]) -> list[Decision]:
        """Decide a set; the flow as it is has its answer."""
        self.decided += 1
        if not entry.chosen:
            return [self.case.decision]
        asked_of = zip(self.case.parts, parts, strict=True)
        return [part.decide(flow) for part, became in asked_of for flow in became.flows]

    def _extend(self, entry: _Entry, violations: Sequence[Violation]) -> None:
        options = [_lacking(asked(violation.ways), entry.chosen) for violation in violations]
        options = [sets for sets in options if sets]
        at_once = self._rest(options, entry.chosen)
        for more in (*(more for sets in options for more in sets), at_once):
            self._push(entry.chosen | more, options)
        if not any(isinstance(control, (Attach, HandOver)) for control in entry.chosen):
            for control in self._changes(entry.chosen):
                self._push(entry.chosen | {control}, options)

    def _changes(self, chosen: Chosen) -> Iterable[Control]:
        """Yield the changes that can go with the chosen ones and come after them, so that none is tried twice."""
        last = max(_ids(chosen), default="")
        slots = {control.slot for control in chosen if control.slot}
        for control in self.open:
            if control.id > last and control.slot not in slots:
                yield control

    def _push(self, chosen: Chosen, options: Sequence[Sequence[Chosen]]) -> None:
        if chosen in self.seen:
            return
        self.seen.add(chosen)
        spent = cost(chosen, self.case.prices)
        lacking = cost(self._rest(options, chosen), self.case.prices)
        heapq.heappush(self.heap, _Entry(spent + lacking, lacking, _ids(chosen), spent, chosen))

    def _rest(self, options: Iterable[Sequence[Chosen]], chosen: Chosen) -> Chosen:
        """Return what the rules lack beside the chosen controls, if each gets what is cheapest for it."""
        return frozenset[Control]().union(
            *(min((sets - chosen for sets in choices), key=self._by_cost) for choices in options)
        )

    def _by_cost(self, controls: Chosen) -> tuple[int, tuple[str, ...]]:
        return cost(controls, self.case.prices), _ids(controls)


def _ids(controls: Iterable[Control]) -> tuple[str, ...]:
    return tuple(sorted(control.id for control in controls))


def _lacking(sets: Iterable[Chosen], chosen: Chosen) -> list[Chosen]:
    """Return the sets that would add something: what is there already did not help."""
    return [controls for controls in sets if not controls <= chosen]


def _minimal(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Leave out the plans that contain another: the guess may have found one before what it contains."""
    sets = [frozenset(plan.controls) for plan in plans]
    return tuple(
        plan for plan, own in zip(plans, sets, strict=True) if not any(other < own for other in sets)
    )
