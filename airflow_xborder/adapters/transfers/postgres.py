# SPDX-License-Identifier: Apache-2.0
"""Copies a table from one PostgreSQL to another as a plan says, whole or not at all, once for each idempotency key.

Filtering and dropping happen in the source's server, so that what may not leave never does; values are replaced
by pseudonyms in this process, so that the key is in no statement, activity view or log: it has to run in the
source's region, since raw values of those columns reach it. Everything lands in one
transaction of the destination, together with the marker that a retry meets.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow_xborder.adapters.transfers.copy_job import CopyJob, CopyProgress, CopyResult, Landed
from airflow_xborder.adapters.transfers.copy_text import Pseudonyms, count_rows
from airflow_xborder.errors import ConfigurationError, ObligationError, StoreUnavailableError
from airflow_xborder.services.obligations import CopyPlan
from airflow_xborder.services.tables import TableName, TableSpec

if TYPE_CHECKING:
    import psycopg

    from airflow_xborder.adapters.transfers.postgres_destination import Destination
    from airflow_xborder.adapters.transfers.postgres_source import Source

__all__ = ["CopyJob", "CopyProgress", "CopyResult", "Landed", "copy_table", "describe_table"]

OnChunk = Callable[[CopyProgress], None]


def describe_table(connection: psycopg.Connection[Any], name: TableName) -> TableSpec:
    """Return a table or view as its database has it.

    :raises ConfigurationError: if there is none, or it has no columns.
    :raises RegionMismatchError: if rows of it are in another server.
    :raises StoreUnavailableError: for trouble that passes.
    """
    from airflow_xborder.adapters.transfers.postgres_errors import asked
    from airflow_xborder.adapters.transfers.postgres_sessions import find_table, require_kept_here

    found = asked(f"table `{name}`", lambda: find_table(connection, name))
    asked(f"table `{name}`", lambda: require_kept_here(connection, name))
    if found is None:
        raise ConfigurationError(f"there is no table `{name}`", hint="a name in mixed case needs quotes")
    return found


def copy_table(
    source: psycopg.Connection[Any],
    destination: psycopg.Connection[Any],
    plan: CopyPlan,
    job: CopyJob,
    on_chunk: OnChunk | None = None,
) -> CopyResult:
    """Copy what the plan lets leave; return when it is committed.

    The destination table is made when it is absent. If anything fails, the destination is as it was.

    :param source: with ``destination``, open connections outside of any transaction.
    :param on_chunk: called after each chunk and once before the commit; what it raises stops the copy.
    :raises StoreUnavailableError: for trouble that passes; a retry under the same key never doubles a row.
    :raises ConfigurationError: for a destination that cannot take the rows, or a key used for another copy.
    :raises ObligationError: if what landed is not what was sent.
    """
    from airflow_xborder.adapters.transfers.postgres_destination import Destination
    from airflow_xborder.adapters.transfers.postgres_errors import asked
    from airflow_xborder.adapters.transfers.postgres_source import Source

    _require_idle("source", source)
    _require_idle("destination", destination)
    copy = _Copy(plan, job, on_chunk or _go_on)
    sending, taking = Source(source, plan), Destination(destination, plan, job)
    # The source's errors are ours by now, so that what is left is the destination's.
    return asked(f"copy of `{plan.table}`: destination", lambda: copy.run(sending, taking), plan)


def _go_on(_: CopyProgress) -> None:
    """Let every chunk go."""


def _require_idle(side: str, connection: psycopg.Connection[Any]) -> None:
    import psycopg
    from psycopg.pq import TransactionStatus

    if not isinstance(connection, psycopg.Connection):
        raise ConfigurationError(f"the {side} needs a connection of psycopg 3")
    if connection.closed:
        raise StoreUnavailableError(f"the connection to the {side} is closed", hint="connect again")
    if connection.info.transaction_status != TransactionStatus.IDLE:
        # In a transaction the source would show an old moment, and the destination commit at another's will.
        raise ConfigurationError(f"the connection to the {side} is in a transaction", hint="end it first")


class _Copy:
    """One run of a job: how much it has sent, and the digest of that."""

    def __init__(self, plan: CopyPlan, job: CopyJob, on_chunk: OnChunk) -> None:
        self._plan = plan
        self._job = job
        self._on_chunk = on_chunk
        self._pseudonyms = Pseudonyms(job.secret, len(plan.pseudonymised))
        key = hmac.digest(job.secret, b"airflow_xborder copy digest 1", "sha256")
        self._digest = hmac.new(key, digestmod=hashlib.sha256)
        self._rows = self._bytes = 0

    def run(self, source: Source, destination: Destination) -> CopyResult:
        destination.prepare()
        with destination.transaction() as before:
            if before is not None and not self._job.replace:
                return self._result(before, rows_read=None)
            destination.make_ready()
            with source.transaction():
                rows_read = source.count()
                with closing(source.rows()) as rows:
                    arrived = destination.take(self._chunks(rows))
            self._compare(source.sent, arrived)
            self._on_chunk(CopyProgress(self._rows, self._bytes, is_complete=True))
            landed = Landed(self._rows, self._bytes, self._digest.hexdigest())
            destination.mark(landed)
        return self._result(landed, rows_read=rows_read)

    def _chunks(self, rows: Iterator[bytes]) -> Iterator[bytes]:
        looked_at = 0
        for some in rows:
            chunk = self._pseudonyms.replace(some)
            self._digest.update(chunk)
            yield chunk
            self._rows += count_rows(chunk)
            self._bytes += len(chunk)
            if self._bytes - looked_at >= self._job.chunk_bytes:
                looked_at = self._bytes
                self._on_chunk(CopyProgress(self._rows, self._bytes))

    def _compare(self, sent: int, arrived: int) -> None:
        if not sent == self._rows == arrived:
            raise ObligationError(
                f"copy of `{self._plan.table}`: {sent} rows left, {self._rows} passed and {arrived} arrived",
                hint="nothing was kept; look for triggers or rules on the destination",
            )

    def _result(self, landed: Landed, *, rows_read: int | None) -> CopyResult:
        return CopyResult(
            landed=landed,
            rows_read=rows_read,
            plan_digest=self._plan.digest,
            columns=tuple(planned.column.name for planned in self._plan.columns),
            pseudonymised=self._plan.pseudonymised,
            dropped=self._plan.dropped,
            is_repeat=rows_read is None,
        )
