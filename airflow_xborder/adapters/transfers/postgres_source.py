# SPDX-License-Identifier: Apache-2.0
"""The end that rows leave from: one moment of the source, read only what may leave."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from psycopg import Connection

from airflow_xborder.adapters.transfers import postgres_sql as sql
from airflow_xborder.adapters.transfers.copy_text import whole_rows
from airflow_xborder.adapters.transfers.postgres_errors import asked
from airflow_xborder.adapters.transfers.postgres_sessions import one_value, plain_cursor
from airflow_xborder.services.obligations import CopyPlan

T = TypeVar("T")


class Source:
    """The table of a plan, over a connection."""

    def __init__(self, connection: Connection[Any], plan: CopyPlan) -> None:
        self._connection = connection
        self._plan = plan
        self.sent = 0
        """How many rows the server says it has sent."""

    def transaction(self) -> Any:
        """Return the context in which the table is read."""
        return self._connection.transaction()

    def count(self) -> int:
        """Fix the moment that is read and return how many rows the table has in it.

        A row that stays is counted and never read from here.
        """
        self._asked(lambda: self._execute(sql.READ_ONE_MOMENT))
        self._asked(lambda: self._execute(sql.SET_FORMATS))
        return int(self._asked(lambda: one_value(self._execute(sql.count_all(self._plan.table)))))

    def rows(self) -> Generator[bytes, None, None]:
        """Yield what may leave, in chunks of whole rows."""
        with closing(self._rows()) as chunks:
            while chunk := self._asked(partial(next, chunks, b"")):
                yield chunk

    def _rows(self) -> Generator[bytes, None, None]:
        cursor = plain_cursor(self._connection)
        with cursor.copy(sql.copy_out(self._plan)) as copying:
            yield from whole_rows(copying)
        self.sent = cursor.rowcount

    def _execute(self, query: sql.Statement) -> Any:
        return plain_cursor(self._connection).execute(query)

    def _asked(self, call: Callable[[], T]) -> T:
        return asked(f"copy of `{self._plan.table}`: source", call, self._plan)
