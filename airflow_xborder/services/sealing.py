# SPDX-License-Identifier: Apache-2.0
"""Sealing: from a heap of events to a log that shows every change.

The life of a seal:

1. Read the log so far and check it: the chain of checkpoints, their signatures, the root over all leaves.
2. List the events, and read those that no segment names. Late ones are just among them.
3. Write the segment: the new leaves, sorted by name. Its name holds its digest, so a crash after this step, or a
   lost race, leaves a file that nothing refers to.
4. Sign a checkpoint over the root, the segment's digest and the checkpoint before it, and create it under its
   number. Of two sealers one gets the number; the other reads again.

Nothing is ever rewritten, so running again, running twice at once, or dying at any step gives one linear log. A
seal that finds nothing new still signs that: silence is evidence too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_xborder.audit import layout
from airflow_xborder.audit.checkpoint import Checkpoint, parse_checkpoint
from airflow_xborder.audit.event import parse_event
from airflow_xborder.audit.merkle import Frontier, leaf_hash
from airflow_xborder.audit.note import parse_note, sign_note
from airflow_xborder.audit.segment import Leaf, Segment, parse_segment
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerIntegrityError,
    LedgerUnavailableError,
)

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore
    from airflow_xborder.ports.signer import Signer, Verifier

_ATTEMPTS = 10
# A segment of so many leaves with the longest names is no larger than an object may be.
_MOST = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SealReport:
    """What a seal did.

    :param checkpoint: the newest checkpoint of the log now.
    :param name: the object that holds it.
    :param added: how many events this run sealed.
    :param is_new: whether this run wrote ``checkpoint``; if not, it was there already and nothing was left to seal.
    :param foreign: objects among the events that were not sealed, since they are no events of this ledger.
    """

    checkpoint: Checkpoint
    name: str
    added: int
    is_new: bool
    foreign: tuple[str, ...]


def seal(store: ObjectStore, signer: Signer, region: str, now: datetime) -> SealReport:
    """Seal all events of ``store`` that are not sealed yet, with one checkpoint; of very many, the next run seals the rest.

    :param now: written as the time of sealing; it never goes back, whatever the clock does. A run that brings the
        same or an earlier moment than the last seal, and nothing new, adds nothing.
    :raises LedgerIntegrityError: the log so far does not hold; nothing is built on it.
    :raises LedgerUnavailableError: the place cannot be reached. Run again: nothing is lost or doubled.
    :raises ConfigurationError: another region's ledger, another key's, or one that was sealed at another place.
    """
    for attempt in range(_ATTEMPTS):
        log = _read_log(store, signer.verifier)
        _require_same_ledger(log, store.location, region)
        leaves, foreign = _unsealed(store, log, region)
        is_done = log.last is not None and not leaves and (attempt > 0 or now <= log.last.sealed_at)
        if log.last is not None and is_done:
            name = layout.checkpoint_name(log.last.number)
            return SealReport(checkpoint=log.last, name=name, added=0, is_new=False, foreign=foreign)
        _publish_key(store, signer)
        checkpoint = _extend(store, log, leaves, region, now)
        name = layout.checkpoint_name(checkpoint.number)
        verifier = signer.verifier
        try:
            store.create(name, sign_note(checkpoint.to_text(), verifier.name, verifier.key_id, signer.sign))
        except LedgerConflictError:
            continue
        return SealReport(checkpoint=checkpoint, name=name, added=len(leaves), is_new=True, foreign=foreign)
    raise LedgerUnavailableError(
        f"other sealers of `{store.location}` were faster {_ATTEMPTS} times", hint="run one sealer a region"
    )


@dataclass(slots=True)
class _Log:
    """The sealed part of a ledger."""

    tree: Frontier = field(default_factory=Frontier)
    sealed: set[str] = field(default_factory=set)
    last: Checkpoint | None = None
    digest: str | None = None


def _read_log(store: ObjectStore, verifier: Verifier) -> _Log:
    log = _Log()
    for number, name in enumerate(store.list(layout.CHECKPOINTS), start=1):
        data = store.get(name)
        if data is None or name != layout.checkpoint_name(number):
            raise _broken(store, f"expected checkpoint {number}, found `{name}`")
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
        if len(note.signatures) != 1:
            raise _broken(store, f"`{name}` has {len(note.signatures)} signatures, and a seal writes one")
        if not note.is_signed(verifier.name, verifier.key_id, verifier.verify):
            raise _foreign_key(name, [line.key_id for line in note.signatures], verifier)
        if checkpoint.number != number or checkpoint.previous != log.digest:
            raise _broken(store, f"checkpoint {number} does not continue the one before it")
        if checkpoint.segment is not None:
            _replay(store, log, layout.segment_name(number, checkpoint.segment), checkpoint.segment)
        if (log.tree.size, log.tree.root()) != (checkpoint.size, checkpoint.root):
            raise _broken(store, f"the root of checkpoint {number} is not that of its entries")
        log.last, log.digest = checkpoint, hashlib.sha256(data).hexdigest()
    return log


def _replay(store: ObjectStore, log: _Log, name: str, digest: str) -> None:
    data = store.get(name)
    if data is None or hashlib.sha256(data).hexdigest() != digest:
        raise _broken(store, f"`{name}` is missing or was changed")
    for leaf in parse_segment(data).leaves:
        log.tree.push(leaf.hash)
        log.sealed.add(leaf.name)


def _unsealed(store: ObjectStore, log: _Log, region: str) -> tuple[tuple[Leaf, ...], tuple[str, ...]]:
    """Return the leaves to add, in order, and the names of objects that are no events of this ledger."""
    leaves: list[Leaf] = []
    foreign: list[str] = []
    for name in store.list(layout.EVENTS):
        if name in log.sealed:
            continue
        data = _event_bytes(store, name, region)
        if data is None:
            foreign.append(name)
        else:
            leaves.append(Leaf(name=name, hash=leaf_hash(data), size=len(data)))
    return tuple(sorted(leaves, key=lambda leaf: leaf.name)[:_MOST]), tuple(foreign)


def _event_bytes(store: ObjectStore, name: str, region: str) -> bytes | None:
    """Return the bytes of an event of this ledger, or ``None`` for what is none."""
    # Sealing what is no event would make a planted file part of the evidence, and stopping at it would let whoever
    # planted it stop the seal. Left out, every audit reports it.
    try:
        data = store.get(name) if layout.is_object_name(name) else None
        event = parse_event(data) if data is not None else None
    except LedgerIntegrityError:
        return None
    is_ours = event is not None and event.object_name == name and event.region == region
    return data if is_ours else None


def _extend(
    store: ObjectStore, log: _Log, leaves: tuple[Leaf, ...], region: str, now: datetime
) -> Checkpoint:
    """Write the segment for ``leaves`` and return the checkpoint to sign."""
    number = log.last.number + 1 if log.last else 1
    digest = None
    if leaves:
        data = Segment(number=number, start=log.tree.size, leaves=leaves).to_bytes()
        digest = hashlib.sha256(data).hexdigest()
        store.create(layout.segment_name(number, digest), data)
    for leaf in leaves:
        log.tree.push(leaf.hash)
    return Checkpoint(
        region=region,
        location=log.last.location if log.last else store.location,
        size=log.tree.size,
        root=log.tree.root(),
        number=number,
        previous=log.digest,
        segment=digest,
        sealed_at=max(now, log.last.sealed_at) if log.last else now,
    )


def _publish_key(store: ObjectStore, signer: Signer) -> None:
    """Put the public key into the ledger: a convenience for a first look, not a proof of anything."""
    name, line = layout.key_name(signer.verifier.key_id), f"{signer.public_key}\n".encode()
    stored = store.get(name)
    if stored is None:
        store.create(name, line)
    elif stored != line:
        raise LedgerIntegrityError(f"`{name}` in `{store.location}` is not the key that signs this ledger")


def _require_same_ledger(log: _Log, location: str, region: str) -> None:
    if log.last is None:
        return
    if log.last.region != region:
        raise ConfigurationError(
            f"the ledger at `{location}` is of region `{log.last.region}`, not `{region}`"
        )
    # A folder has no identity of its own: the same one is mounted here and there. A bucket's name is one.
    if log.last.location != location and "://" in log.last.location + location:
        raise ConfigurationError(
            f"the ledger was sealed at `{log.last.location}` and is now at `{location}`",
            hint="a ledger keeps its place; start a new one there",
        )


def _foreign_key(name: str, key_ids: list[bytes], verifier: Verifier) -> Exception:
    if verifier.key_id in key_ids:
        return LedgerIntegrityError(f"the signature of `{name}` does not match")
    return ConfigurationError(
        f"`{name}` was signed by the key {key_ids[0].hex()}, and this one is {verifier.key_id.hex()}",
        hint="seal a ledger with the key that it began with",
    )


def _broken(store: ObjectStore, what: str) -> LedgerIntegrityError:
    return LedgerIntegrityError(
        f"the ledger at `{store.location}` does not hold: {what}", hint="run `xborder ledger verify` on it"
    )
