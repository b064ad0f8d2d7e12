# SPDX-License-Identifier: Apache-2.0
"""Relations: which rules of a policy set may make another one give way (law 6), and which may give way.

Read from the documents, without reading a condition: a flow asks for it before it knows which packs concern it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_xborder.core.legal_orders import LegalOrders

Row = Mapping[str, Any]


class Relations:
    """``prevailing`` are the ids of rules before which another may give way, ``yielding`` of those that may."""

    def __init__(self, documents: Iterable[Mapping[str, Any]], orders: LegalOrders) -> None:
        rows = {
            str(row["requirement_id"]): {"jurisdiction": document.get("jurisdiction"), **row}
            for document in documents
            for row in document.get("requirements") or ()
        }
        prevailing, yielding = set[str](), set[str]()
        for name, row in rows.items():
            if row.get("displaces"):
                prevailing.add(name)
                yielding.update(row["displaces"])
            if row.get("derogable_by"):
                yielding.add(name)
                prevailing.update(row["derogable_by"])
        opposing = _opposing(rows)
        levels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for name in opposing & rows.keys():
            order = orders.of(str(rows[name]["jurisdiction"])).id
            levels[order][str(rows[name].get("level") or "national")].add(name)
        for by_level in levels.values():
            if len(by_level) > 1:  # between equals, and between orders, nothing gives way
                for names in by_level.values():
                    prevailing |= names
                    yielding |= names
        self.prevailing = frozenset(prevailing & rows.keys())
        self.yielding = frozenset(yielding & rows.keys())


def _opposing(rows: Mapping[str, Row]) -> set[str]:
    found = {
        name
        for name, row in rows.items()
        if row.get("demands") or row.get("conflicts") or row.get("effect") == "local_only"
    }
    return found.union(*(map(str, row.get("conflicts") or ()) for row in rows.values()))
