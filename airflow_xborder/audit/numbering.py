# SPDX-License-Identifier: Apache-2.0
"""Whether the events of a try are all there: they are numbered from 1, so that a hole shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from airflow_xborder.audit.event import Event, TaskKey
from airflow_xborder.audit.findings import Finding, FindingKind


class Numbering:
    """The numbers seen for each try.

    Only a hole below a *sealed* number is a finding. A writer makes an event durable before the next, so what is
    missing there was there once; above it, a reader may have come between two events.
    """

    def __init__(self) -> None:
        self._seen: defaultdict[TaskKey, set[int]] = defaultdict(set)
        self._sealed: dict[TaskKey, int] = {}

    def add(self, event: Event, *, sealed: bool) -> None:
        """Take note of one event; those outside any task have no numbers that matter."""
        if event.task is None:
            return
        self._seen[event.task].add(event.sequence)
        if sealed:
            self._sealed[event.task] = max(event.sequence, self._sealed.get(event.task, 0))

    def holes(self) -> Iterator[Finding]:
        """Yield one finding for each range of missing numbers."""
        for task, last in self._sealed.items():
            expected = 1
            for number in sorted(self._seen[task]):
                if expected < number <= last:
                    yield _hole(task, expected, number - 1)
                expected = number + 1


def _hole(task: TaskKey, first: int, last: int) -> Finding:
    numbers = f"event {first} is" if first == last else f"events {first} to {last} are"
    return Finding(
        kind=FindingKind.GAP,
        name=f"{task.dag_id}/{task.run_id}/{task.task_id}[{task.map_index}] try {task.try_number}",
        detail=f"{numbers} missing from this try, and a later one is sealed",
    )
