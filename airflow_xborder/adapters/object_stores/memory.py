# SPDX-License-Identifier: Apache-2.0
"""Objects in memory: for tests and for trying things out. Durable as long as the process lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from airflow_xborder.audit.layout import require_object_name, require_object_size
from airflow_xborder.errors import LedgerConflictError


class MemoryObjectStore:
    """An :class:`~airflow_xborder.ports.object_store.ObjectStore` in a dictionary."""

    def __init__(self, location: str = "memory://ledger") -> None:
        self.location = location
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def create(self, name: str, data: bytes) -> None:
        """Store ``data`` unless other bytes have the name."""
        require_object_name(name)
        require_object_size(name, len(data))
        with self._lock:
            if self.objects.setdefault(name, bytes(data)) != data:
                raise LedgerConflictError(f"`{name}` is taken by other bytes in `{self.location}`")

    def get(self, name: str) -> bytes | None:
        """Return the bytes, or ``None``."""
        data = self.objects.get(require_object_name(name))
        require_object_size(name, len(data or b""))
        return data

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names below ``prefix``, sorted."""
        with self._lock:
            names = sorted(name for name in self.objects if name.startswith(prefix))
        yield from names
