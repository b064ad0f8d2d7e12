# SPDX-License-Identifier: Apache-2.0
"""Starts servers, waits until they answer, and leaves none of them running, whatever happens to us.

Each server runs under a keeper of its own (``keeper.py``) in a session of its own, with its output in a log
file. Stopping is closing a pipe: the keeper asks the server to end, waits, and kills what is left. If this
process is killed with SIGKILL the pipe closes as well. Nothing is ever found by name; only what was started
here is stopped.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from airflow_xborder.demo.accounts import Account
from airflow_xborder.errors import ConfigurationError

# Below the kernel's range for outgoing connections (32768 and up), so that none of those takes a port between
# our look and the server's bind.
_PORTS = range(20_000, 32_000)
_KEEPER = Path(__file__).with_name("keeper.py")
_PROBE_SECONDS = 0.1
_LOG_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start, and how it wants to be asked to end.

    :param stop_signal: the signal that means "end soon and in order" to this server.
    :param grace: seconds between that and SIGKILL.
    :param account: who runs it, when that is not us.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server.

    :param keeper: the process that watches it; it ends when nothing of the server is left.
    """

    command: Command
    keeper: subprocess.Popen[bytes]
    log: Path

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.keeper.poll() is None

    def log_tail(self) -> str:
        """Return the last lines of its log, as one line."""
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return " | ".join(lines[-_LOG_LINES:]) or "it wrote nothing"


class Supervisor:
    """The servers of one run; a context manager that ends them all on leaving.

    :param logs: the folder for their log files; made when absent.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._servers: list[Server] = []

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*self._servers)

    def start(self, command: Command) -> Server:
        """Start a server and return at once; ``wait_until_ready`` tells when it answers."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{command.name}.log"
        with log.open("ab") as output:
            keeper = subprocess.Popen(
                _keeper_argv(command),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=command.cwd,
                env=None if command.env is None else dict(command.env),
                start_new_session=True,
            )
        server = Server(command=command, keeper=keeper, log=log)
        self._servers.append(server)
        return server

    def run(self, command: Command, *, limit: float) -> None:
        """Run a command to its end.

        :raises ConfigurationError: it failed, or took longer than ``limit`` seconds.
        """
        server = self.start(command)
        try:
            code = server.keeper.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            raise ConfigurationError(
                f"`{command.name}` took longer than {limit:.0f} s: {server.log_tail()}",
                hint=f"its log is {server.log}",
            ) from None
        finally:
            self.stop(server)
        if code != 0:
            raise ConfigurationError(
                f"`{command.name}` failed with code {code}: {server.log_tail()}",
                hint=f"its log is {server.log}",
            )

    def stop(self, *servers: Server) -> None:
        """End these servers side by side; return when nothing of them is left."""
        for server in servers:
            if server.keeper.stdin is not None:
                server.keeper.stdin.close()
            # A process forked from ours may still hold the pipe open, so say it in words too.
            server.keeper.terminate()
        for server in servers:
            _await_end(server)
        self._servers = [server for server in self._servers if server not in servers]


def _keeper_argv(command: Command) -> list[str]:
    options = ["--signal", str(int(command.stop_signal)), "--grace", str(command.grace)]
    if command.account is not None:
        options += ["--uid", str(command.account.uid), "--gid", str(command.account.gid)]
    # -I and -S: nothing of the environment or of site-packages can change or slow the keeper.
    return [sys.executable, "-I", "-S", str(_KEEPER), *options, "--", *command.argv]


def _await_end(server: Server) -> None:
    try:
        server.keeper.wait(timeout=server.command.grace + 10)
    except subprocess.TimeoutExpired:
        server.keeper.kill()  # the kernel then kills the server itself (PR_SET_PDEATHSIG)
        server.keeper.wait()


def wait_until_ready(server: Server, probe: Callable[[], bool], *, limit: float = 30.0) -> None:
    """Return when the server answers its probe.

    :param probe: asks the server for something only a working one can give; False or OSError means "not yet".
    :raises ConfigurationError: it ended, or did not answer within ``limit`` seconds.
    """
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if not server.is_running:
            raise ConfigurationError(
                f"server `{server.command.name}` ended while starting: {server.log_tail()}",
                hint=f"its log is {server.log}",
            )
        with contextlib.suppress(OSError):
            if probe():
                return
        time.sleep(_PROBE_SECONDS)
    raise ConfigurationError(
        f"server `{server.command.name}` did not answer within {limit:.0f} s: {server.log_tail()}",
        hint=f"its log is {server.log}",
    )


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    for port in random.SystemRandom().sample(_PORTS, k=len(_PORTS)):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ConfigurationError("no free port between 20000 and 32000 on this machine")


@contextlib.contextmanager
def ends_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into ``SystemExit``, so that every ``finally`` runs; SIGINT already raises."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def environment_without(*prefixes: str) -> dict[str, str]:
    """Return our environment less the variables that start with one of the prefixes."""
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
