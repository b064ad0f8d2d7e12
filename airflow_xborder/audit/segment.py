# SPDX-License-Identifier: Apache-2.0
"""Which entries one seal added to the log, in their order: the leaves of the tree, as lines of text.

::

    xborder/segment/v1
    7                                    the checkpoint's number
    1200                                 leaves before these
    <leaf hash> <size> <object name>     a line for each, sorted by name

The checkpoint signs the digest of this text, so its lines cannot be changed, left out, added or moved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_xborder.audit import layout
from airflow_xborder.errors import LedgerIntegrityError

_HEADER = "xborder/segment/v1"
_NUMBER = re.compile(r"0|[1-9]\d{0,15}")
_LEAF = re.compile(r"([0-9a-f]{64}) (0|[1-9]\d{0,15}) (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One entry of the log.

    :param size: of the stored object, in bytes.
    """

    name: str
    hash: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The leaves that checkpoint ``number`` added after the first ``start``."""

    number: int
    start: int
    leaves: tuple[Leaf, ...]

    def to_bytes(self) -> bytes:
        """Return the text, leaves in the order in which they are held."""
        lines = [_HEADER, str(self.number), str(self.start)]
        lines += [f"{leaf.hash.hex()} {leaf.size} {leaf.name}" for leaf in self.leaves]
        return ("\n".join(lines) + "\n").encode("ascii")


def parse_segment(data: bytes) -> Segment:
    """Read what :meth:`Segment.to_bytes` wrote.

    :raises LedgerIntegrityError: not a segment.
    """
    try:
        header, number, start, *lines = data.decode("ascii").split("\n")
    except ValueError:
        raise LedgerIntegrityError("not a segment: too short, or not ASCII") from None
    # INVARIANT: the text ends in a newline, so the last piece is empty; with no leaves `lines` is just that.
    is_counted = _NUMBER.fullmatch(number) and _NUMBER.fullmatch(start)
    if header != _HEADER or not is_counted or lines[-1:] != [""]:
        raise LedgerIntegrityError(f"not a segment: expected `{_HEADER}`, two numbers and lines of leaves")
    leaves = tuple(_parse_leaf(line) for line in lines[:-1])
    return Segment(number=int(number), start=int(start), leaves=leaves)


def _parse_leaf(line: str) -> Leaf:
    match = _LEAF.fullmatch(line)
    if match is None or not match[3].startswith(layout.EVENTS) or not layout.is_object_name(match[3]):
        raise LedgerIntegrityError("not a segment: a line is no leaf")
    return Leaf(name=match[3], hash=bytes.fromhex(match[1]), size=int(match[2]))
