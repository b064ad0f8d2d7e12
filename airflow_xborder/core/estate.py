# SPDX-License-Identifier: Apache-2.0
"""The cheapest controls for many flows together: what several of them need is paid for once.

Clauses between the same two parties serve every flow between them, and a safeguard on a store every flow that
leaves it. So the cheapest plan of each flow by itself need not be in the cheapest estate: every plan of each is
found, and the choice among them is left to a solver. A flow that nothing makes lawful is told with its core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from airflow_xborder.core.controls import Attach, Control, scope
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.infeasibility import Core, conflicting_core
from airflow_xborder.core.offers import price
from airflow_xborder.core.optimisation import Bounds, Case, Plan, Search, search
from airflow_xborder.core.selection import Problem, Selection

Choose: TypeAlias = Callable[[Problem], Selection]
# What is paid for once: what a control holds for, or the one flow that it is for.
_Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One flow of an estate, with its name there."""

    name: str
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one flow.

    :param plan: what makes it lawful; without controls if it is already, ``None`` if nothing was found.
    :param core: why nothing can; ``None`` also if the search was cut short, which leaves it open.
    """

    name: str
    outcome: Outcome
    plan: Plan | None
    core: Core | None
    decided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A control that is paid for once, and the flows that it serves."""

    control: Control
    words: str
    cost: int
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstatePlan:
    """What to buy for an estate. ``optimal``: nothing cheaper makes as many of its flows lawful, which is proven."""

    verdicts: tuple[Verdict, ...]
    purchases: tuple[Purchase, ...]
    cost: int
    optimal: bool


def plan_estate(members: Sequence[Member], choose: Choose, bounds: Bounds | None = None) -> EstatePlan:
    """Find what to buy.

    :param members: at least one; names differ.
    :param choose: solves the choice; :func:`airflow_xborder.core.selection.select` or a solver.
    :param bounds: how far to search for the plans of each flow.
    """
    limit = (bounds or Bounds()).decisions
    found = {member.name: _search(member, limit, alone=len(members) == 1) for member in members}
    open_members = [member for member in members if found[member.name].plans]
    chosen, proven = _choose(open_members, found, choose)
    verdicts = tuple(_verdict(member, found[member.name], chosen.get(member.name)) for member in members)
    purchases = _purchases(open_members, chosen)
    return EstatePlan(
        verdicts=verdicts,
        purchases=purchases,
        cost=sum(purchase.cost for purchase in purchases),
        optimal=proven and all(_is_settled(found[member.name], len(members) == 1) for member in members),
    )


def _is_settled(result: Search, alone: bool) -> bool:
    """Tell whether nothing that a longer search could find would make the estate cheaper."""
    return result.exhausted or (alone and result.optimal)


def _search(member: Member, decisions: int, *, alone: bool) -> Search:
    case = member.case
    if case.decision.outcome is Outcome.ALLOW:
        flows = tuple(part.flow for part in case.parts)
        return Search(plans=(Plan(controls=(), cost=0, flows=flows),), optimal=True, exhausted=True)
    if alone:
        return search(case, Bounds(decisions=decisions, plans=1))

    def is_dear(plan: Plan, best: int | None) -> bool:
        # What nobody shares costs as much as the whole best plan: whoever pays for this may as well buy that.
        own = [control for control in plan.controls if scope(control, plan.flows[0]) is None]
        return best is not None and sum(price(control, case.prices) for control in own) >= best

    return search(case, Bounds(decisions=decisions, plans=None), is_dear)


def _choose(
    members: Sequence[Member], found: Mapping[str, Search], choose: Choose
) -> tuple[dict[str, Plan], bool]:
    """Return the plan of each flow that has any, and whether the choice is proven the cheapest."""
    numbers: dict[_Key, int] = {}
    prices: list[int] = []
    groups = []
    for member in members:
        sets = []
        for plan in found[member.name].plans:
            for control in plan.controls:
                key = _key(control, plan, member)
                if numbers.setdefault(key, len(prices)) == len(prices):
                    prices.append(price(control, member.case.prices))
            sets.append(frozenset(numbers[_key(control, plan, member)] for control in plan.controls))
        groups.append(tuple(sets))
    if not groups:
        return {}, True
    selection = choose(Problem(tuple(groups), tuple(prices)))
    plans = {
        member.name: found[member.name].plans[index]
        for member, index in zip(members, selection.chosen, strict=True)
    }
    return plans, selection.optimal


def _key(control: Control, plan: Plan, member: Member) -> _Key:
    shared = scope(control, plan.flows[0])
    return ("shared", *shared) if shared is not None else ("own", member.name, control.id)


def _verdict(member: Member, result: Search, plan: Plan | None) -> Verdict:
    core = conflicting_core(result.refusals) if plan is None and result.exhausted else None
    return Verdict(
        name=member.name,
        outcome=member.case.decision.outcome,
        plan=plan,
        core=core,
        decided=result.decided,
    )


def _purchases(members: Sequence[Member], chosen: Mapping[str, Plan]) -> tuple[Purchase, ...]:
    bought: dict[_Key, Purchase] = {}
    for member in members:
        plan = chosen[member.name]
        for control in plan.controls:
            key = _key(control, plan, member)
            before = bought.get(key)
            bought[key] = Purchase(
                control=control,
                words=before.words if before else _words(control, plan),
                cost=price(control, member.case.prices),
                flows=(*(before.flows if before else ()), member.name),
            )
    return tuple(bought.values())


def _words(control: Control, plan: Plan) -> str:
    """Say a control with what it holds for, where that is more than one flow."""
    flow = plan.flows[0]
    if scope(control, flow) is None:
        return control.words(flow)
    if isinstance(control, Attach) and control.kind == "safeguard":
        return f"{control.words(flow)} on {flow.source.store}"
    names = [party.party or "" for party in (flow.exporter, flow.importer) if party is not None]
    return f"{control.words(flow)} between {' and '.join(names)}"
