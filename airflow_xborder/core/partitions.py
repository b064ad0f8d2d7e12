# SPDX-License-Identifier: Apache-2.0
"""Partitions (law 7): the people and columns of a flow that regimes see separately.

A flow about people in two countries, or with two categories of data, is one question for each part: a rule that asks
whether *all* are such, or whether *none* is, may spare the whole and bind a part. Most rules ask whether *some* are;
those bind the whole whenever they bind a part. Which dimensions of a flow can make a difference is worked out from the
rules, so that only those flows are taken apart for which it matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod

from airflow_xborder.core.comparisons import In, Is, IsA, Known, NotAmong, Within
from airflow_xborder.core.conditions import Condition, Not
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.facts import Facts, Values
from airflow_xborder.core.grounds import Counted, Designated, Listed
from airflow_xborder.core.requirement import Requirement

# How a part is called -> the fact that has one value in it.
DIMENSIONS: Mapping[str, str] = {
    "residence": "subjects.countries",
    "nationality": "subjects.nationality",
    "collected_in": "subjects.collected_in",
    "category": "data_categories",
}
CATEGORY = "data_categories"
MOST_PARTS = 2048
_PATHS = frozenset(DIMENSIONS.values())


def dividing_of_rule(rule: Requirement, rows: Designations, *, prevails: bool = False) -> frozenset[str]:
    """Return the paths along which a requirement may bind a part while it spares the whole.

    :param prevails: whether another rule may give way before it: where it does not reach a part, that one does.
    """
    found = {*_loosening(rule.when, False, rows), *_loosening(rule.constraint, True, rows)}
    if prevails:
        for loosens in (True, False):
            found |= {*_loosening(rule.when, loosens, rows), *_loosening(rule.constraint, loosens, rows)}
    return frozenset(found)


def dividing_of_conditions(conditions: Iterable[Condition], rows: Designations) -> frozenset[str]:
    """Return the same of connecting factors, which bind where they are true."""
    return frozenset(path for condition in conditions for path in _loosening(condition, False, rows))


def _loosening(condition: Condition, truth_loosens: bool, rows: Designations) -> Iterator[str]:
    """Yield the paths at which more members may loosen an answer.

    :param truth_loosens: whether the condition loosens the answer when it turns true, as a constraint does.
    """
    match condition:
        case Not():
            yield from _loosening(condition.condition, not truth_loosens, rows)
        case Designated():
            if not truth_loosens and condition.path in _PATHS:
                yield condition.path  # false as soon as one place is not designated
            for row in rows:
                if row.scope is not None and (row.by, row.kind) == (condition.by, condition.kind):
                    yield from _loosening(row.scope, truth_loosens, rows)
        case _:
            yield from _PATHS.intersection(_paths_of(condition, truth_loosens))
            for part in condition.parts():
                yield from _loosening(part, truth_loosens, rows)


def _paths_of(condition: Condition, truth_loosens: bool) -> tuple[str, ...]:
    match condition:
        case In() | Is() | IsA() | Known():  # true as soon as one member is such
            return (condition.path,) if truth_loosens else ()
        case Counted():
            return (CATEGORY,) if truth_loosens else ()
        case Within():  # false as soon as one member is not
            return () if truth_loosens else (condition.path,)
        case NotAmong():
            return (condition.path, condition.other)
        case Listed():  # data about staff needs another entry than the rest, whichever way it is asked
            return (CATEGORY,)
        case _:
            return ()


def is_divisible(facts: Facts) -> bool:
    """Tell whether a flow has several members anywhere it could be taken apart."""
    values = facts.values
    for path in DIMENSIONS.values():
        value = values.get(path)
        if value.__class__ is frozenset and len(value) > 1:
            return True
    return False


def dividing_paths(facts: Facts, dividing: frozenset[str]) -> tuple[str, ...]:
    """Return the paths along which a flow must be taken apart, in the order of ``DIMENSIONS``."""
    return tuple(path for path in DIMENSIONS.values() if path in dividing and len(_members(facts, path)) > 1)


def _members(facts: Facts, path: str) -> list[frozenset[str]]:
    """Return the members of a fact, each alone; a subdivision goes with its country."""
    value = facts.values.get(path)
    if not isinstance(value, frozenset):
        return []
    divided = {member[:2] for member in value if "-" in member and path != CATEGORY}
    return [
        frozenset({member, member[:2]}) if "-" in member and path != CATEGORY else frozenset({member})
        for member in sorted(value)
        if member not in divided or path == CATEGORY
    ]


def count_parts(facts: Facts, paths: Iterable[str]) -> int:
    """Return in how many parts a flow falls along some paths."""
    return prod(len(_members(facts, path)) or 1 for path in paths)


def parts_of(facts: Facts, paths: Iterable[str]) -> Iterator[tuple[dict[str, str], Facts]]:
    """Yield each part: where it differs from the whole, by the names of ``DIMENSIONS``, and its facts."""
    paths = tuple(paths)
    names = [name for name, path in DIMENSIONS.items() if path in paths]
    ordered = [DIMENSIONS[name] for name in names]
    for chosen in product(*(_members(facts, path) for path in ordered)):
        where = {name: max(members, key=len) for name, members in zip(names, chosen, strict=True)}
        values = Values({**facts.values, **dict(zip(ordered, chosen, strict=True))})
        yield where, replace(facts, values=values)
