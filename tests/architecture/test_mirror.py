# SPDX-License-Identifier: Apache-2.0
"""The unit tests lie where the modules lie; an exception is a line with its reason in ``mirror.toml``."""

import ast
from pathlib import Path

from tests.architecture.source import PACKAGE, TESTS, python_files, read_exceptions

UNIT = TESTS / "unit"


def holds_something(path: Path) -> bool:
    """Whether a module has more than a docstring and re-exports."""
    passive = ast.Import | ast.ImportFrom | ast.Expr | ast.Assign
    return any(not isinstance(node, passive) for node in ast.parse(path.read_text()).body)


def modules() -> set[str]:
    """Return the modules that a unit test should mirror, as paths without a suffix."""
    found = [path for path in python_files(PACKAGE) if path.name != "__init__.py" or holds_something(path)]
    return {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in found}


def unit_tests() -> set[str]:
    """Return the modules that the unit tests name by where they lie."""
    found = [path.relative_to(UNIT).with_suffix("") for path in UNIT.rglob("test_*.py")]
    return {path.with_name(path.name.removeprefix("test_")).as_posix() for path in found}


def test_each_module_has_a_unit_test_or_a_reason():
    excused = read_exceptions("mirror.toml")["no_unit_test"]
    assert modules() - unit_tests() - set(excused) == set()


def test_each_unit_test_lies_where_its_module_lies():
    excused = read_exceptions("mirror.toml")["no_module"]
    assert unit_tests() - modules() - set(excused) == set()


def test_every_exception_is_needed_and_has_a_reason():
    exceptions = read_exceptions("mirror.toml")
    assert {
        name for name in exceptions["no_unit_test"] if name in unit_tests() or name not in modules()
    } == set()
    assert {
        name for name in exceptions["no_module"] if name in modules() or name not in unit_tests()
    } == set()
    assert all(len(reason) > 15 for table in exceptions.values() for reason in table.values())
