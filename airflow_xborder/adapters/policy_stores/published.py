# SPDX-License-Identifier: Apache-2.0
"""The published release, cached locally by digest: a process that starts parses no packs and checks no signature twice.

The cache holds only what was verified: artefacts under their digest, and the pointers whose signature was good.
While the place is out of reach the last pointer stands for ``max_staleness`` seconds, and no longer.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

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


class PublishedPolicyStore:
    """Releases at a location.

    :param cache: a folder of this machine; only its owner may write there.
    :param read_key: turns a public key's text into its verifier.
    :param public_key: the trusted key as text, or ``None`` to trust the one found at the location.
    :param max_staleness: for how many seconds the last pointer stands while the location is out of reach.
    """

    def __init__(
        self,
        store: ObjectStore,
        cache: Path,
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
        self._cache = cache / place
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
        cached = self._cached_pointer()
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
        self._write("pointer.json", latest.to_bytes())
        return latest

    def _cached_pointer(self) -> Pointer | None:
        try:
            return parse_pointer((self._cache / "pointer.json").read_bytes())
        except OSError:
            return None

    def _stale_pointer(self, cached: Pointer | None, error: LedgerUnavailableError) -> Pointer:
        if cached is not None:
            age = time.time() - (self._cache / "pointer.json").stat().st_mtime
            if age <= self._max_staleness:
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
        try:
            release = Release((self._cache / release_name(digest)).read_bytes())
            if release.digest == digest:
                return release
        except (OSError, PolicyValidationError):
            pass  # not cached, or spoilt: fetch it anew
        release = fetch_release(self._store, digest)
        self._write(release_name(digest), release.data)
        return release

    def _write(self, name: str, data: bytes) -> None:
        path = self._cache / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
