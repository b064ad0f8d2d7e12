# SPDX-License-Identifier: Apache-2.0
"""Questions for the engines that evaluate a company's own policy, and servers that answer anything at all."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.ports.policy_engine import Question

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
REGO = Path(__file__).parents[1] / "policies" / "rego"
ALIASES = {"regions": {"eu": "EU", "us": "US"}, "purposes": {"ml_inference": "model_inference"}}
CONSENT = {"type": "consent_explicit", "ground_for": "transfer", "purpose": "ml_inference", "coverage": "1"}
PARTIAL = {**CONSENT, "coverage": "0.5"}


def make_question(filters_rows: bool = False, **changes: Any) -> Question:
    """Return a question about inference on EU data in the US."""
    flow = {"source": {"region": "eu"}, "destination": {"region": "us"}, "purpose": "ml_inference", **changes}
    return Question(
        facts=normalise(DataFlow.parse(flow), complete=True),
        policies=Policies([]),
        frame=Frame(decision_id="d-1", as_of=NOON, evaluated_at=NOON, simulated=False, engine="native/1.0.0"),
        filters_rows=filters_rows,
    )


def answer(value: object, status: int = 200, **headers: Any) -> bytes:
    """Return an HTTP answer, byte for byte."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {headers.pop('length', len(body))}"]
    lines += [f"{name.title()}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(*values: object, **revisions: str) -> bytes:
    """Return what OPA answers to our query about several inputs."""
    return answer(
        {"result": [{"answers": [list(pair) for pair in enumerate(values)], "revisions": revisions}]}
    )


CLOSE = object()
HANG = object()
DRIP = object()


class ScriptedServer:
    """Plays one step for each request it gets, and the last one again when there are no more."""

    def __init__(self, *steps: object) -> None:
        self._steps = list(steps)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.bodies: list[dict[str, Any]] = []
        self.targets: list[str] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as stream:
            while line := stream.readline():
                self.targets.append(line.decode().split()[1])
                length = 0
                while (header := stream.readline().strip()) != b"":
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.bodies.append(json.loads(stream.read(length)))
                step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
                if not self._play(peer, step):
                    return

    def _play(self, peer: socket.socket, step: Any) -> bool:
        if step is HANG:
            self._over.wait(10)
        elif step is DRIP:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            with contextlib.suppress(OSError):
                while not self._over.wait(0.05):
                    peer.sendall(b" ")
        elif step is not CLOSE:
            peer.sendall(step)
            return b"Connection: close" not in step
        return False

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """Every input that was asked about, in order."""
        found = [body["input"] for body in self.bodies]
        return [entry for inputs in found for entry in (inputs if isinstance(inputs, list) else [inputs])]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What the policy's own part of each input was."""
        return [sent["request"] for sent in self.inputs]
