# SPDX-License-Identifier: Apache-2.0
"""Tables of a database, as plain data: their names and their columns. Knows no connection and writes no SQL."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_xborder.errors import ConfigurationError


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table, by its schema's and its own name as the database knows them: any characters, not quoted.

    :raises ConfigurationError: for a name that no table can have.
    """

    schema: str
    name: str

    def __post_init__(self) -> None:
        if not all(part and "\0" not in part for part in (self.schema, self.name)):
            raise ConfigurationError("a table needs a schema and a name, without NUL characters")

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``type`` as the database writes it, ``oid`` and ``modifier`` as its catalogue has it."""

    name: str
    type: str
    oid: int = 0
    modifier: int = -1


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table as it is in its database."""

    table: TableName
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)


def parse_table(text: str) -> TableName:
    """Read a table's name as SQL writes it: ``users``, ``crm.users``, ``crm."Users"``. No schema means ``public``.

    :raises ConfigurationError: for anything else.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

    wrong = ConfigurationError(
        f"`{' '.join(text.split())}` is not the name of a table",
        hint='write it as schema.table, or schema."Table"',
    )
    try:
        table = normalize_identifiers(parse_one(text, into=exp.Table, dialect="postgres"), dialect="postgres")
    except (SqlglotError, RecursionError):
        raise wrong from None
    named = {key for key, value in table.args.items() if value}
    parts = [table.args.get("db"), table.args.get("this")]
    if not named <= {"this", "db"} or not all(isinstance(part, exp.Identifier | None) for part in parts):
        raise wrong
    schema, name = parts
    if name is None:
        raise wrong
    return TableName(schema.name if schema is not None else "public", name.name)
