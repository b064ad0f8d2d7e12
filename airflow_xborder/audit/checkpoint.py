# SPDX-License-Identifier: Apache-2.0
"""What is signed: the state of one region's log at one moment, and the checkpoint before it.

The text is a C2SP tlog-checkpoint with extension lines::

    xborder/eu/s3://acme-ledger-eu             origin: region and place, so that a log cannot move unnoticed
    1204                                       leaves
    <base64>                                   RFC 6962 root over them
    number 7
    previous <sha256 of checkpoint 6>          "none" for the first
    segment <sha256 of the segment>            "none" when nothing was added: silence is signed too
    sealed_at 2026-11-21T10:00:00.000000Z
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from airflow_xborder.audit.canonical import format_instant, parse_instant
from airflow_xborder.errors import LedgerIntegrityError

_TEXT = re.compile(
    r"xborder/(?P<region>[A-Za-z0-9][A-Za-z0-9_-]*)/(?P<location>[^\x00-\x1f]+)\n"
    r"(?P<size>0|[1-9]\d{0,15})\n"
    r"(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"number (?P<number>[1-9]\d{0,11})\n"
    r"previous (?P<previous>none|[0-9a-f]{64})\n"
    r"segment (?P<segment>none|[0-9a-f]{64})\n"
    r"sealed_at (?P<sealed_at>\S+)\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One signed state of a log.

    :param number: from 1, without holes.
    :param root: over the first ``size`` leaves.
    :param previous: SHA-256 of the whole stored note before this one, signatures included.
    :param segment: SHA-256 of the segment with the leaves that are new, or ``None`` if none are.
    """

    region: str
    location: str
    size: int
    root: bytes
    number: int
    previous: str | None
    segment: str | None
    sealed_at: datetime

    @property
    def origin(self) -> str:
        """Return the line that says whose log it is and where it lies."""
        return f"xborder/{self.region}/{self.location}"

    def to_text(self) -> str:
        """Return the text to sign.

        :raises ValueError: a field cannot be written, so that no reader would get it back.
        """
        # SPEC: https://c2sp.org/tlog-checkpoint
        text = (
            f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"
            f"number {self.number}\nprevious {self.previous or 'none'}\nsegment {self.segment or 'none'}\n"
            f"sealed_at {format_instant(self.sealed_at)}\n"
        )
        match = _TEXT.fullmatch(text)
        if match is None or match["region"] != self.region:
            raise ValueError("a checkpoint with a field that cannot be written")
        return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint.

    :raises LedgerIntegrityError: not the text that :meth:`Checkpoint.to_text` writes.
    """
    match = _TEXT.fullmatch(text)
    try:
        if match is None:
            raise ValueError("expected the seven lines of one")
        checkpoint = Checkpoint(
            region=match["region"],
            location=match["location"],
            size=int(match["size"]),
            root=base64.b64decode(match["root"]),
            number=int(match["number"]),
            previous=_none(match["previous"]),
            segment=_none(match["segment"]),
            sealed_at=parse_instant(match["sealed_at"]),
        )
    except ValueError as error:
        raise LedgerIntegrityError(f"not a checkpoint: {error}") from error
    if checkpoint.to_text() != text:
        raise LedgerIntegrityError("not a checkpoint: it reads back as other text")
    return checkpoint


def _none(value: str) -> str | None:
    return None if value == "none" else value
