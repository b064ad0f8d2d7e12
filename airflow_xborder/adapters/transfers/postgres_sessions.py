# SPDX-License-Identifier: Apache-2.0
"""What both ends of a copy ask of a connection, however its owner has set it up."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from airflow_xborder.adapters.transfers import postgres_sql as sql
from airflow_xborder.errors import RegionMismatchError
from airflow_xborder.services.tables import Column, TableName, TableSpec


def plain_cursor(connection: Connection[Any]) -> Cursor[tuple[Any, ...]]:
    """Return a cursor that gives rows as tuples, whatever the connection's own gives."""
    return Cursor(connection, row_factory=tuple_row)


def find_table(connection: Connection[Any], name: TableName) -> TableSpec | None:
    """Return a table or view as its database has it, or ``None`` if there is none."""
    with connection.transaction():  # so that an idle connection stays one
        rows = plain_cursor(connection).execute(sql.DESCRIBE, (name.schema, name.name)).fetchall()
    return TableSpec(name, tuple(Column(*row) for row in rows)) if rows else None


def require_kept_here(connection: Connection[Any], name: TableName, *, writes: bool = False) -> None:
    """Raise unless a table's rows are in the database that was asked: what is foreign has another place, unchecked.

    :param writes: whether rows will be put into it; those put into a view are wherever its trigger says.
    :raises RegionMismatchError: if a part of it is elsewhere.
    """
    kinds = ["f", "v"] if writes else ["f"]
    with connection.transaction():
        part = one_value(plain_cursor(connection).execute(sql.FIND_PART, (name.schema, name.name, kinds)))
    if part is not None:
        raise RegionMismatchError(
            f"`{name}`: `{part}` may stand for a table of another server",
            hint="name the connection and the table where the rows really are",
        )


def one_value(cursor: Cursor[tuple[Any, ...]]) -> Any:
    """Return the first column of the next row, or ``None`` if there is none."""
    row = cursor.fetchone()
    return None if row is None else row[0]
