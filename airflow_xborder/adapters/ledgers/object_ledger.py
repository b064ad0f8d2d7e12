# SPDX-License-Identifier: Apache-2.0
"""A ledger over any object store: one event, one object."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from airflow_xborder.audit.event import Event, TaskKey, parse_event, same_but_for_clocks
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerIntegrityError,
    LedgerUnavailableError,
)
from airflow_xborder.ports.ledger import Receipt

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore


class ObjectLedger:
    """The :class:`~airflow_xborder.ports.ledger.Ledger` of one region in an object store.

    :param region: events of any other region are refused: evidence stays where its data was.
    """

    def __init__(self, store: ObjectStore, region: str) -> None:
        self._store = store
        self.region = region
        self._numbers: dict[TaskKey, int] = {}

    @property
    def location(self) -> str:
        """Where the events lie."""
        return self._store.location

    def next_number(self, task: TaskKey | None) -> int:
        """Return the number after the last durable one of a try; 1 for what belongs to no task."""
        return 1 if task is None else self._numbers.get(task, 0) + 1

    def append(self, event: Event) -> Receipt:
        """Record ``event`` durably, or find it recorded already."""
        receipt = self._append(event)
        if event.task is not None:
            self._numbers[event.task] = max(receipt.event.sequence, self._numbers.get(event.task, 0))
        return receipt

    def _append(self, event: Event) -> Receipt:
        if event.region != self.region:
            raise ConfigurationError(
                f"an event of region `{event.region}` was handed to the ledger of region `{self.region}`"
            )
        name, data = event.object_name, event.to_bytes()
        try:
            self._store.create(name, data)
        except LedgerConflictError as conflict:
            return self._adopt(name, event, conflict)
        return Receipt(name=name, sha256=hashlib.sha256(data).hexdigest(), event=event)

    def _adopt(self, name: str, event: Event, conflict: LedgerConflictError) -> Receipt:
        data = self._store.get(name)
        if data is None:
            raise LedgerUnavailableError(f"`{name}` is taken but cannot be read yet") from conflict
        stored = parse_event(data)
        if stored.object_name != name or not same_but_for_clocks(stored, event):
            raise LedgerIntegrityError(
                f"`{name}` in `{self.location}` records another fact than the one to be recorded",
                hint="this try was recorded before with other content; compare the two before a new run",
            ) from conflict
        return Receipt(name=name, sha256=hashlib.sha256(data).hexdigest(), event=stored)
