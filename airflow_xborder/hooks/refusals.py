# SPDX-License-Identifier: Apache-2.0
"""How an error of ours leaves a hook, which anybody's code may have called.

It stays what it is, so that ``except FlowDeniedError`` works, and where a retry cannot mend it, it is an
``AirflowFailException`` too, so that a denial inside somebody's function does not make Airflow try again.
"""

from __future__ import annotations

import copyreg
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder.errors import XborderError
from airflow_xborder.outcomes import TaskOutcome, outcome_of


@contextmanager
def refusing() -> Iterator[None]:
    """Let our errors leave so that Airflow knows which of them a retry may mend."""
    try:
        yield
    except XborderError as error:
        if isinstance(error, AirflowFailException) or outcome_of(error) is TaskOutcome.RETRY:
            raise
        raise final(error).with_traceback(error.__traceback__) from error.__cause__


def final(error: XborderError) -> XborderError:
    """Return the same error as one that Airflow does not retry."""
    kind = _final_class(type(error))
    refusal = kind.__new__(kind)
    refusal.__setstate__({**error.__dict__, "args": error.args})
    return refusal


_FINAL: dict[type[XborderError], type[XborderError]] = {}


def _final_class(kind: type[XborderError]) -> type[XborderError]:
    if kind not in _FINAL:
        members = {"__doc__": kind.__doc__, "__module__": kind.__module__, "__reduce__": _reduce}
        _FINAL[kind] = type(kind.__name__, (kind, AirflowFailException), members)
    return _FINAL[kind]


def _reduce(error: XborderError) -> tuple[object, ...]:
    # The class is made here and has no name that another process could import.
    return _restore, (type(error).__mro__[1], {**error.__dict__, "args": error.args})


def _restore(kind: type[XborderError], state: dict[str, object]) -> XborderError:
    error: XborderError = copyreg.__newobj__(kind)  # type: ignore[attr-defined]
    error.__setstate__(state)
    return final(error)
