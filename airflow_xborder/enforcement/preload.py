# SPDX-License-Identifier: Apache-2.0
"""Loads the gate into the processes from which tasks are forked, so that no task pays for it.

Every Airflow task is a new process, and importing the gate is most of what its first decision costs. A scheduler
forks the workers of its LocalExecutor: what it has loaded they have. Nothing is opened, read or decided here, and
no client or anything with threads of its own is loaded, since that would not survive a fork.
"""

from __future__ import annotations

from typing import Any

from airflow.listeners import hookimpl


@hookimpl
def on_starting(component: Any) -> None:
    """Import the gate when a service of Airflow starts; a task's own process imports it when it needs it."""
    if hasattr(component, "latest_heartbeat"):  # a Job; the marker of a task's process has none
        _load()


def _load() -> None:
    import airflow_xborder.adapters.engines.native
    import airflow_xborder.adapters.ledgers.object_ledger
    import airflow_xborder.adapters.object_stores.directory
    import airflow_xborder.adapters.policy_stores.published
    import airflow_xborder.enforcement.declared
    import airflow_xborder.enforcement.guard
    import airflow_xborder.services.gate  # noqa: F401
