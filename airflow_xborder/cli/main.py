# SPDX-License-Identifier: Apache-2.0
"""The command line's entry: finds the module of the command, hands it the arguments, turns errors into exit codes.

A command is a module with ``register(parser)``, which adds its arguments and sets ``run``, a function from the
parsed arguments to an exit code.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from airflow_xborder import __version__
from airflow_xborder.cli.output import UNAVAILABLE, exit_code, print_error, printable
from airflow_xborder.errors import XborderError

COMMANDS: dict[str, tuple[str, str]] = {
    "decide": ("airflow_xborder.cli.decide", "decide flows, without Airflow"),
    "policy": ("airflow_xborder.cli.policy", "check, test and publish policies"),
    "law": ("airflow_xborder.cli.law", "read the law in the packs, and see what is due"),
    "catalog": ("airflow_xborder.cli.catalog", "check and look up the catalog"),
    "ledger": ("airflow_xborder.cli.ledger", "verify and seal evidence"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    :param arguments: without the program's name; default: those of the process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    parsed = _parser(given).parse_args(given)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except XborderError as error:
        print_error(error)
        return exit_code(error)
    except BrokenPipeError:
        _discard_output()  # the reader (`head`) has gone
        return UNAVAILABLE
    except OSError as error:
        _discard_output()
        what = f"`{error.filename}`" if error.filename is not None else "the output"
        print(f"error: {printable(what)}: {error.strerror or error}", file=sys.stderr)
        return UNAVAILABLE
    except KeyboardInterrupt:
        return 130
    return code


def _prepare_streams() -> None:
    """Make the standard streams take whatever is printed: any character in any locale, and closed ones too."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(_nowhere(), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(_nowhere(), "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    # Python would complain once more when it closes a stream that cannot be written.
    with suppress(io.UnsupportedOperation):
        os.dup2(_nowhere(), sys.stdout.fileno())


def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xborder", description="Answers for data that crosses borders: may it, and did it."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    # Only the asked-for command is imported: each has its own weight, and none may slow down another.
    asked = next((argument for argument in given if not argument.startswith("-")), None)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == asked:
            importlib.import_module(module).register(command)
    return parser
