# SPDX-License-Identifier: Apache-2.0
"""``get_engine``: SQLAlchemy for a region's PostgreSQL, through the hook that asks before it connects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_xborder import runtime
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.hooks.refusals import refusing

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


def get_engine(
    region: str, purpose: str | None = None, *, connection_id: str | None = None, **options: Any
) -> Engine:
    """Return a SQLAlchemy engine for the PostgreSQL of a region of the catalog.

    Nothing is asked and nothing connected before it is used. Each connection that it opens is decided first, as
    ``RegionalPostgresHook`` does, and none is kept when it is given back: what was allowed once may be forbidden the
    next time. The engine does not know the password.

    :param region: the catalog's name of the region, or an alias of it.
    :param purpose: what the data is for, as the catalog calls it.
    :param connection_id: which of the region's PostgreSQL connections, where it has several.
    :param options: for ``sqlalchemy.create_engine``, such as ``echo``.
    :raises UnknownRegionError: if the catalog has no such region.
    :raises ConfigurationError: if the region has no PostgreSQL connection, several without a choice, or not that one.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    with refusing():
        chosen = _connection_of(region, connection_id)
        for name in ("creator", "poolclass", "pool", "connect_args", "module"):
            if name in options:
                raise ConfigurationError(
                    f"get_engine does not take `{name}`", hint="its connections are the regional hook's"
                )

    def connect() -> Any:
        from psycopg.rows import tuple_row

        from airflow_xborder.hooks.postgres import RegionalPostgresHook

        connection = RegionalPostgresHook(postgres_conn_id=chosen, purpose=purpose).get_conn()
        # The Airflow connection may ask for another kind of row; SQLAlchemy makes its own.
        connection.row_factory = tuple_row
        return connection

    return create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool, **options)


def _connection_of(region: str, connection_id: str | None) -> str:
    catalog = runtime.catalog()
    name = catalog.region_name(region)
    known = (catalog.regions[name].connections or {}).get("postgres") or []
    ids = [known] if isinstance(known, str) else list(known)
    if connection_id is not None:
        ids = [entry for entry in ids if entry == connection_id]
    if len(ids) == 1:
        return ids[0]
    if connection_id is not None:
        raise ConfigurationError(
            f"region `{name}` has no PostgreSQL connection `{connection_id}`",
            hint="add it to the region's `connections` in the catalog",
        )
    if ids:
        raise ConfigurationError(
            f"region `{name}` has several PostgreSQL connections: `{'`, `'.join(ids)}`",
            hint="name one of them as connection_id",
        )
    raise ConfigurationError(
        f"region `{name}` has no PostgreSQL connection",
        hint="add `connections: {postgres: …}` to the region in the catalog",
    )
