# SPDX-License-Identifier: Apache-2.0
"""How long the last good policy set stands in for one that cannot be had, or is bad: a limited time, and loudly.

The time counts from when it was last confirmed to be the one in force, not from when the trouble began: whoever can
spoil what is newer, and cannot sign, wins that much time with old law and no more.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from airflow_xborder.errors import EvaluationError, XborderError
from airflow_xborder.services.release import Release

log = logging.getLogger(__name__)

MAX_STALENESS = 3600.0
RECHECK_SECONDS = 30.0
_SKEW = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A release, and when it was found to be the one in force, by both clocks of the machine."""

    release: Release
    wall: float
    steady: float

    @classmethod
    def now(cls, release: Release) -> Confirmed:
        """Confirm a release at this moment."""
        return cls(release=release, wall=time.time(), steady=time.monotonic())

    @property
    def age(self) -> float:
        """Seconds since then: by the steady clock, and by the other, which also runs while a machine sleeps."""
        wall = time.time() - self.wall
        # A time to come is no age at all: a clock that was wrong once must not keep an old release in force.
        return max(wall, time.monotonic() - self.steady) if wall >= -_SKEW else float("inf")


class Standing:
    """The release in force for this process, and what is wrong with what should replace it.

    :param what: what it is the policy set of, for messages.
    :param max_staleness: for how many seconds a release stands after it was last confirmed.
    """

    def __init__(self, what: str, max_staleness: float) -> None:
        self._what = what
        self._max_staleness = max_staleness
        self._recheck = min(RECHECK_SECONDS, max_staleness)
        self._looked = 0.0
        self._told: set[str] = set()
        # Replaced whole, so that a thread that reads it needs no lock.
        self.confirmed: Confirmed | None = None
        self.problem: str | None = None

    @property
    def release(self) -> Release | None:
        """The release, if it may stand at this moment."""
        held = self.confirmed
        return held.release if held is not None and held.age <= self._max_staleness else None

    @property
    def is_due(self) -> bool:
        """Whether it is time to look at the source again."""
        return self.release is None or time.monotonic() - self._looked >= self._recheck

    def looked(self) -> None:
        """Note that the source is being looked at."""
        self._looked = time.monotonic()

    def confirm(self, release: Release) -> Release:
        """Put a release in force, or keep it there, since the source says so."""
        self.confirmed = Confirmed.now(release)
        if self.problem is not None:
            log.info("%s: the policies are as they should be again", self._what)
        self.problem = None
        self._told.clear()
        return release

    def stand_in(self, error: XborderError) -> Release:
        """Return the last good release in place of what ``error`` is about; each trouble is logged once.

        :raises XborderError: the error itself, if nothing good was ever loaded.
        :raises EvaluationError: if the last good one is too old to stand.
        """
        held = self.confirmed
        if held is None:
            raise error
        age = held.age
        self.problem = f"{error.message}; release `{held.release.digest[:12]}…` stands in for it"
        if age > self._max_staleness:
            raise EvaluationError(
                f"{self._what}: no policy set is recent enough to stand, since {error.message}",
                hint=error.hint,
            ) from error
        if error.message not in self._told:
            self._told.add(error.message)
            log.error(
                "%s: %s. The last good policies (release %s) stand for another %.0f seconds at most",
                self._what,
                error,
                held.release.digest[:12],
                self._max_staleness - age,
            )
        return held.release
