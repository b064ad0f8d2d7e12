# SPDX-License-Identifier: Apache-2.0
"""From our errors to Airflow's outcomes: a denial is never retried, a ledger that is out of reach is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from airflow_xborder import errors

if TYPE_CHECKING:
    from airflow_xborder.services.gate import Ruling

_GROUNDS_SHOWN = 4


class TaskOutcome(Enum):
    """What becomes of the task: failed for good, or failed in a way that its retries may mend."""

    FAIL = "fail"
    RETRY = "retry"


# The most special class that an error is an instance of decides.
OUTCOMES: dict[type[errors.XborderError], TaskOutcome] = {
    errors.XborderError: TaskOutcome.FAIL,
    errors.ConfigurationError: TaskOutcome.FAIL,
    errors.PolicyError: TaskOutcome.FAIL,
    errors.FlowError: TaskOutcome.FAIL,
    errors.EvaluationError: TaskOutcome.RETRY,
    errors.EnforcementError: TaskOutcome.FAIL,
    errors.LedgerError: TaskOutcome.FAIL,
    errors.LedgerUnavailableError: TaskOutcome.RETRY,
}


def outcome_of(error: errors.XborderError) -> TaskOutcome:
    """Return what an error does to its task."""
    return next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)


@contextmanager
def airflow_outcome() -> Iterator[None]:
    """Let our errors leave as Airflow understands them.

    An error that a retry cannot mend becomes ``AirflowFailException``, with ours as its cause; one that it may
    mend goes through as it is, and Airflow retries the task as far as its ``retries`` go.
    """
    try:
        yield
    except errors.XborderError as error:
        if outcome_of(error) is TaskOutcome.RETRY:
            raise
        from airflow.sdk.exceptions import AirflowFailException

        raise AirflowFailException(f"{error.code}: {error}") from error


def refusal(ruling: Ruling) -> errors.EnforcementError | None:
    """Return the error that a ruling means to whoever wanted to move the data, or ``None`` if it allows.

    Its message is one line: from where to where, and by what; the hint is the cheapest way to make it lawful.
    """
    from airflow_xborder.core.decision import Outcome
    from airflow_xborder.core.explanation import between

    decision = ruling.decision
    if decision.allowed:
        return None
    grounds = [entry.citation for entry in decision.violations] or [entry.text for entry in decision.reasons]
    grounds = list(dict.fromkeys(grounds))
    more = len(grounds) - _GROUNDS_SHOWN
    because = "; ".join(grounds[:_GROUNDS_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    ways = sorted(decision.remediations, key=lambda entry: entry.cost)
    kind = errors.FlowDeniedError if decision.outcome is Outcome.DENY else errors.ReviewRequiredError
    return kind(
        f"{between(ruling.flow)}: {because}",
        decision=decision,
        hint=ways[0].change if ways else None,
    )
