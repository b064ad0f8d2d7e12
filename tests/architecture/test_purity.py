# SPDX-License-Identifier: Apache-2.0
"""What runs without Airflow, seen from a fresh process."""

import json
import subprocess
import sys

import pytest

from tests.architecture.source import PACKAGE

AIRFLOW_FREE = ("core", "audit", "authoring", "ports", "services", "adapters", "facade", "cli")
PURE = ("core", "audit")
LOADER = """
import importlib, json, pkgutil, sys
before = set(sys.modules)
for name in json.loads(sys.argv[1]):
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith(".__main__"):
            importlib.import_module(found.name)
print(json.dumps(sorted({loaded.partition(".")[0] for loaded in set(sys.modules) - before})))
"""


def loaded_by(*names: str) -> set[str]:
    """Import packages with all that is below them in a new process; return the top-level names that came along."""
    argv = [sys.executable, "-c", LOADER, json.dumps(names)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("package", AIRFLOW_FREE)
def test_the_package_loads_without_airflow(package):
    assert not loaded_by(f"airflow_xborder.{package}") & {"airflow", "sqlalchemy", "fastapi"}


@pytest.mark.parametrize("package", PURE)
def test_the_pure_packages_load_the_standard_library_only(package):
    loaded = loaded_by(f"airflow_xborder.{package}") - sys.stdlib_module_names
    # Python's own build data has a module named after the platform.
    assert {name for name in loaded if not name.startswith("_sysconfigdata")} == {"airflow_xborder"}


def test_importing_the_package_itself_does_nothing():
    argv = [sys.executable, "-c", "import sys, airflow_xborder; print(*sys.modules)"]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert {name for name in loaded if name.startswith("airflow")} == {
        "airflow_xborder",
        "airflow_xborder.provider_info",
    }


def test_no_airflow_free_package_is_missing_from_this_test():
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    airflow_side = {
        "decorators", "demo", "dags", "enforcement", "extractors", "hooks", "listeners", "notifications", "operators",
        "plugins", "sensors", "triggers", "ui",
    }  # fmt: skip
    assert folders - airflow_side <= set(AIRFLOW_FREE)
