# SPDX-License-Identifier: Apache-2.0
"""The gate is loaded where tasks are forked from, and nowhere else early."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("component", "loaded"), [("latest_heartbeat = 1", True), ("pass", False)])
def test_a_service_loads_the_gate_and_a_task_does_not(component, loaded):
    code = f"""
import sys, airflow
from airflow_xborder.enforcement.preload import on_starting
class Component:
    {component}
on_starting(Component())
print("airflow_xborder.services.gate" in sys.modules, "obstore" in sys.modules, "requests" in sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split()[-3:] == [str(loaded), "False", "False"]
