# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: no network beyond this machine, no test without an end, on CI no skip.

A pytest plugin; ``tests/conftest.py`` loads it.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
from collections.abc import Iterator

import pytest

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_SECONDS = {
    "unit": 60,
    "architecture": 120,
    "property": 300,
    "conformance": 180,
    "integration": 300,
    "e2e": 900,
}
_stderr = pytest.StashKey[int]()


class NetworkAccessError(BaseException):
    """A test reached for another machine. Not an Exception, so that no handler of the code under test hides it."""


def _require_local(host: object) -> None:
    if isinstance(host, bytes):
        host = host.decode()
    if isinstance(host, str) and host and not host.startswith(_LOOPBACK):
        raise NetworkAccessError(f"tests may reach this machine only, not `{host}`")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse connections and name look-ups beyond loopback."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> object:
        if isinstance(address, tuple):
            _require_local(address[0])
        return connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        if isinstance(address, tuple):
            _require_local(address[0])
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_getaddrinfo(host: object, *arguments: object, **options: object) -> object:
        _require_local(host)
        return getaddrinfo(host, *arguments, **options)  # type: ignore[arg-type]

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    yield
    patch.undo()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that changes a test's limit; keep the real standard error, before capture takes it."""
    config.addinivalue_line("markers", "limit(seconds): end the whole run when this test takes longer")
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        config.stash[_stderr] = os.dup(2)


def _seconds(item: pytest.Item) -> float:
    marker = item.get_closest_marker("limit")
    if marker is not None:
        return float(marker.args[0])
    kinds = set(item.path.parts)
    return max((limit for kind, limit in _SECONDS.items() if kind in kinds), default=60)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End the process with all its stacks when a test has no end: a signal would not do, since Airflow's in-process
    task runner leaves a handler behind that ignores it."""
    faulthandler.dump_traceback_later(_seconds(item), exit=True, file=item.config.stash[_stderr])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _forbids_skips() -> bool:
    return os.environ.get("XBORDER_NO_SKIP") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip into a failure where nothing may be skipped; an expected failure stays one."""
    report = yield
    if _forbids_skips() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and XBORDER_NO_SKIP=1 forbids that: {_reason(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Turn the skip of a whole module into a failure where nothing may be skipped."""
    report = yield
    if _forbids_skips() and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, and XBORDER_NO_SKIP=1 forbids that: {_reason(report.longrepr)}"
    return report


def _reason(longrepr: object) -> str:
    return str(longrepr[2] if isinstance(longrepr, tuple) else longrepr)


def pytest_report_header() -> str:
    """Say which rules hold in this run."""
    return f"skips: {'forbidden' if _forbids_skips() else 'allowed'}; python {sys.version.split()[0]}"
