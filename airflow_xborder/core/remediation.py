# SPDX-License-Identifier: Apache-2.0
"""What would make a flow lawful, cheapest first, each verified by deciding the changed flow.

Remediations never teach evasion (law 10): they attach documents and safeguards, leave out data or move the
processing; they never touch counts, purposes, roles, ownership or consent. The decider is passed in, since only
an engine may evaluate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from airflow_xborder.core.decision import Decision, Outcome, Remediation
from airflow_xborder.core.flow import DataFlow, End, Evidence, Mechanism
from airflow_xborder.core.grounds import SCC_MODULES

Decide = Callable[[DataFlow], Decision]

DEFAULT_PRICES: Mapping[str, int] = {
    "scc_eu": 3, "tia": 5, "bcr_c": 20, "bcr_p": 20, "move": 4, "leave_out": 2, "cisa_controls": 30, "key_in_origin": 6,
    "pseudonymisation": 3,
}  # fmt: skip
_DEFAULT_PRICE = 8
_MAX_TRIED = 12
_MAX_COMBINED = 200
# Mechanisms that a company can bring about by itself; the rest need an authority, a law or the people concerned.
_ATTAINABLE = frozenset(
    {
        "scc_eu", "baa", "service_provider_contract", "equivalent_system", "cisa_controls", "bcr_c", "bcr_p",
        "no_onward_contract",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a flow, in words, with its cost."""

    words: str
    cost: int
    flow: DataFlow


def suggest_remediations(
    flow: DataFlow, decision: Decision, decide: Decide, prices: Mapping[str, int] | None = None
) -> tuple[Remediation, ...]:
    """Return the changes that make the answer ``allow``, the cheapest first.

    :param decide: answers a changed flow; nothing it answers authorises anything.
    :param prices: cost of each document, safeguard or change, by its id.
    """
    if decision.allowed:
        return ()
    prices = {**DEFAULT_PRICES, **(prices or {})}
    candidates = sorted(_candidates(flow, decision, prices), key=lambda change: (change.cost, change.words))
    return tuple(
        Remediation(change.words, Outcome.ALLOW, change.cost)
        for change in candidates[:_MAX_TRIED]
        if decide(change.flow).outcome is Outcome.ALLOW
    )


def _candidates(flow: DataFlow, decision: Decision, prices: Mapping[str, int]) -> Iterator[_Change]:
    for items in _attainable_sets(decision):
        cost = sum(prices.get(item.split()[1], _DEFAULT_PRICE) for item in items)
        yield _Change(_sentence(flow, items), cost, _attach(flow, items))
    for category in flow.data_categories or ():
        rest = tuple(other for other in flow.data_categories or () if other != category)
        if rest:
            yield _Change(f"leave out {category}", prices["leave_out"], replace(flow, data_categories=rest))
    here = flow.source.region or flow.source.country
    if here:
        words = f"process in {'region ' if flow.source.region else ''}{here}"
        yield _Change(words, prices["move"], _stay(flow))


def _attainable_sets(decision: Decision) -> list[tuple[str, ...]]:
    """Return the sets of things to attach that could meet every violated rule at once, each once."""
    per_rule = [_attainable_ways(violation.ways) for violation in decision.violations]
    if not per_rule or not all(per_rule):
        return []
    combined = islice(product(*per_rule), _MAX_COMBINED)
    sets = [tuple(sorted({item for way in ways for item in way})) for ways in combined]
    return [items for items in dict.fromkeys(sets) if items]


def _attainable_ways(ways: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for way in ways:
        choices = [_attainable(item) for item in way]
        if way and all(choices):
            found += product(*choices)
    return found


def _attainable(item: str) -> list[str]:
    """Return the things to attach that would supply one lacking item, written as rules write them."""
    kind, _, names = item.partition(" ")
    if kind == "mechanism":
        return [f"mechanism {name}" for name in names.split(" or ") if name in _ATTAINABLE]
    return [item] if kind in ("evidence", "safeguard") else []


def _module(flow: DataFlow) -> int | None:
    roles = (flow.exporter.role if flow.exporter else None, flow.importer.role if flow.importer else None)
    return next((module for module, pair in SCC_MODULES.items() if pair == roles), None)


def _names(items: Sequence[str], kind: str) -> list[str]:
    return [item.split()[1] for item in items if item.startswith(f"{kind} ")]


def _sentence(flow: DataFlow, items: Sequence[str]) -> str:
    module = _module(flow)
    parts = [
        f"mechanism {name} (module {module})" if name == "scc_eu" and module else f"mechanism {name}"
        for name in _names(items, "mechanism")
    ]
    parts += [
        f"{kind} {', '.join(_names(items, kind))}"
        for kind in ("evidence", "safeguard")
        if _names(items, kind)
    ]
    return f"attach {' and '.join(parts)}"


def _attach(flow: DataFlow, items: Sequence[str]) -> DataFlow:
    mechanisms = [
        Mechanism(type=name, module=_module(flow) if name == "scc_eu" else None, reference="proposed")
        for name in _names(items, "mechanism")
    ]
    evidence = [Evidence(type=name, reference="proposed") for name in _names(items, "evidence")]
    return replace(
        flow,
        mechanisms=(*(flow.mechanisms or ()), *mechanisms),
        evidence=(*(flow.evidence or ()), *evidence),
        safeguards=(*(flow.safeguards or ()), *_names(items, "safeguard")),
    )


def _stay(flow: DataFlow) -> DataFlow:
    here = End(region=flow.source.region, country=flow.source.country, subdivision=flow.source.subdivision)
    importer = (
        replace(flow.importer, country=flow.source.country, organised_in=None, subprocessors=())
        if flow.importer
        else None
    )
    return replace(flow, destination=here, importer=importer, places=None)
