# SPDX-License-Identifier: Apache-2.0
"""Precedence (law 6): which rule stands in for which, and which two point in opposite directions.

Levels decide inside one legal order only. There a rule may displace another of its own or a lower level, and a lower
one may stand in for a higher one only where the higher one leaves it that (``derogable_by``): it must certainly apply
and be met, and be displaced by nothing itself. Two rules that both certainly apply and contradict each other, as
declared (``conflicts``) or by what they demand, are settled by level inside an order, and between sovereigns or
equals by nobody but a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from airflow_xborder.core.demands import NOTHING, opposed
from airflow_xborder.core.legal_orders import LegalOrders
from airflow_xborder.core.requirement import Requirement

if TYPE_CHECKING:
    from airflow_xborder.core.evaluation import Finding

_CERTAIN = ("met", "unmet", "unknown")


def settle_precedence(findings: Sequence[Finding], orders: LegalOrders) -> list[tuple[str, str]]:
    """Mark the findings of rules that another stands in for, and return the conflicts that are left, sorted.

    The order of the findings does not matter. An error is never displaced: the rule was not read.
    """
    for finding in findings:
        finding.overridden_by = ""
    if not any(finding.requirement.speaks_of_others for finding in findings):
        return []
    by_id = {finding.requirement.id: finding for finding in findings}
    _override(by_id, _displacements(by_id, orders))
    pairs = sorted(
        (one, other)
        for one, other in _contradictions(by_id)
        if not leaves_open(by_id[one].requirement, by_id[other].requirement, orders)
    )
    _override(by_id, _settled_by_level(pairs, by_id, orders))
    return [pair for pair in pairs if not any(by_id[name].overridden_by for name in pair)]


def _override(by_id: Mapping[str, Finding], pairs: Iterable[tuple[str, str]]) -> None:
    pairs = list(pairs)
    displaced = {name for name, _ in pairs}
    for name, by in pairs:
        if by not in displaced:  # what is displaced itself displaces nothing
            by_id[name].overridden_by = by


def _displacements(by_id: Mapping[str, Finding], orders: LegalOrders) -> Iterator[tuple[str, str]]:
    if not any(f.requirement.displaces or f.requirement.derogable_by for f in by_id.values()):
        return
    for name in sorted(by_id):
        by = by_id[name]
        for other, finding in by_id.items():
            named = other in by.requirement.displaces or name in finding.requirement.derogable_by
            if named and _may_displace(by, finding, orders):
                yield other, name


def _may_displace(by: Finding, finding: Finding, orders: LegalOrders) -> bool:
    if by.status != "met" or finding.status == "error" or by is finding:
        return False
    one, other = by.requirement, finding.requirement
    if not orders.same(one.jurisdiction, other.jurisdiction):
        return False
    if one.id in other.derogable_by:
        return True
    left_to_level = one.level.value in other.derogable_by
    return left_to_level or not orders.prevails(_stand(other), _stand(one))


def _stand(rule: Requirement) -> tuple[str, str]:
    return rule.jurisdiction, rule.level.value


def _contradictions(by_id: Mapping[str, Finding]) -> set[tuple[str, str]]:
    binding = {
        name: finding.requirement
        for name, finding in by_id.items()
        if finding.status in _CERTAIN and not finding.overridden_by
    }
    pairs = {
        (min(name, other), max(name, other))
        for name, rule in binding.items()
        for other in rule.conflicts
        if other in binding
    }
    demanding = sorted(name for name, rule in binding.items() if rule.demands is not NOTHING)
    for number, one in enumerate(demanding):
        for other in demanding[number + 1 :]:
            if opposed(binding[one].demands, binding[other].demands):
                pairs.add((one, other))
    return pairs


def leaves_open(one: Requirement, other: Requirement, orders: LegalOrders) -> bool:
    """Tell whether one of two rules of an order yields to the other by its own word: then both stand."""
    return orders.same(one.jurisdiction, other.jurisdiction) and any(
        low.id in high.derogable_by or low.level.value in high.derogable_by
        for high, low in ((one, other), (other, one))
    )


def _settled_by_level(
    pairs: Sequence[tuple[str, str]], by_id: Mapping[str, Finding], orders: LegalOrders
) -> Iterator[tuple[str, str]]:
    for pair in pairs:
        for higher, lower in (pair, pair[::-1]):
            if orders.prevails(_stand(by_id[higher].requirement), _stand(by_id[lower].requirement)):
                yield lower, higher
