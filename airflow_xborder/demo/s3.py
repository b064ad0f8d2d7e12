# SPDX-License-Identifier: Apache-2.0
"""Starts S3 endpoints, one port for each region, whose buckets answer in their own region only.

The server is moto behind a region guard (``region_guard.py``). Nothing is kept when it ends: callers copy out
what they want to keep.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from airflow_xborder.demo.processes import (
    Command,
    Server,
    Supervisor,
    environment_without,
    free_port,
    wait_until_ready,
)
from airflow_xborder.errors import MissingDependencyError

ACCESS_KEY = "demo"
SECRET_KEY = "demo-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Endpoint:
    """One region's endpoint.

    :param region: the cloud region, such as ``eu-central-1``.
    """

    region: str
    port: int
    server: Server

    @property
    def url(self) -> str:
        """The address that clients take as ``endpoint_url``."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, *, region: str | None = None) -> Any:
        """Return a plain boto3 client for this endpoint that signs for ``region`` (default: its own)."""
        import boto3

        return boto3.client(
            "s3",
            region_name=region or self.region,
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def create_bucket(self, name: str, *, locked_days: int | None = None) -> str:
        """Create a versioned bucket in this region.

        :param locked_days: the default COMPLIANCE retention; None means no Object Lock.
        """
        client = self.client()
        creation: dict[str, Any] = {"Bucket": name, "ObjectLockEnabledForBucket": locked_days is not None}
        if self.region != "us-east-1":  # the one region that S3 wants unnamed
            creation["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        client.create_bucket(**creation)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if locked_days is not None:
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": locked_days}}
            lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
            client.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
        return name


def start_s3(supervisor: Supervisor, regions: Iterable[str], *, name: str = "s3") -> dict[str, S3Endpoint]:
    """Start one server with an endpoint for each cloud region; return them by region.

    :raises MissingDependencyError: moto's server is not installed.
    """
    if find_spec("moto") is None or find_spec("flask") is None:
        raise MissingDependencyError("no S3 server: `moto` is not installed", hint="install the extra `demo`")
    ports = {region: free_port() for region in regions}
    server = supervisor.start(
        Command(
            name=name,
            argv=[
                sys.executable,
                "-m",
                "airflow_xborder.demo.region_guard",
                *(f"{region}={port}" for region, port in ports.items()),
            ],
            env=environment_without("AWS_", "MOTO_"),
            stop_signal=signal.SIGKILL,  # it keeps nothing, so there is nothing to put in order
        )
    )
    endpoints = {
        region: S3Endpoint(region=region, port=port, server=server) for region, port in ports.items()
    }
    for endpoint in endpoints.values():
        wait_until_ready(server, lambda endpoint=endpoint: _answers(endpoint))  # type: ignore[misc]
    return endpoints


def _answers(endpoint: S3Endpoint) -> bool:
    from botocore.exceptions import BotoCoreError

    try:
        return "Buckets" in endpoint.client().list_buckets()
    except BotoCoreError:
        return False
