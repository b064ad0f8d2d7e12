# SPDX-License-Identifier: Apache-2.0
"""Copies that do not end well: nothing lands, nothing is told of the rows, and a retry finishes."""

import json
import signal
import subprocess
import sys
import traceback

import psycopg
import pytest

from airflow_xborder.adapters.transfers.postgres import copy_table, describe_table
from airflow_xborder.errors import ConfigurationError, FlowDeniedError, ObligationError, StoreUnavailableError
from airflow_xborder.services.obligations import plan
from airflow_xborder.services.tables import TableName
from tests.copies import CATEGORIES, FILTER, HIDE_CONTACT, idle, make_job, wait_for

pytestmark = pytest.mark.integration


def make_many(pair, count=30_000):
    pair.run(
        "eu",
        "CREATE TABLE users (id int, email text)",
        f"INSERT INTO users SELECT n, 'user' || n || '@example.org' FROM generate_series(1, {count}) n",
    )


class TestStopped:
    def test_the_caller_decides_again_on_the_way_and_before_the_commit(self, pair):
        make_many(pair)
        progress = []
        result = pair.copy(on_chunk=progress.append, chunk_bytes=1 << 18)
        assert len(progress) > 2
        assert [step.is_complete for step in progress] == [False] * (len(progress) - 1) + [True]
        assert progress[-1].rows == result.landed.rows == 30_000
        assert progress[-1].bytes == result.landed.bytes

    @pytest.mark.parametrize("when", ["on the way", "before the commit"])
    def test_what_the_caller_raises_leaves_nothing_and_passes_through(self, pair, when):
        make_many(pair)

        def refuse(progress):
            if progress.is_complete == (when == "before the commit"):
                raise FlowDeniedError("consent of ada@x was withdrawn", decision=None)

        with pytest.raises(FlowDeniedError, match="withdrawn"):
            pair.copy(on_chunk=refuse, chunk_bytes=1)
        assert pair.tables() == {"xborder_transfers"}
        assert pair.rows("SELECT * FROM xborder_transfers") == []
        assert idle(pair)
        assert "withdrawn" not in pair.log("us")
        assert pair.copy().landed.rows == 30_000

    def test_a_killed_process_leaves_nothing_and_its_retry_finishes(self, pair):
        make_many(pair)
        pair.run("us", "CREATE TABLE users (id int, email text)", "INSERT INTO users VALUES (0, 'before')")
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, json.dumps(pair.urls)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "on the way\n"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        wait_for(
            lambda: pair.rows("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'") == [(0,)]
        )
        assert pair.rows() == [(0, "before")]
        assert pair.copy().landed.rows == 30_000
        assert pair.rows("SELECT count(*) FROM users") == [(30_001,)]

    @pytest.mark.parametrize("side", ["eu", "us"])
    def test_a_lost_connection_can_be_retried_and_leaves_nothing(self, pair, postgres_servers, side):
        make_many(pair)
        pids = {"eu": pair.eu.info.backend_pid, "us": pair.us.info.backend_pid}

        def cut(progress):
            with postgres_servers[side].connect() as admin:
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pids[side],))

        with pytest.raises(StoreUnavailableError) as caught:
            pair.copy(on_chunk=cut, chunk_bytes=1)
        assert "@example" not in "".join(traceback.format_exception(caught.value))
        with pytest.raises(StoreUnavailableError, match="is closed"):
            pair.copy() if side == "us" else copy_table(pair.eu, pair.us, plan_of(pair), make_job())
        assert pair.tables() == {"xborder_transfers"}
        with psycopg.connect(pair.urls["eu"]) as eu, psycopg.connect(pair.urls["us"]) as us:
            assert copy_table(eu, us, plan_of(pair), make_job()).landed.rows == 30_000


def plan_of(pair):
    with psycopg.connect(pair.urls["eu"]) as connection:
        return plan(describe_table(connection, TableName("public", "users")), (), CATEGORIES, None, None)


KILLED = """
import json, sys, time
import psycopg
from airflow_xborder.adapters.transfers.postgres import CopyJob, copy_table, describe_table
from airflow_xborder.services.obligations import plan
from airflow_xborder.services.tables import TableName

urls = json.loads(sys.argv[1])
eu, us = psycopg.connect(urls["eu"]), psycopg.connect(urls["us"])
name = TableName("public", "users")
made = plan(describe_table(eu, name), (), {"id": "personal_data.account", "email": "personal_data.contact.email"}, None, None)

def wait(progress):
    print("on the way", flush=True)
    time.sleep(60)

job = CopyJob(destination=name, idempotency_key="run-1", secret=b"a secret of the region, 32 bytes", chunk_bytes=1)
copy_table(eu, us, made, job, wait)
"""


class TestRefused:
    def refused(self, pair, *obligations, error=ConfigurationError, **options):
        with pytest.raises(error) as caught:
            pair.copy(*obligations, **options)
        told = "".join(traceback.format_exception(caught.value))
        assert "@x" not in told and "gout" not in told
        assert caught.value.__cause__ is None and caught.value.__context__ is None
        assert idle(pair)
        return str(caught.value)

    def test_a_value_that_does_not_fit_names_the_column_and_not_the_value(self, users):
        users.run("us", "CREATE TABLE users (id int, email int, diagnosis text, score numeric)")
        assert "a value does not fit the column `email` (SQLSTATE 22P02)" in self.refused(users)
        assert users.rows() == []

    def test_a_missing_column_is_named_before_anything_moves(self, users):
        users.run("us", "CREATE TABLE users (id int, e_mail text, diagnosis text, score numeric)")
        told = self.refused(users)
        assert "has no column `email`" in told and "did you mean `e_mail`" in told

    def test_a_column_that_cannot_hold_a_pseudonym_is_named(self, users):
        users.run("us", "CREATE TABLE users (id int, email varchar(40), diagnosis text, score numeric)")
        assert "column `email` of `public.users` is character varying(40)" in self.refused(
            users, HIDE_CONTACT
        )

    def test_rows_that_are_there_already_break_a_key_by_its_name(self, users):
        users.run(
            "us",
            "CREATE TABLE users (id int CONSTRAINT one_each PRIMARY KEY, email text, diagnosis text, score numeric)",
            "INSERT INTO users VALUES (3)",
        )
        assert "a row breaks the constraint `one_each`" in self.refused(users)
        assert len(users.rows()) == 1

    def test_a_column_that_must_not_be_null_is_named(self, users):
        users.run("us", "CREATE TABLE users (id int, email text NOT NULL, diagnosis text, score numeric)")
        assert "a value does not fit the column `email`" in self.refused(users)

    def test_a_destination_that_swallows_rows_is_found_out(self, users):
        users.run(
            "us",
            "CREATE TABLE users (id int, email text, diagnosis text, score numeric)",
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN IF NEW.id = 3 THEN RETURN NULL; END IF; RETURN NEW; END'",
            "CREATE TRIGGER swallow BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION swallow()",
        )
        assert "5 rows left, 5 passed and 4 arrived" in self.refused(users, error=ObligationError)
        assert users.rows() == []

    def test_a_missing_consent_table_is_an_error_of_the_source(self, users):
        users.run("eu", "DROP TABLE consents")
        assert "source: a table is missing (SQLSTATE 42P01)" in self.refused(users, FILTER)

    def test_a_consent_key_of_another_type_is_explained(self, users):
        users.run("eu", "ALTER TABLE consents ALTER subject_id TYPE text")
        assert "the types of the consent table's key" in self.refused(users, FILTER)

    def test_a_source_that_fails_on_the_way_does_not_tell_the_destination_why(self, users):
        users.run("eu", "CREATE VIEW bad AS SELECT id, (email || diagnosis)::int AS score FROM users")
        told = self.refused(users, made=users.plan(table="bad"))
        assert "source: the server refuses it (SQLSTATE 22P02)" in told
        assert "ada@x" not in users.log("us")

    def test_reading_the_source_does_not_write_there(self, users):
        users.run(
            "eu",
            "CREATE FUNCTION forget() RETURNS int LANGUAGE sql AS 'DELETE FROM consents RETURNING subject_id'",
            "CREATE VIEW sly AS SELECT id, forget() AS score FROM users",
        )
        told = self.refused(users, made=users.plan(table="sly"))
        assert "source: it may only be read (SQLSTATE 25006)" in told

    def test_a_missing_schema_and_a_missing_privilege_are_named(self, users):
        assert "the schema is missing" in self.refused(users, schema="nowhere")
        users.run("us", "CREATE SCHEMA closed")
        users.run("us", "REVOKE ALL ON SCHEMA closed FROM CURRENT_USER")
        assert "lacks a privilege (SQLSTATE 42501)" in self.refused(users, schema="closed")

    def test_a_table_that_is_not_there_is_named(self, pair):
        with pytest.raises(ConfigurationError, match=r"there is no table `public\.nobody`"):
            describe_table(pair.eu, TableName("public", "nobody"))

    def test_connections_must_be_outside_of_any_transaction(self, users):
        made = users.plan()
        users.us.execute("SELECT 1")
        with pytest.raises(ConfigurationError, match="the connection to the destination is in a transaction"):
            users.copy(made=made)

    def test_another_driver_is_refused(self, users):
        with pytest.raises(ConfigurationError, match="needs a connection of psycopg 3"):
            copy_table(object(), users.us, users.plan(), make_job())
