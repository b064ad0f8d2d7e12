# SPDX-License-Identifier: Apache-2.0
"""The end where rows land: one transaction with the rows and the marker that says so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.copy import LibpqWriter

from airflow_xborder.adapters.transfers import postgres_sql as sql
from airflow_xborder.adapters.transfers.copy_job import CopyJob, Landed
from airflow_xborder.adapters.transfers.postgres_sessions import (
    find_table,
    one_value,
    plain_cursor,
    require_kept_here,
)
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.obligations import CopyPlan, PlannedColumn
from airflow_xborder.services.tables import TableName, TableSpec

# SPEC: PostgreSQL, FirstGenbkiObjectId: a type below it has the same oid in every server.
_FIRST_OWN_OID = 10_000
_TEXTS = ("text", "character varying", "character varying(64)", "character(64)")


class _Abandoned(Exception):
    """What the server is told of a copy that stops."""


class _DiscreetWriter(LibpqWriter):
    """A writer that tells neither the server nor the log why a copy stops.

    psycopg would send the exception's text to the destination and log the server's answer, and either may have a
    value of a row in it.
    """

    def finish(self, exc: BaseException | None = None) -> None:
        if exc is None:
            super().finish()
            return
        with contextlib.suppress(psycopg.Error):
            super().finish(_Abandoned("the copy was abandoned"))


class Destination:
    """The table of a job, over a connection."""

    def __init__(self, connection: Connection[Any], plan: CopyPlan, job: CopyJob) -> None:
        self._connection = connection
        self._plan = plan
        self._job = job
        self._table = job.destination
        self._markers = TableName(job.destination.schema, sql.MARKERS)

    def prepare(self) -> None:
        """Make the table of markers, in a transaction of its own, where it is not there yet."""
        with self._connection.transaction():
            if find_table(self._connection, self._markers) is None:
                self._execute(sql.LOCK_NAME, (str(self._markers),))
                if find_table(self._connection, self._markers) is None:
                    self._execute(sql.create_markers(self._markers))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Landed | None]:
        """Enter the copy's transaction, alone with its idempotency key; give what has landed under it before.

        :raises ConfigurationError: if that was another copy.
        """
        with self._connection.transaction():
            self._execute(sql.WRITE_LATEST)
            self._execute(sql.SET_FORMATS)
            key = self._job.idempotency_key
            is_new = one_value(self._execute(sql.claim(self._markers, key, self._table, self._plan)))
            yield None if is_new else self._before()

    def _before(self) -> Landed:
        row = self._execute(sql.read_marker(self._markers, self._job.idempotency_key)).fetchone()
        destination, plan_digest, *landed = row
        same_plan = plan_digest == self._plan.digest or self._job.replace
        if destination != str(self._table) or not same_plan:
            raise ConfigurationError(
                f"the idempotency key `{self._job.idempotency_key}` was used for another copy",
                hint="a copy with another plan or destination needs a key of its own",
            )
        return Landed(*landed)

    def make_ready(self) -> None:
        """Make the destination table where it is absent, check it where it is there, and empty it if asked to."""
        found = find_table(self._connection, self._table)
        if found is None:
            self._execute(sql.LOCK_NAME, (str(self._table),))
            found = find_table(self._connection, self._table)
        if found is None:
            columns = [(planned.column.name, self._type(planned)) for planned in self._plan.columns]
            self._execute(sql.create_table(self._table, columns))
            return
        require_kept_here(self._connection, self._table, writes=True)
        self._check(found)
        if self._job.replace:
            self._execute(sql.lock_writers_out(self._table))
            self._execute(sql.delete_all(self._table))

    def _type(self, planned: PlannedColumn) -> str:
        column = planned.column
        if planned.is_pseudonymised:
            return "text"
        if not 0 < column.oid < _FIRST_OWN_OID:
            raise ConfigurationError(
                f"column `{column.name}` has the type `{column.type}`, which only its own database knows",
                hint=f"make the table `{self._table}` first",
            )
        return str(one_value(self._execute(sql.WRITE_TYPE, (column.oid, column.modifier))))

    def _check(self, found: TableSpec) -> None:
        types = {column.name: column.type for column in found.columns}
        for planned in self._plan.columns:
            name = planned.column.name
            if name not in types:
                raise ConfigurationError(
                    f"the destination `{self._table}` has no column `{name}`", hint=suggest(name, set(types))
                )
            if planned.is_pseudonymised and types[name] not in _TEXTS:
                raise ConfigurationError(
                    f"column `{name}` of `{self._table}` is {types[name]} and cannot hold a pseudonym",
                    hint="make it text",
                )

    def take(self, chunks: Iterable[bytes]) -> int:
        """Write chunks of rows; return how many rows the server says it has taken."""
        cursor = plain_cursor(self._connection)
        statement = sql.copy_in(self._plan, self._table)
        with cursor.copy(statement, writer=_DiscreetWriter(cursor)) as copying:
            for chunk in chunks:
                copying.write(chunk)
        return cursor.rowcount

    def mark(self, landed: Landed) -> None:
        """Note what has landed."""
        self._execute(sql.write_marker(self._markers, self._job.idempotency_key, self._plan, landed))

    def _execute(self, query: sql.Statement, values: tuple[Any, ...] = ()) -> Any:
        return plain_cursor(self._connection).execute(query, values or None)
