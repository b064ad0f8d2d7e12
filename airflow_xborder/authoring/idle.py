# SPDX-License-Identifier: Apache-2.0
"""What stands in a pack and does nothing: conditions that never or always hold, names that nobody uses, idle rows.

Only what is certain is told: a condition about which the search finds no answer counts as one that may hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from airflow_xborder.authoring.source import Place
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.condition_syntax import Definitions, parse_condition
from airflow_xborder.core.conditions import All, Condition, Not
from airflow_xborder.core.conditions import Any as AnyOf
from airflow_xborder.core.kinds import SOURCE_CATEGORIES
from airflow_xborder.core.legal_orders import LegalOrders
from airflow_xborder.core.narrowing import Voice
from airflow_xborder.core.overlap import Side, overlap
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.requirement import Discharge, Requirement

# Facts that the core itself reads, whichever pack declares them.
_CORE_FACTS = frozenset({SOURCE_CATEGORIES.removeprefix("attributes.")})
_REFERRING = ("conflicts", "displaces", "derogable_by")


class Warned(NamedTuple):
    """A warning about one document: what kind, where, what, and what to do."""

    code: str
    path: Place
    message: str
    hint: str | None = None


def idle(document: Mapping[str, Any], policies: Policies) -> Iterator[Warned]:
    """Yield what does nothing in one of the documents of a policy set."""
    pack = policies.pack(str(document["pack"]))
    yield from _conditions(document, pack, policies)
    yield from _unused(document)
    yield from _unexpected(document, policies)
    yield from _powerless(pack, policies)
    yield from _suspensions(pack, policies)


def holds_ever(condition: Condition, policies: Policies, voice: Voice | None = None) -> bool:
    """Tell whether there may be a flow for which the condition holds."""
    side = Side.of(condition, voice)
    return overlap(side, Side(()), policies.designations) is not None


def _conditions(document: Mapping[str, Any], pack: Pack, policies: Policies) -> Iterator[Warned]:
    names = Definitions(document.get("definitions") or {})
    for name in document.get("definitions") or ():
        yield from _judged(names[name], f"definition `{name}`", ("definitions", name), policies)
    for number, entry in enumerate(document.get("connects") or ()):
        condition = parse_condition(entry, ("connects", number), names)
        yield from _judged(condition, "this connecting factor", ("connects", number), policies)
    if pack.transfer is not None and not isinstance(document.get("transfer"), str):
        yield from _judged(pack.transfer, "`transfer`", ("transfer",), policies)
    for number, row in enumerate(pack.designations):
        if row.scope is not None:
            yield from _judged(row.scope, "this scope", ("designations", number, "scope"), policies)
    for number, rule in enumerate(pack.requirements):
        yield from _rule(rule, pack, ("requirements", number), policies)


def _judged(condition: Condition, what: str, path: Place, policies: Policies) -> Iterator[Warned]:
    if not holds_ever(condition, policies):
        yield Warned("never-holds", path, f"{what} can never hold", "no flow is like that")
    elif not holds_ever(Not(condition), policies):
        yield Warned("always-holds", path, f"{what} always holds", "leave it out, if that is meant")


def _rule(rule: Requirement, pack: Pack, path: Place, policies: Policies) -> Iterator[Warned]:
    voice = Voice(calendar=pack.time_zone, uncured=frozenset(rule.not_cured_by))
    if not holds_ever(rule.when, policies, voice):
        message = f"`{rule.id}` can never apply"
        yield Warned("never-holds", (*path, "when"), message, "its condition contradicts itself")
        return
    if rule.when != All(()) and not holds_ever(Not(rule.when), policies, voice):
        yield Warned("always-holds", (*path, "when"), f"the condition of `{rule.id}` always holds")
    if rule.constraint == AnyOf(()):
        return
    where = (*path, "constraints")
    if not _together(rule.when, rule.constraint, policies, voice):
        yield Warned("never-holds", where, f"`{rule.id}` can never be met where it applies")
        return
    if not _owes(rule.constraint) and not _together(rule.when, Not(rule.constraint), policies, voice):
        yield Warned("always-holds", where, f"`{rule.id}` is always met where it applies")
    for position, ground in enumerate(rule.alternatives(), start=1):
        if not _together(rule.when, ground.needs, policies, voice):
            name = ground.id or f"alternative {position}"
            yield Warned(
                "unreachable-alternative", where, f"`{name}` can never hold where `{rule.id}` applies"
            )


def _together(one: Condition, other: Condition, policies: Policies, voice: Voice) -> bool:
    return overlap(Side.of(one, voice), Side.of(other, voice), policies.designations) is not None


def _owes(condition: Condition) -> bool:
    """Tell whether somebody must carry something out: such a condition always holds, and is no idle one."""
    return isinstance(condition, Discharge) or any(_owes(part) for part in condition.parts())


def _unused(document: Mapping[str, Any]) -> Iterator[Warned]:
    definitions: Mapping[str, Any] = document.get("definitions") or {}
    outside = {
        key: value for key, value in document.items() if key not in ("attributes", "definitions", "expects")
    }
    used, waiting = set[str](), [name for name in definitions if name in _words(outside)]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += [other for other in definitions if other in _words(definitions[name])]
    for name in definitions:
        if name not in used:
            yield Warned("unused-definition", ("definitions", name), f"nothing uses the definition `{name}`")
    tested = {word.partition("attributes.")[2] for word in _words({**outside, "definitions": definitions})}
    known = {*tested, *(document.get("expects") or ()), *_CORE_FACTS}
    for name in document.get("attributes") or ():
        if name not in known:
            hint = "name it under `expects` if a pack to come uses it"
            yield Warned(
                "unused-attribute", ("attributes", name), f"nothing uses the attribute `{name}`", hint
            )


def _words(data: object) -> set[str]:
    """Return the keys and texts that data is made of."""
    if isinstance(data, Mapping):
        return set(map(str, data)).union(*(_words(value) for value in data.values()))
    if isinstance(data, list):
        return set[str]().union(*(_words(value) for value in data))
    return {data} if isinstance(data, str) else set()


def _unexpected(document: Mapping[str, Any], policies: Policies) -> Iterator[Warned]:
    rows = document.get("requirements") or ()
    named = {name for row in rows for key in _REFERRING for name in row.get(key) or ()}
    for number, name in enumerate(document.get("expects") or ()):
        path = ("expects", number)
        if name in policies.owners:
            yield Warned(
                "stale-expectation", path, f"`{name}` has come, in `{policies.owners[name]}`", "leave it out"
            )
        elif name not in named and name not in (document.get("attributes") or {}):
            yield Warned("stale-expectation", path, f"nothing here names `{name}`", "leave it out")


def _powerless(pack: Pack, policies: Policies) -> Iterator[Warned]:
    """What a rule displaces must stand below it, or leave it to it."""
    orders = LegalOrders(order for head in policies.heads for order in head.legal_orders)
    rules = {rule.id: rule for other in policies.packs() for rule in other.requirements}
    for number, rule in enumerate(pack.requirements):
        for index, name in enumerate(rule.displaces):
            other = rules.get(name)
            if other is None or {rule.id, rule.level.value} & set(other.derogable_by):
                continue
            mine, its = (rule.jurisdiction, rule.level.value), (other.jurisdiction, other.level.value)
            if not orders.prevails(mine, its):
                message = f"`{rule.id}` does not stand above `{name}`, which does not leave this to it"
                hint = f"`{name}` can say `derogable_by: [{rule.id}]`"
                yield Warned("powerless", ("requirements", number, "displaces", index), message, hint)


def _suspensions(pack: Pack, policies: Policies) -> Iterator[Warned]:
    rows = {row.id: row for other in policies.packs() for row in other.designations}
    for number, row in enumerate(pack.designations):
        suspended = rows.get(row.suspends or "")
        if suspended is None:
            continue
        early = row.valid_until is not None and row.valid_until < suspended.valid_from
        late = suspended.valid_until is not None and suspended.valid_until < row.valid_from
        if early or late:
            message = f"`{row.id}` suspends `{suspended.id}` on days on which that is not valid anyway"
            yield Warned("idle-suspension", ("designations", number, "suspends"), message)
