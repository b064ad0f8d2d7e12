# SPDX-License-Identifier: Apache-2.0
"""The backstop: where tasks are enforced, one that reaches its start without the guard does not run.

The cluster policy looks at a task when its DAG is loaded. A mapped task is made anew in the worker, by arguments
that may replace its hooks; and ``dag.test()`` on a DAG that was imported rather than loaded asks no policy at all.
"""

from __future__ import annotations

from typing import Any

from airflow.listeners import hookimpl

from airflow_xborder import runtime
from airflow_xborder.enforcement.policy import is_attached


@hookimpl
def on_task_instance_running(task_instance: Any) -> None:
    """Stop a task that lost its guard.

    :raises AirflowTaskTerminated: Airflow swallows every other error of a listener.
    """
    task = getattr(task_instance, "task", None)
    if task is None or runtime.enforcement() != "enforce" or is_attached(task):
        return
    from airflow.sdk.exceptions import AirflowTaskTerminated

    raise AirflowTaskTerminated(
        f"task `{task_instance.task_id}` has no guard, and `[xborder] enforcement` is `enforce`: "
        "its arguments replace its hooks, or its DAG was not loaded through a DagBag"
    )
