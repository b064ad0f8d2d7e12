# SPDX-License-Identifier: Apache-2.0
"""Where bytes are kept for good: what a ledger asks of a folder or a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class ObjectStore(Protocol):
    """Named, immutable objects in one place. The only write is *create if absent*; nothing is changed or
    deleted.

    Every adapter holds to this, with any number of writers in any number of processes:

    - ``create`` returns only when the object is durable. Nobody ever sees part of an object.
    - Of several writers of one name with different bytes exactly one returns; the others raise.
    - What ``create`` has returned for is seen by every later ``get`` and ``list``.
    - Names are those of ``audit.layout.is_object_name``; another raises ``ValueError``.
    - No object is larger than ``audit.layout.MAX_BYTES``: to write or to read one raises
      :class:`~airflow_xborder.errors.LedgerIntegrityError`, and takes no memory.
    - Every failure to reach the place raises :class:`~airflow_xborder.errors.LedgerUnavailableError` in
      bounded time.
    """

    @property
    def location(self) -> str:
        """The place, as a person would name it: an absolute folder or ``s3://bucket/prefix``."""

    def create(self, name: str, data: bytes) -> None:
        """Store ``data`` under ``name``, durably; do nothing if exactly these bytes are there already.

        :raises LedgerConflictError: the name is taken by other bytes.
        :raises LedgerUnavailableError: it could not be made durable; the name may or may not be taken now.
        """

    def get(self, name: str) -> bytes | None:
        """Return the bytes under ``name``, or ``None`` if there are none."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names below ``prefix``, sorted by code point.

        :param prefix: empty, or a folder's name with its final slash.
        Names that no ledger writes (``is_object_name`` is false) are yielded too: they are for an auditor to
        see.
        """
