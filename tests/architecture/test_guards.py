# SPDX-License-Identifier: Apache-2.0
"""The rules of ``tests/tools/guards.py`` hold: seen from outside, on a run of pytest of its own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.guards import NetworkAccessError

ROOT = Path(__file__).parents[2]


def run(folder: Path, source: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text('pytest_plugins = ["tests.tools.guards"]\n')
    (folder / "test_it.py").write_text(source)
    environment = {name: value for name, value in os.environ.items() if name != "XBORDER_NO_SKIP"}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            str(folder),
        ],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


SKIPS = """
import pytest

@pytest.fixture
def disk():
    pytest.skip("no disk for the fixture")

def test_fixture(disk): pass

@pytest.mark.skip(reason="no disk for the marker")
def test_marker(): pass

def test_body(): pytest.skip("no disk for the body")
"""
SKIPPED_MODULE = "import pytest\npytest.skip('no disk for the module', allow_module_level=True)"


class TestSkips:
    def test_every_kind_of_skip_is_a_failure_where_none_is_allowed(self, tmp_path):
        result = run(tmp_path, SKIPS, XBORDER_NO_SKIP="1")
        assert result.returncode != 0
        for kind in ("fixture", "marker", "body"):
            assert f"XBORDER_NO_SKIP=1 forbids that: Skipped: no disk for the {kind}" in result.stdout
        assert "1 failed, 2 errors in" in result.stdout

    def test_a_skipped_module_is_a_failure_where_none_is_allowed(self, tmp_path):
        result = run(tmp_path, SKIPPED_MODULE, XBORDER_NO_SKIP="1")
        assert result.returncode != 0
        assert "XBORDER_NO_SKIP=1 forbids that: Skipped: no disk for the module" in result.stdout

    def test_a_skip_is_a_skip_elsewhere(self, tmp_path):
        result = run(tmp_path, SKIPS)
        assert "3 skipped" in result.stdout
        assert result.returncode == 0


def test_an_expected_failure_is_no_skip(tmp_path):
    source = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert False"
    assert "1 xfailed" in run(tmp_path, source, XBORDER_NO_SKIP="1").stdout


def test_a_test_without_an_end_ends_the_run_though_it_ignores_signals_and_exceptions(tmp_path):
    source = (
        "import pytest, signal\n"
        "@pytest.mark.limit(1)\n"
        "def test_it():\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    while True:\n"
        "        try:\n"
        "            while True: pass\n"
        "        except BaseException: pass\n"
    )
    result = run(tmp_path, source)
    assert result.returncode != 0
    assert "Timeout (0:00:01)" in result.stderr
    assert "in test_it" in result.stderr


class TestNetwork:
    def test_another_machine_cannot_be_reached(self):
        with socket.socket() as client, pytest.raises(NetworkAccessError, match=r"not `192\.0\.2\.1`"):
            client.connect(("192.0.2.1", 80))

    def test_another_machine_cannot_be_looked_up(self):
        with pytest.raises(NetworkAccessError, match=r"not `example\.org`"):
            socket.create_connection(("example.org", 80), timeout=1)

    def test_loopback_is_reached(self):
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname(), timeout=5) as client,
        ):
            assert client.getpeername() == server.getsockname()
