# SPDX-License-Identifier: Apache-2.0
"""How a hook puts one movement to the gate, on behalf of the task that it runs in, and obeys the answer.

An ``allow`` stands for the same movement of the same task try as long as its ``valid_until`` and the policy release
do, so that a thousand reads of one data set are one decision.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_xborder import runtime
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.explanation import explain
from airflow_xborder.core.flow import DataFlow, End
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.outcomes import refusal
from airflow_xborder.services.gate import GateRequest
from airflow_xborder.services.resolution import Measured

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_xborder.audit.event import TaskKey
    from airflow_xborder.services.gate import Ruling

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What a hook asks about. Either end is a URI of the catalog, or ``None`` for this worker."""

    source: str | None
    destination: str | None
    purpose: str | None = None

    @property
    def step(self) -> str:
        """What tells this movement from the others of the same try, in the name of its record."""
        text = f"{self.source}\n{self.destination}\n{self.purpose}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_LOCK = threading.Lock()
_allowed: dict[tuple[TaskKey | None, Movement], Decision] = {}


def forget_answers() -> None:
    """Start anew, as a new process would."""
    with _LOCK:
        _allowed.clear()


def require_movement(movement: Movement) -> None:
    """Raise unless a movement may happen.

    :raises FlowDeniedError: if the answer is no.
    :raises ReviewRequiredError: if a person would have to decide.
    :raises EvaluationError: if there was no answer; retry.
    :raises LedgerUnavailableError: if it could not be recorded; retry.
    """
    context = current_context()
    task = current_task()
    gate = runtime.gate()
    with _LOCK:
        before = _allowed.get((task, movement))
    if before is not None and is_standing(before, gate.policy_set.digest):
        return
    frequency = runtime.frequency(context) if context is not None else None
    request = GateRequest(
        flow=_flow(movement),
        point="hook",
        task=task,
        step=movement.step,
        measured=Measured(frequency=frequency),
    )
    ruling = gate.decide(request)
    require_allowed(ruling)
    with _LOCK:
        _allowed[task, movement] = ruling.decision


def is_standing(decision: Decision, policy_digest: str) -> bool:
    """Tell whether an earlier ``allow`` still counts."""
    until = decision.valid_until
    return decision.policy_digest == policy_digest and (until is None or now() < until)


def require_allowed(ruling: Ruling) -> None:
    """Raise, with the explanation in the log, unless the answer is ``allow``.

    :raises FlowDeniedError: for ``deny``.
    :raises ReviewRequiredError: for ``review``.
    """
    error = refusal(ruling)
    if error is not None:
        log.error("%s", explain(ruling.decision, ruling.flow))
        raise error


def require_worker_region() -> str:
    """Return the catalog's name of the region of this process.

    :raises ConfigurationError: if nobody said.
    """
    region = runtime.worker_region()
    if region is None:
        raise ConfigurationError(
            "nobody knows in which region this worker runs", hint="set `[xborder] worker_region`"
        )
    return region


def current_context() -> Mapping[str, Any] | None:
    """Return the context of the task that runs now, or ``None`` outside of one."""
    from airflow.sdk import get_current_context

    try:
        return get_current_context()
    except RuntimeError:
        return None


def current_task() -> TaskKey | None:
    """Return which task try this process runs now, or ``None`` outside of one."""
    context = current_context()
    return runtime.task_key(context) if context is not None else None


def now() -> datetime:
    """Return the gate's time."""
    return runtime.SystemClock().now()


def _flow(movement: Movement) -> DataFlow:
    worker = End(region=require_worker_region())
    return DataFlow(
        source=End(store=movement.source) if movement.source else worker,
        destination=End(store=movement.destination) if movement.destination else worker,
        purpose=movement.purpose,
    )
