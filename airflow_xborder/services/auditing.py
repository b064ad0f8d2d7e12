# SPDX-License-Identifier: Apache-2.0
"""Auditing: the verification of a ledger where it lies, with the key that the auditor has or the ledger offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_xborder.audit import layout
from airflow_xborder.audit.findings import Verification
from airflow_xborder.audit.note import Note
from airflow_xborder.audit.verification import verify_ledger
from airflow_xborder.errors import ConfigurationError, LedgerIntegrityError

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore
    from airflow_xborder.ports.signer import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A verification and what it rests on.

    :param key_id: of the key that signatures were checked with, in hex; ``None`` when there was nothing to check.
    :param is_own_key: whether the key came from the ledger: then a rewrite of all of it would pass unseen.
    """

    verification: Verification
    key_id: str | None
    is_own_key: bool


def audit_ledger(store: ObjectStore, key: Verifier | None, parse_key: Callable[[str], Verifier]) -> Audit:
    """Verify the ledger in ``store``.

    :param key: the auditor's; ``None`` to use the one that the ledger holds.
    :param parse_key: makes a verifier of a key line.
    :raises LedgerUnavailableError: the place cannot be reached.
    """
    keys = _Keys([key] if key else list(_own_keys(store, parse_key)))
    # A folder may be a copy, and a copy of a bucket is sound evidence; a bucket must be the one that was sealed.
    place = store.location if "://" in store.location else None
    verification = verify_ledger(store, keys.is_signed, location=place)
    used = key or keys.used
    return Audit(
        verification=verification, key_id=used.key_id.hex() if used else None, is_own_key=key is None
    )


class _Keys:
    """The keys that may have signed; the first that did must have signed all the rest."""

    def __init__(self, keys: list[Verifier]) -> None:
        self._keys = keys
        self.used: Verifier | None = None

    def is_signed(self, note: Note) -> bool:
        """Say whether the ledger's key signed ``note``."""
        for key in [self.used] if self.used else self._keys:
            if note.is_signed(key.name, key.key_id, key.verify):
                self.used = key
                return True
        return False


def _own_keys(store: ObjectStore, parse_key: Callable[[str], Verifier]) -> Iterator[Verifier]:
    """Yield the keys that lie in the ledger; what is no key is left to the verification to find."""
    for name in store.list(layout.KEYS):
        if layout.is_object_name(name):
            with suppress(ConfigurationError, LedgerIntegrityError, UnicodeDecodeError):
                yield parse_key((store.get(name) or b"").decode("utf-8"))
