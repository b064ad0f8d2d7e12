# SPDX-License-Identifier: Apache-2.0
"""What rules say of each other, as far as the rules alone tell it: who may stand in for whom, who contradicts whom.

The part of ``precedence.py`` that no flow changes, for engines outside this process; which of the rules apply and are
met is theirs to find out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_xborder.core.demands import NOTHING, opposed
from airflow_xborder.core.legal_orders import LegalOrders
from airflow_xborder.core.precedence import leaves_open
from airflow_xborder.core.requirement import Requirement

Standing = dict[str, Any]


def standings(rules: Mapping[str, Requirement], orders: LegalOrders) -> dict[str, Standing]:
    """Return, for the rules that speak of others: ``displaces``, ``contradicts``, ``yields_to``.

    ``displaces`` are those that a rule may stand in for when it is met; ``contradicts`` those that point the other
    way; to those of them that are in ``yields_to`` it yields by its level.
    """
    displaces, contradicts = defaultdict(set), defaultdict(set)
    for name, other in _named(rules):
        if _may_displace(rules[name], rules[other], orders):
            displaces[name].add(other)
    for name, other in _opposite(rules):
        if leaves_open(rules[name], rules[other], orders):
            continue
        contradicts[name].add(other)
        contradicts[other].add(name)
    found: dict[str, Standing] = defaultdict(dict)
    for name, others in displaces.items():
        found[name]["displaces"] = sorted(others)
    for name, others in contradicts.items():
        higher = [
            other for other in sorted(others) if orders.prevails(_stand(rules[other]), _stand(rules[name]))
        ]
        found[name] |= {"contradicts": sorted(others), "yields_to": dict.fromkeys(higher, True)}
    return found


def _named(rules: Mapping[str, Requirement]) -> Iterable[tuple[str, str]]:
    for rule in rules.values():
        yield from ((rule.id, other) for other in rule.displaces if other in rules)
        yield from ((by, rule.id) for by in rule.derogable_by if by in rules)


def _may_displace(by: Requirement, other: Requirement, orders: LegalOrders) -> bool:
    if by is other or not orders.same(by.jurisdiction, other.jurisdiction):
        return False
    left = by.id in other.derogable_by or by.level.value in other.derogable_by
    return left or not orders.prevails(_stand(other), _stand(by))


def _opposite(rules: Mapping[str, Requirement]) -> Iterable[tuple[str, str]]:
    for rule in rules.values():
        yield from ((rule.id, other) for other in rule.conflicts if other in rules)
    demanding = [rule for rule in rules.values() if rule.demands is not NOTHING]
    for number, one in enumerate(demanding):
        for other in demanding[number + 1 :]:
            if opposed(one.demands, other.demands):
                yield one.id, other.id


def _stand(rule: Requirement) -> tuple[str, str]:
    return rule.jurisdiction, rule.level.value
