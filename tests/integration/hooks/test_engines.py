# SPDX-License-Identifier: Apache-2.0
"""get_engine against real servers: asked before each connection, and only where the database should be."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder.errors import (
    ConfigurationError,
    FlowDeniedError,
    RegionMismatchError,
    UnknownRegionError,
)
from airflow_xborder.hooks import access, asking, get_engine
from tests.regional import Regional, closed

pytestmark = pytest.mark.integration


@pytest.fixture
def people_only(regional: Regional) -> Regional:
    """The catalog without patients, whose health data nobody may read without a consent filter."""
    regional.catalog["datasets"].pop()
    for name in ("eu", "us"):
        regional.catalog["regions"][name]["connections"] = {"postgres": f"pg_{name}"}
    return regional


def test_what_is_allowed_is_read_and_written_and_is_one_decision(people_only: Regional) -> None:
    people_only.start()
    engine = get_engine("eu", "analytics")
    assert people_only.decisions() == []
    with engine.begin() as connection:
        connection.exec_driver_sql("create table made_here (n int)")
        connection.exec_driver_sql("insert into made_here values (7)")
    with get_engine("EU", "analytics").connect() as connection:
        assert connection.exec_driver_sql("select n from made_here").scalar() == 7
        assert connection.exec_driver_sql("select count(*) from people").scalar() == 50
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table made_here")
    (decision,) = people_only.decisions()
    assert (decision.body["point"], decision.body["decision"]["outcome"]) == ("hook", "allow")


def test_what_is_forbidden_is_so_before_anything_connects(people_only: Regional) -> None:
    people_only.catalog["registers"] = {}
    uri, connection = closed(people_only.databases["eu"])
    stores = people_only.catalog["stores"]
    stores[uri] = stores.pop(people_only.databases["eu"].uri)
    people_only.catalog["datasets"][0]["match"] = f"{uri}.public.people"
    people_only.connect("pg_eu", connection)
    people_only.options(worker_region="us")
    people_only.start()
    engine = get_engine("eu", "analytics")
    # Nothing listens there: to connect first would be another error.
    with pytest.raises(FlowDeniedError, match=r"Test Art\. 1") as caught:
        engine.connect()
    assert isinstance(caught.value, AirflowFailException)
    assert [event.body["decision"]["outcome"] for event in people_only.decisions()] == ["deny"]


def test_each_connection_is_asked_about(people_only: Regional, monkeypatch: pytest.MonkeyPatch) -> None:
    people_only.start()
    engine = get_engine("eu", "analytics")
    asked: list[str] = []
    real = access.require_connection_to

    def count(uri: str, purpose: str | None = None) -> None:
        asked.append(uri)
        real(uri, purpose)

    monkeypatch.setattr(access, "require_connection_to", count)
    for _ in range(3):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("select 1").scalar() == 1
    assert len(asked) == 3
    people_only.catalog["registers"] = {}
    people_only.options(worker_region="us")
    people_only.start()
    asking.forget_answers()
    with pytest.raises(FlowDeniedError):
        engine.connect()


def test_what_was_read_may_not_be_written_through_it_where_it_may_not_go(people_only: Regional) -> None:
    people_only.catalog["registers"] = {}
    people_only.start()
    with get_engine("eu", "analytics").connect() as connection:
        connection.exec_driver_sql("select * from people")
    with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
        get_engine("us", "analytics").connect()


def test_a_database_that_is_elsewhere(people_only: Regional) -> None:
    people_only.databases["eu"].mark("us")
    people_only.start()
    try:
        with pytest.raises(RegionMismatchError, match="is in `us`"):
            get_engine("eu", "analytics").connect()
    finally:
        people_only.databases["eu"].mark("eu")


def test_rows_are_sqlalchemys_whatever_the_connection_says(people_only: Regional) -> None:
    extra = json.dumps({"cursor": "dictcursor"})
    people_only.connect("pg_eu", people_only.databases["eu"].connection(extra=extra))
    people_only.start()
    with get_engine("eu", "analytics").connect() as connection:
        assert connection.exec_driver_sql("select 1 as a, 2 as b").one() == (1, 2)


def test_it_does_not_know_the_password(people_only: Regional) -> None:
    people_only.start()
    url = get_engine("eu", "analytics").url
    assert (url.password, url.host) == (None, None)


class TestTheRegion:
    def test_one_that_the_catalog_does_not_have(self, people_only: Regional) -> None:
        people_only.start()
        with pytest.raises(UnknownRegionError) as caught:
            get_engine("mars")
        assert isinstance(caught.value, AirflowFailException)

    def test_one_without_a_database(self, people_only: Regional) -> None:
        people_only.catalog["regions"]["us"]["connections"] = {}
        people_only.start()
        with pytest.raises(ConfigurationError, match="region `us` has no PostgreSQL connection"):
            get_engine("us")

    def test_one_with_several_needs_a_choice(self, people_only: Regional) -> None:
        people_only.catalog["regions"]["eu"]["connections"] = {"postgres": ["pg_eu", "pg_other"]}
        people_only.start()
        with pytest.raises(ConfigurationError, match="several PostgreSQL connections: `pg_eu`, `pg_other`"):
            get_engine("eu")
        with pytest.raises(ConfigurationError, match="no PostgreSQL connection `pg_us`"):
            get_engine("eu", connection_id="pg_us")
        with get_engine("eu", "analytics", connection_id="pg_eu").connect() as connection:
            assert connection.exec_driver_sql("select 1").scalar() == 1

    @pytest.mark.parametrize("name", ["creator", "poolclass", "connect_args"])
    def test_options_that_lead_past_the_hook_are_refused(self, people_only: Regional, name: str) -> None:
        people_only.start()
        with pytest.raises(ConfigurationError, match=f"does not take `{name}`"):
            get_engine("eu", **{name: None})


def test_the_module_loads_no_sqlalchemy_by_itself() -> None:
    code = (
        "import sys; from importlib.util import find_spec; import airflow_xborder.hooks as hooks;"
        "assert 'get_engine' in hooks.__all__; assert find_spec('airflow_xborder.hooks.engines');"
        "print('sqlalchemy' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "False", result.stderr
