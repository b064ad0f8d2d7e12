# SPDX-License-Identifier: Apache-2.0
"""What time it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The gate's clock: the only source of "now" for whoever decides or records."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
