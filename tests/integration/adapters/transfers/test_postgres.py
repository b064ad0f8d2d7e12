# SPDX-License-Identifier: Apache-2.0
"""Copies between two real servers: obligations by their result, values and names, once for each key, the secret."""

import threading

import psycopg
import pytest
from psycopg import sql

from airflow_xborder.adapters.transfers.postgres import copy_table
from airflow_xborder.core.decision import Obligation
from airflow_xborder.errors import ConfigurationError, ObligationError, RegionMismatchError
from airflow_xborder.services.obligations import ConsentSpec
from airflow_xborder.services.tables import TableName
from tests.copies import (
    CATEGORIES,
    CONSENT,
    DROP_HEALTH,
    FILTER,
    HIDE_CONTACT,
    SECRET,
    idle,
    make_job,
    pseudonym,
    wait_for,
)

pytestmark = pytest.mark.integration


class TestObligations:
    def test_without_any_the_table_arrives_as_it_is_with_its_types(self, users):
        result = users.copy()
        assert users.rows("SELECT id, email, diagnosis, score::text FROM users ORDER BY 1") == [
            (1, "ada@x", "flu", "1.50"), (2, "bob@x", None, "2.00"), (3, "cyd@x", "cold", None),
            (4, "dan@x", "gout", "4.00"), (5, None, "none", "5.00"),
        ]  # fmt: skip
        types = users.rows(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'users'::regclass AND attnum > 0 ORDER BY attnum"
        )
        assert types == [("integer",), ("text",), ("text",), ("numeric(6,2)",)]
        assert (result.rows_read, result.landed.rows, result.is_repeat) == (5, 5, False)
        assert result.columns == ("id", "email", "diagnosis", "score")
        assert idle(users)

    def test_only_rows_with_consent_for_now_and_this_purpose_go_and_go_once(self, users):
        result = users.copy(FILTER)
        assert [row[0] for row in users.rows()] == [1, 5]
        assert (result.rows_read, result.landed.rows) == (5, 2)

    def test_a_withdrawal_counts_against_each_row_that_it_comes_after(self, users):
        users.run(
            "eu",
            "INSERT INTO consents VALUES (1, 'ml_inference', now() - interval '1 day', now() - interval '1 hour'),"
            " (2, 'ml_inference', now() - interval '1 hour', NULL)",
        )
        users.copy(FILTER)
        assert [row[0] for row in users.rows()] == [2, 5], (
            "of two rows the withdrawn one is believed, but not forever"
        )

    def test_other_spellings_of_the_purpose_count_if_the_catalog_says_so(self, users):
        consent = ConsentSpec(table=CONSENT.table, subject="id", spellings={"ml_inference": ("marketing",)})
        users.copy(made=users.plan(FILTER, consent=consent))
        assert [row[0] for row in users.rows()] == [1, 4, 5]

    def test_a_row_without_a_subject_has_nobodys_consent(self, users):
        users.run(
            "eu", "ALTER TABLE users DROP CONSTRAINT users_pkey", "ALTER TABLE users ALTER id DROP NOT NULL"
        )
        users.run("eu", "INSERT INTO users VALUES (NULL, 'eve@x', 'flu', 1)")
        users.run("eu", "INSERT INTO consents VALUES (NULL, 'ml_inference', '2020-01-01', NULL)")
        users.copy(FILTER)
        assert [row[0] for row in users.rows()] == [1, 5]

    def test_dropped_columns_do_not_arrive(self, users):
        result = users.copy(DROP_HEALTH)
        assert users.rows("SELECT to_jsonb(users) FROM users WHERE id = 1") == [
            ({"id": 1, "email": "ada@x", "score": 1.5},)
        ]
        assert result.dropped == ("diagnosis",)

    def test_pseudonyms_arrive_in_place_of_values(self, users):
        result = users.copy(HIDE_CONTACT)
        assert users.rows("SELECT id, email FROM users ORDER BY 1") == [
            *(
                (number, pseudonym(f"{name}@x"))
                for number, name in enumerate(("ada", "bob", "cyd", "dan"), 1)
            ),
            (5, None),
        ]
        assert result.pseudonymised == ("email",)

    def test_all_three_at_once_and_a_pseudonym_of_the_key_itself(self, users):
        hide = Obligation("pseudonymise", (("categories", "personal_data.account personal_data.contact"),))
        users.copy(FILTER, DROP_HEALTH, hide)
        assert sorted(users.rows("SELECT id, email FROM users")) == sorted(
            [(pseudonym("1"), pseudonym("ada@x")), (pseudonym("5"), None)]
        )

    def test_one_moment_of_the_source_is_read(self, users, monkeypatch):
        from airflow_xborder.adapters.transfers.postgres_source import Source

        count = Source.count

        def count_and_insert(source):
            counted = count(source)
            with psycopg.connect(users.urls["eu"]) as another:
                another.execute("INSERT INTO users VALUES (6, 'eve@x', 'flu', 6)")
            return counted

        monkeypatch.setattr(Source, "count", count_and_insert)
        result = users.copy()
        assert (result.rows_read, result.landed.rows) == (5, 5)

    def test_what_stays_is_not_even_read_by_this_process(self, users, monkeypatch):
        seen = []
        from airflow_xborder.adapters.transfers import postgres_source

        whole_rows = postgres_source.whole_rows
        monkeypatch.setattr(
            postgres_source,
            "whole_rows",
            lambda blocks: whole_rows(seen.append(bytes(b)) or b for b in blocks),
        )
        users.copy(FILTER, DROP_HEALTH)
        assert sorted(seen) == [b"1\tada@x\t1.50\n", b"5\t\\N\t5.00\n"]

    def test_a_new_column_that_nobody_classified_stops_the_copy(self, users):
        users.run("eu", "ALTER TABLE users ADD passport text")
        with pytest.raises(ObligationError, match="does not classify `passport`"):
            users.copy()
        assert "users" not in users.tables()


class TestValues:
    def test_an_empty_table_makes_an_empty_table(self, users):
        users.run("eu", "TRUNCATE users")
        progress = []
        result = users.copy(FILTER, on_chunk=progress.append)
        assert (users.rows(), result.landed.rows, result.rows_read) == ([], 0, 0)
        assert [step.is_complete for step in progress] == [True]

    def test_hostile_values_arrive_as_they_are(self, pair):
        values = [
            "",
            "\\N",
            "\\.",
            "a\tb\nc\rd\\",
            "'; DROP TABLE users; --",
            "\u2028\U0001f600",
            "\b\f\v",
            "%s {}",
        ]
        pair.run("eu", "CREATE TABLE users (id int, email text)")
        with pair.eu.transaction():
            pair.eu.cursor().executemany("INSERT INTO users VALUES (%s, %s)", list(enumerate(values)))
        pair.copy()
        assert pair.rows() == list(enumerate(values))

    def test_values_do_not_depend_on_the_databases_own_formats(self, pair):
        pair.run(
            "eu",
            "CREATE TABLE users (id timestamptz, email date, diagnosis interval, score bytea)",
            "INSERT INTO users VALUES ('2026-03-04 05:06:07+02', '2026-03-04', '1 day -2 hours', '\\x00ff')",
            "SET datestyle = 'SQL, DMY'", "SET timezone = 'Asia/Tokyo'", "SET intervalstyle = 'sql_standard'",
            "SET bytea_output = 'escape'",
        )  # fmt: skip
        pair.run("us", "SET datestyle = 'Postgres, MDY'", "SET timezone = 'America/New_York'")
        categories = dict.fromkeys(CATEGORIES, "non_personal")
        pair.copy(made=pair.plan(categories=categories))
        assert pair.rows(
            "SELECT id = '2026-03-04 03:06:07+00', email::text, diagnosis = '1 day -2 hours', score = '\\x00ff' FROM users"
        ) == [(True, "2026-03-04", True, True)]
        assert pair.eu.execute("SHOW datestyle").fetchone() == ("SQL, DMY",)

    def test_hostile_names_are_only_names(self, pair):
        table = 'users"; DROP TABLE "kept'
        names = ['a"b', "ü %s {} '; --", "select", 'x" FROM pg_authid; --']
        quoted = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in names)
        pair.run(
            "eu",
            "CREATE TABLE kept (x int)",
            sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(table), quoted),
        )
        pair.run("eu", sql.SQL("INSERT INTO {} VALUES ('1', '2', '3', '4')").format(sql.Identifier(table)))
        pair.run(
            "us", "CREATE TABLE kept (x int)", sql.SQL("CREATE SCHEMA {}").format(sql.Identifier('s%s"'))
        )
        consent = ConsentSpec(
            table=TableName('c"%s', "d'"),
            subject=names[1],
            key='k"',
            purpose="p'",
            granted_at='g%"',
            withdrawn_at="w;",
        )
        pair.run(
            "eu",
            sql.SQL("CREATE SCHEMA {}").format(sql.Identifier('c"%s')),
            sql.SQL("CREATE TABLE {} ({} text, {} text, {} timestamptz, {} timestamptz)").format(
                sql.Identifier('c"%s', "d'"), *map(sql.Identifier, ('k"', "p'", 'g%"', "w;"))
            ),
            sql.SQL("INSERT INTO {} VALUES ('2', {}, '2020-01-01', NULL)").format(
                sql.Identifier('c"%s', "d'"), sql.Literal("it's \\ {} %s")
            ),
        )
        hostile = Obligation("filter_rows_by_consent", (("purpose", "it's \\ {} %s"),))
        made = pair.plan(
            hostile, table=table, categories=dict.fromkeys(names, "non_personal"), consent=consent
        )
        key = "'; DROP TABLE kept; -- %s {} \\"
        for repeat in (False, True):
            result = pair.copy(made=made, schema='s%s"', table=table, idempotency_key=key)
            assert (result.landed.rows, result.is_repeat) == (1, repeat)
        assert pair.rows(sql.SQL("SELECT * FROM {}").format(sql.Identifier('s%s"', table))) == [
            ("1", "2", "3", "4")
        ]
        assert "kept" in pair.tables()

    def test_a_view_can_be_copied_and_a_type_of_ones_own_needs_a_table(self, users):
        users.run(
            "eu",
            "CREATE TYPE mood AS ENUM ('ok')",
            "CREATE VIEW moods AS SELECT id, 'ok'::mood AS score FROM users",
        )
        made = users.plan(table="moods")
        with pytest.raises(ConfigurationError, match="column `score` has the type `mood`"):
            users.copy(made=made)
        users.run("us", "CREATE TABLE users (id int, score text)")
        assert users.copy(made=made).landed.rows == 5


class TestForeignTables:
    """What a foreign table stands for is in another server, and nobody has asked that one where it is."""

    @pytest.fixture
    def elsewhere(self, users, postgres_servers):
        """Return a function that makes a foreign table on one side."""

        def make(side, statement, *more):
            with postgres_servers[side].connect(getattr(users, side).info.dbname) as server:
                server.execute("CREATE FOREIGN DATA WRAPPER nowhere")
                server.execute("CREATE SERVER elsewhere FOREIGN DATA WRAPPER nowhere")
                server.execute(f"{statement} SERVER elsewhere".encode())
                for another in more:
                    server.execute(another)

        return make

    def test_no_row_is_put_into_one(self, users, elsewhere):
        elsewhere("us", "CREATE FOREIGN TABLE users (id int, email text, diagnosis text, score numeric)")
        with pytest.raises(RegionMismatchError, match="`users` may stand for a table of another server"):
            users.copy()

    def test_nor_into_a_partition_that_is_one(self, users, elsewhere):
        users.run(
            "us",
            "CREATE TABLE users (id int, email text, diagnosis text, score numeric) PARTITION BY LIST (id)",
        )
        elsewhere("us", "CREATE FOREIGN TABLE far PARTITION OF users DEFAULT")
        with pytest.raises(RegionMismatchError, match=r"`public\.users`: `far` may stand for"):
            users.copy()

    def test_nor_into_a_view_whose_trigger_may_put_it_anywhere(self, users):
        users.run(
            "us",
            "CREATE TABLE kept (id int, email text, diagnosis text, score numeric)",
            "CREATE VIEW users AS SELECT * FROM kept",
        )
        with pytest.raises(RegionMismatchError, match="`users` may stand for a table of another server"):
            users.copy()

    @pytest.mark.parametrize("name", ["far", "seen"])
    def test_no_row_is_read_from_one(self, users, elsewhere, name):
        elsewhere("eu", "CREATE FOREIGN TABLE far (id int)", "CREATE VIEW seen AS SELECT id FROM far")
        with pytest.raises(RegionMismatchError, match="`far` may stand for a table of another server"):
            users.plan(table=name)

    def test_tables_in_parts_of_this_database_are_copied(self, users):
        users.run(
            "us",
            "CREATE TABLE users (id int, email text, diagnosis text, score numeric) PARTITION BY LIST (id)",
            "CREATE TABLE near PARTITION OF users DEFAULT",
        )
        assert users.copy().landed.rows == 5


class TestOnce:
    def test_a_retry_under_the_same_key_sends_nothing(self, users):
        first, second = users.copy(FILTER), users.copy(FILTER)
        assert (second.landed, second.is_repeat, second.rows_read) == (first.landed, True, None)
        assert len(users.rows()) == 2

    def test_another_key_adds_rows(self, users):
        users.copy(FILTER)
        users.copy(FILTER, idempotency_key="run-2")
        assert len(users.rows()) == 4

    def test_a_key_belongs_to_one_plan_and_one_destination(self, users):
        users.copy(FILTER)
        for obligations, options in (((), {}), ((FILTER,), {"table": "others"})):
            with pytest.raises(
                ConfigurationError, match="the idempotency key `run-1` was used for another copy"
            ):
                users.copy(*obligations, **options)
        assert len(users.rows()) == 2
        assert idle(users)

    def test_replacing_leaves_only_what_came_last(self, users):
        users.copy()
        users.run("eu", "DELETE FROM users WHERE id = 1")
        for key in ("run-1", "run-1", "run-2"):
            result = users.copy(replace=True, idempotency_key=key)
            assert ([row[0] for row in users.rows()], result.is_repeat) == ([2, 3, 4, 5], False)

    def test_two_at_once_under_one_key_land_once(self, users):
        made, results = users.plan(), []
        gate = threading.Barrier(2)

        def work():
            with psycopg.connect(users.urls["eu"]) as eu, psycopg.connect(users.urls["us"]) as us:
                gate.wait(10)
                results.append(copy_table(eu, us, made, make_job()))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(result.is_repeat for result in results) == [False, True]
        assert len(users.rows()) == 5

    def test_two_that_replace_at_once_do_not_double_rows(self, users):
        users.copy()
        made = users.plan()
        gate = threading.Barrier(2)

        def work(key):
            with psycopg.connect(users.urls["eu"]) as eu, psycopg.connect(users.urls["us"]) as us:
                gate.wait(10)
                copy_table(eu, us, made, make_job(replace=True, idempotency_key=key))

        threads = [threading.Thread(target=work, args=(key,)) for key in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(users.rows()) == 5


class TestSecret:
    def test_the_key_is_in_no_statement_and_no_log(self, users, postgres_servers):
        for region in ("eu", "us"):
            with postgres_servers[region].connect() as admin:
                admin.execute("ALTER SYSTEM SET log_statement = 'all'")
                admin.execute("SELECT pg_reload_conf()")
        wait_for(lambda: users.rows("SHOW log_statement") == [("all",)])
        seen = []

        def look(progress):
            for region in ("eu", "us"):
                with postgres_servers[region].connect() as admin:
                    seen.extend(
                        row[0] for row in admin.execute("SELECT query FROM pg_stat_activity").fetchall()
                    )

        try:
            users.copy(FILTER, HIDE_CONTACT, on_chunk=look, chunk_bytes=1)
        finally:
            for region in ("eu", "us"):
                with postgres_servers[region].connect() as admin:
                    admin.execute("ALTER SYSTEM RESET log_statement")
                    admin.execute("SELECT pg_reload_conf()")
        logs = "\n".join(users.log(region) for region in ("eu", "us"))
        assert "TO STDOUT" in logs and "FROM STDIN" in logs and len(seen) > 4
        for form in (SECRET.decode(), SECRET.hex(), "ada@x"):
            assert form not in "\n".join(filter(None, seen))
            assert form not in logs

    def test_another_regions_key_gives_other_pseudonyms_and_another_digest(self, users):
        first = users.copy(HIDE_CONTACT)
        there = {row[0] for row in users.rows("SELECT email FROM users WHERE email IS NOT NULL")}
        second = users.copy(HIDE_CONTACT, secret=b"another region's secret key here", replace=True)
        assert first.landed.content_digest != second.landed.content_digest
        assert there.isdisjoint(row[0] for row in users.rows("SELECT email FROM users"))
