# SPDX-License-Identifier: Apache-2.0
"""One movement, one decision: what an ``allow`` opens in this process, and what this process has read so far.

A scope covers exactly the stores of its decision, until the decision's ``valid_until``. Inner enforcement points
inside a scope only count; anything else asks again, with everything read so far as its origin.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from airflow_xborder.core.catalog import lies_in
from airflow_xborder.core.decision import Decision


@dataclass(slots=True)
class Scope:
    """An open decision. ``touched`` counts the accesses under it, by store."""

    decision: Decision
    stores: frozenset[str]
    touched: dict[str, int] = field(default_factory=dict)

    def covers(self, store: str, now: datetime) -> bool:
        """Tell whether the access to ``store``, or to an object in it, is part of this decision now."""
        if self.decision.valid_until is not None and now >= self.decision.valid_until:
            return False
        return any(lies_in(store, known) for known in self.stores)


_LOCK = threading.Lock()
_open: list[Scope] = []
_read: dict[str, None] = {}


@contextmanager
def open_scope(decision: Decision, stores: frozenset[str]) -> Iterator[Scope]:
    """Open a scope for the stores of an allowed decision.

    :raises ValueError: if the decision does not allow.
    """
    if not decision.allowed:
        raise ValueError("only an allowed decision opens a scope")
    scope = Scope(decision, stores)
    with _LOCK:
        _open.append(scope)
    try:
        yield scope
    finally:
        with _LOCK:
            _open.remove(scope)


def scope_for(store: str, now: datetime) -> Scope | None:
    """Return the open scope that covers an access, counted, or ``None``."""
    with _LOCK:
        for scope in reversed(_open):
            if scope.covers(store, now):
                scope.touched[store] = scope.touched.get(store, 0) + 1
                return scope
    return None


def joins(origin: str, target: str, now: datetime) -> bool:
    """Tell whether one open scope covers both ends of a movement."""
    with _LOCK:
        return any(scope.covers(origin, now) and scope.covers(target, now) for scope in _open)


def note_read(store: str) -> None:
    """Remember that this process has read from a store: whatever it writes next may come from there."""
    with _LOCK:
        _read[store] = None


def stores_read() -> tuple[str, ...]:
    """Return the stores read so far, in the order of the first reading."""
    with _LOCK:
        return tuple(_read)


def forget_reads() -> None:
    """Start anew, as a new process would; for tests and long-lived hosts that run one task after another."""
    with _LOCK:
        _read.clear()
