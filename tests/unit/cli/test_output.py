# SPDX-License-Identifier: Apache-2.0
import io

import pytest

from airflow_xborder import errors
from airflow_xborder.cli.output import exit_code, json_line, print_error, print_table, printable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x"), 2),
        (errors.UnknownRegionError("x"), 2),
        (errors.PolicySyntaxError("x"), 2),
        (errors.UnknownTermError("x"), 2),
        (errors.EngineUnavailableError("x"), 3),
        (errors.LedgerUnavailableError("x"), 3),
        (errors.LedgerConflictError("x"), 3),
        (errors.FlowDeniedError("x", decision=None), 1),
        (errors.RegionMismatchError("x"), 1),
        (errors.LedgerIntegrityError("x"), 4),
        (errors.XborderError("x"), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_class_of_error_has_its_exit_code(error, code):
    assert exit_code(error) == code


class TestPrintError:
    def test_the_hint_has_a_line_of_its_own(self):
        stream = io.StringIO()
        print_error(errors.FlowError("wrong", hint="try again"), stream)
        assert stream.getvalue() == "error: wrong\nhint: try again\n"

    def test_where_a_document_is_wrong_comes_first(self):
        stream = io.StringIO()
        print_error(errors.PolicySyntaxError("no YAML", file="a.yaml", line=3, column=1, hint="look"), stream)
        assert stream.getvalue() == "error: a.yaml:3:1: no YAML\nhint: look\n"

    def test_without_a_hint_there_is_one_line(self, capsys):
        print_error(errors.FlowError("wrong"))
        assert capsys.readouterr().err == "error: wrong\n"

    def test_a_foreign_name_adds_no_line(self, capsys):
        print_error(errors.FlowError("no file `a\nintact`", hint="\x1b[2J"))
        assert capsys.readouterr().err == "error: no file `a\\nintact`\nhint: \\x1b[2J\n"


def test_what_a_terminal_cannot_show_is_escaped():
    assert printable("é → ok") == "é → ok"
    assert printable("a\nb\x1b[2J\udcff\u202e") == "a\\nb\\x1b[2J\\udcff\\u202e"


def test_json_is_ascii_in_any_locale():
    assert json_line({"a": "é\ud800", "b": [1]}) == '{"a":"\\u00e9\\ud800","b":[1]}'


def test_a_table_lines_its_columns_up(capsys):
    print_table([("flow", "outcome"), ("users-to-us", "deny"), ("a", "")])
    assert capsys.readouterr().out == "flow         outcome\nusers-to-us  deny\na\n"
