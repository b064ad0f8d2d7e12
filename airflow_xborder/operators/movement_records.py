# SPDX-License-Identifier: Apache-2.0
"""What both ledgers are told of a movement: that it starts, what was done to the data, and how it ended.

Counts are exact in the origin's ledger and withheld from the other side's, and so are digests of the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from airflow_xborder.errors import LedgerError, LedgerUnavailableError, XborderError
from airflow_xborder.services.gate import Gate, Ruling

if TYPE_CHECKING:
    from airflow_xborder.adapters.transfers.postgres import CopyResult
    from airflow_xborder.services.obligations import CopyPlan

log = logging.getLogger(__name__)

ATTEMPTS = 4
FIRST_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class MovementRecords:
    """The events of one movement."""

    gate: Gate
    source: str
    destination: str

    def started(self, ruling: Ruling, plan: CopyPlan) -> None:
        """Record that rows are about to move.

        :raises LedgerUnavailableError: if either ledger could not take it; nothing may move then.
        """
        body = self._body() | {"plan": plan.digest, "columns": [entry.column.name for entry in plan.columns]}
        self.gate.record(ruling, "transfer", "started", body)

    def completed(self, ruling: Ruling, plan: CopyPlan, result: CopyResult) -> None:
        """Record what was carried out, and that the rows are there.

        :raises LedgerError: if that could not be recorded, several times over. The rows have moved, so that no retry
            may follow by itself.
        """
        try:
            self._persistently(lambda: self._obligations(ruling, plan, result))
            self._persistently(lambda: self._completed(ruling, plan, result))
        except LedgerUnavailableError as error:
            raise LedgerError(
                f"the rows have moved, and that could not be recorded: {error.message}",
                hint="clear the task when the ledger is back: it records the outcome and moves nothing twice",
            ) from error

    @contextmanager
    def failure(self, ruling: Callable[[], Ruling]) -> Iterator[None]:
        """Record, if possible, that a movement came to nothing; the error goes on."""
        try:
            yield
        except XborderError as error:
            try:
                self.gate.record(ruling(), "transfer", "failed", self._body() | {"error": error.code})
            except LedgerError as second:
                log.warning("the failure could not be recorded: %s", second)
            raise

    def _obligations(self, ruling: Ruling, plan: CopyPlan, result: CopyResult) -> None:
        for number, entry in enumerate(plan.discharged, 1):
            body = self._body() | {
                "obligation": entry.to_dict(),
                "plan": plan.digest,
                "is_repeat": result.is_repeat,
                **_done(entry.type, result),
            }
            self.gate.record(ruling, "obligation", f"obligation-{number}-{entry.type}", body)

    def _completed(self, ruling: Ruling, plan: CopyPlan, result: CopyResult) -> None:
        counts = {"rows_written": result.landed.rows, "bytes_written": result.landed.bytes}
        if result.rows_read is not None:
            counts |= {"rows_read": result.rows_read, "rows_withheld": result.rows_read - result.landed.rows}
        body = self._body() | {
            "plan": plan.digest,
            "is_repeat": result.is_repeat,
            "counts": counts,
            "digest": {"hmac_sha256": result.landed.content_digest},
        }
        self.gate.record(ruling, "transfer", "completed", body)

    def _body(self) -> dict[str, Any]:
        return {"flow": {"source": {"store": self.source}, "destination": {"store": self.destination}}}

    def _persistently(self, write: Callable[[], None]) -> None:
        tries = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=FIRST_PAUSE, max=5),
            retry=retry_if_exception_type(LedgerUnavailableError),
            reraise=True,
        )
        tries(write)


def _done(obligation: str, result: CopyResult) -> dict[str, Any]:
    """Return what carrying out one kind of obligation has come to; what it left out is the origin's business."""
    if obligation == "filter_rows_by_consent" and result.rows_read is not None:
        return {"counts": {"rows_withheld": result.rows_read - result.landed.rows}}
    if obligation == "minimise_columns":
        return {"dropped": list(result.dropped)}
    if obligation == "pseudonymise":
        return {"pseudonymised": list(result.pseudonymised)}
    return {}
