# SPDX-License-Identifier: Apache-2.0
"""RegionalPostgresHook against real servers: asked before it connects, and only where the database should be."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder import runtime
from airflow_xborder.core.flow import DataFlow, End
from airflow_xborder.errors import (
    ConfigurationError,
    EnforcementError,
    EvaluationError,
    FlowDeniedError,
    RegionMismatchError,
    ReviewRequiredError,
    StoreUnavailableError,
    XborderError,
)
from airflow_xborder.hooks import RegionalPostgresHook, places
from airflow_xborder.services.gate import GateRequest
from airflow_xborder.services.scopes import open_scope
from tests.regional import Regional, closed

pytestmark = pytest.mark.integration


def eu_hook(**options: Any) -> RegionalPostgresHook:
    return RegionalPostgresHook(postgres_conn_id="pg_eu", purpose="analytics", **options)


@pytest.fixture
def people_only(regional: Regional) -> Regional:
    """The catalog without patients, whose health data nobody may read without a consent filter."""
    regional.catalog["datasets"].pop()
    return regional


@pytest.fixture
def forbidden(people_only: Regional) -> Regional:
    """A worker in the US without any document, and nothing that listens where the database should be."""
    people_only.catalog["registers"] = {}
    uri, connection = closed(people_only.databases["eu"])
    stores = people_only.catalog["stores"]
    stores[uri] = stores.pop(people_only.databases["eu"].uri)
    people_only.catalog["datasets"][0]["match"] = f"{uri}.public.people"
    people_only.connect("pg_eu", connection)
    people_only.options(worker_region="us")
    return people_only.start()


class TestTheDecision:
    WAYS = {
        "get_conn": lambda hook: hook.get_conn(),
        "get_cursor": lambda hook: hook.get_cursor(),
        "get_uri": lambda hook: hook.get_uri(),
        "sqlalchemy_url": lambda hook: hook.sqlalchemy_url,
        "get_sqlalchemy_engine": lambda hook: hook.get_sqlalchemy_engine(),
        "inspector": lambda hook: hook.inspector,
        "get_records": lambda hook: hook.get_records("select 1"),
        "get_first": lambda hook: hook.get_first("select 1"),
        "run": lambda hook: hook.run("select 1"),
        "insert_rows": lambda hook: hook.insert_rows("people", [("a", 1)]),
        "copy_expert": lambda hook: hook.copy_expert("copy people to stdout", "/dev/null"),
        "bulk_dump": lambda hook: hook.bulk_dump("people", "/dev/null"),
        "get_table_primary_key": lambda hook: hook.get_table_primary_key("people"),
    }

    @pytest.mark.parametrize("way", WAYS)
    def test_every_way_in_is_denied_before_anything_connects(self, forbidden: Regional, way: str) -> None:
        # Nothing listens there: to connect first would be another error.
        with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
            self.WAYS[way](eu_hook())
        assert [event.body["decision"]["outcome"] for event in forbidden.decisions()] == ["deny"]

    def test_a_denial_is_ours_and_one_that_airflow_does_not_retry(self, forbidden: Regional) -> None:
        with pytest.raises(FlowDeniedError) as caught:
            eu_hook().get_conn()
        assert isinstance(caught.value, AirflowFailException)
        again = pickle.loads(pickle.dumps(caught.value))
        assert isinstance(again, FlowDeniedError)
        assert isinstance(again, AirflowFailException)
        assert (str(again), again.decision, again.hint) == (
            str(caught.value),
            caught.value.decision,
            caught.value.hint,
        )

    def test_an_allowed_connection_is_one_decision_however_often_it_is_used(
        self, people_only: Regional
    ) -> None:
        people_only.start()
        hook = eu_hook()
        assert hook.get_first("select count(*) from people") == (50,)
        assert eu_hook().get_records("select 1") == [(1,)]
        with hook.get_sqlalchemy_engine().connect() as connection:
            assert connection.exec_driver_sql("select count(*) from people").scalar() == 50
        (decision,) = people_only.decisions()
        assert decision.body["point"] == "hook"
        assert decision.body["decision"]["outcome"] == "allow"

    def test_a_worker_whose_region_nobody_named_connects_to_nothing(
        self, people_only: Regional, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people_only.start()
        monkeypatch.delenv("AIRFLOW__XBORDER__WORKER_REGION")
        with pytest.raises(ConfigurationError, match="worker_region"):
            eu_hook().get_conn()

    def test_a_database_of_which_the_catalog_says_nothing_needs_a_person(self, people_only: Regional) -> None:
        people_only.catalog["datasets"] = []
        people_only.start()
        with pytest.raises(ReviewRequiredError):
            eu_hook().get_conn()

    def test_a_ledger_that_is_out_of_reach_is_retried(self, people_only: Regional) -> None:
        people_only.ledger("eu").parent.mkdir()
        people_only.ledger("eu").write_text("in the way")
        people_only.start()
        with pytest.raises(XborderError) as caught:
            eu_hook().get_conn()
        assert caught.value.code == "ledger_unavailable"
        assert not isinstance(caught.value, AirflowFailException)


class TestWhatWasReadBefore:
    def test_what_was_read_may_not_be_written_where_it_may_not_go(self, people_only: Regional) -> None:
        people_only.catalog["registers"] = {}
        people_only.start()
        eu_hook().get_records("select * from people")
        with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
            RegionalPostgresHook(postgres_conn_id="pg_us", purpose="analytics").get_conn()

    def test_nor_through_a_connection_that_was_open_before(self, people_only: Regional) -> None:
        people_only.catalog["registers"] = {}
        us = people_only.databases["us"].uri
        people_only.catalog["datasets"].append(
            {
                "match": f"{us}.public.prices",
                "categories": {"price": "non_personal"},
                "subjects": {"countries": [], "complete": True},
                "purposes": ["analytics"],
            }
        )
        people_only.start()
        RegionalPostgresHook(postgres_conn_id="pg_us", purpose="analytics").get_conn().close()
        with pytest.raises(FlowDeniedError, match=r"Test Art\. 1"):
            eu_hook().get_conn()

    def test_inside_a_scope_nobody_is_asked(self, people_only: Regional) -> None:
        people_only.start()
        table = f"{people_only.databases['eu'].uri}.public.people"
        flow = DataFlow(source=End(store=table), destination=End(region="eu"), purpose="analytics")
        decision = runtime.gate().decide(GateRequest(flow=flow, point="gate")).decision
        with open_scope(decision, frozenset({table})) as scope:
            eu_hook().get_conn().close()
            eu_hook().connect_in_scope(table).close()
            with pytest.raises(EnforcementError, match="no open decision"):
                eu_hook().connect_in_scope(table.replace("people", "patients"))
        assert scope.touched == {table: 2}
        assert len(people_only.decisions()) == 1
        with pytest.raises(EnforcementError, match="no open decision"):
            eu_hook().connect_in_scope(table)
        eu_hook().get_conn().close()
        assert len(people_only.decisions()) == 2


class TestTheRealPlace:
    @pytest.fixture(autouse=True)
    def mark_again(self, regional: Regional) -> Any:
        yield
        regional.databases["eu"].mark("eu")

    def test_a_database_that_does_not_say_where_it_is(self, people_only: Regional) -> None:
        people_only.databases["eu"].mark(None)
        people_only.start()
        with pytest.raises(ConfigurationError, match=r"ALTER DATABASE .* SET xborder\.region = 'eu'"):
            eu_hook().get_conn()

    @pytest.mark.parametrize("way", ["get_conn", "get_uri"])
    def test_a_database_that_is_elsewhere(self, people_only: Regional, way: str) -> None:
        people_only.databases["eu"].mark("us")
        people_only.start()
        with pytest.raises(RegionMismatchError, match="is in `us`, and the catalog has it in `eu`") as caught:
            getattr(eu_hook(), way)()
        assert isinstance(caught.value, AirflowFailException)

    def test_a_session_cannot_say_it_for_the_database(self, people_only: Regional) -> None:
        database = people_only.databases["eu"]
        database.mark("us")
        database.ask(f"ALTER ROLE {database.name}_user SET xborder.region = 'eu'")
        people_only.start()
        with pytest.raises(RegionMismatchError):
            eu_hook(options="-c xborder.region=eu").get_conn()
        database.ask(f"ALTER ROLE {database.name}_user RESET xborder.region")

    def test_a_connection_that_leads_to_another_database(self, people_only: Regional) -> None:
        people_only.connect("pg_eu", people_only.databases["us"].connection())
        people_only.start()
        with pytest.raises(RegionMismatchError, match="the connection `pg_eu` leads to"):
            eu_hook().get_conn()

    def test_another_database_of_the_same_server_is_not_in_the_catalog(self, people_only: Regional) -> None:
        people_only.start()
        with pytest.raises(RegionMismatchError):
            eu_hook(database="postgres").get_conn()

    def test_clocks_that_are_too_far_apart(
        self, people_only: Regional, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people_only.start()
        moment = places.now() + timedelta(minutes=6)
        monkeypatch.setattr(places, "now", lambda: moment)
        with pytest.raises(EvaluationError, match="clocks"):
            eu_hook().get_conn()

    def test_a_database_that_does_not_answer_is_retried(self, people_only: Regional) -> None:
        uri, connection = closed(people_only.databases["eu"])
        stores = people_only.catalog["stores"]
        stores[uri] = stores.pop(people_only.databases["eu"].uri)
        people_only.catalog["datasets"][0]["match"] = f"{uri}.public.people"
        people_only.connect("pg_eu", connection)
        people_only.start()
        with pytest.raises(StoreUnavailableError) as caught:
            eu_hook().get_conn()
        assert not isinstance(caught.value, AirflowFailException)

    def test_the_place_is_asked_once_a_process(self, people_only: Regional) -> None:
        people_only.start()
        eu_hook().get_conn().close()
        people_only.databases["eu"].mark("us")
        eu_hook().get_conn().close()


class TestTheConnection:
    def test_one_that_does_not_exist(self, people_only: Regional, monkeypatch: pytest.MonkeyPatch) -> None:
        people_only.start()
        monkeypatch.delenv("AIRFLOW_CONN_PG_EU")
        with pytest.raises(ConfigurationError, match="no connection `pg_eu`"):
            eu_hook().get_conn()

    def test_one_that_the_catalog_does_not_have(self, people_only: Regional) -> None:
        people_only.connect("pg_eux", people_only.databases["eu"].connection())
        people_only.start()
        with pytest.raises(ConfigurationError, match="did you mean `pg_eu`"):
            RegionalPostgresHook(postgres_conn_id="pg_eux").get_conn()

    @pytest.mark.parametrize(
        "extra",
        [
            pytest.param({"hostaddr": "127.0.0.2"}, id="hostaddr"),
            pytest.param({"service": "elsewhere"}, id="service"),
            pytest.param({"options": "-c search_path=x"}, id="options"),
            pytest.param({"sqlalchemy_query": {"host": "127.0.0.2"}}, id="query"),
        ],
    )
    def test_an_extra_that_could_lead_elsewhere_is_refused(
        self, people_only: Regional, extra: dict[str, Any]
    ) -> None:
        people_only.connect("pg_eu", people_only.databases["eu"].connection(extra=json.dumps(extra)))
        people_only.start()
        with pytest.raises(ConfigurationError, match="is not allowed with a regional hook"):
            eu_hook().get_conn()

    def test_an_extra_about_us_does_not_break_it(self, people_only: Regional) -> None:
        extra = json.dumps({"region": "eu", "application_name": "tests", "cursor": "dictcursor"})
        people_only.connect("pg_eu", people_only.databases["eu"].connection(extra=extra))
        people_only.start()
        with eu_hook().get_conn() as connection:
            row = connection.execute("select current_setting('application_name') as name").fetchone()
        assert row == {"name": "tests"}
