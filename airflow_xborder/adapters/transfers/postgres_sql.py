# SPDX-License-Identifier: Apache-2.0
"""The statements of a copy, composed so that every name and value is quoted by psycopg."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from psycopg import sql

from airflow_xborder.adapters.transfers.copy_job import Landed
from airflow_xborder.services.obligations import CopyPlan, PlannedColumn
from airflow_xborder.services.tables import TableName

Statement: TypeAlias = sql.SQL | sql.Composed

MARKERS = "xborder_transfers"
"""The table beside a destination that remembers which copies have landed."""

# How values are written and read: the same at both ends, whatever the databases' own settings.
_SETTINGS = {
    "client_encoding": "UTF8",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
}

READ_ONE_MOMENT = sql.SQL("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
WRITE_LATEST = sql.SQL("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
SET_FORMATS = sql.SQL("SELECT {}").format(
    sql.SQL(", ").join(
        sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
        for name, value in _SETTINGS.items()
    )
)
DESCRIBE = sql.SQL(
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid, a.atttypmod"
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
)
# What a table is made of: its partitions and heirs, and what the views among them read.
FIND_PART = sql.SQL(
    "WITH RECURSIVE part (oid) AS ("
    "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = %s AND c.relname = %s"
    " UNION SELECT next.oid FROM part JOIN ("
    "SELECT inhparent AS owner, inhrelid AS oid FROM pg_catalog.pg_inherits"
    " UNION ALL SELECT r.ev_class, d.refobjid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d"
    " ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid"
    " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'"
    ") next ON next.owner = part.oid)"
    " SELECT c.relname FROM part JOIN pg_catalog.pg_class c USING (oid) WHERE c.relkind::text = ANY (%s)"
    " ORDER BY 1 LIMIT 1"
)
WRITE_TYPE = sql.SQL("SELECT pg_catalog.format_type(%s, %s)")
LOCK_NAME = sql.SQL("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(%s, 0))")


def table(name: TableName) -> sql.Identifier:
    """Return a table's quoted name."""
    return sql.Identifier(name.schema, name.name)


def copy_order(plan: CopyPlan) -> tuple[PlannedColumn, ...]:
    """Return the columns in the order in which they travel: those to pseudonymise first."""
    return tuple(sorted(plan.columns, key=lambda planned: not planned.is_pseudonymised))


def copy_out(plan: CopyPlan) -> sql.Composed:
    """Return the statement that sends the rows and columns that may leave, and no others."""
    columns = sql.SQL(", ").join(sql.Identifier("d", planned.column.name) for planned in copy_order(plan))
    where = sql.SQL(" AND ").join([sql.SQL("true"), *_consents(plan)])
    return sql.SQL("COPY (SELECT {} FROM {} AS d WHERE {}) TO STDOUT").format(
        columns, table(plan.table), where
    )


def _consents(plan: CopyPlan) -> Iterable[sql.Composed]:
    consent = plan.consent
    for spellings in plan.purposes if consent is not None else ():
        assert consent is not None
        names = ("key", "purpose", "granted_at", "withdrawn_at")
        column = {name: sql.Identifier("c", getattr(consent, name)) for name in names}
        later = {f"w_{name}": sql.Identifier("w", getattr(consent, name)) for name in names}
        # A withdrawal counts against every consent that was given before it, whichever row it stands in.
        yield sql.SQL(
            "EXISTS (SELECT 1 FROM {table} AS c WHERE {key} = {subject} AND {purpose} IN ({spellings})"
            " AND {granted_at} <= {now} AND ({withdrawn_at} IS NULL OR {withdrawn_at} > {now})"
            " AND NOT EXISTS (SELECT 1 FROM {table} AS w WHERE {w_key} = {key} AND {w_purpose} IN ({spellings})"
            " AND {w_withdrawn_at} <= {now} AND {w_withdrawn_at} >= {granted_at}))"
        ).format(
            **column,
            **later,
            table=table(consent.table),
            subject=sql.Identifier("d", consent.subject),
            spellings=sql.SQL(", ").join(map(sql.Literal, spellings)),
            now=sql.SQL("pg_catalog.statement_timestamp()"),
        )


def count_all(name: TableName) -> sql.Composed:
    """Return the statement that counts a table's rows."""
    return sql.SQL("SELECT pg_catalog.count(*) FROM {}").format(table(name))


def copy_in(plan: CopyPlan, destination: TableName) -> sql.Composed:
    """Return the statement that takes the rows."""
    columns = sql.SQL(", ").join(sql.Identifier(planned.column.name) for planned in copy_order(plan))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(table(destination), columns)


def create_table(name: TableName, columns: Iterable[tuple[str, str]]) -> sql.Composed:
    """Return the statement that makes a table.

    :param columns: names, and types as the destination itself writes them.
    """
    entries = (sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in columns)
    return sql.SQL("CREATE TABLE {} ({})").format(table(name), sql.SQL(", ").join(entries))


def delete_all(name: TableName) -> sql.Composed:
    """Return the statement that empties a table, unseen by its readers until the commit."""
    return sql.SQL("DELETE FROM {}").format(table(name))


def lock_writers_out(name: TableName) -> sql.Composed:
    """Return the statement that lets others read a table and not write it, until the commit."""
    return sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(table(name))


def create_markers(name: TableName) -> sql.Composed:
    """Return the statement that makes the table of markers."""
    return sql.SQL(
        "CREATE TABLE {} (idempotency_key text PRIMARY KEY, destination text NOT NULL, plan_digest text NOT NULL,"
        " rows_sent bigint, bytes_sent bigint, content_digest text,"
        " finished_at timestamptz NOT NULL DEFAULT pg_catalog.now())"
    ).format(table(name))


# Values go in as literals: a placeholder would make a `%` in a name of the same statement one too.
def claim(name: TableName, key: str, destination: TableName, plan: CopyPlan) -> sql.Composed:
    """Return the statement that claims an idempotency key, waiting for whoever is copying under it."""
    values = sql.SQL(", ").join(map(sql.Literal, (key, str(destination), plan.digest)))
    return sql.SQL(
        "INSERT INTO {} (idempotency_key, destination, plan_digest) VALUES ({})"
        " ON CONFLICT (idempotency_key) DO NOTHING RETURNING true"
    ).format(table(name), values)


def read_marker(name: TableName, key: str) -> sql.Composed:
    """Return the statement that reads what a key has landed."""
    return sql.SQL(
        "SELECT destination, plan_digest, rows_sent, bytes_sent, content_digest FROM {}"
        " WHERE idempotency_key = {} FOR UPDATE"
    ).format(table(name), sql.Literal(key))


def write_marker(name: TableName, key: str, plan: CopyPlan, landed: Landed) -> sql.Composed:
    """Return the statement that notes what has landed."""
    values = (plan.digest, landed.rows, landed.bytes, landed.content_digest, key)
    return sql.SQL(
        "UPDATE {} SET plan_digest = {}, rows_sent = {}, bytes_sent = {}, content_digest = {},"
        " finished_at = pg_catalog.clock_timestamp() WHERE idempotency_key = {}"
    ).format(table(name), *map(sql.Literal, values))
