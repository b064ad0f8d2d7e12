# SPDX-License-Identifier: Apache-2.0
"""May this process read from, or write to, a store: what every regional hook asks before it touches one.

Inside an open scope an access only counts, as far as all that was read is of that scope too. Outside it is decided: a read as a movement from the store to this worker,
a write as movements from everything that this process has read so far. What cannot be told apart (a database
connection) is both, now and later: whatever is read after it was opened may leave through it. Where only a store is
known, each data set that the catalog has in it is asked about: the most that it may hold.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from airflow_xborder import runtime
from airflow_xborder.hooks.asking import (
    Movement,
    current_task,
    now,
    require_movement,
    require_worker_region,
)
from airflow_xborder.services import scopes

if TYPE_CHECKING:
    from airflow_xborder.audit.event import TaskKey
    from airflow_xborder.core.catalog import Catalog

HOLDER_OF_A_LINK = "link:anybody"
"""Where data is that a signed address leads to, or comes from: no store of any catalog, so nobody knows."""

_LOCK = threading.Lock()
# By task try: one process may run one task after another.
_open_ended: dict[tuple[TaskKey | None, str], None] = {}
_contents: dict[tuple[TaskKey | None, str], None] = {}


def forget_accesses() -> None:
    """Start anew, as a new process would."""
    with _LOCK:
        _open_ended.clear()
        _contents.clear()
    scopes.forget_reads()


def require_read(uri: str, purpose: str | None = None, *, content: bool = True) -> None:
    """Raise unless this process may read from an object or a store; remember that it did.

    :param content: whether what is in the object is read, and not only its name, size and the like: nobody can say
        that what is written next was made of that.
    :raises FlowDeniedError: if the answer is no.
    :raises ReviewRequiredError: if a person would have to decide.
    """
    catalog = runtime.catalog()
    for unit in units(catalog, uri):
        _require_reading(catalog, unit, purpose)
        _note(unit, content=content)


def require_write(uri: str, purpose: str | None = None) -> None:
    """Raise unless this process may write to an object or a store, given what it has read so far.

    :raises FlowDeniedError: if the answer is no.
    :raises ReviewRequiredError: if a person would have to decide.
    """
    catalog = runtime.catalog()
    for unit in units(catalog, uri):
        origins = scopes.stores_read()
        for origin in origins:
            _require_between(catalog, origin, unit, purpose)
        if not _in_scope(unit) and not _has_content(origins):
            require_movement(_made_here(catalog, unit, purpose))


def require_connection_to(uri: str, purpose: str | None = None) -> None:
    """Raise unless this process may read from a store and write to it, from now on.

    :raises FlowDeniedError: if the answer is no.
    :raises ReviewRequiredError: if a person would have to decide.
    """
    catalog = runtime.catalog()
    targets = units(catalog, uri)
    for unit in targets:
        for origin in scopes.stores_read():
            _require_between(catalog, origin, unit, purpose)
        _require_reading(catalog, unit, purpose)
    note_connection(*targets)


def note_connection(*units: str) -> None:
    """Remember that this process holds a connection over which it may read and write some data sets."""
    task = current_task()
    for unit in units:
        _note(unit, content=True)
    with _LOCK:
        _open_ended.update(dict.fromkeys((task, unit) for unit in units))


def require_copy(source: str, destination: str, purpose: str | None = None) -> None:
    """Raise unless data may go from one store to another without passing this worker.

    :raises FlowDeniedError: if the answer is no.
    :raises ReviewRequiredError: if a person would have to decide.
    """
    catalog = runtime.catalog()
    for origin in units(catalog, source):
        for target in units(catalog, destination):
            if not (_in_scope(origin) and _in_scope(target)):
                require_movement(Movement(source=origin, destination=target, purpose=purpose))


def require_link(uri: str, purpose: str | None = None, *, writes: bool) -> None:
    """Raise unless whoever holds an address may read an object, or write it, from wherever that is.

    :raises FlowDeniedError: if the answer is no.
    :raises ReviewRequiredError: if a person would have to decide.
    """
    for unit in units(runtime.catalog(), uri):
        ends = (HOLDER_OF_A_LINK, unit) if writes else (unit, HOLDER_OF_A_LINK)
        require_movement(Movement(source=ends[0], destination=ends[1], purpose=purpose))


def units(catalog: Catalog, uri: str) -> tuple[str, ...]:
    """Return what an access to ``uri`` is about: its row of the catalog, all rows inside it, or the bare store.

    A row's own pattern stands for the object, whose name may name a person.
    """
    rows = catalog.datasets_in(uri)
    if rows and (uri in catalog.stores or catalog.dataset_of(uri) is not None):
        return tuple(row.match for row in rows)
    # An object that no row describes: nobody knows what is in it, whatever else its store holds.
    found = catalog.store_of(uri)
    return (found[0] if found else uri,)


def _note(unit: str, *, content: bool) -> None:
    scopes.note_read(unit)
    if content:
        task = current_task()
        with _LOCK:
            _contents[task, unit] = None


def _has_content(origins: tuple[str, ...]) -> bool:
    task = current_task()
    with _LOCK:
        return any((task, origin) in _contents for origin in origins)


def _require_reading(catalog: Catalog, unit: str, purpose: str | None) -> None:
    if not _in_scope(unit):
        require_movement(Movement(source=unit, destination=None, purpose=purpose))
    for way_out in _ways_out():
        _require_between(catalog, unit, way_out, purpose)


def _require_between(catalog: Catalog, origin: str, target: str, purpose: str | None) -> None:
    # What returns to the store that it came from crosses nothing that reading it did not. An open decision is about
    # this movement only if it is about both ends: what else was read is not part of it, wherever it goes.
    known = _store(catalog, origin) == _store(catalog, target) or scopes.joins(origin, target, now())
    if not known:
        require_movement(Movement(source=origin, destination=target, purpose=purpose))


def _made_here(catalog: Catalog, unit: str, purpose: str | None) -> Movement:
    # Nothing that was read can have become this, so it was made here. Where no border lies between, the row of the place that it
    # goes to says what it is; across one nobody can tell, and the gate says so.
    found = catalog.store_of(unit)
    at_home = found is not None and catalog.region_name(found[1].region) == require_worker_region()
    return Movement(source=unit if at_home else None, destination=unit, purpose=purpose)


def _store(catalog: Catalog, uri: str) -> str:
    found = catalog.store_of(uri)
    return found[0] if found else uri


def _ways_out() -> tuple[str, ...]:
    task = current_task()
    with _LOCK:
        return tuple(unit for opener, unit in _open_ended if opener == task)


def _in_scope(unit: str) -> bool:
    return scopes.scope_for(unit, now()) is not None
