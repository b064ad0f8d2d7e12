# SPDX-License-Identifier: Apache-2.0
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_xborder.demo.keeper import descendants_of
from airflow_xborder.demo.processes import Command, Supervisor, ends_on_signals, free_port, wait_until_ready
from airflow_xborder.errors import ConfigurationError

# A server that ignores SIGTERM, with a child that left its session and one that left its parent.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
runaway = [sys.executable, "-c", "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(120)"]
subprocess.run(runaway)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"], start_new_session=True)
open(sys.argv[1], "w").write("up")
time.sleep(120)
"""


def python(code: str, *arguments: str, name: str = "server", grace: float = 5.0) -> Command:
    return Command(name=name, argv=[sys.executable, "-c", code, *arguments], grace=grace)


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for(condition, limit: float = 10.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class TestStopping:
    def test_nothing_is_left_of_a_server_that_ignores_the_request_and_whose_children_ran_away(self, tmp_path):
        up = tmp_path / "up"
        with Supervisor(tmp_path / "logs") as supervisor:
            server = supervisor.start(python(STUBBORN, str(up), grace=0.3))
            wait_until_ready(server, up.exists)
            below = descendants_of(server.keeper.pid)
            assert len(below) == 3
        assert not server.is_running
        assert not [pid for pid in below if is_alive(pid)]

    def test_a_server_that_obeys_is_not_killed(self, tmp_path):
        up, ended = tmp_path / "up", tmp_path / "ended"
        code = (
            "import signal, sys, time\n"
            "def leave(*_): open(sys.argv[2], 'w').close(); sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, leave); open(sys.argv[1], 'w').close(); time.sleep(60)"
        )
        with Supervisor(tmp_path / "logs") as supervisor:
            server = supervisor.start(python(code, str(up), str(ended)))
            wait_until_ready(server, up.exists)
        assert ended.exists()
        assert server.keeper.returncode == 0

    def test_one_server_can_be_stopped_while_another_goes_on(self, tmp_path):
        with Supervisor(tmp_path / "logs") as supervisor:
            first = supervisor.start(python("import time; time.sleep(60)", name="first"))
            second = supervisor.start(python("import time; time.sleep(60)", name="second"))
            supervisor.stop(first)
            assert not first.is_running
            assert second.is_running

    def test_servers_end_when_the_process_that_started_them_is_killed(self, tmp_path):
        up = tmp_path / "up"
        starter = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from airflow_xborder.demo.processes import Command, Supervisor, wait_until_ready\n"
            "supervisor = Supervisor(Path(sys.argv[1]))\n"
            "argv = [sys.executable, '-c', sys.argv[2], sys.argv[3]]\n"
            "server = supervisor.start(Command(name='orphan', argv=argv, grace=0.3))\n"
            "wait_until_ready(server, Path(sys.argv[3]).exists)\n"
            "print(server.keeper.pid, flush=True)\n"
            "time.sleep(60)\n"
        )
        argv = [sys.executable, "-c", starter, str(tmp_path / "logs"), STUBBORN, str(up)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            keeper = int(parent.stdout.readline())
            below = descendants_of(keeper) | {keeper}
            assert len(below) == 4
            parent.send_signal(signal.SIGKILL)
        wait_for(lambda: not [pid for pid in below if is_alive(pid)])

    def test_the_server_itself_ends_when_its_keeper_is_killed(self, tmp_path):
        with Supervisor(tmp_path / "logs") as supervisor:
            server = supervisor.start(python("import time; time.sleep(60)"))
            wait_for(lambda: len(descendants_of(server.keeper.pid)) == 1)
            below = descendants_of(server.keeper.pid)
            server.keeper.kill()
            wait_for(lambda: not [pid for pid in below if is_alive(pid)])


class TestStarting:
    def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(self, tmp_path):
        with Supervisor(tmp_path / "logs") as supervisor:
            server = supervisor.start(python("raise SystemExit('no such disk')"))
            with pytest.raises(ConfigurationError, match="ended while starting: no such disk"):
                wait_until_ready(server, lambda: False)

    def test_a_server_that_never_answers_is_an_error_after_the_limit(self, tmp_path):
        with Supervisor(tmp_path / "logs") as supervisor:
            server = supervisor.start(python("import time; time.sleep(60)"))
            with pytest.raises(ConfigurationError, match="did not answer within 0 s: it wrote nothing"):
                wait_until_ready(server, lambda: False, limit=0.3)

    def test_a_refused_connection_means_not_yet(self, tmp_path):
        port = free_port()
        code = "import socket, sys; socket.create_server(('127.0.0.1', int(sys.argv[1]))).accept()"

        def answers() -> bool:
            with socket.create_connection(("127.0.0.1", port)):
                return True

        with Supervisor(tmp_path / "logs") as supervisor:
            wait_until_ready(supervisor.start(python(code, str(port))), answers)


def test_a_free_port_can_be_bound_and_lies_below_the_range_of_outgoing_connections():
    port = free_port()
    assert port < 32_768
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))


def test_a_termination_signal_lets_every_finally_run():
    with ends_on_signals(), pytest.raises(SystemExit) as caught:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert caught.value.code == 128 + signal.SIGTERM


class TestRunningToTheEnd:
    def test_a_command_that_succeeds_just_returns(self, tmp_path):
        with Supervisor(tmp_path / "logs") as supervisor:
            supervisor.run(
                python("open(__import__('sys').argv[1], 'w').close()", str(tmp_path / "done")), limit=10
            )
        assert (tmp_path / "done").exists()

    def test_a_command_that_fails_is_an_error_with_its_code_and_last_words(self, tmp_path):
        failed = pytest.raises(ConfigurationError, match="`server` failed with code 3: bad news")
        with Supervisor(tmp_path / "logs") as supervisor, failed:
            supervisor.run(python("print('bad news'); raise SystemExit(3)"), limit=10)

    def test_a_command_that_takes_too_long_is_ended(self, tmp_path):
        with Supervisor(tmp_path / "logs") as supervisor:
            with pytest.raises(ConfigurationError, match="took longer than 0 s"):
                supervisor.run(python("import time; time.sleep(60)"), limit=0.2)
            assert not descendants_of(os.getpid())
