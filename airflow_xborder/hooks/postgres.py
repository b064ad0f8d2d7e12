# SPDX-License-Identifier: Apache-2.0
"""``RegionalPostgresHook``: a drop-in for ``PostgresHook`` that asks before it connects.

Every way to a connection of the parent class leads through ``get_conn`` or ``sqlalchemy_url``; both ask first. What
happens on an open connection cannot be told apart, so it counts as reading and writing all that the database holds.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.providers.postgres.hooks.postgres import PostgresHook

from airflow_xborder.errors import EnforcementError, StoreUnavailableError
from airflow_xborder.hooks import access, places, regions
from airflow_xborder.hooks.asking import now
from airflow_xborder.hooks.refusals import refusing
from airflow_xborder.services import scopes

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from airflow_xborder.services.tables import TableName, TableSpec


class RegionalPostgresHook(PostgresHook):
    """Reach a PostgreSQL database that the catalog knows, if the policy allows it and the database is where it should be.

    Use it with the connection ids that there are. Outside an open scope the connection is decided as a read of every
    data set in the database and a write to each of them; a denial fails the task without a retry.

    :param postgres_conn_id: a connection that the catalog maps to a store.
    :param purpose: what the data is for, as the catalog calls it.
    """

    # The extra of a connection may say where it is; to libpq that means nothing.
    ignored_extra_options = {*PostgresHook.ignored_extra_options, *regions.POSTGRES_IGNORED}

    def __init__(self, *args: Any, purpose: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose = purpose

    @classmethod
    def get_connection(cls, conn_id: str) -> Any:
        """Return an Airflow connection.

        :raises ConfigurationError: if there is none of that id.
        """
        with refusing():
            return regions.require_connection(conn_id)

    @property
    def target(self) -> regions.Target:
        """The store of the catalog that this hook leads to."""
        with refusing():
            return regions.postgres_target(self.connection, self.database)

    def get_conn(self) -> Any:
        """Connect, if that is allowed.

        :raises FlowDeniedError: if the policy forbids it; nothing was connected then.
        :raises ReviewRequiredError: if a person would have to decide.
        :raises RegionMismatchError: if the database is not where the catalog says.
        :raises StoreUnavailableError: if it cannot be reached; retry.
        """
        with refusing():
            access.require_connection_to(self.target.store, self.purpose)
            return self._connect()

    def connect_in_scope(self, uri: str) -> Any:
        """Connect for an enforcement point that holds the scope of a decision about one table and touches no other.

        :param uri: the table, as ``postgres://host:port/database.schema.table``.
        :raises EnforcementError: if no open scope covers it.
        """
        with refusing():
            if not uri.startswith(f"{self.target.store}.") or scopes.scope_for(uri, now()) is None:
                raise EnforcementError(f"no open decision is about `{uri}`", hint="use get_conn, which asks")
            return self._connect()

    def describe_table(self, name: TableName) -> TableSpec:
        """Return a table's columns as the database has them; reads its catalogue and no row.

        :raises ConfigurationError: if there is no such table.
        :raises RegionMismatchError: if the database is not where the catalog says.
        :raises StoreUnavailableError: if it cannot be reached; retry.
        """
        from airflow_xborder.adapters.transfers.postgres import describe_table

        with refusing(), closing(self._connect()) as connection:
            return describe_table(connection, name)

    def require_place(self) -> None:
        """Raise unless the database is where the catalog says; connects to ask, once a process.

        :raises RegionMismatchError: if it is not.
        :raises StoreUnavailableError: if it cannot be reached; retry.
        """
        with refusing():
            if not places.is_checked(self.target):
                self._connect().close()

    @property
    def sqlalchemy_url(self) -> URL:
        """The address with the password, if a connection is allowed: whoever has it can connect.

        :raises FlowDeniedError: if the policy forbids it.
        :raises RegionMismatchError: if the database is not where the catalog says.
        """
        with refusing():
            access.require_connection_to(self.target.store, self.purpose)
        self.require_place()
        return super().sqlalchemy_url

    def _connect(self) -> Any:
        from psycopg import OperationalError

        target = self.target
        try:
            connection = super().get_conn()
        except OperationalError as error:
            reason = " ".join(str(error).split())
            raise StoreUnavailableError(f"`{target.store}` cannot be reached: {reason}") from error
        if places.is_checked(target):
            return connection
        try:
            places.require_database_place(target, connection, target.store.rpartition("/")[2])
        except BaseException:
            connection.close()
            raise
        return connection
