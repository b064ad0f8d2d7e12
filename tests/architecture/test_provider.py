# SPDX-License-Identifier: Apache-2.0
"""What Airflow is told about this provider exists, and Airflow can read it."""

import importlib
import json
import subprocess
import sys
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec

import jsonschema
import pytest

from airflow_xborder.provider_info import get_provider_info

INFO = get_provider_info()
GROUPS = ("apache_airflow_provider", "airflow.plugins", "airflow.policy", "console_scripts")


def paths_in(value: object) -> set[str]:
    """Return every text in the metadata that names something of this package."""
    if isinstance(value, dict):
        return set().union(*(paths_in(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(paths_in(item) for item in value))
    return {value} if isinstance(value, str) and value.startswith("airflow_xborder.") else set()


def leads_somewhere(path: str) -> bool:
    """Whether a dotted path names a module, or something in one."""
    module, _, name = path.replace(":", ".").rpartition(".")
    found = importlib.import_module(module)
    return hasattr(found, name) or find_spec(f"{module}.{name}") is not None


def test_each_path_leads_somewhere():
    assert {path for path in paths_in(INFO) if not leads_somewhere(path)} == set()


def test_the_metadata_is_what_airflow_expects():
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(INFO, schema)


def test_every_option_says_what_it_is_for():
    for section in INFO.get("config", {}).values():
        for name, option in section["options"].items():
            assert option.get("description"), name
            assert option["default"] is None or isinstance(option["default"], str), name


@pytest.mark.parametrize("group", GROUPS)
def test_each_entry_point_loads(group):
    ours = [point for point in entry_points(group=group) if point.value.startswith("airflow_xborder.")]
    assert ours, f"no entry point of ours in {group}"
    for point in ours:
        assert point.load() is not None


def test_the_command_runs_as_a_module_too():
    result = subprocess.run(
        [sys.executable, "-m", "airflow_xborder", "--help"], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0
    assert "xborder" in result.stdout
