# SPDX-License-Identifier: Apache-2.0
"""The decision and audit log of one region, as those who write to it see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airflow_xborder.audit.event import Event, TaskKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof for the caller that an event is durable.

    :param name: the object's name in the ledger.
    :param sha256: of the stored bytes, in hex.
    :param event: the *stored* event. When the caller came back to a fact that was recorded before, it is the
        earlier telling: take its ids and its number, not the ones just made.
    """

    name: str
    sha256: str
    event: Event


class Ledger(Protocol):
    """The append-only log of one region.

    ``append`` returns only when the event is durable. Appending a fact that is there already succeeds: the
    stored event may differ from the given one in random ids, clocks and its number alone
    (``audit.event.same_but_for_clocks``).
    """

    @property
    def region(self) -> str:
        """The region whose evidence this is."""

    @property
    def location(self) -> str:
        """Where the evidence lies."""

    def next_number(self, task: TaskKey | None) -> int:
        """Return the number of the next event of a try, from 1: one count for all in this process who write here.

        A number is used when its event is durable, so that an event that was not written leaves no hole.
        """

    def append(self, event: Event) -> Receipt:
        """Record ``event``, durably.

        :raises LedgerUnavailableError: nothing durable was written; nothing may be allowed on the strength of
            it.
        :raises LedgerIntegrityError: the name holds another fact, or no event at all.
        :raises ConfigurationError: the event belongs to another region.
        """
