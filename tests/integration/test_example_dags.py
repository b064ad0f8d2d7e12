# SPDX-License-Identifier: Apache-2.0
"""The example DAGs load without a catalog, and those that need no database do what their docstrings say."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests.tools.dag_runs import Result, Site

pytestmark = [pytest.mark.integration, pytest.mark.limit(400)]

FOLDER = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(FOLDER.glob("*.py"))
CHECK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow_xborder.enforcement.policy import is_attached
bag = DagBag(sys.argv[1])
unguarded = [task.task_id for dag in bag.dags.values() for task in dag.tasks if not is_attached(task)]
print("@@", json.dumps([sorted(bag.dags), {k: v for k, v in bag.import_errors.items()}, unguarded]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A deployment that knows the bucket of the guarded example, and lets the US have aggregated visits."""
    site = Site(tmp_path_factory.mktemp("site"), options={"enforcement": "enforce"})
    site.catalog["stores"]["s3://acme-eu"] = {"region": "eu"}
    about = {"subjects": {"countries": ["DE"], "complete": True}, "purposes": ["analytics"]}
    site.catalog["datasets"] += [
        {"match": f"s3://acme-eu/{name}/*", "categories": {"visits": "personal_data.behaviour"}, **about}
        for name in ("visits", "reports/visits")
    ]
    site.make()
    for path in FILES:
        shutil.copy(path, site.dags)
    return site


@pytest.fixture(scope="module")
def result(site: Site) -> Result:
    return site.run("example_guarded_task")


def test_every_example_loads_without_catalog_or_release_and_each_task_is_guarded(site):
    import json

    options, site.options = site.options, {"enforcement": "enforce"}
    try:
        output = site.python(CHECK, str(site.dags))
    finally:
        site.options = options
    dags, errors, unguarded = json.loads(output.split("@@ ")[-1].splitlines()[0])
    examples = {path.stem for path in FILES if path.stem.startswith("example_")}
    assert set(dags) == examples | {"xborder_audit_export"}
    assert errors == {}
    assert unguarded == []


def test_the_guarded_example_runs_because_the_guard_allows_it(site, result):
    assert result.task("example_guarded_task", "count_visits") == ("success", 1)
    assert "decision-guard" in site.phases("eu", "example_guarded_task", "count_visits")
    assert "completed" in site.phases("eu", "example_guarded_task", "count_visits")


def test_its_gate_asks_about_the_crossing_and_both_sides_know(site, result):
    assert result.task("example_guarded_task", "may_the_report_go_to_the_us") == ("success", 1)
    assert site.phases("us", "example_guarded_task", "may_the_report_go_to_the_us") == ["decision-gate"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_example_says_what_it_shows(path):
    assert len(ast.get_docstring(ast.parse(path.read_text())) or "") > 40
