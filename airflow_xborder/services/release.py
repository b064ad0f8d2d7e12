# SPDX-License-Identifier: Apache-2.0
"""The policy release: packs and catalog compiled into one immutable, digest-named artefact, and its signed pointer.

Layout at the release's location, every object created once and never changed::

    releases/<sha256>.json      the artefact: canonical JSON, named by its digest
    pointers/<number>.json      which artefact is in force from now on; the highest number counts
    keys/release.pub            the public key, for whoever has no better source of it

The pointer is what is signed: it holds the digest, and the digest holds everything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import LedgerConflictError, PolicyNotFoundError, PolicyValidationError

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore
    from airflow_xborder.ports.signer import Signer, Verifier

FORMAT = 1
POINTERS = "pointers/"
PUBLIC_KEY = "keys/release.pub"


class Release:
    """A compiled policy set with its catalog.

    :param data: the artefact's bytes; ``digest`` is their SHA-256, as hex.
    :raises PolicyValidationError: if the bytes are no release of this format.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = hashlib.sha256(data).hexdigest()
        try:
            content = json.loads(data)
            if content["format"] != FORMAT:
                raise PolicyValidationError(
                    f"release format {content['format']}, and this program reads {FORMAT}"
                )
            self._packs: list[Mapping[str, Any]] = content["packs"]
            self._catalog: Mapping[str, Any] = content["catalog"]
        except (ValueError, KeyError, TypeError) as error:
            raise PolicyValidationError("not a policy release", hint="publish it again") from error

    @cached_property
    def policies(self) -> Policies:
        """The packs."""
        return Policies(self._packs)

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog."""
        return Catalog(self._catalog)


def build_release(policies: Policies, catalog: Mapping[str, Any]) -> Release:
    """Compile packs and a validated catalog; the same sources always give the same bytes."""
    content = {"format": FORMAT, "packs": policies.documents, "catalog": catalog}
    return Release(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Which release is in force. ``signature`` is over all the rest."""

    number: int
    digest: str
    published_at: str
    signature: str = ""

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        return f"xborder policy release\n{self.number}\n{self.digest}\n{self.published_at}\n".encode()

    @property
    def name(self) -> str:
        """The pointer's object name; names sort as numbers do."""
        return f"{POINTERS}{self.number:08d}.json"

    def to_bytes(self) -> bytes:
        """Return the pointer as it is stored."""
        return json.dumps(plain(self), sort_keys=True, separators=(",", ":")).encode()


def parse_pointer(data: bytes) -> Pointer:
    """Read a stored pointer.

    :raises PolicyValidationError: if it is none.
    """
    try:
        pointer = Pointer(**json.loads(data))
        if len(pointer.digest) != 64 or not isinstance(pointer.number, int):
            raise ValueError("a field is wrong")
    except (ValueError, TypeError) as error:
        raise PolicyValidationError("not a pointer to a policy release", hint="publish again") from error
    return pointer


def verify_pointer(pointer: Pointer, verifier: Verifier) -> bool:
    """Tell whether the pointer's signature is the key's."""
    try:
        return verifier.verify(pointer.message, base64.b64decode(pointer.signature, validate=True))
    except ValueError:
        return False


def publish(store: ObjectStore, release: Release, signer: Signer, now: datetime) -> Pointer:
    """Put a release in force; publishing the one that is in force already changes nothing.

    :raises LedgerUnavailableError: if the place cannot be reached; the last release then stands.
    :raises LedgerConflictError: if another key has published there before.
    """
    # Everything is read and parsed before anything is written: a bad source cannot be published.
    release.policies.packs()
    _ = release.catalog
    store.create(PUBLIC_KEY, signer.public_key.encode())
    store.create(release_name(release.digest), release.data)
    while True:
        last = latest_pointer(store)
        if last is not None and last.digest == release.digest:
            return last
        pointer = Pointer(
            number=last.number + 1 if last else 1, digest=release.digest, published_at=str(plain(now))
        )
        signature = base64.b64encode(signer.sign(pointer.message)).decode()
        pointer = Pointer(**{**plain(pointer), "signature": signature})
        try:
            store.create(pointer.name, pointer.to_bytes())
        except LedgerConflictError:
            continue  # somebody else published at this moment; theirs stands before ours
        return pointer


def release_name(digest: str) -> str:
    """Return the object name of a release."""
    return f"releases/{digest}.json"


def latest_pointer(store: ObjectStore) -> Pointer | None:
    """Return the pointer in force, or ``None`` where nothing was ever published."""
    name = max(store.list(POINTERS), default=None)
    data = store.get(name) if name is not None else None
    return parse_pointer(data) if data is not None else None


def fetch_release(store: ObjectStore, digest: str) -> Release:
    """Fetch a release by its digest.

    :raises PolicyNotFoundError: if it is not there.
    :raises PolicyValidationError: if its bytes have another digest.
    """
    data = store.get(release_name(digest))
    if data is None:
        raise PolicyNotFoundError(
            f"the release `{digest[:12]}…` is not at `{store.location}`", hint="publish again"
        )
    release = Release(data)
    if release.digest != digest:
        raise PolicyValidationError(f"the release `{digest[:12]}…` was changed after it was published")
    return release
