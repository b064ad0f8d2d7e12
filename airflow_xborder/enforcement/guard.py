# SPDX-License-Identifier: Apache-2.0
"""The task guard: decides what a task declares that it moves before the task runs, and records that it ran.

``[xborder] enforcement`` says what follows from an answer: ``enforce`` fails the task, ``shadow`` only records and
logs. Both ask the same gate in the same way. Airflow calls it anew whenever a task is resumed, so a decision never
outlives its facts. Operators that ask the gate themselves are left to do so.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_xborder import runtime
from airflow_xborder.errors import EnforcementError, LedgerUnavailableError
from airflow_xborder.outcomes import airflow_outcome, refusal

if TYPE_CHECKING:
    from airflow_xborder.audit.event import TaskKey
    from airflow_xborder.core.flow import DataFlow
    from airflow_xborder.services.gate import Ruling
    from airflow_xborder.services.scopes import Scope

log = logging.getLogger(__name__)

_OUTCOME_DELAYS = (0.2, 1.0)
_RUNS = ("execute", "pre_execute", "post_execute", "resume_execution", "prepare_for_execution")
_MEMORIES = (
    ("airflow_xborder.services.scopes", "forget_reads"),
    ("airflow_xborder.hooks.access", "forget_accesses"),
)


@dataclass(slots=True)
class _Watch:
    """The task that this process runs now: what was decided for it, and the scopes that its allows opened."""

    task: TaskKey
    rulings: list[Ruling]
    scopes: list[Scope | None] = field(default_factory=list)
    open: ExitStack = field(default_factory=ExitStack)


_watches: list[_Watch] = []


def before_execute(context: Any, author: Callable[..., Any] | None) -> None:
    """Decide what the task declares that it moves, then run the author's own hook.

    :raises AirflowFailException: in ``enforce``, for ``deny``, for ``review``, and for what a retry cannot mend.
    :raises XborderError: in ``enforce``, if the question could not be answered or not be recorded; Airflow retries.
    """
    _leave()
    task = context["task"]
    if (task.inlets or task.outlets) and not enforces_itself(type(task)):
        if runtime.enforcement() == "enforce":
            with airflow_outcome():
                _enforce(context)
        else:
            _shadow("decide", lambda: _watch(context))
    _run(author, context)


def after_execute(context: Any, result: Any, author: Callable[..., Any] | None) -> None:
    """Run the author's own hook, then record that the task did what was decided.

    :raises AirflowFailException: in ``enforce``, if that could not be recorded: a retry would do it all again.
    """
    _run(author, context, result)
    watch = _leave()
    if watch is None or watch.task != runtime.task_key(context):
        return
    if runtime.enforcement() == "enforce":
        with airflow_outcome():
            _record_outcome(watch)
    else:
        _shadow(
            "record", lambda: runtime.run_within(runtime.options().ledger_timeout, lambda: _record(watch))
        )


def enforces_itself(operator: type) -> bool:
    """Tell whether an operator asks the gate on its own: one of ours, in which nobody has replaced what runs."""
    if not getattr(operator, "xborder_enforces", False):
        return False
    # The attribute is anybody's to set: what counts is that our code is what runs.
    ours = _provider(operator, "execute").__module__.startswith("airflow_xborder.")
    return ours and all(
        _provider(operator, name).__module__.startswith(("airflow_xborder.", "airflow.")) for name in _RUNS
    )


def _provider(operator: type, name: str) -> type:
    return next(cls for cls in operator.__mro__ if name in vars(cls) or cls is object)


def _enforce(context: Any) -> None:
    watch = _decide(context)
    refusals = [error for error in map(refusal, watch.rulings) if error is not None]
    if refusals:
        # A denial is final, so where there is one it is what the author should read.
        raise min(refusals, key=lambda error: error.code != "flow_denied")
    _enter(watch)


def _watch(context: Any) -> None:
    """Decide, and open scopes only where every pair is allowed: a scope covers both ends of its pair."""
    watch = runtime.run_within(runtime.options().ledger_timeout, lambda: _decide(context))
    refusals = [error for error in map(refusal, watch.rulings) if error is not None]
    for error in refusals:
        log.warning("shadow: this task would not have run: %s", error)
    _enter(watch, opens=not refusals)


def _decide(context: Any) -> _Watch:
    from airflow_xborder.core.explanation import explain
    from airflow_xborder.services.gate import GateRequest
    from airflow_xborder.services.resolution import Measured

    key, measured = runtime.task_key(context), Measured(frequency=runtime.frequency(context))
    watch = _Watch(key, [])
    flows = _flows(context["task"]) if _must_ask() else []
    for number, flow in enumerate(flows, 1):
        # Two pairs may have one decision key; each has its own event.
        step = "" if number == 1 else str(number)
        request = GateRequest(flow=flow, point="guard", task=key, step=step, measured=measured)
        ruling = runtime.gate().decide(request)
        log.log(
            logging.INFO if ruling.decision.allowed else logging.WARNING,
            "%s",
            explain(ruling.decision, ruling.flow),
        )
        _count(f"guard.{ruling.decision.outcome.value}")
        watch.rulings.append(ruling)
    return watch


def _must_ask() -> bool:
    # A deployment that has not begun is not shadowed; one that enforces without a release fails, with the reason.
    return runtime.enforcement() == "enforce" or runtime.is_configured()


def _flows(task: Any) -> list[DataFlow]:
    from airflow_xborder.enforcement.declared import declared, flows_of

    catalog = runtime.catalog()
    inlets, outlets = declared(task.inlets, catalog), declared(task.outlets, catalog)
    for asset in (*inlets, *outlets):
        if not asset.is_known:
            log.info("undeclared: the catalog does not know `%s`", asset.name)
    return list(flows_of(inlets, outlets, catalog, runtime.worker_region()))


def _enter(watch: _Watch, *, opens: bool = True) -> None:
    from airflow_xborder.services import scopes

    for ruling in watch.rulings:
        source, destination = ruling.flow.source.store, ruling.flow.destination.store
        if source is not None:
            # Code that this guard does not see may read it; whatever is written later may come from there.
            scopes.note_read(source)
        stores = frozenset(store.rstrip("/") for store in (source, destination) if store is not None)
        scope = scopes.open_scope(ruling.decision, stores) if opens else None
        watch.scopes.append(watch.open.enter_context(scope) if scope is not None else None)
    _watches.append(watch)


def _leave() -> _Watch | None:
    """Close what the last task of this process left open: its scopes are not the next one's."""
    watch = _watches.pop() if _watches else None
    if watch is not None:
        watch.open.close()
    # What was never loaded remembers nothing, and most tasks need none of it.
    for name, forget in _MEMORIES:
        if name in sys.modules:
            getattr(sys.modules[name], forget)()
    return watch


def _record_outcome(watch: _Watch, delays: Sequence[float] = _OUTCOME_DELAYS) -> None:
    try:
        _record(watch)
    except LedgerUnavailableError as error:
        if not delays:
            message = f"the task has run, and that could not be recorded: {error.message}"
            raise EnforcementError(message, hint=error.hint) from error
        log.warning("the outcome could not be recorded, trying again: %s", error)
        time.sleep(delays[0])
        _record_outcome(watch, delays[1:])


def _record(watch: _Watch) -> None:
    for ruling, scope in zip(watch.rulings, watch.scopes, strict=True):
        phase = "-".join(filter(None, ("completed", ruling.request.step)))
        accesses = sum(scope.touched.values()) if scope is not None else 0
        body: dict[str, object] = {
            "point": ruling.request.point,
            "mode": runtime.enforcement(),
            "decision": ruling.decision.outcome.value,
            "counts": {"accesses": accesses},
        }
        runtime.gate().record(ruling, "movement", phase, body)


def _shadow(what: str, act: Callable[[], None]) -> None:
    try:
        act()
    except Exception as error:  # shadow mode must never be what fails a task, whatever is wrong with it
        log.exception("shadow: could not %s what this task moves: %s", what, error)
        _count("guard.shadow_failed")


def _run(author: Callable[..., Any] | None, context: Any, *more: Any) -> None:
    if author is None:
        return
    from airflow.sdk.execution_time.callback_runner import create_executable_runner
    from airflow.sdk.execution_time.context import context_get_outlet_events

    # As Airflow runs them: an author's hook may be a generator that yields metadata.
    create_executable_runner(author, context_get_outlet_events(context), logger=log).run(context, *more)


def _count(name: str) -> None:
    from airflow.sdk.observability import stats

    stats.incr(f"xborder.{name}")
