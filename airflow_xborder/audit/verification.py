# SPDX-License-Identifier: Apache-2.0
"""Whether a ledger still is what was sealed: reads all of it once, and says everything that is not.

Alone it finds edits, deletions, insertions, reordering and gaps inside sealed history. It cannot see that the newest
checkpoints were taken away, nor a history rewritten by whoever holds the key: that takes a checkpoint kept elsewhere.
The unsealed tail is counted, never passed. Signatures are checked by a callable; where bytes come from is the
reader's business.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from airflow_xborder.audit import layout
from airflow_xborder.audit.checkpoint import Checkpoint, parse_checkpoint
from airflow_xborder.audit.event import Event, parse_event
from airflow_xborder.audit.findings import Finding, FindingKind, Verification
from airflow_xborder.audit.merkle import Frontier, leaf_hash
from airflow_xborder.audit.note import Note, parse_note, parse_public_key
from airflow_xborder.audit.numbering import Numbering
from airflow_xborder.audit.segment import Leaf, Segment, parse_segment
from airflow_xborder.errors import LedgerIntegrityError

_KEY_FILE = re.compile(rf"{layout.KEYS}([0-9a-f]{{8}})\.pub")


class LedgerReader(Protocol):
    """What an audit reads from: any object store, or a copy of one."""

    def get(self, name: str) -> bytes | None:
        """Return the bytes under ``name``, or ``None``."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names below ``prefix``, sorted."""


def verify_ledger(
    reader: LedgerReader, is_signed: Callable[[Note], bool], *, location: str | None = None
) -> Verification:
    """Return what can be said about the ledger behind ``reader``.

    :param is_signed: says whether a note carries the signature it must.
    :param location: where the ledger was read, if that must be where it was sealed; ``None`` for a copy.
    """
    audit = _Audit(reader, is_signed, location)
    for name in reader.list(layout.CHECKPOINTS):
        audit.checkpoint(name)
    audit.other_files()
    audit.tail()
    return audit.result()


class _Audit:
    """The state of one pass over a ledger."""

    def __init__(self, reader: LedgerReader, is_signed: Callable[[Note], bool], location: str | None) -> None:
        self._reader = reader
        self._is_signed = is_signed
        self._location = location
        self._findings: list[Finding] = []
        self._numbering = Numbering()
        self._sealed: set[str] = set()
        self._segments: set[str] = set()
        self._key_ids: set[str] = set()
        self._number = 0
        self._count = 0
        self._first: Checkpoint | None = None
        self._last: Checkpoint | None = None
        # The state that the next checkpoint must continue; each is None once it cannot be known any more.
        self._tree: Frontier | None = Frontier()
        self._digest: str | None = "none"
        self._unverified = 0
        self._since: datetime | None = None

    def checkpoint(self, name: str) -> None:
        """Check one checkpoint and all that it added."""
        number = layout.checkpoint_number(name)
        if number is None:
            self._find(FindingKind.INSERT, name, "no checkpoint has such a name")
            return
        if number != self._number + 1:
            missing = f"{number - 1 - self._number} checkpoints before it are missing"
            self._find(FindingKind.GAP, name, missing)
            self._tree = self._digest = None
        self._number = number
        self._count += 1
        data = self._read(name)
        if data is None:
            self._find(FindingKind.DELETE, name, "it vanished while the ledger was read")
            self._tree = self._digest = None
            return
        self._open(name, number, data)
        self._digest = hashlib.sha256(data).hexdigest()

    def other_files(self) -> None:
        """Check that nothing else lies among the files of the log."""
        for name in self._reader.list("log/"):
            if name.startswith(layout.CHECKPOINTS) or name in self._segments:
                continue
            if not (self._is_key(name) or self._is_abandoned_segment(name)):
                self._find(FindingKind.INSERT, name, "no seal wrote this file")

    def tail(self) -> None:
        """Count the events that are not sealed yet, and check that each lies where it belongs."""
        for name in self._reader.list(layout.EVENTS):
            if name in self._sealed:
                continue
            if not layout.is_object_name(name):
                self._find(FindingKind.INSERT, name, "no event has such a name")
                continue
            data = self._read(name)
            if data is None:
                self._find(FindingKind.DELETE, name, "it vanished while the ledger was read")
            elif event := self._event(name, data, sealed=False):
                self._unverified += 1
                self._since = min(self._since or event.occurred_at, event.occurred_at)

    def result(self) -> Verification:
        """Return the sum."""
        last = self._last
        return Verification(
            region=last.region if last else None,
            location=last.location if last else None,
            checkpoints=self._count,
            size=last.size if last else 0,
            sealed_at=last.sealed_at if last else None,
            unverified=self._unverified,
            unverified_since=self._since,
            findings=(*self._findings, *self._numbering.holes()),
        )

    def _is_key(self, name: str) -> bool:
        match = _KEY_FILE.fullmatch(name)
        # A first seal that was interrupted leaves its key before there is a checkpoint.
        if match is None or (self._count and match[1] not in self._key_ids):
            return False
        data = self._read(name) or b""
        try:
            key = parse_public_key(data.decode("utf-8"))
        except ValueError:
            return False
        return key.key_id.hex() == match[1] and data == f"{key.to_line()}\n".encode()

    def _is_abandoned_segment(self, name: str) -> bool:
        """Say whether a seal that was interrupted, or lost a race, left this file; nothing refers to it."""
        digest = layout.segment_digest(name)
        return digest is not None and hashlib.sha256(self._read(name) or b"").hexdigest() == digest

    def _open(self, name: str, number: int, data: bytes) -> None:
        try:
            note = parse_note(data)
            checkpoint = parse_checkpoint(note.text)
        except LedgerIntegrityError as error:
            self._find(FindingKind.EDIT, name, error.message)
            self._tree = None
            return
        self._key_ids.update(line.key_id.hex() for line in note.signatures)
        if len(note.signatures) != 1:
            # A further signature leaves the sealer's intact, and nothing comes after the newest checkpoint to vouch for it.
            self._find(
                FindingKind.EDIT, name, f"it has {len(note.signatures)} signatures, and a seal writes one"
            )
        if not self._is_signed(note):
            self._find(FindingKind.BAD_SIGNATURE, name, "the key's signature is missing or does not match")
        if checkpoint.number != number:
            self._find(FindingKind.REORDER, name, f"it is checkpoint {checkpoint.number}")
        self._check_origin(name, checkpoint)
        self._check_chain(name, checkpoint)
        self._check_entries(name, number, checkpoint)
        self._last = checkpoint

    def _check_origin(self, name: str, checkpoint: Checkpoint) -> None:
        first = self._first = self._first or checkpoint
        if checkpoint.region != first.region:
            detail = f"sealed for region `{checkpoint.region}` in a ledger of `{first.region}`"
            self._find(FindingKind.FOREIGN_REGION, name, detail)
        expected = self._location or first.location
        if checkpoint.location != expected:
            self._find(
                FindingKind.MOVED, name, f"sealed at `{checkpoint.location}`, and this is `{expected}`"
            )

    def _check_chain(self, name: str, checkpoint: Checkpoint) -> None:
        if self._digest is not None and (checkpoint.previous or "none") != self._digest:
            self._find(FindingKind.BROKEN_CHAIN, name, "it does not continue the checkpoint before it")
        last = self._last
        if last and (checkpoint.size < last.size or checkpoint.sealed_at < last.sealed_at):
            self._find(FindingKind.BROKEN_CHAIN, name, "it goes back behind the checkpoint before it")

    def _check_entries(self, name: str, number: int, checkpoint: Checkpoint) -> None:
        """Check the segment that ``checkpoint`` added, each of its entries, and the root over all."""
        if checkpoint.segment is not None:
            segment_name = layout.segment_name(number, checkpoint.segment)
            self._segments.add(segment_name)
            segment = self._segment(segment_name, checkpoint)
            if segment is None:
                self._tree = None
                return
            for leaf in segment.leaves:
                self._check_leaf(leaf)
                if self._tree is not None:
                    self._tree.push(leaf.hash)
        if self._tree is None:
            return
        if (self._tree.size, self._tree.root()) != (checkpoint.size, checkpoint.root):
            self._find(FindingKind.BROKEN_CHAIN, name, "its root is not that of the entries before it")
            # Every later root would differ too, and say nothing new.
            self._tree = None

    def _segment(self, name: str, checkpoint: Checkpoint) -> Segment | None:
        """Return the leaves behind ``checkpoint``, with a finding if they are not those it signed."""
        data = self._read(name)
        if data is None:
            self._find(
                FindingKind.DELETE, name, f"the entries of checkpoint {checkpoint.number} are not listed"
            )
            return None
        is_signed = hashlib.sha256(data).hexdigest() == checkpoint.segment
        try:
            segment = parse_segment(data)
        except LedgerIntegrityError as error:
            self._find(FindingKind.EDIT, name, error.message)
            return None
        if not is_signed:
            added = checkpoint.size - (self._last.size if self._last else 0)
            self._find(*_how_changed(name, segment, added, checkpoint))
        return segment

    def _check_leaf(self, leaf: Leaf) -> None:
        if leaf.name in self._sealed:
            self._find(FindingKind.INSERT, leaf.name, "it is sealed twice")
            return
        self._sealed.add(leaf.name)
        data = self._read(leaf.name)
        if data is None:
            self._find(FindingKind.DELETE, leaf.name, "it was sealed and is not there")
        elif leaf_hash(data) != leaf.hash:
            self._find(FindingKind.EDIT, leaf.name, "its bytes are not those that were sealed")
            # It is said already what is wrong with this one: its number must not look missing too.
            with suppress(LedgerIntegrityError):
                self._numbering.add(parse_event(data), sealed=False)
        else:
            self._event(leaf.name, data, sealed=True)

    def _event(self, name: str, data: bytes, *, sealed: bool) -> Event | None:
        try:
            event = parse_event(data)
        except LedgerIntegrityError as error:
            self._find(FindingKind.INSERT, name, error.message)
            return None
        if event.object_name != name:
            self._find(FindingKind.INSERT, name, f"its bytes belong to `{event.object_name}`")
            return None
        if self._first and event.region != self._first.region:
            detail = f"an event of region `{event.region}` in a ledger of `{self._first.region}`"
            self._find(FindingKind.FOREIGN_REGION, name, detail)
        self._numbering.add(event, sealed=sealed)
        return event

    def _read(self, name: str) -> bytes | None:
        try:
            return self._reader.get(name)
        except LedgerIntegrityError as error:
            self._find(FindingKind.EDIT, name, error.message)
            return None

    def _find(self, kind: FindingKind, name: str, detail: str) -> None:
        self._findings.append(Finding(kind=kind, name=name, detail=detail))


def _how_changed(
    name: str, segment: Segment, added: int, checkpoint: Checkpoint
) -> tuple[FindingKind, str, str]:
    """Tell what happened to a list of entries that is not the signed one."""
    found = len(segment.leaves)
    if found > added:
        return FindingKind.INSERT, name, f"it lists {found} entries, and {added} were sealed"
    if found < added:
        return FindingKind.DELETE, name, f"it lists {found} entries, and {added} were sealed"
    leaves = tuple(sorted(segment.leaves, key=lambda leaf: leaf.name))
    ordered = Segment(number=segment.number, start=segment.start, leaves=leaves)
    if hashlib.sha256(ordered.to_bytes()).hexdigest() == checkpoint.segment:
        return FindingKind.REORDER, name, "its entries are not in the order in which they were sealed"
    return FindingKind.EDIT, name, "it is not the list that was sealed"
