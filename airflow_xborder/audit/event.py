# SPDX-License-Identifier: Apache-2.0
"""What one entry of the ledger says, and how it becomes bytes and a name.

An event is a fact that was true when it was written: a decision, a transfer started, an obligation carried
out. Its object name is a function of the task instance, the try, the phase and the decision key, so that
coming back to it after a crash meets the same name. Leaves what belongs into ``body`` to the services that
write it, and the hashing to ``merkle.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from airflow_xborder.audit import canonical, layout
from airflow_xborder.audit.canonical import Json
from airflow_xborder.errors import LedgerIntegrityError

SCHEMA = 1

VOLATILE = frozenset({"event_id", "decision_id", "crossing_id", "occurred_at", "evaluated_at", "as_of"})
"""Fields that differ between two tellings of one fact: random ids and readings of a clock."""

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKey:
    """One try of one task instance of Airflow."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1

    def __post_init__(self) -> None:
        if not all(type(part) is str and part for part in (self.dag_id, self.run_id, self.task_id)):
            raise ValueError("a task key needs a DAG id, a run id and a task id")
        if not (_is_count(self.map_index, least=-1) and _is_count(self.try_number, least=0)):
            raise ValueError(f"no such try: map index {self.map_index}, try {self.try_number}")

    def to_json(self) -> dict[str, Json]:
        """Return the fields as JSON."""
        return {
            "dag_id": self.dag_id,
            "run_id": self.run_id,
            "task_id": self.task_id,
            "map_index": self.map_index,
            "try_number": self.try_number,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of one region's ledger.

    :param kind: what the event is about (`decision`, `transfer`, `obligation`, `movement`, `policy`).
    :param phase: which step of it; with the task and ``decision_key`` it makes the name, so one try has one
        event a phase and key.
    :param sequence: which event of this try in this ledger it is, from 1 without holes; a hole shows in
        verification.
    :param withheld: names of fields that this region may not see, or that nobody may.
    :param body: JSON without floats; no values and no direct identifiers of data subjects.
    """

    kind: str
    phase: str
    region: str
    event_id: str
    occurred_at: datetime
    task: TaskKey | None = None
    sequence: int = 1
    decision_key: str | None = None
    decision_id: str | None = None
    crossing_id: str | None = None
    withheld: tuple[str, ...] = ()
    body: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(_WORD, "kind", self.kind)
        _require(_WORD, "phase", self.phase)
        _require(_REGION, "region", self.region)
        _require(_ID, "event id", self.event_id)
        for value in (self.decision_key, self.decision_id, self.crossing_id):
            if value is not None and (type(value) is not str or not value):
                raise ValueError("a key or id that is given must be text, and not empty")
        if not _is_count(self.sequence, least=1):
            raise ValueError(f"events of a try are numbered from 1, not {self.sequence}")
        if self.occurred_at.utcoffset() is None:
            raise ValueError("a moment without a time zone")
        # Frozen fields are set once more here, so that no caller can change a recorded fact through its own
        # list.
        object.__setattr__(self, "occurred_at", self.occurred_at.astimezone(timezone.utc))
        object.__setattr__(self, "withheld", tuple(sorted(set(self.withheld))))
        object.__setattr__(self, "body", canonical.to_plain(dict(self.body), "body"))

    @property
    def object_name(self) -> str:
        """Return where the event lies in its ledger; events about different things never meet there."""
        if self.task is None:
            return f"{layout.EVENTS}{layout.OTHER}/{self.kind}.{self.phase}.{self.event_id}.json"
        key = layout.NO_KEY if self.decision_key is None else layout.escape(self.decision_key, dots=False)
        folder = layout.task_folder(self.task.dag_id, self.task.run_id)
        # INVARIANT: only the task id may hold dots, so the name splits from the right in one way.
        task = f"{layout.escape(self.task.task_id)}.{self.task.map_index}.{self.task.try_number}"
        return f"{folder}{task}.{self.phase}.{key}.json"

    def to_json(self) -> dict[str, Json]:
        """Return the event as JSON, every field present."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "phase": self.phase,
            "region": self.region,
            "event_id": self.event_id,
            "occurred_at": canonical.format_instant(self.occurred_at),
            "task": None if self.task is None else self.task.to_json(),
            "sequence": self.sequence,
            "decision_key": self.decision_key,
            "decision_id": self.decision_id,
            "crossing_id": self.crossing_id,
            "withheld": list(self.withheld),
            "body": dict(self.body),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: what is stored, hashed and sealed."""
        return canonical.encode(self.to_json())


def parse_event(data: bytes) -> Event:
    """Read stored bytes back into the event they are.

    :raises LedgerIntegrityError: not the canonical bytes of an event of a schema this program knows.
    """
    try:
        fields = canonical.decode(data)
        if not isinstance(fields, dict):
            raise ValueError("not an object")
        schema = fields.pop("schema", None)
        if schema != SCHEMA or schema is True:
            raise ValueError(f"schema {schema}, and this program knows {SCHEMA}")
        event = _from_json(fields)
    except (ValueError, TypeError) as error:
        raise LedgerIntegrityError(f"not an event: {error}") from error
    if event.to_bytes() != data:
        raise LedgerIntegrityError("not an event: it reads back as other bytes")
    return event


def same_but_for_clocks(one: Event, other: Event) -> bool:
    """Say whether two events tell the same fact: equal but for random ids, clocks and the number in the try.

    The volatile names are left out at any depth of the body. The number in the try is left out because a
    process that comes back may not know how far its forerunner had counted.
    """
    return _steady(one) == _steady(other)


def _steady(event: Event) -> Json:
    fields = event.to_json()
    del fields["sequence"]
    return _without_volatile(fields)


def _without_volatile(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_volatile(item) for key, item in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [_without_volatile(item) for item in value]
    return value


def _from_json(fields: dict[str, Json]) -> Event:
    # Other wrong or missing names and types fail in the constructors, or when the bytes are compared.
    task = fields.pop("task", None)
    occurred_at = fields.pop("occurred_at", None)
    if not isinstance(occurred_at, str) or not (task is None or isinstance(task, dict)):
        raise ValueError("a field has the wrong type")
    return Event(
        occurred_at=canonical.parse_instant(occurred_at),
        task=None if task is None else TaskKey(**task),  # type: ignore[arg-type]
        **fields,  # type: ignore[arg-type]
    )


def _is_count(value: int, *, least: int) -> bool:
    return type(value) is int and value >= least


def _require(pattern: re.Pattern[str], what: str, value: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"`{value}` is no {what}: expected {pattern.pattern}")
