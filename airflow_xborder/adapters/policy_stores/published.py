# SPDX-License-Identifier: Apache-2.0
"""The published release, cached locally by digest: a process that starts parses no packs and checks no signature twice.

The cache holds only what was verified: artefacts under their digest, and the pointers whose signature was good.
While the place is out of reach the last pointer stands for ``max_staleness`` seconds, and no longer.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_xborder.adapters.policy_stores.cache import Cache
from airflow_xborder.errors import (
    EvaluationError,
    LedgerUnavailableError,
    PolicyNotFoundError,
    PolicyValidationError,
)
from airflow_xborder.services.release import (
    PUBLIC_KEY,
    Pointer,
    Release,
    fetch_release,
    latest_pointer,
    parse_pointer,
    release_name,
    verify_pointer,
)

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore
    from airflow_xborder.ports.signer import Verifier

_RECHECK_SECONDS = 30.0
_POINTER = "pointer.json"


class PublishedPolicyStore:
    """Releases at a location.

    :param cache: a folder of this account, or ``None`` to do without.
    :param read_key: turns a public key's text into its verifier.
    :param public_key: the trusted key as text, or ``None`` to trust the one found at the location.
    :param max_staleness: for how many seconds the last pointer stands while the location is out of reach.
    """

    def __init__(
        self,
        store: ObjectStore,
        cache: Path | None,
        read_key: Callable[[str], Verifier],
        public_key: str | None = None,
        *,
        max_staleness: float = 3600.0,
    ) -> None:
        self._store = store
        self._read_key = read_key
        self._public_key = public_key
        self._max_staleness = max_staleness
        place = hashlib.sha256(f"{store.location}\n{public_key or ''}".encode()).hexdigest()[:16]
        self._cache = Cache(cache / place if cache else None)
        self._seen: Pointer | None = None
        self._seen_at = 0.0
        self._release: Release | None = None
        self._checked = 0.0

    def current(self) -> Release:
        """Return the release in force; looks again at most every half minute."""
        if self._release is not None and time.monotonic() - self._checked < _RECHECK_SECONDS:
            return self._release
        pointer = self._pointer()
        if self._release is None or self._release.digest != pointer.digest:
            self._release = self._load(pointer.digest)
        self._checked = time.monotonic()
        return self._release

    def _pointer(self) -> Pointer:
        cached = self._seen or self._cached_pointer()
        try:
            latest = latest_pointer(self._store)
        except LedgerUnavailableError as error:
            return self._stale_pointer(cached, error)
        if latest is None:
            raise PolicyNotFoundError(
                f"no policy release at `{self._store.location}`", hint="run `xborder policy publish`"
            )
        if cached is not None and latest.number < cached.number:
            raise PolicyValidationError(
                f"the release at `{self._store.location}` went back from number {cached.number} to {latest.number}",
                hint="publish the older sources as a new release instead",
            )
        if cached != latest:
            self._verify(latest)
        self._cache.write(_POINTER, latest.to_bytes())
        self._seen, self._seen_at = latest, time.time()
        return latest

    def _cached_pointer(self) -> Pointer | None:
        data = self._cache.read(_POINTER)
        try:
            return parse_pointer(data) if data is not None else None
        except PolicyValidationError:
            return None  # spoilt, as a machine that lost power leaves it: the place is asked anyway

    def _stale_pointer(self, cached: Pointer | None, error: LedgerUnavailableError) -> Pointer:
        seen_at = self._seen_at if self._seen else self._cache.written_at(_POINTER)
        # A time to come is no age at all: a clock that was wrong once must not keep an old release in force.
        if cached is not None and seen_at and -60 <= time.time() - seen_at <= self._max_staleness:
            return cached
        raise EvaluationError(
            f"the policy release at `{self._store.location}` is out of reach, and no copy is recent enough",
            hint="check the location and its credentials",
        ) from error

    def _verify(self, pointer: Pointer) -> None:
        key = self._public_key
        if key is None:
            found = self._store.get(PUBLIC_KEY)
            if found is None:
                raise PolicyValidationError(
                    f"no public key at `{self._store.location}`", hint="publish again"
                )
            key = found.decode("utf-8", "replace")
        if not verify_pointer(pointer, self._read_key(key)):
            raise PolicyValidationError(
                f"pointer {pointer.number} at `{self._store.location}` is not signed by the trusted key",
                hint="somebody else wrote it, or `[xborder] release_key` is another key",
            )

    def _load(self, digest: str) -> Release:
        name = release_name(digest)
        data = self._cache.read(name)
        # One that is spoilt has another digest, and is fetched anew.
        if data is not None and hashlib.sha256(data).hexdigest() == digest:
            return Release(data)
        release = fetch_release(self._store, digest)
        self._cache.write(name, release.data)
        return release
