# SPDX-License-Identifier: Apache-2.0
import json
import os
import shlex
import subprocess
import sys
import types
from pathlib import Path

import pytest

from airflow_xborder import __version__
from airflow_xborder.cli import main as entry
from airflow_xborder.cli.main import COMMANDS, main
from airflow_xborder.errors import FlowError

XBORDER = [sys.executable, "-m", "airflow_xborder"]
FLOW = {
    "flow_id": "é",
    "source": {"country": "DE"},
    "destination": {"country": "FR"},
    "data_categories": ["personal_data.contact.email"],
}


def run(*arguments, **options):
    return subprocess.run([*XBORDER, *arguments], capture_output=True, text=True, timeout=50, **options)


@pytest.fixture
def command(monkeypatch):
    """Make ``decide`` a command that does what the test says."""

    def install(run):
        module = types.ModuleType("tests_fake_command")
        module.register = lambda parser: parser.set_defaults(run=run)
        monkeypatch.setitem(sys.modules, "tests_fake_command", module)
        monkeypatch.setitem(COMMANDS, "decide", ("tests_fake_command", "a command"))

    return install


class TestMain:
    def test_the_commands_code_is_the_exit_code(self, command):
        command(lambda arguments: 7)
        assert main(["decide"]) == 7

    def test_an_error_becomes_its_exit_code_and_two_lines(self, command, capsys):
        def fail(arguments):
            raise FlowError("unknown region `eu-1`", hint="did you mean `eu`?")

        command(fail)
        assert main(["decide"]) == 2
        assert capsys.readouterr().err == "error: unknown region `eu-1`\nhint: did you mean `eu`?\n"

    def test_ctrl_c_is_no_traceback(self, command, capsys):
        def interrupt(arguments):
            raise KeyboardInterrupt

        command(interrupt)
        assert main(["decide"]) == 130
        assert capsys.readouterr().err == ""

    def test_a_mistake_of_ours_is_not_hidden(self, command):
        def fail(arguments):
            raise ZeroDivisionError

        command(fail)
        with pytest.raises(ZeroDivisionError):
            main(["decide"])

    def test_the_process_arguments_are_the_default(self, command, monkeypatch):
        command(lambda arguments: 5)
        monkeypatch.setattr(entry.sys, "argv", ["xborder", "decide"])
        assert main() == 5

    @pytest.mark.parametrize("arguments", [[], ["nonsense"], ["ledger"], ["ledger", "verify"]])
    def test_a_wrong_command_line_exits_2(self, arguments, capsys):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert "usage: xborder" in capsys.readouterr().err


class TestProcess:
    def test_help_lists_every_command_and_imports_none(self):
        program = "import sys; from airflow_xborder.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        check = "print([name for name in sys.modules if name.startswith('airflow_xborder.cli.')], file=sys.stderr)"
        result = subprocess.run(
            [sys.executable, "-c", program + check], capture_output=True, text=True, timeout=50
        )
        assert all(name in result.stdout for name in COMMANDS)
        assert result.stderr.strip() == "['airflow_xborder.cli.output', 'airflow_xborder.cli.main']"

    def test_the_ledgers_commands_start_without_airflow_or_a_network_client(self):
        program = "import sys; from airflow_xborder.cli.main import main\ntry: main(['ledger', '--help'])\nexcept SystemExit: pass\n"
        check = "print({'airflow', 'obstore', 'requests', 'yaml', 'pydantic', 'boto3'} & set(sys.modules), file=sys.stderr)"
        result = subprocess.run(
            [sys.executable, "-c", program + check], capture_output=True, text=True, timeout=50
        )
        assert "verify" in result.stdout
        assert result.stderr.strip() == "set()"

    def test_the_module_is_the_command(self):
        assert run("--version").stdout == f"xborder {__version__}\n"

    def test_errors_go_to_stderr_and_the_exit_code(self, tmp_path):
        result = run("ledger", "verify", str(tmp_path))
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("error: there is no ledger at")

    def test_a_reader_that_has_gone_is_no_traceback(self, tmp_path):
        reading, writing = os.pipe()
        os.close(reading)
        command = [*XBORDER, "ledger", "keygen", "--out", str(tmp_path / "k")]
        result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=50)
        os.close(writing)
        assert (result.returncode, result.stderr) == (3, "")


class TestStreams:
    @pytest.fixture
    def flow(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        path = tmp_path / "flow.json"
        path.write_text(json.dumps(FLOW), encoding="utf-8")
        return path

    @pytest.fixture
    def shell(self, flow):
        """Run ``decide`` on a flow with what the shell does to its streams."""

        def run(redirections, *arguments):
            words = shlex.join([*XBORDER, "decide", *arguments])
            return subprocess.run(
                ["sh", "-c", f"{words} {redirections}"], capture_output=True, text=True, timeout=50
            )

        return run

    def test_a_closed_output_leaves_the_exit_code(self, shell, flow):
        result = shell(">&-", str(flow))
        assert (result.returncode, result.stderr) == (0, "")
        assert shell("2>&-", str(flow.parent / "none")).returncode == 2

    def test_a_closed_input_is_no_flow(self, shell):
        result = shell("<&-")
        assert result.returncode == 2
        assert result.stderr.startswith("error: standard input is closed\n")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
    def test_output_that_cannot_be_written_is_no_traceback_and_no_success(self, shell, flow):
        result = shell(">/dev/full", str(flow))
        assert (result.returncode, result.stderr) == (3, "error: the output: No space left on device\n")

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
    def test_every_locale_can_show_an_answer(self, flow, encoding):
        env = {**os.environ, "PYTHONIOENCODING": encoding}
        assert run("decide", str(flow), env=env, encoding=encoding).returncode == 0
        result = run("decide", "--format", "json", str(flow), env=env)
        assert (result.returncode, json.loads(result.stdout)["flow_id"], result.stderr) == (0, "é", "")
        assert result.stdout.isascii()

    def test_an_account_without_a_home_does_without_a_cache(self, flow, monkeypatch, capsys):
        def homeless(path):
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setattr(Path, "expanduser", homeless)
        assert main(["decide", str(flow)]) == 0
