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
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import (
    ConfigurationError,
    FlowError,
    LedgerConflictError,
    LedgerUnavailableError,
    PolicyNotFoundError,
    PolicyValidationError,
)

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore
    from airflow_xborder.ports.signer import Signer, Verifier

FORMAT = 1
POINTERS = "pointers/"
PUBLIC_KEY = "keys/release.pub"

_ATTEMPTS = 20
_DIGEST = re.compile(r"[0-9a-f]{64}")
_POINTER = re.compile(rf"{POINTERS}[0-9]{{8}}\.json")


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
            self._policy_digest: str | None = content.get("policy_digest")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise PolicyValidationError("not a policy release", hint="publish it again") from error

    @cached_property
    def policies(self) -> Policies:
        """The packs."""
        return Policies(self._packs, self._policy_digest)

    @cached_property
    def catalog(self) -> Catalog:
        """The catalog."""
        return Catalog(self._catalog)


def build_release(policies: Policies, catalog: Mapping[str, Any]) -> Release:
    """Compile packs and a validated catalog; the same sources always give the same bytes.

    :raises FlowError: for an attribute in the catalog that no pack declares, or that is not of its type.
    """
    for number, row in enumerate(catalog.get("datasets") or ()):
        _require_declared(policies, row, f"datasets[{number}]")
    for name, row in (catalog.get("parties") or {}).items():
        _require_declared(policies, row, f"parties.{name}")
    # The digest of the packs is said too: to work it out takes longer than a decision.
    content = {
        "format": FORMAT, "packs": policies.documents, "catalog": catalog, "policy_digest": policies.digest,
    }  # fmt: skip
    return Release(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode())


def _require_declared(policies: Policies, row: Mapping[str, Any], where: str) -> None:
    try:
        policies.require_declared(row.get("attributes") or {})
    except FlowError as error:
        raise FlowError(f"{where}.{error.message}", hint=error.hint) from None


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
        if not _DIGEST.fullmatch(pointer.digest) or type(pointer.number) is not int:
            raise ValueError("a field is wrong")
    except (ValueError, TypeError, RecursionError) as error:
        raise PolicyValidationError("not a pointer to a policy release", hint="publish again") from error
    return pointer


def verify_pointer(pointer: Pointer, verifier: Verifier) -> bool:
    """Tell whether the pointer's signature is the key's."""
    try:
        return verifier.verify(pointer.message, base64.b64decode(pointer.signature, validate=True))
    except (ValueError, TypeError):
        return False


def publish(store: ObjectStore, release: Release, signer: Signer, now: datetime) -> Pointer:
    """Put a release in force; publishing the one that is in force already changes nothing.

    :raises LedgerUnavailableError: if the place cannot be reached; the last release then stands.
    :raises ConfigurationError: if another key has published there before.
    """
    # Everything is read and parsed before anything is written: a bad source cannot be published.
    release.policies.packs()
    _ = release.catalog
    _publish_key(store, signer)
    store.create(release_name(release.digest), release.data)
    for _ in range(_ATTEMPTS):
        last = latest_pointer(store)
        if last is not None and last.digest == release.digest and verify_pointer(last, signer.verifier):
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
    raise LedgerUnavailableError(
        f"other publishers at `{store.location}` were faster {_ATTEMPTS} times", hint="publish again"
    )


def _publish_key(store: ObjectStore, signer: Signer) -> None:
    try:
        store.create(PUBLIC_KEY, signer.public_key.encode())
    except LedgerConflictError as error:
        raise ConfigurationError(
            f"another key publishes at `{store.location}`",
            hint="sign with the key that the releases there began with, or publish to a new place",
        ) from error


def release_name(digest: str) -> str:
    """Return the object name of a release."""
    return f"releases/{digest}.json"


def latest_pointer(store: ObjectStore) -> Pointer | None:
    """Return the pointer in force, or ``None`` where nothing was ever published. Other files there mean nothing.

    :raises PolicyValidationError: if the highest number holds no pointer, or one of another number.
    """
    name = max((entry for entry in store.list(POINTERS) if _POINTER.fullmatch(entry)), default=None)
    data = store.get(name) if name is not None else None
    if data is None:
        return None
    pointer = parse_pointer(data)
    # The number is signed and the name is not: a copy of an old pointer under a higher name must not bring back old law.
    if pointer.name != name:
        raise PolicyValidationError(
            f"`{name}` at `{store.location}` is the pointer of release {pointer.number}",
            hint="somebody who can write there put it under another name; remove it",
        )
    return pointer


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
