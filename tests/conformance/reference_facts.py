# SPDX-License-Identifier: Apache-2.0
"""The facts of a flow for the reference semantics, taken from the flow as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_xborder.core.vocabulary_terms import EXTRA_PARENTS

LEVELS = (
    "storage", "backup", "processing", "model_training", "model_artifact", "inference", "access", "control_plane", "logs",
)  # fmt: skip


@dataclass
class Snapshot:
    """What is known; sets are Python sets, and ``?`` in one stands for more that nobody named."""

    flow: Mapping[str, Any]
    values: dict[str, Any]
    complete: bool


def ancestors(term: str) -> set[str]:
    """Return a term and all it is a kind of."""
    parents = {term.rpartition(".")[0], EXTRA_PARENTS.get(term, "")} - {""}
    return {term}.union(*(ancestors(parent) for parent in parents))


def is_a(term: str, kind: str) -> bool | None:
    """Tell whether a category is a kind of another."""
    if kind in ancestors(term):
        return True
    if term in ("data", "data.unknown"):
        return None
    if term in ancestors(kind) and term != "personal_data":
        return None
    if term.startswith("derived") and "personal_data" in ancestors(kind):
        return None
    return False


def places_of(end: Mapping[str, Any]) -> set[str]:
    """Return the country and the subdivision of an end."""
    return {end.get("country", "?")} | ({end["subdivision"]} if "subdivision" in end else set())


def snapshot(flow: Mapping[str, Any], complete: bool) -> Snapshot:
    """Return the facts of a flow."""
    values: dict[str, Any] = {
        "access_mode": flow["access_mode"],
        "frequency": flow.get("frequency"),
        "data_categories": set(flow.get("data_categories", ())) or None,
        "collected_purposes": set(flow["collected_purposes"]) if "collected_purposes" in flow else None,
        "purpose": purpose(flow, complete),
        "retention_days": flow.get("retention_days"),
        "legal_basis": {f"{row['regime']}:{row['type']}" for row in flow.get("legal_basis", ())} or None,
    }
    for name in ("source", "destination"):
        end = flow[name]
        values[f"{name}.country"] = end.get("country")
        values[f"{name}.subdivision"] = end.get("subdivision")
        values[f"{name}.place"] = places_of(end)
        values[f"{name}.control_country"] = end.get("provider", {}).get("control_country")
    add_reach(values, flow)
    for name in ("exporter", "importer"):
        add_party(values, name, flow.get(name, {}))
    subjects = flow.get("subjects", {})
    for name in ("countries", "nationality", "collected_in", "groups"):
        given = subjects.get(name)
        wider = None if given is None else {*given, *(place[:2] for place in given if "-" in place)}
        values[f"subjects.{name}"] = set(given) if name == "groups" and given is not None else wider
    whole = {place for place in subjects.get("countries") or () if "-" not in place}
    values["subjects.undivided"] = whole or None
    values["subjects.us_persons"] = subjects.get("us_persons")
    values["subjects.min_age"] = subjects.get("min_age")
    add_decision(values, flow)
    for name in ("origin_regimes", "restrictions", "via"):
        given = flow.get("provenance", {}).get(name)
        values[f"provenance.{name}"] = None if given is None else set(given)
    for name, value in flow.get("attributes", {}).items():
        values[f"attributes.{name}"] = set(value) if isinstance(value, list) else value
    return Snapshot(flow, values, complete)


def purpose(flow: Mapping[str, Any], complete: bool) -> set[str] | None:
    """Return the purpose, or the candidates for it."""
    if "purpose" in flow:
        return {flow["purpose"]}
    collected = set(flow.get("collected_purposes", ()))
    if len(collected) > 1:
        return collected | {"?"}
    return collected or (set() if complete else None)


def add_reach(values: dict[str, Any], flow: Mapping[str, Any]) -> None:
    """Add every place at which somebody gets hold of the data."""
    reach = places_of(flow["destination"])
    for level in (*LEVELS, "key_custody", "transit"):
        ends = flow.get("places", {}).get(level, ())
        reach = reach.union(*(places_of(end) for end in ends if level in LEVELS))
        if level in flow.get("places", {}):
            values[f"places.{level}"] = set().union(*(places_of(end) for end in ends))
    importer = flow.get("importer", {})
    reach |= {importer["country"]} if "country" in importer else set()
    reach = reach.union(*(places_of(end) for end in importer.get("subprocessors", ())))
    countries = {place for place in reach if "-" not in place}
    values["reach"], values["reach.countries"] = reach, countries
    home = flow["source"].get("country")
    elsewhere = countries - {home, "?"}
    unknown = home is None or (not elsewhere and "?" in countries)
    values["crosses_border"] = None if unknown else bool(elsewhere)


def add_party(values: dict[str, Any], name: str, party: Mapping[str, Any]) -> None:
    """Add what is known of a party."""
    for key in ("country", "role", "party", "same_entity", "same_group", "principal_place", "residence"):
        values[f"{name}.{key}"] = party.get(key)
    if party.get("subprocessors"):
        values[f"{name}.same_entity"] = False
    roles = party.get("legal_roles")
    values[f"{name}.legal_roles"] = None if roles is None else {f"{key}:{roles[key]}" for key in roles}
    values[f"{name}.organised_in"] = party.get("organised_in", party.get("country"))
    if party.get("subprocessors"):
        values[f"{name}.same_entity"] = False
    homes = {party.get("organised_in"), party.get("country"), party.get("residence")}
    values[f"{name}.us_person"] = party.get("us_person", True if "US" in homes else None)
    values[f"{name}.sector"] = set(party["sector"]) if "sector" in party else None
    values[f"{name}.owners"] = {row["country"] for row in party["owners"]} if "owners" in party else None
    for key, value in party.get("attributes", {}).items():
        values[f"{name}.attributes.{key}"] = value


def add_decision(values: dict[str, Any], flow: Mapping[str, Any]) -> None:
    """Add what the processing decides; a flow that neither infers nor decides decides nothing."""
    purposes = values["purpose"]
    may = flow["access_mode"] == "infer" or purposes is None
    may = may or bool(purposes & {"ml_inference", "automated_decision"})
    absent = None if may else False
    stated = flow.get("automated_decision")
    decides = absent if stated is None else True if "significant_effect" in stated else None
    values["automated_decision"] = decides
    for key in ("significant_effect", "human_review", "explanation"):
        values[f"automated_decision.{key}"] = (stated or {}).get(key, absent)
    if stated is not None and "significant_effect" not in stated:
        values["automated_decision.significant_effect"] = None


def tell(sources: set[str]) -> bool:
    untelling = ("anonymised", "personal_data.pseudonymised")
    return bool(sources) and not any(name in untelling or name.startswith("derived") for name in sources)
