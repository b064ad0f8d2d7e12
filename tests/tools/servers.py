# SPDX-License-Identifier: Apache-2.0
"""Starts the servers that only tests need: OPA, and an S3 server that is not moto."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests

from airflow_xborder.demo.processes import Command, Server, Supervisor, free_port, wait_until_ready
from tests.tools import programs

ACCESS_KEY = "tests"
SECRET_KEY = "tests-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaServer:
    """A running OPA.

    :param is_real: False when it is the library of the wheel behind our own HTTP.
    """

    url: str
    is_real: bool
    server: Server

    def put_policy(self, name: str, rego: str) -> None:
        """Set a policy module; raises when OPA refuses it."""
        answer = requests.put(f"{self.url}/v1/policies/{name}", data=rego.encode(), timeout=30)
        assert answer.status_code == 200, answer.text

    def put_data(self, path: str, value: Any) -> None:
        """Set a data document."""
        answer = requests.put(f"{self.url}/v1/data/{path}", json=value, timeout=30)
        assert answer.status_code in (200, 204), answer.text


def start_opa(
    supervisor: Supervisor, files: Sequence[Path] = (), *, v0: bool = False, name: str = "opa"
) -> OpaServer | str:
    """Start an OPA with these policies; return it, or why there is none.

    :param v0: whether it takes the old syntax.
    """
    port = free_port()
    opa, oracle = programs.find(programs.OPA), programs.find_oracle()
    if opa is not None:
        options = ["--v0-compatible"] if v0 else []
        address = ["--addr", f"127.0.0.1:{port}", "--log-level", "error", "--disable-telemetry"]
        argv = [str(opa), "run", "--server", *address, *options]
    elif oracle is not None and not v0:
        script = Path(__file__).with_name("opa_oracle.py")
        argv = [sys.executable, str(script), str(oracle), str(port)]
    else:
        return "no OPA that takes the old syntax on this machine" if v0 else "no OPA on this machine"
    server = supervisor.start(Command(name=name, argv=[*argv, *map(str, files)]))
    url = f"http://127.0.0.1:{port}"
    wait_until_ready(server, lambda: requests.get(f"{url}/health", timeout=5).status_code == 200)
    return OpaServer(url=url, is_real=opa is not None, server=server)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """A running S3 server of one region that checks signatures and writes to disk."""

    url: str
    region: str
    server: Server
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY

    def client(self, *, region: str | None = None, secret_key: str | None = None) -> Any:
        """Return a boto3 client."""
        return boto3.client(
            "s3",
            region_name=region or self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
        )


def start_versitygw(supervisor: Supervisor, folder: Path, *, region: str = "eu-central-1") -> S3Server | str:
    """Start versitygw over a folder; return it, or why there is none."""
    program = programs.find(programs.VERSITYGW)
    if program is None:
        return "no `versitygw` on this machine"
    buckets, versions, sidecar = (folder / name for name in ("buckets", "versions", "sidecar"))
    for path in (buckets, versions, sidecar):
        path.mkdir(parents=True, exist_ok=True)
    port = free_port()
    options = [
        "--access",
        ACCESS_KEY,
        "--secret",
        SECRET_KEY,
        "--region",
        region,
        "--port",
        f"127.0.0.1:{port}",
    ]
    # The sidecar holds what other file systems keep in extended attributes, which a temporary folder may lack.
    backend = ["posix", "--versioning-dir", str(versions), "--sidecar", str(sidecar), str(buckets)]
    server = supervisor.start(
        Command(name=f"versitygw-{region}", argv=[str(program), "--quiet", *options, *backend])
    )
    started = S3Server(url=f"http://127.0.0.1:{port}", region=region, server=server)
    wait_until_ready(server, lambda: requests.get(started.url, timeout=5).status_code in (200, 403))
    return started
