# SPDX-License-Identifier: Apache-2.0
"""What one copy of a table is told, and what it tells: no rows, no values."""

from __future__ import annotations

from dataclasses import dataclass, field

from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.tables import TableName

_LEAST_SECRET = 16
_LONGEST_KEY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyJob:
    """One copy.

    :param idempotency_key: names this copy among all into the destination's schema; a retry uses it again.
    :param secret: the source region's key for pseudonyms and digests; it stays in this process.
    :param replace: whether the rows that the destination has are replaced rather than added to. Such a copy is
        made again each time it is asked for, since that never doubles a row.
    :param chunk_bytes: how much may go between two looks at ``on_chunk``.
    :raises ConfigurationError: for values that cannot be.
    """

    destination: TableName
    idempotency_key: str
    secret: bytes = field(repr=False)
    replace: bool = False
    chunk_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        if not 0 < len(self.idempotency_key) <= _LONGEST_KEY or "\0" in self.idempotency_key:
            raise ConfigurationError(f"an idempotency key has 1 to {_LONGEST_KEY} characters, and no NUL")
        if len(self.secret) < _LEAST_SECRET:
            raise ConfigurationError(
                f"the region's secret key is shorter than {_LEAST_SECRET} bytes", hint="use 32 random bytes"
            )
        if self.chunk_bytes < 1:
            raise ConfigurationError(f"expected a positive number of bytes a chunk, got `{self.chunk_bytes}`")


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far a copy is; ``is_complete`` when all has been sent and nothing is committed yet."""

    rows: int
    bytes: int
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Landed:
    """What one copy has put into a destination.

    :param content_digest: HMAC-SHA-256, as hex, over the bytes sent, under a key derived from the region's.
    """

    rows: int
    bytes: int
    content_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """What has landed, and by which plan.

    :param rows_read: the rows of the source table, those that stayed included; ``None`` for a repeat. An exact
        count of the origin, so not for the other side's ledger.
    :param is_repeat: whether it had landed before, so that nothing was sent now.
    """

    landed: Landed
    rows_read: int | None
    plan_digest: str
    columns: tuple[str, ...]
    pseudonymised: tuple[str, ...]
    dropped: tuple[str, ...]
    is_repeat: bool
