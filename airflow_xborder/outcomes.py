# SPDX-License-Identifier: Apache-2.0
"""From our errors to Airflow's outcomes: a denial is never retried, a ledger that is out of reach is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from airflow_xborder import errors


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
