# SPDX-License-Identifier: Apache-2.0
"""From an Airflow connection id to the catalog's store and region that lie behind it.

A connection that does not exist is an error: the providers' own hooks would go on with whatever credentials and
endpoint the machine has. What a connection's extra may say is listed here, since much of what libpq takes from it
(``hostaddr``, ``service``, ``options``) leads to another place than the one that was checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_xborder import runtime
from airflow_xborder.core.catalog import Catalog, Region, Store
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import ConfigurationError, RegionMismatchError

POSTGRES_IGNORED = frozenset({"region", "country"})
"""Keys of a PostgreSQL connection's extra that are about us and mean nothing to libpq."""

_PROVIDER_KEYS = frozenset({"iam", "aws_conn_id", "azure_conn_id", "cursor", "sqlalchemy_scheme"})
_LIBPQ_KEYS = frozenset(
    """application_name channel_binding client_encoding connect_timeout fallback_application_name gssencmode
    keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname require_auth requirepeer
    ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode sslcompression sslcrl sslcrldir sslkey
    sslmode sslnegotiation sslpassword sslrootcert sslsni tcp_user_timeout""".split()
)
POSTGRES_EXTRAS = _LIBPQ_KEYS | _PROVIDER_KEYS | POSTGRES_IGNORED | {"sqlalchemy_query"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A store of the catalog, as a connection reaches it.

    :param store: its URI in the catalog.
    :param region: the catalog's name of where it should be.
    :param cloud: the cloud region that this means, such as ``aws:eu-central-1``, if it is in a cloud.
    """

    connection_id: str
    store: str
    region: str
    cloud: str | None


def require_connection(connection_id: str | None) -> Any:
    """Return an Airflow connection.

    :raises ConfigurationError: if there is none of that id.
    """
    if not connection_id:
        raise ConfigurationError(
            "a regional hook needs a connection id", hint="default credentials could be anybody's"
        )
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(connection_id)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"there is no connection `{connection_id}`", hint="add it to Airflow, or correct the id"
        ) from error


def require_mapped(connection_id: str) -> None:
    """Raise unless the catalog knows a connection.

    :raises ConfigurationError: with the nearest known id as its hint.
    """
    known = set(_connections(runtime.catalog()))
    if connection_id not in known:
        raise ConfigurationError(
            f"the catalog has no store behind the connection `{connection_id}`",
            hint=suggest(connection_id, known) or "add it under `stores` or a region's `connections`",
        )


def postgres_target(connection: Any, database: str | None) -> Target:
    """Return the catalog's store that a PostgreSQL connection leads to, by host, port and database.

    :param database: overrides the connection's own.
    :raises ConfigurationError: for an extra that could lead elsewhere, or a store that the catalog does not have.
    :raises RegionMismatchError: if the catalog says that this connection leads to another store.
    """
    connection_id = connection.conn_id
    require_mapped(connection_id)
    _require_extras(connection_id, connection.extra_dejson)
    uri = (
        f"postgres://{connection.host or ''}:{connection.port or 5432}/{database or connection.schema or ''}"
    )
    catalog = runtime.catalog()
    store = catalog.stores.get(uri)
    stated = sorted(catalog.stores_of_connection(connection_id))
    if store is not None and (uri in stated or connection_id in _connections_of(catalog, store)):
        return _target(catalog, connection_id, uri, store)
    if stated:
        raise RegionMismatchError(
            f"the connection `{connection_id}` leads to `{uri}`, and the catalog says `{'`, `'.join(stated)}`",
            hint="correct the connection or the catalog",
        )
    raise ConfigurationError(
        f"the catalog does not have `{uri}` behind the connection `{connection_id}`",
        hint="add it under `stores`",
    )


def bucket_target(connection_id: str, bucket: str) -> Target:
    """Return the catalog's store that a bucket is.

    :raises ConfigurationError: if the catalog does not have it.
    """
    catalog = runtime.catalog()
    uri = f"s3://{bucket}"
    store = catalog.stores.get(uri)
    if store is None:
        known = {name.removeprefix("s3://") for name in catalog.stores if name.startswith("s3://")}
        raise ConfigurationError(
            f"the catalog has no bucket `{bucket}`", hint=suggest(bucket, known) or "add it under `stores`"
        )
    return _target(catalog, connection_id, uri, store)


def cloud_region_of(connection_id: str) -> str | None:
    """Return the one AWS region in which the catalog has everything behind a connection, or ``None``."""
    catalog = runtime.catalog()
    names = {store.region for store in catalog.stores_of_connection(connection_id).values()}
    names |= {
        name for name, region in catalog.regions.items() if connection_id in _connections_of_region(region)
    }
    clouds = {catalog.regions[catalog.region_name(name)].cloud for name in names}
    cloud = next(iter(clouds)) if len(clouds) == 1 else None
    return cloud.removeprefix("aws:") if cloud and cloud.startswith("aws:") else None


def _target(catalog: Catalog, connection_id: str, uri: str, store: Store) -> Target:
    region = catalog.region_name(store.region)
    return Target(connection_id=connection_id, store=uri, region=region, cloud=catalog.regions[region].cloud)


def _connections(catalog: Catalog) -> Iterator[str]:
    yield from (store.connection for store in catalog.stores.values() if store.connection)
    for region in catalog.regions.values():
        yield from _connections_of_region(region)


def _connections_of(catalog: Catalog, store: Store) -> Iterator[str]:
    return _connections_of_region(catalog.regions[catalog.region_name(store.region)])


def _connections_of_region(region: Region) -> Iterator[str]:
    for ids in (region.connections or {}).values():
        yield from [ids] if isinstance(ids, str) else ids


def _require_extras(connection_id: str, extra: Mapping[str, Any]) -> None:
    query = extra.get("sqlalchemy_query") or {}
    for name in (*extra, *query):
        if name not in POSTGRES_EXTRAS:
            raise ConfigurationError(
                f"connection `{connection_id}`: the extra `{name}` is not allowed with a regional hook",
                hint=suggest(name, set(POSTGRES_EXTRAS))
                or "it could lead to another place than the one checked",
            )
