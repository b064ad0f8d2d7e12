# SPDX-License-Identifier: Apache-2.0
"""Loads the gate into the processes from which tasks are forked, so that no task pays for it.

Every Airflow task is a new process, and importing the gate is most of what its first decision costs. A scheduler
forks the workers of its LocalExecutor: what it has loaded they have. Nothing is opened, read or decided here.
"""

from __future__ import annotations

from typing import Any

from airflow.listeners import hookimpl


@hookimpl
def on_starting(component: Any) -> None:
    """Import the gate when a service of Airflow starts; a task's own process imports it when it needs it."""
    if hasattr(component, "latest_heartbeat"):  # a Job; the marker of a task's process has none
        import airflow_xborder.services.gate
        import airflow_xborder.services.resolution  # noqa: F401
