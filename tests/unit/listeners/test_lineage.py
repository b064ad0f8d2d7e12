# SPDX-License-Identifier: Apache-2.0
"""What may be told of what hooks touched."""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.lineage import HookLineageReader

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.listeners import lineage
from tests.deployment import CATALOG


def seen(monkeypatch: pytest.MonkeyPatch, reads: list[str], writes: list[str]) -> dict[str, Any]:
    def entries(uris: list[str]) -> list[Any]:
        return [SimpleNamespace(asset=SimpleNamespace(uri=uri)) for uri in uris]

    assets = SimpleNamespace(inputs=entries(reads), outputs=entries(writes))
    monkeypatch.setattr(
        lineage, "get_hook_lineage_collector", lambda: SimpleNamespace(collected_assets=assets)
    )
    return lineage.observed(Catalog(deepcopy(CATALOG)), "eu")


def test_stores_of_this_region_are_named_and_objects_never(monkeypatch):
    told = seen(
        monkeypatch,
        ["postgres://pg-eu:5432/appdb.public.jane", "postgres://pg-eu:5432/appdb.public.people"],
        [],
    )
    assert told["reads"] == [{"region": "eu", "store": "postgres://pg-eu:5432/appdb", "accesses": 2}]


def test_of_another_region_only_the_region_is_told(monkeypatch):
    told = seen(monkeypatch, [], ["postgres://pg-us:5432/appdb.public.people"])
    assert told["writes"] == [{"region": "us", "store": None, "accesses": 1}]


def test_of_what_nobody_knows_only_that_it_was(monkeypatch):
    assert seen(monkeypatch, ["s3://jane/x", "s3://joe/y"], [])["reads"] == [
        {"region": None, "store": None, "accesses": 2}
    ]


def test_a_task_that_reports_nothing_has_nothing(monkeypatch):
    assert seen(monkeypatch, [], []) == {"reads": [], "writes": []}


def test_the_reader_is_what_turns_the_collector_on():
    assert issubclass(lineage.LineageReader, HookLineageReader)
