# SPDX-License-Identifier: Apache-2.0
"""What Airflow gets from the plugin, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

from airflow_xborder.enforcement import backstop, preload
from airflow_xborder.listeners import audit
from airflow_xborder.listeners.lineage import LineageReader
from airflow_xborder.plugins.xborder import XBorderPlugin


def test_airflow_loads_it_under_its_name():
    code = """
from airflow.plugins_manager import _get_plugins
plugins, errors = _get_plugins()
print([plugin.name for plugin in plugins].count("xborder"), len(errors))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split()[-2:] == ["1", "0"]


def test_it_has_the_listeners_and_the_reader():
    assert XBorderPlugin.listeners == [backstop, audit, preload]
    assert XBorderPlugin.hook_lineage_readers == [LineageReader]


def test_importing_it_opens_nothing_and_loads_no_gate():
    code = """
import sys, airflow
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith(("socket.", "sqlite3.")) else None)
import airflow_xborder.plugins.xborder
print(opened, [name for name in sys.modules if name.startswith(("airflow_xborder.services", "airflow_xborder.adapters"))])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip().splitlines()[-1] == "[] []"
