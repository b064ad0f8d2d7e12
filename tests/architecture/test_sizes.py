# SPDX-License-Identifier: Apache-2.0
"""Files, functions and classes stay small; an exception is a line with its reason in ``sizes.toml``."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import PACKAGE, TESTS, python_files, read_exceptions, relative

LIMITS = {"module": 400, "function": 50, "class": 250, "parameters": 5}
TEST_MODULE_LIMIT = 600
# Airflow's own signatures are long by contract.
AIRFLOW_FACING = ("operators", "hooks", "sensors", "triggers", "decorators", "notifications")


def measure(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield what is measured in a file: its place, the kind of measure, the number."""
    place = relative(path)
    text = path.read_text()
    yield place, "module", text.count("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            yield f"{place}::{node.name}", kind, (node.end_lineno or 0) - node.lineno + 1
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and path.parent.name not in AIRFLOW_FACING
        ):
            arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            names = [argument.arg for argument in arguments if argument.arg not in ("self", "cls")]
            yield f"{place}::{node.name}", "parameters", len(names)


def test_nothing_is_larger_than_its_limit_without_a_reason():
    exceptions = read_exceptions("sizes.toml")
    too_large = {
        f"{place}: {kind} {size} > {LIMITS[kind]}"
        for path in python_files(PACKAGE)
        for place, kind, size in measure(path)
        if size > exceptions.get(place, {}).get(kind, LIMITS[kind])
    }
    assert not too_large, "\n".join(sorted(too_large))


def test_test_modules_stay_readable():
    lengths = {relative(path): path.read_text().count("\n") for path in python_files(TESTS)}
    assert {place: length for place, length in lengths.items() if length > TEST_MODULE_LIMIT} == {}


def test_every_exception_is_needed_and_has_a_reason():
    measured: dict[tuple[str, str], int] = {}
    for path in python_files(PACKAGE):
        for place, kind, size in measure(path):
            measured[place, kind] = max(size, measured.get((place, kind), 0))
    for place, exception in read_exceptions("sizes.toml").items():
        assert len(exception.pop("reason", "")) > 20, place
        for kind, limit in exception.items():
            assert LIMITS[kind] < measured.get((place, kind), 0) <= limit, (
                f"{place}: no exception needed for {kind}"
            )
