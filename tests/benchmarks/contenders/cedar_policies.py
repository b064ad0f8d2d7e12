# SPDX-License-Identifier: Apache-2.0
"""Requirements as Cedar policies: the constructs of the made-up law, no more; any other is an error.

Places that a jurisdiction holds adequate are data, in one entity a jurisdiction, as of the day of the benchmark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from airflow_xborder.core.places import members
from airflow_xborder.core.vocabulary_terms import CATEGORIES
from tests.benchmarks.estate.world import AS_OF

Data = Mapping[str, Any]
_GEOGRAPHIC = ("reach", "country", "countries")
_FACTS = {
    "automated_decision": "context.automated_decision",
    "significant_effect": "context.automated_decision_significant_effect",
    "human_review_required": "context.automated_decision_human_review",
    "explainability_required": "context.automated_decision_explanation",
    "purpose_not_collected": "context.purpose_not_collected",
}
# What a flow is in, by the facts that tie it there.
TIES = {
    "Tie": ("source.country", "exporter.country", "subjects.countries"),
    "Touch": (
        "source.country",
        "exporter.country",
        "subjects.countries",
        "reach.countries",
        "importer.country",
    ),
    "Residence": ("subjects.countries",),
}
_SINGLE = (
    "access_mode",
    "exporter.role",
    "exporter.country",
    "importer.country",
    "source.country",
    "purpose",
)


def policy(row: Data, pack: Data) -> str | None:
    """Return one requirement as a policy; None for one that never denies nor asks for review, or is no law that day.

    What ties flows to the pack is its scope, the one thing of a policy that Cedar looks at before anything else.
    """
    if row.get("effect") == "duty" or not _in_force(row, AS_OF.date()):
        return None
    names = pack.get("definitions") or {}
    triggers = [*row.get("triggers", ()), *([row["when"]] if "when" in row else [])]
    applies = _all(["context.is_personal", *(condition(one, names) for one in triggers)])
    demands = [_demand(one, names) for one in row.get("constraints") or ()]
    head = f"@id({json.dumps(row['requirement_id'])})\nforbid({_scope(pack)}, action, resource)"
    return f"{head} when {{ {applies} && !({_all(demands) if demands else 'false'}) }};"


def _scope(pack: Data) -> str:
    """Return which flows are tied to a pack: those about personal data that have one of its ties to its home."""
    if "connects" not in pack:
        return "principal"
    (factor,) = pack["connects"]
    kind, tie = factor["all"]
    ties = tie.get("any", [tie])
    paths, homes = {key for one in ties for key in one}, {value for one in ties for value in one.values()}
    for name, wanted in TIES.items():
        if kind == "personal_data" and paths == set(wanted) and len(homes) == 1:
            return f"principal in {name}::{json.dumps(homes.pop())}"
    raise ValueError(f"no Cedar for the connecting factors of `{pack['pack']}`")


def sides(documents: Sequence[Data], day: date) -> list[Data]:
    """Return an entity for each jurisdiction: the places that are home or adequate, with and without scoped rows."""
    found = []
    for pack in documents:
        stopped = {
            row["suspends"]
            for row in pack.get("designations", ())
            if row.get("suspends") and _dated(row, day)
        }
        rows = [
            row
            for row in pack.get("designations", ())
            if _dated(row, day) and row["id"] not in stopped and not row.get("suspends")
        ]
        home = members(_home(pack)) if pack.get("definitions") else frozenset()
        always = {row["of"] for row in rows if "scope" not in row}
        attributes = {"always": sorted(home | always), "plain": sorted(home | {row["of"] for row in rows})}
        found.append({"uid": {"type": "Law", "id": pack["jurisdiction"]}, "attrs": attributes, "parents": []})
    return [*found, *_unions()]


def _unions() -> list[Data]:
    return [
        {"uid": {"type": name, "id": place}, "attrs": {}, "parents": [{"type": name, "id": "EEA30"}]}
        for name in TIES
        for place in sorted(members("EEA30"))
    ]


def _home(pack: Data) -> str:
    return str(pack["definitions"]["adequate"]["designated"]["outside"])


def _in_force(row: Data, day: date) -> bool:
    return row["effective_date"] <= day.isoformat() <= row.get("expires", "9999")


def _dated(row: Data, day: date) -> bool:
    return row["valid_from"] <= day.isoformat() <= row.get("valid_until", "9999")


def _demand(entry: Any, names: Data) -> str:
    if isinstance(entry, Mapping) and set(entry) == {"any_of"}:
        options = [one.get("needs", one) if isinstance(one, Mapping) else one for one in entry["any_of"]]
        return _any([condition(one, names) for one in options])
    return condition(entry, names)


def condition(data: Any, names: Data) -> str:
    """Return a condition as an expression."""
    if isinstance(data, str):
        if data in names:
            return condition(names[data], names)
        if data in _FACTS:
            return _FACTS[data]
        if data not in CATEGORIES:
            raise ValueError(f"no Cedar for `{data}`")
        return f"context.data_categories.contains({json.dumps(data)})"
    return _all([_entry(key, value, names) for key, value in data.items()])


def _entry(key: str, value: Any, names: Data) -> str:
    if key in ("all", "any"):
        return (_all if key == "all" else _any)([condition(part, names) for part in value])
    if key == "not":
        return f"!({condition(value, names)})"
    if key in _SPECIAL:
        return _SPECIAL[key](value, names)
    return _fact(key, value)


def _all(parts: Sequence[str]) -> str:
    return f"({' && '.join(parts)})"


def _any(parts: Sequence[str]) -> str:
    return f"({' || '.join(parts)})"


def _fact(path: str, value: Any) -> str:
    name = f"context.{path.replace('.', '_')}"
    if isinstance(value, bool):
        return f"{name} == {json.dumps(value)}"
    if isinstance(value, Mapping):
        if value == {"known": True}:
            return "true"  # only flows of which it is known are asked about
        if set(value) != {"within"}:
            raise ValueError(f"no Cedar for `{path}: {value}`")
        return f"{json.dumps(_names(path, value['within']))}.containsAll({name})"
    return _among(name, _names(path, value), path in _SINGLE)


def _among(name: str, wanted: Sequence[str], is_single: bool) -> str:
    if len(wanted) == 1:
        return (
            f"{name} == {json.dumps(wanted[0])}" if is_single else f"{name}.contains({json.dumps(wanted[0])})"
        )
    return (
        f"{json.dumps(wanted)}.contains({name})" if is_single else f"{name}.containsAny({json.dumps(wanted)})"
    )


def _names(path: str, value: Any) -> list[str]:
    names = value if isinstance(value, list) else [value]
    if path.rpartition(".")[2] in _GEOGRAPHIC:
        return sorted(frozenset[str]().union(*map(members, names)))
    return names


def _documents(kind: str, value: Any) -> str:
    return _among(f"context.{kind}", value if isinstance(value, list) else [value], False)


def _consent(value: Data, names: Data) -> str:
    return f"context.consents.contains({json.dumps(value['type'] + ' ' + value['ground_for'])})"


def _designated(value: Data, names: Data) -> str:
    law = f"Law::{json.dumps(value['by'])}"
    special = condition("special", names)
    return f"(if {special} then {law}.always else {law}.plain).containsAll(context.{value['place'].replace('.', '_')})"


def _count(value: Data, names: Data) -> str:
    kinds = value["category"] if isinstance(value["category"], list) else [value["category"]]
    totals = [
        f"(context.totals has {json.dumps(k)} && context.totals[{json.dumps(k)}] > {value['more_than']})"
        for k in kinds
    ]
    return _any(totals)


def _owned_by(value: Data, names: Data) -> str:
    shares = [
        f"(if context.owned has {json.dumps(c)} then context.owned[{json.dumps(c)}] else 0)"
        for c in value["countries"]
    ]
    return f"({' + '.join(shares)} >= {round(float(value['at_least']) * 100)})"


_SPECIAL = {
    "mechanism": lambda value, names: _documents("mechanisms", value),
    "evidence": lambda value, names: _documents("evidence", value),
    "safeguard": lambda value, names: _documents("safeguards", value),
    "consent": _consent,
    "designated": _designated,
    "count": _count,
    "owned_by": _owned_by,
}
