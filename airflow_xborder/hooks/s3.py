# SPDX-License-Identifier: Apache-2.0
"""``RegionalS3Hook``: a drop-in for ``S3Hook`` whose every call is asked about first.

All clients and resources of the parent class come from ``get_session``; the guard is put into the session.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook

from airflow_xborder.errors import EnforcementError
from airflow_xborder.hooks import regions
from airflow_xborder.hooks.refusals import refusing
from airflow_xborder.hooks.s3_guard import S3Guard, forget_redirector

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper


class RegionalS3Hook(S3Hook):
    """Reach the buckets that the catalog knows, if the policy allows it and a bucket is where it should be.

    Use it with the connection ids that there are. Each call names a bucket of the catalog and is decided outside an
    open scope: a read as a flow from the bucket's data set to this worker, a write as flows from all that this
    process has read so far, a copy as a flow from bucket to bucket. A call goes to the region of its bucket or not
    at all; a denial fails the task without a retry.

    :param aws_conn_id: a connection that the catalog maps to stores or to a region.
    :param purpose: what the data is for, as the catalog calls it.
    """

    def __init__(
        self,
        aws_conn_id: str | None = S3Hook.default_conn_name,
        *args: Any,
        purpose: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(aws_conn_id, *args, **kwargs)
        self.purpose = purpose

    @classmethod
    def get_connection(cls, conn_id: str) -> Any:
        """Return an Airflow connection.

        :raises ConfigurationError: if there is none of that id: the parent class would go on without one.
        """
        with refusing():
            return regions.require_connection(conn_id)

    @cached_property
    def conn_config(self) -> AwsConnectionWrapper:
        """The connection, read once; its region is the catalog's where it names none."""
        with refusing():
            regions.require_connection(self.aws_conn_id)
            regions.require_mapped(str(self.aws_conn_id))
            config = super().conn_config
            if config.region_name is None:
                config.region_name = regions.cloud_region_of(str(self.aws_conn_id))
            return config

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> Any:
        """Return a session whose S3 clients ask before every call.

        :raises EnforcementError: for an asynchronous session, which nobody guards yet.
        """
        if deferrable:
            with refusing():
                raise EnforcementError("a regional hook has no asynchronous client", hint="run it in a task")
        session = super().get_session(region_name=region_name or self.region_name)
        guard = S3Guard(
            connection_id=str(self.aws_conn_id), client_for=self._client_for, purpose=self.purpose
        )
        guard.install(session)
        return session

    def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
        """Return a client that asks before every call and follows no redirect."""
        return forget_redirector(super().get_client_type(*args, **kwargs))

    @cached_property
    def resource(self) -> Any:
        """A resource whose client asks before every call and follows no redirect."""
        resource = super().resource
        forget_redirector(resource.meta.client)
        return resource

    def _client_for(self, region: str) -> Any:
        return self.get_client_type(region_name=region)
