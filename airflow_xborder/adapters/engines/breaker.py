# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: a server that has failed several times in a row is left alone for a while.

Closed, every question is asked. Open, none is: each fails at once and says since when. After the pause one question
is let through as a probe; its answer closes the circuit, its failure opens it again for another pause.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from airflow_xborder.errors import ConfigurationError, EngineUnavailableError

FAILURES = 3
PAUSE = 30.0


class CircuitBreaker:
    """Counts failures of one server; any thread may use it.

    :param failures: how many in a row open the circuit.
    :param pause: seconds until a question is let through again.
    :param clock: seconds on a clock that nobody sets; only differences count.
    :raises ConfigurationError: for limits that are none.
    """

    def __init__(
        self, failures: int = FAILURES, pause: float = PAUSE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if failures < 1 or not 0 < pause < math.inf:
            raise ConfigurationError("a circuit breaker needs at least one failure and a positive pause")
        self._failures = failures
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._failing_since = 0.0
        self._opened_at: float | None = None
        self._probed_at: float | None = None
        self._reason = ""

    @contextmanager
    def attempt(self, server: str) -> Iterator[None]:
        """Let one question through, and take from how it ends whether the server answers.

        :param server: what to call it in the message.
        :raises EngineUnavailableError: at once, while the circuit is open; else whatever the question raises.
        """
        is_probe = self._enter(server)
        try:
            yield
        except EngineUnavailableError as error:
            self._failed(error.message, is_probe=is_probe)
            raise
        except BaseException:
            # Interrupted: that says nothing about the server. The next question may probe.
            with self._lock:
                self._probed_at = None if is_probe else self._probed_at
            raise
        with self._lock:
            self._in_a_row, self._opened_at, self._probed_at = 0, None, None

    def _enter(self, server: str) -> bool:
        with self._lock:
            if self._opened_at is None:
                return False
            now = self._clock()
            left = self._opened_at + self._pause - now
            # A probe that never came back, as in a process forked meanwhile, must not block the others for good.
            if self._probed_at is not None:
                left = max(left, self._probed_at + self._pause - now)
            if left > 0:
                raise EngineUnavailableError(
                    f"{server} has not answered for {now - self._failing_since:.0f} s, "
                    f"{self._in_a_row} questions in a row: {self._reason}",
                    hint=f"it is asked again in {math.ceil(left)} s",
                )
            self._probed_at = now
            return True

    def _failed(self, reason: str, *, is_probe: bool) -> None:
        with self._lock:
            now = self._clock()
            if self._in_a_row == 0:
                self._failing_since = now
            self._in_a_row += 1
            self._reason = reason
            if is_probe:
                self._opened_at, self._probed_at = now, None
            elif self._opened_at is None and self._in_a_row >= self._failures:
                self._opened_at = now
