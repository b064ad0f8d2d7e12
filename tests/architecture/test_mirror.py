# SPDX-License-Identifier: Apache-2.0
"""The tests lie where the modules lie, below ``unit`` or, where real servers are needed, below ``integration``.

An exception is a line with its reason in ``mirror.toml``.
"""

import ast
from pathlib import Path

from tests.architecture.source import PACKAGE, TESTS, python_files, read_exceptions

UNIT, INTEGRATION = TESTS / "unit", TESTS / "integration"


def holds_something(path: Path) -> bool:
    """Whether a module has more than a docstring and re-exports."""
    passive = ast.Import | ast.ImportFrom | ast.Expr | ast.Assign
    return any(not isinstance(node, passive) for node in ast.parse(path.read_text()).body)


def modules() -> set[str]:
    """Return the modules that a unit test should mirror, as paths without a suffix."""
    found = [path for path in python_files(PACKAGE) if path.name != "__init__.py" or holds_something(path)]
    return {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in found}


def mirrored(tests: Path) -> set[str]:
    """Return the modules that tests name by where they lie."""
    found = [path.relative_to(tests).with_suffix("") for path in tests.rglob("test_*.py")]
    return {path.with_name(path.name.removeprefix("test_")).as_posix() for path in found}


def test_each_module_has_a_test_that_mirrors_it_or_a_reason():
    missing = (
        modules() - mirrored(UNIT) - mirrored(INTEGRATION) - set(read_exceptions("mirror.toml")["no_mirror"])
    )
    assert not missing, "\n".join(sorted(missing))


def test_each_unit_test_lies_where_its_module_lies():
    stray = mirrored(UNIT) - modules() - set(read_exceptions("mirror.toml")["no_module"])
    assert not stray, "\n".join(sorted(stray))


def test_every_exception_is_needed_and_has_a_reason():
    exceptions, tested = read_exceptions("mirror.toml"), mirrored(UNIT) | mirrored(INTEGRATION)
    needless = {name for name in exceptions["no_mirror"] if name in tested or name not in modules()}
    needless |= {name for name in exceptions["no_module"] if name in modules() or name not in mirrored(UNIT)}
    assert not needless, "\n".join(sorted(needless))
    assert all(len(reason) > 15 for table in exceptions.values() for reason in table.values())
