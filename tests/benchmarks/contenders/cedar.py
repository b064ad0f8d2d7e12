# SPDX-License-Identifier: Apache-2.0
"""Cedar: one ``forbid`` policy for each requirement that can deny or ask for review, parsed once, asked by its engine.

Cedar has two values and no dated data, closures or sums: so it is asked only about flows of which everything that
matters is known, with closures, valid documents and designations worked out beforehand and handed over as JSON text
(none of which is timed). The ids of the policies that forbid are what is violated; the strictest of them answers.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from airflow_xborder.core.decision import Decision
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.vocabulary import ancestors
from tests.benchmarks.contenders.cedar_policies import TIES, policy, sides
from tests.benchmarks.contenders.saying import Said
from tests.benchmarks.estate.world import AS_OF, World

_REQUEST = {"principal": 'Flow::"flow"', "action": 'Action::"move"', "resource": 'Data::"data"'}
_DAY = AS_OF.date()


def can_ask(facts: Facts, decision: Decision) -> bool:
    """Tell whether two values are enough: nothing unknown, no gap, nothing settled between rules."""
    decided = {reason.kind for reason in decision.reasons} <= {"unmet"}
    return facts.complete and decided and not decision.overridden and not decision.missing_facts


class Cedar:
    """Cedar in process, through cedarpy.

    :raises ImportError: cedarpy is not here.
    """

    def __init__(self, world: World) -> None:
        import cedarpy

        self._ask = cedarpy.is_authorized
        documents = world.policies.documents
        texts = [policy(row, pack) for pack in documents for row in pack.get("requirements", ())]
        self._policies = cedarpy.PolicySet.from_str(
            "\n".join(["permit(principal, action, resource);", *filter(None, texts)])
        )
        entities = cedarpy.Entities.from_json_str(json.dumps(sides(documents, _DAY)))
        self._entities = [
            entities.with_added_json_str(json.dumps([flow_entity(facts)])) for facts in world.facts
        ]
        self._contexts = [json.dumps(context(facts)) for facts in world.singles]
        self._on_unmet = {
            row["requirement_id"]: "review" if row.get("on_unmet") == "review" else "deny"
            for pack in documents
            for row in pack.get("requirements", ())
        }

    def __call__(self, number: int) -> Said:
        """Answer one flow.

        :raises ValueError: if a policy failed, which Cedar would pass over.
        """
        found = self._ask(
            {**_REQUEST, "context": self._contexts[number]}, self._policies, self._entities[number]
        )
        if found.allowed:
            if found.diagnostics.errors:
                raise ValueError(found.diagnostics.errors[0])
            return "allow", ()
        names = sorted(found.diagnostics.id_annotations_by_reason.values())
        outcomes = {self._on_unmet[name] for name in names}
        return "deny" if "deny" in outcomes else "review", tuple(names)


def context(facts: Facts) -> dict[str, Any]:
    """Return what Cedar is told of a flow: facts with their closures."""
    flow, values = facts.flow, facts.values
    mechanisms = [one.type for one in flow.mechanisms or () if _valid(one.valid_from, one.valid_until)]
    evidence = [one.type for one in flow.evidence or () if _valid(one.issued_at, one.valid_until)]
    categories = {wider for name in flow.data_categories or () for wider in ancestors(name)}
    told = {path: sorted(value) if isinstance(value, frozenset) else value for path, value in values.items()}
    told = {path.replace(".", "_"): value for path, value in told.items() if value is not None}
    return {
        **told,
        "is_personal": "personal_data" in categories,
        "purpose": flow.purpose or "",
        "data_categories": sorted(categories),
        "mechanisms": sorted(mechanisms),
        "evidence": sorted(evidence),
        "safeguards": list(flow.safeguards or ()),
        "consents": [f"{one.type} {one.ground_for}" for one in flow.consents],
        "totals": {one.category: one.n for one in flow.counts or ()},
        "owned": {
            one.country: round(float(one.share) * 100)
            for one in (flow.importer and flow.importer.owners) or ()
        },
        "purpose_not_collected": _is_other(flow.purpose, flow.collected_purposes),
    }


def flow_entity(facts: Facts) -> dict[str, Any]:
    """Return the flow as an entity, in what it is tied to."""
    tied = {
        (name, place)
        for name, paths in TIES.items()
        for path in paths
        for value in [facts.values.get(path)]
        if value is not None
        for place in (value if isinstance(value, frozenset) else {str(value)})
    }
    parents = [{"type": name, "id": place} for name, place in sorted(tied)]
    return {"uid": {"type": "Flow", "id": "flow"}, "attrs": {}, "parents": parents}


def _is_other(purpose: str | None, collected: tuple[str, ...] | None) -> bool:
    return purpose is not None and collected is not None and not ancestors(purpose) & set(collected)


def _valid(first: date | None, last: date | None) -> bool:
    return (first is None or first <= _DAY) and (last is None or last >= _DAY)
