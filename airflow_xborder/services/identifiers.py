# SPDX-License-Identifier: Apache-2.0
"""Random identifiers that sort by time (ULID specification)."""

from __future__ import annotations

import os
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(now: datetime) -> str:
    """Return a ULID: 48 bits of milliseconds, then 80 random bits, as 26 characters of Crockford's base 32."""
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
