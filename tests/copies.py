# SPDX-License-Identifier: Apache-2.0
"""Two databases on two real servers, for the tests of copies between them."""

import hashlib
import hmac
import itertools
import time

import psycopg

from airflow_xborder.adapters.transfers.postgres import CopyJob, copy_table, describe_table
from airflow_xborder.core.decision import Obligation
from airflow_xborder.services.obligations import ConsentSpec, plan
from airflow_xborder.services.tables import TableName

SECRET = b"a secret of the region, 32 bytes"
CONSENT = ConsentSpec(table=TableName("public", "consents"), subject="id")
CATEGORIES = {
    "id": "personal_data.account",
    "email": "personal_data.contact.email",
    "diagnosis": "personal_data.sensitive.health",
    "score": "non_personal",
}
FILTER = Obligation("filter_rows_by_consent", (("purpose", "ml_inference"),))
DROP_HEALTH = Obligation("minimise_columns", (("drop", "personal_data.sensitive"),))
HIDE_CONTACT = Obligation("pseudonymise", (("categories", "personal_data.contact"),))
NUMBERS = itertools.count()


class Pair:
    """An empty database on each of two servers, and what a test does with them."""

    def __init__(self, servers):
        name = f"copies_{next(NUMBERS)}"
        self.urls = {
            region: servers[region].create_database(name, owner=f"owner_{name}", password="pw")
            for region in ("eu", "us")
        }
        self._logs = {region: servers[region].server.log for region in ("eu", "us")}
        self._log_starts = {region: log.stat().st_size for region, log in self._logs.items()}
        self.eu = psycopg.connect(self.urls["eu"])
        self.us = psycopg.connect(self.urls["us"])

    def run(self, side, *statements):
        with getattr(self, side).transaction():
            for statement in statements:
                getattr(self, side).execute(statement)

    def rows(self, query="SELECT * FROM users ORDER BY 1"):
        with psycopg.connect(self.urls["us"]) as connection:
            return connection.execute(query).fetchall()

    def tables(self):
        return {name for (name,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    def plan(self, *obligations, table="users", columns=None, categories=CATEGORIES, consent=CONSENT):
        spec = describe_table(self.eu, TableName("public", table))
        return plan(spec, obligations, categories, consent, columns)

    def copy(self, *obligations, on_chunk=None, **options):
        made = options.pop("made", None) or self.plan(*obligations)
        return copy_table(self.eu, self.us, made, make_job(**options), on_chunk)

    def log(self, region):
        """Return what the server has logged in this test."""
        return self._logs[region].read_bytes()[self._log_starts[region] :].decode(errors="replace")

    def close(self):
        self.eu.close()
        self.us.close()


def make_job(table="users", schema="public", **changes):
    fields = {"destination": TableName(schema, table), "idempotency_key": "run-1", "secret": SECRET}
    return CopyJob(**{**fields, **changes})


def pseudonym(text):
    return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()


def idle(pair):
    return {str(side.info.transaction_status.name) for side in (pair.eu, pair.us)} == {"IDLE"}


def wait_for(condition, limit=10):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
