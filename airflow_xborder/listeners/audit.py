# SPDX-License-Identifier: Apache-2.0
"""The audit listener: tells the ledger of this worker's region when a task starts and how it ends.

It observes, and is never in a task's way: whatever goes wrong here is logged, counted and left. What must not be
missing is recorded by the gate and the guard, before the effect; a task that was killed has no last word here.

It speaks in the task's own process only. State changes that the scheduler or the API server make reach listeners
there too; those processes must not hold a connection to a ledger that their children would inherit.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl

from airflow_xborder import runtime

log = logging.getLogger(__name__)

_MAX_SECONDS = 5.0


@hookimpl
def on_task_instance_running(task_instance: Any) -> None:
    """Tell that a task starts, or goes on after a pause."""
    _tell("running", task_instance)


@hookimpl
def on_task_instance_success(task_instance: Any) -> None:
    """Tell that a task succeeded."""
    _tell("success", task_instance)


@hookimpl
def on_task_instance_skipped(task_instance: Any) -> None:
    """Tell that a task skipped itself."""
    _tell("skipped", task_instance)


@hookimpl
def on_task_instance_failed(task_instance: Any, error: Any) -> None:
    """Tell that a try failed, and by which kind of error; its message may hold anybody's data."""
    _tell("failed", task_instance, error)


def _tell(phase: str, task_instance: Any, error: Any = None) -> None:
    if getattr(task_instance, "task", None) is None or not hasattr(task_instance, "_ti_context_from_server"):
        return
    try:
        _record(phase, task_instance, error)
    except Exception as problem:  # an observer never stops what it observes; it says that it could not see
        log.exception("the audit listener could not record `%s` of this task: %s", phase, problem)
        _count("listener.failed")


def _record(phase: str, task_instance: Any, error: Any) -> None:
    if not runtime.is_configured():
        return
    region = runtime.worker_region()
    if region is None:
        log.info("no audit of this task: `[xborder] worker_region` is not set")
        return
    from airflow_xborder.audit.event import Event
    from airflow_xborder.services.identifiers import new_id

    ledger = runtime.ledger(region)
    key = runtime.task_key({"ti": task_instance})
    now = runtime.SystemClock().now()
    event = Event(
        kind="task",
        phase=phase,
        region=region,
        event_id=new_id(now),
        occurred_at=now,
        task=key,
        sequence=ledger.next_number(key),
        withheld=("error.message",) if error is not None else (),
        body=_body(phase, task_instance, error, region),
    )
    runtime.run_within(min(_MAX_SECONDS, runtime.options().ledger_timeout), lambda: ledger.append(event))


def _body(phase: str, task_instance: Any, error: Any, region: str) -> dict[str, Any]:
    body: dict[str, Any] = {"state": phase, "operator": type(task_instance.task).__name__}
    if error is not None:
        cause = getattr(error, "__cause__", None)
        body["error"] = {"class": _name(error), "cause": _name(cause) if cause is not None else None}
    if phase != "running":
        from airflow_xborder.listeners.lineage import observed

        body["observed"] = observed(runtime.catalog(), region)
    return body


def _name(error: Any) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _count(name: str) -> None:
    from airflow.sdk.observability import stats

    stats.incr(f"xborder.{name}")
