# SPDX-License-Identifier: Apache-2.0
"""The published release, cached locally by digest: a process that starts parses no packs and checks no signature twice.

The cache holds only what was verified: artefacts under their digest, and the pointer whose signature and artefact
were good. A running process sees a new release within half a minute. While the place is out of reach, or what is
newer there is bad, the last good release stands (``standing.py``).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_xborder.adapters.policy_stores.cache import Cache
from airflow_xborder.adapters.policy_stores.standing import MAX_STALENESS, Confirmed, Standing
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerError,
    LedgerUnavailableError,
    PolicyError,
    PolicyNotFoundError,
    PolicyValidationError,
    StoreUnavailableError,
    XborderError,
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

_POINTER = "pointer.json"
# What reading documents of another format may end in, apart from errors of ours.
_UNREADABLE = (XborderError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


class PublishedPolicyStore:
    """Releases at a location; any thread may ask.

    :param cache: a folder of this account, or ``None`` to do without.
    :param read_key: turns a public key's text into its verifier.
    :param public_key: the trusted key as text, or ``None`` to trust the one found at the location.
    :param max_staleness: for how many seconds a release stands after it was last confirmed to be in force.
    """

    def __init__(
        self,
        store: ObjectStore,
        cache: Path | None,
        read_key: Callable[[str], Verifier],
        public_key: str | None = None,
        *,
        max_staleness: float = MAX_STALENESS,
    ) -> None:
        self._store = store
        self._read_key = read_key
        self._public_key = public_key
        place = hashlib.sha256(f"{store.location}\n{public_key or ''}".encode()).hexdigest()[:16]
        self._cache = Cache(cache / place if cache else None)
        self._standing = Standing(f"the policy release at `{store.location}`", max_staleness)
        self._pointer: Pointer | None = None
        self._lock = threading.Lock()

    @property
    def problem(self) -> str | None:
        """What is wrong with what should be in force, while the last good release stands in for it."""
        return self._standing.problem

    def current(self) -> Release:
        """Return the release in force; looks again at most every half minute.

        :raises PolicyError: if there is no good one, and never was.
        :raises EvaluationError: if the place is out of reach, or bad, and no copy is recent enough.
        """
        standing = self._standing
        release = standing.release
        if release is not None and not standing.is_due:
            return release
        # Who has a release does not wait for another thread that fetches the next.
        if not self._lock.acquire(blocking=release is None) and release is not None:
            return release
        try:
            release = standing.release
            if release is not None and not standing.is_due:
                return release
            standing.looked()
            return self._look()
        finally:
            self._lock.release()

    def _look(self) -> Release:
        try:
            pointer = self._latest()
            release = self._load(pointer.digest)
        except (PolicyError, LedgerError) as error:
            self._remember()
            return self._standing.stand_in(self._as_ours(error))
        self._pointer = pointer
        self._cache.write(_POINTER, pointer.to_bytes())
        return self._standing.confirm(release)

    def _as_ours(self, error: XborderError) -> XborderError:
        if isinstance(error, LedgerUnavailableError):
            return StoreUnavailableError(
                f"the policy release at `{self._store.location}` is out of reach: {error.message}",
                hint="check the location and its credentials",
            )
        return error

    def _remember(self) -> None:
        """Take the last good release of other processes of this machine, where this one has none yet."""
        if self._standing.confirmed is not None:
            return
        pointer, written = self._cached_pointer(), self._cache.written_at(_POINTER)
        release = self._cached_release(pointer.digest) if pointer is not None else None
        if release is not None and written is not None:
            self._pointer = pointer
            self._standing.confirmed = replace(Confirmed.now(release), wall=written)

    def _latest(self) -> Pointer:
        good = self._pointer or self._cached_pointer()
        latest = latest_pointer(self._store)
        if latest is None:
            raise PolicyNotFoundError(
                f"no policy release at `{self._store.location}`", hint="run `xborder policy publish`"
            )
        if good is not None and latest.number < good.number:
            raise PolicyValidationError(
                f"the release at `{self._store.location}` went back from number {good.number} to {latest.number}",
                hint="publish the older sources as a new release instead",
            )
        if good != latest:
            self._verify(latest)
        return latest

    def _cached_pointer(self) -> Pointer | None:
        data = self._cache.read(_POINTER)
        try:
            return parse_pointer(data) if data is not None else None
        except PolicyValidationError:
            return None  # spoilt, as a machine that lost power leaves it: the place is asked anyway

    def _verify(self, pointer: Pointer) -> None:
        key = self._public_key
        if key is None:
            found = self._store.get(PUBLIC_KEY)
            if found is None:
                raise PolicyValidationError(
                    f"no public key at `{self._store.location}`", hint="publish again"
                )
            key = found.decode("utf-8", "replace")
        if not verify_pointer(pointer, self._verifier(key)):
            raise PolicyValidationError(
                f"pointer {pointer.number} at `{self._store.location}` is not signed by the trusted key",
                hint="somebody else wrote it, or `[xborder] release_key` is another key",
            )

    def _verifier(self, key: str) -> Verifier:
        try:
            return self._read_key(key)
        except ConfigurationError as error:
            if self._public_key is not None:
                raise
            raise PolicyValidationError(
                f"the public key at `{self._store.location}` is none: {error.message}",
                hint="name the right one as `[xborder] release_key`",
            ) from error

    def _load(self, digest: str) -> Release:
        held = self._standing.confirmed
        if held is not None and held.release.digest == digest:
            return held.release
        release = self._cached_release(digest)
        if release is None:
            release = fetch_release(self._store, digest)
            _require_readable(release)
            self._cache.write(release_name(digest), release.data)
        return release

    def _cached_release(self, digest: str) -> Release | None:
        data = self._cache.read(release_name(digest))
        # One that is spoilt has another digest, and is fetched anew.
        return Release(data) if data is not None and hashlib.sha256(data).hexdigest() == digest else None


def _require_readable(release: Release) -> None:
    """Raise unless this version reads all of a release: it may have been made by a newer one."""
    try:
        release.policies.packs()
        _ = release.policies.designations, release.catalog
    except _UNREADABLE as error:
        raise PolicyValidationError(
            f"the release `{release.digest[:12]}…` cannot be read by this version of the program",
            hint="install here the version that published it, or publish with this one",
        ) from error
