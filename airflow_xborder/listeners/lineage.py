# SPDX-License-Identifier: Apache-2.0
"""What Airflow's hooks report that they touched, as far as evidence may say it.

Airflow collects nothing unless some plugin reads it: the reader class is that plugin's. A URI may name a person, so
only the catalog's stores are told, and of another region's stores only the region.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.sdk.lineage import HookLineageReader, get_hook_lineage_collector

if TYPE_CHECKING:
    from airflow_xborder.core.catalog import Catalog


class LineageReader(HookLineageReader):
    """Turns Airflow's collector of hook lineage on."""


def observed(catalog: Catalog, region: str) -> dict[str, Any]:
    """Return which stores this task's hooks reported reading and writing.

    :param region: whose ledger will hear it.
    """
    seen = get_hook_lineage_collector().collected_assets
    return {
        "reads": _places([entry.asset.uri for entry in seen.inputs], catalog, region),
        "writes": _places([entry.asset.uri for entry in seen.outputs], catalog, region),
    }


def _places(uris: Iterable[str], catalog: Catalog, region: str) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], int] = {}
    for uri in uris:
        store = catalog.store_of(uri)
        where = catalog.region_name(store[1].region) if store else ""
        name = store[0] if store and where == region else ""
        found[where, name] = found.get((where, name), 0) + 1
    return [
        {"region": where or None, "store": name or None, "accesses": number}
        for (where, name), number in sorted(found.items())
    ]
