# SPDX-License-Identifier: Apache-2.0
"""Rows in PostgreSQL's text format for COPY, as bytes: gathered into chunks, and with pseudonyms in place of values.

Knows the format and no connection. SPEC: PostgreSQL documentation, COPY, "Text Format": a line a row, tabs between
fields, ``\\N`` for NULL, a backslash before what would be mistaken for either.
"""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Iterable, Iterator
from typing import TypeAlias

Block: TypeAlias = bytes | bytearray | memoryview

CHUNK_BYTES = 1 << 18
_NULL = rb"\N"
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def whole_rows(blocks: Iterable[Block]) -> Iterator[bytes]:
    """Join blocks, which may end anywhere, into chunks of whole rows of about ``CHUNK_BYTES``."""
    gathered: list[Block] = []
    size = 0
    for block in blocks:
        gathered.append(block)
        size += len(block)
        if size >= CHUNK_BYTES:
            joined = b"".join(gathered)
            end = joined.rfind(b"\n") + 1
            if end:
                yield joined[:end]
            gathered, size = [joined[end:]], len(joined) - end
    if size:
        yield b"".join(gathered)


def count_rows(chunk: bytes) -> int:
    """Return the number of rows in a chunk of whole rows."""
    return chunk.count(b"\n")  # line feeds inside a value are escaped


class Pseudonyms:
    """Replaces values by HMAC-SHA-256 as hex: the same value and key give the same pseudonym, NULL stays NULL.

    :param columns: how many fields to replace, from the start of each row.
    """

    def __init__(self, key: bytes, columns: int) -> None:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.hmac import HMAC

        self._keyed = HMAC(key, SHA256())  # copying one that has its key is twice as fast as a new one
        self._columns = range(columns)

    def replace(self, chunk: bytes) -> bytes:
        """Return the chunk of whole rows with its first fields replaced."""
        columns, width, pseudonym = self._columns, len(self._columns), self._pseudonym
        if not width:
            return chunk
        rows = []
        for row in chunk[:-1].split(b"\n"):
            fields = row.split(b"\t", width)
            for column in columns:
                fields[column] = pseudonym(fields[column])
            rows.append(b"\t".join(fields))
        rows.append(b"")
        return b"\n".join(rows)

    def _pseudonym(self, field: bytes) -> bytes:
        if field == _NULL:
            return field
        if b"\\" in field:
            field = _ESCAPE.sub(_unescaped, field)
        keyed = self._keyed.copy()
        keyed.update(field)
        return hexlify(keyed.finalize())


def _unescaped(match: re.Match[bytes]) -> bytes:
    return _ESCAPED.get(match[1], match[1])
