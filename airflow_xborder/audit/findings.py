# SPDX-License-Identifier: Apache-2.0
"""What an audit of a ledger says: findings as values, and the sum of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from airflow_xborder.audit.canonical import Json, format_instant


class FindingKind(str, Enum):
    """What was done to a ledger, as far as it can be told."""

    EDIT = "edit"
    DELETE = "delete"
    INSERT = "insert"
    REORDER = "reorder"
    GAP = "gap"
    BROKEN_CHAIN = "broken_chain"
    BAD_SIGNATURE = "bad_signature"
    FOREIGN_REGION = "foreign_region"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was sealed.

    :param name: the object it shows at, or the try of a task whose events have a hole.
    """

    kind: FindingKind
    name: str
    detail: str

    def to_json(self) -> dict[str, Json]:
        """Return the finding as JSON."""
        return {"kind": self.kind.value, "name": self.name, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The state of one region's ledger, checked as far as it is sealed.

    :param region: by its checkpoints; ``None`` when there is none that can be read.
    :param location: where it was sealed.
    :param checkpoints: how many there are.
    :param size: how many events are sealed, by the last checkpoint that can be read.
    :param sealed_at: when that was.
    :param unverified: how many events came after it: nothing is said about them.
    :param unverified_since: the earliest moment that one of them claims.
    """

    region: str | None
    location: str | None
    checkpoints: int
    size: int
    sealed_at: datetime | None
    unverified: int
    unverified_since: datetime | None
    findings: tuple[Finding, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing that an audit could be about."""
        return not (self.checkpoints or self.unverified or self.findings)

    @property
    def is_intact(self) -> bool:
        """Say whether there is sealed history, and all of it is as it was sealed."""
        return self.checkpoints > 0 and not self.findings

    def to_json(self) -> dict[str, Json]:
        """Return the verification as JSON."""
        return {
            "region": self.region,
            "location": self.location,
            "checkpoints": self.checkpoints,
            "size": self.size,
            "sealed_at": _instant(self.sealed_at),
            "unverified": self.unverified,
            "unverified_since": _instant(self.unverified_since),
            "intact": self.is_intact,
            "findings": [finding.to_json() for finding in self.findings],
        }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)
