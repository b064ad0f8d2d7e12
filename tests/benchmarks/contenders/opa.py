# SPDX-License-Identifier: Apache-2.0
"""OPA with the bundle that ``xborder policy bundle`` makes: a real server over REST, and the real library in process.

Each is asked for what is compared and no more, by a query of its own that leaves out the rest of our answer; "whole
answer" asks for all of it, as a deployment does. Facts documents are made before; bodies of requests are text by
then. The connection is kept alive, by the standard library's client, which costs least.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from airflow_xborder.authoring.loading import shipped_folder
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.facts_document import to_document
from airflow_xborder.demo.processes import Command, Supervisor, free_port, wait_until_ready
from airflow_xborder.services.bundle import DATA, make_bundle
from tests.benchmarks.contenders import AbsentError
from tests.benchmarks.contenders.saying import Said
from tests.benchmarks.estate.world import AS_OF, World
from tests.tools import programs

_OWN = """package bench

import data.xborder
import rego.v1

said := [xborder.outcomes[xborder.severity], [one.requirement_id | some one in xborder.violations]] if {
	count(xborder.facts.problems) == 0
}

batch := [found |
	some document in input.batch
	found := said with input as {"facts": document}
]
"""


class Library:
    """OPA in this process, from the wheel of its Go library."""

    def __init__(self, world: World, query: str = "bench.said") -> None:
        folder = programs.find_oracle()
        if folder is None:
            try:
                folder = programs.fetch_oracle()
            except RuntimeError as error:
                raise AbsentError(str(error)) from error
        sys.path.append(str(folder))
        from opa_bindings import OpaEngine

        self._engine = OpaEngine()
        for name, data in _files(world).items():
            if name == DATA:
                self._engine.add_data(json.loads(data), str(Path(name).parent).replace("/", "."))
            elif name.endswith(".rego"):
                self._engine.add_policy(name, data.decode())
        self._inputs = [{"facts": _document(world, facts)} for facts in world.singles]
        self._query = query

    def __call__(self, number: int) -> Said:
        """Answer one flow."""
        return _said(self._engine.eval_document(self._query, self._inputs[number]))


class Server:
    """OPA as a server of its own, on this machine."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="xborder-bench-opa-")))
        for name, data in _files(world).items():
            path = folder / "bundle" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        program = programs.find(programs.OPA)
        if program is None:
            raise AbsentError("no OPA program on this machine: `make servers` builds it where there is a Go")
        supervisor = stack.enter_context(Supervisor(folder / "logs"))
        port = free_port()
        argv = [str(program), "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error"]
        argv += ["--disable-telemetry", "--optimize-store-for-read-speed", "--bundle", str(folder / "bundle")]
        server = supervisor.start(Command(name="opa", argv=argv))
        wait_until_ready(server, lambda: requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        stack.callback(self._connection.close)

    def ask(self, path: str, body: bytes) -> Any:
        """Return the document at a path, for an input.

        :raises RuntimeError: if OPA has no answer.
        """
        self._connection.request("POST", f"/v1/data/{path}", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        if answer.status != 200 or "result" not in found:
            raise RuntimeError(f"OPA answers {answer.status} {found}")
        return found["result"]


def open_server(path: str) -> Callable[[World, ExitStack], Callable[[int], Said]]:
    """Return what opens a server that is asked for the document at ``path``."""

    def start(world: World, stack: ExitStack) -> Callable[[int], Said]:
        server = Server(world, stack)
        bodies = [_body({"facts": _document(world, facts)}) for facts in world.singles]
        return lambda number: _said(server.ask(path, bodies[number]))

    return start


def open_batch(world: World, stack: ExitStack) -> Callable[[Sequence[int]], Sequence[Said]]:
    """Return what asks a server about many flows in one request."""
    server = Server(world, stack)
    documents = [_document(world, facts) for facts in world.facts]

    def ask(numbers: Sequence[int]) -> Sequence[Said]:
        return [
            _said(one) for one in server.ask("bench/batch", _body({"batch": [documents[n] for n in numbers]}))
        ]

    return ask


def _body(asked: Any) -> bytes:
    return json.dumps({"input": asked}, separators=(",", ":")).encode()


def _document(world: World, facts: Facts) -> dict[str, Any]:
    return to_document(facts, AS_OF, sorted({head.time_zone for head in world.policies.heads}))


def _files(world: World) -> dict[str, bytes]:
    folder = shipped_folder().parent / "rego" / "xborder"
    generic = {path.name: path.read_text() for path in sorted(folder.glob("*.rego"))}
    return make_bundle(world.policies, generic, {"bench/said.rego": _OWN})


def _said(found: Any) -> Said:
    """Read what OPA says, in short or as a whole answer."""
    if isinstance(found, list):
        return str(found[0]), tuple(sorted(map(str, found[1])))
    return str(found["outcome"]), tuple(sorted(str(one["requirement_id"]) for one in found["violations"]))
