# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's errors as ours.

Its messages quote values of rows, and these may not reach a log, so nothing of its text is passed on: only the
SQLSTATE and names of columns and constraints. For the same reason ours are not raised ``from`` theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg

from airflow_xborder.errors import ConfigurationError, StoreUnavailableError, XborderError
from airflow_xborder.services.obligations import CopyPlan

T = TypeVar("T")

# SPEC: PostgreSQL documentation, appendix A. Classes of trouble that passes: connection, rollback (a deadlock),
# resources, an object in use, an operator's intervention, the system.
_PASSING = ("08", "40", "53", "55", "57", "58")
# Not "nothing has landed": a commit can be lost on its way back. The marker tells the retry.
_AGAIN = "try again: rows never land twice under one key"
_HINTS = {
    "22": "compare the column types of source and destination",
    "23": "an earlier copy's rows may be there already, or the destination asks for more than is copied",
    "3F": "make the schema first",
    "42": "compare the catalog with the tables, and check the privileges of the connection's user",
}
_WORDS = {
    "25006": "it may only be read",
    "3F000": "the schema is missing",
    "42501": "the connection's user lacks a privilege",
    "42703": "a column is missing",
    "42883": "the types of the consent table's key and of the subject column differ",
    "42P01": "a table is missing",
}


def asked(about: str, call: Callable[[], T], plan: CopyPlan | None = None) -> T:
    """Return what ``call`` does; a PostgreSQL error of it becomes ours.

    :param about: what was going on, for the message.
    :raises StoreUnavailableError: for trouble that passes.
    :raises ConfigurationError: for any other.
    """
    try:
        return call()
    except psycopg.Error as error:
        problem = translated(about, error, plan)
    raise problem  # out of the handler, so that the original and the values in it are not attached


def translated(about: str, error: psycopg.Error, plan: CopyPlan | None = None) -> XborderError:
    """Return our error for one of PostgreSQL's."""
    state = error.sqlstate
    if state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailableError(f"{about}: the connection was lost", hint=_AGAIN)
    if state is None:
        return ConfigurationError(f"{about}: psycopg cannot send or read this")
    if state[:2] in _PASSING:
        return StoreUnavailableError(f"{about}: the server stopped it (SQLSTATE {state})", hint=_AGAIN)
    words = _WORDS.get(state) or _named(error, plan) or "the server refuses it"
    return ConfigurationError(f"{about}: {words} (SQLSTATE {state})", hint=_HINTS.get(state[:2]))


def _named(error: psycopg.Error, plan: CopyPlan | None) -> str | None:
    if error.diag.constraint_name:
        return f"a row breaks the constraint `{error.diag.constraint_name}`"
    column = error.diag.column_name or _column_in(error.diag.context or "", plan)
    return f"a value does not fit the column `{column}`" if column else None


def _column_in(context: str, plan: CopyPlan | None) -> str | None:
    """Return the column that a context such as ``COPY t, line 2, column age: "x"`` is about, without its value."""
    names = [planned.column.name for planned in plan.columns] if plan else []
    return next((name for name in names if f", column {name}:" in context), None)
