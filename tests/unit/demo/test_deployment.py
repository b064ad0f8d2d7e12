# SPDX-License-Identifier: Apache-2.0
"""The demo's catalog is one that a user could have written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from airflow_xborder.authoring.catalog import load_catalog
from airflow_xborder.core.catalog import Catalog
from airflow_xborder.demo.data import make_model_weights
from airflow_xborder.demo.deployment import CLOUD_REGIONS, DATABASES, _as_yaml, make_catalog


def catalog(folder: Path) -> Catalog:
    servers = {region: SimpleNamespace(port=5000 + number) for number, region in enumerate(CLOUD_REGIONS)}
    path = folder / "catalog.yaml"
    path.write_text(_as_yaml(make_catalog(servers)))  # type: ignore[arg-type]
    return Catalog(load_catalog(path))


def test_it_loads_and_places_every_connection(tmp_path: Path) -> None:
    made = catalog(tmp_path)
    for region, databases in DATABASES.items():
        for connection in databases.values():
            (store,) = made.stores_of_connection(connection).values()
            assert store.region == region


def test_who_runs_the_partners_database_is_said_by_the_catalog(tmp_path: Path) -> None:
    (store,) = catalog(tmp_path).stores_of_connection("pg_us_partner").values()
    assert store.party == "partner-inc"


def test_every_column_of_the_people_is_classified(tmp_path: Path) -> None:
    row = catalog(tmp_path).dataset_of("postgres://127.0.0.1:5000/appdb.public.people")
    assert row is not None
    assert "data.unknown" not in row.categories_of()


def test_the_model_tells_most_tumours_apart() -> None:
    from sklearn.datasets import load_breast_cancer

    weights, table = make_model_weights(), load_breast_cancer()
    names = [str(name).replace(" ", "_") for name in table.feature_names]
    scores = [
        weights["intercept"]
        + sum(weights.get(name, 0.0) * value for name, value in zip(names, row, strict=True))
        for row in table.data
    ]
    right = sum((score > 0) == (target == 0) for score, target in zip(scores, table.target, strict=True))
    assert right / len(scores) > 0.9
