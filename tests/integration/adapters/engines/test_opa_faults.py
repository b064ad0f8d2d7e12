# SPDX-License-Identifier: Apache-2.0
"""A real OPA that dies, is cut off, stalls and comes back; and what one query asks of it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from airflow_xborder.adapters.engines.breaker import CircuitBreaker
from airflow_xborder.adapters.engines.opa import OpaEngine
from airflow_xborder.adapters.engines.opa_rest import Limits
from airflow_xborder.core.decision import Outcome
from airflow_xborder.demo.processes import Command, Supervisor, free_port, wait_until_ready
from airflow_xborder.errors import EngineUnavailableError
from tests.engines import ALIASES, CONSENT, PARTIAL, REGO, make_question
from tests.tools import programs
from tests.tools.servers import OpaServer

pytestmark = pytest.mark.integration
INDIA = {"places": {"access": [{"country": "IN"}]}}


class Wire:
    """Lies between the engine and a server: counts connections and requests, and can be cut or stopped."""

    def __init__(self, url: str) -> None:
        self._target = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self.connections, self.requests = 0, 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection that there is."""
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Let no answer through any more."""
        self._flows.clear()

    def flow(self) -> None:
        """Let answers through again."""
        self._flows.set()

    def close(self) -> None:
        self._listener.close()
        self.flow()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            self.connections += 1
            for end in (peer, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets += [peer, server]
            threading.Thread(target=self._carry, args=(peer, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, peer, False), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_question: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self.requests += data.startswith(b"POST") if is_question else 0
                if not is_question:
                    self._flows.wait(10)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(opa_server: OpaServer) -> Iterator[Wire]:
    opa_server.put_policy("crossborder", (REGO / "crossborder.rego").read_text())
    wire = Wire(opa_server.url)
    yield wire
    wire.close()


def engine_on(wire: Wire, **limits: object) -> OpaEngine:
    return OpaEngine(wire.url, aliases=ALIASES, limits=Limits(**limits))  # type: ignore[arg-type]


def test_a_thousand_questions_travel_on_one_connection(wire: Wire) -> None:
    engine = engine_on(wire)
    outcomes = {engine.decide(make_question(consent=CONSENT)).outcome for _ in range(1000)}
    assert outcomes == {Outcome.ALLOW}
    assert (wire.connections, wire.requests) == (1, 1000)


def test_all_that_one_flow_asks_is_one_call(wire: Wire, opa_server: OpaServer) -> None:
    if not opa_server.is_real:
        pytest.skip("the library has no ad-hoc queries")
    places = {"processing": [{"country": name} for name in ("IN", "JP", "FR", "BR")]}
    decision = engine_on(wire).decide(make_question(filters_rows=True, consent=PARTIAL, places=places))
    assert decision.outcome is Outcome.DENY
    assert len(decision.reasons) == 4  # to the US it may go with the rows of those who agreed
    assert wire.requests == 1


def test_the_query_answers_as_the_single_calls_do(wire: Wire) -> None:
    engine = engine_on(wire)
    questions = [
        make_question(filters_rows=filters, **changes)
        for filters in (False, True)
        for consent in (None, PARTIAL, CONSENT)
        for changes in (
            {"consent": consent},
            {"consent": consent, **INDIA},
            {"consent": consent, "destination": {"region": "eu"}},
            {"consent": consent, "purpose": "marketing"},
            {"consent": consent, "destination": {"store": "s3://unknown"}},
        )
    ]
    one_by_one = [engine_on(wire).decide(question) for question in questions]
    assert engine.decide_many(questions) == one_by_one
    assert {decision.outcome for decision in one_by_one} == set(Outcome)


def test_connections_that_were_cut_are_replaced(wire: Wire) -> None:
    engine = engine_on(wire)
    assert engine.decide(make_question(consent=CONSENT)).allowed
    wire.cut()
    assert engine.decide(make_question(consent=CONSENT)).allowed
    assert wire.connections == 2


def test_a_stalled_server_is_given_up_and_then_left_alone(wire: Wire) -> None:
    engine = engine_on(wire, timeout=0.2, retries=1, breaker=CircuitBreaker(2, 1.0))
    wire.stall()
    for _ in range(2):
        with pytest.raises(EngineUnavailableError, match="timed out"):
            engine.decide(make_question(consent=CONSENT))
    asked, started = wire.requests, time.monotonic()
    with pytest.raises(EngineUnavailableError, match=r"2 questions in a row: .*timed out"):
        engine.decide(make_question(consent=CONSENT))
    assert time.monotonic() - started < 0.1
    assert wire.requests == asked
    wire.flow()
    time.sleep(1.0)
    assert engine.decide(make_question(consent=CONSENT)).allowed


def test_a_server_that_is_killed_and_started_again(tmp_path: Path) -> None:
    opa = programs.find(programs.OPA)
    if opa is None:
        pytest.skip("no OPA on this machine: run `make servers`")
    port = free_port()
    address = ["--addr", f"127.0.0.1:{port}", "--log-level", "error", "--disable-telemetry"]
    command = Command(
        name="opa-mortal", argv=[str(opa), "run", "--server", *address, str(REGO / "crossborder.rego")]
    )
    limits = Limits(retries=0, breaker=CircuitBreaker(1, 0.5))
    engine = OpaEngine(f"http://127.0.0.1:{port}", aliases=ALIASES, limits=limits)

    def is_up() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    with Supervisor(tmp_path) as supervisor:
        server = supervisor.start(command)
        wait_until_ready(server, is_up)
        assert engine.decide(make_question(consent=CONSENT)).allowed
        supervisor.stop(server)
        with pytest.raises(
            EngineUnavailableError, match=r"does not answer: (connection refused|the connection was lost)"
        ):
            engine.decide(make_question(consent=CONSENT))
        with pytest.raises(EngineUnavailableError, match="questions in a row"):
            engine.decide(make_question(consent=CONSENT))
        wait_until_ready(supervisor.start(command), is_up)
        time.sleep(0.5)
        assert engine.decide(make_question(consent=CONSENT)).allowed


def test_the_revision_of_a_bundle_is_found_either_way(tmp_path: Path) -> None:
    opa = programs.find(programs.OPA)
    if opa is None:
        pytest.skip("no OPA on this machine: run `make servers`")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "p.rego").write_text((REGO / "crossborder.rego").read_text())
    (tmp_path / "bundle" / ".manifest").write_text('{"revision": "r7", "roots": ["crossborder"]}')
    bundle = tmp_path / "b.tar.gz"
    with Supervisor(tmp_path) as supervisor:
        supervisor.run(
            Command(
                name="opa-build", argv=[str(opa), "build", "-b", str(tmp_path / "bundle"), "-o", str(bundle)]
            ),
            limit=60,
        )
        port = free_port()
        address = ["--addr", f"127.0.0.1:{port}", "--log-level", "error", "--disable-telemetry"]
        argv = [str(opa), "run", "--server", *address, "-b", str(bundle)]
        server = supervisor.start(Command(name="opa-bundle", argv=argv))
        engine = OpaEngine(f"http://127.0.0.1:{port}", aliases=ALIASES, limits=Limits(retries=8))
        wait_until_ready(server, lambda: engine.decide(make_question(consent=CONSENT)).allowed)
        one = engine.decide(make_question(consent=CONSENT))
        several = engine.decide(make_question(consent=CONSENT, **INDIA))
    assert one.engine == several.engine == f"opa/crossborder/allow@{bundle}:r7"
