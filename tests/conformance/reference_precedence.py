# SPDX-License-Identifier: Apache-2.0
"""Laws 6 and 7 written naively: every part of a flow is looked at, and every rule is held against every other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from tests.conformance.reference_facts import Snapshot
from tests.conformance.reference_gaps import places


def parts(facts: Snapshot) -> Iterator[Snapshot]:
    """Yield the flow taken apart by every person's place and every column's category, whatever the rules say."""
    paths = ["subjects.countries", "subjects.nationality", "subjects.collected_in", "data_categories"]
    choices = []
    for path in paths:
        members = facts.values.get(path)
        if not members:
            choices.append([members])
        elif path == "data_categories":
            choices.append([{member} for member in sorted(members)])
        else:
            divided = {member[:2] for member in members if "-" in member}
            choices.append([{member, member[:2]} for member in sorted(members) if member not in divided])
    for chosen in product(*choices):
        yield replace(facts, values={**facts.values, **dict(zip(paths, chosen, strict=True))})


def law(row: Mapping[str, Any], documents: list[Mapping[str, Any]]) -> tuple[str, int]:
    """Return the legal order that a rule belongs to, and how far down it stands there."""
    country = row["jurisdiction"].partition("-")[0]
    for pack in documents:
        for order in pack.get("legal_orders", ()):
            inside = set().union(*(places(name) for name in order["members"])) | {order["id"]}
            if country in inside:
                return order["id"], order["levels"].index(row.get("level", "national"))
    levels = ["constitutional", "treaty", "supranational", "national", "state", "industry", "company"]
    return country, levels.index(row.get("level", "national"))


Found = Mapping[str, tuple[Mapping[str, Any], str, list[str]]]


def displaced(found: Found, documents: list[Mapping[str, Any]]) -> set[str]:
    """Return the rules in whose place another one stands."""
    by: dict[str, set[str]] = {}
    for name, (row, status, _) in found.items():
        for other, (target, target_status, _) in found.items():
            left = target.get("derogable_by", ())
            if other == name or status != "met" or target_status == "error":
                continue
            if other not in row.get("displaces", ()) and name not in left:
                continue
            (order, rank), (target_order, target_rank) = law(row, documents), law(target, documents)
            delegated = name in left or row.get("level", "national") in left
            if order == target_order and (delegated or rank <= target_rank):
                by.setdefault(other, set()).add(name)
    # Of several that could stand in for a rule, one that is not displaced itself is enough.
    return {name for name, others in by.items() if others - by.keys()}


def contradictions(
    found: Found, overridden: set[str], documents: list[Mapping[str, Any]]
) -> tuple[set[tuple[str, str]], set[str]]:
    """Return the pairs that a person must settle, and the rules that a higher one of their order settles."""
    certain = {
        name: row
        for name, (row, status, _) in found.items()
        if status in ("met", "unmet", "unknown") and name not in overridden
    }
    pairs = set()
    for one, row in certain.items():
        for other, target in certain.items():
            if one == other or left_open(row, target, documents) or left_open(target, row, documents):
                continue
            if other in row.get("conflicts", ()) or opposite(row, target):
                pairs.add((min(one, other), max(one, other)))
    over: dict[str, set[str]] = {}
    for pair in pairs:
        for high, low in (pair, pair[::-1]):
            (order, rank), (low_order, low_rank) = law(certain[high], documents), law(certain[low], documents)
            if order == low_order and rank < low_rank:
                over.setdefault(low, set()).add(high)
    lower = {name for name, others in over.items() if others - over.keys()}
    return {pair for pair in pairs if not set(pair) & lower}, lower


def left_open(row: Mapping[str, Any], target: Mapping[str, Any], documents: list[Mapping[str, Any]]) -> bool:
    left = target.get("derogable_by", ())
    named = row["requirement_id"] in left or row.get("level", "national") in left
    return named and law(row, documents)[0] == law(target, documents)[0]


def opposite(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    mine, theirs = row.get("demands") or {}, other.get("demands") or {}
    where = {
        (who, key): places(wish[key]) if wish.get(key) else None
        for who, wish in (("mine", mine), ("theirs", theirs))
        for key in ("store_in", "copy_in", "keep_out_of")
    }
    keeps, erases = mine.get("keep_days"), theirs.get("erase_days")
    if keeps is not None and erases is not None and keeps > erases:
        return True
    only, also = where["mine", "store_in"], where["theirs", "store_in"]
    if only is not None and also is not None and not only & also:
        return True
    copy, never = where["theirs", "copy_in"], where["theirs", "keep_out_of"]
    if only is not None and copy is not None and not only & copy:
        return True
    for wanted in (only, where["mine", "copy_in"]):
        if never is not None and wanted is not None and wanted <= never:
            return True
    return (mine.get("disclosure"), theirs.get("disclosure")) == ("disclose", "withhold")
