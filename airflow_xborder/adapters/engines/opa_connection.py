# SPDX-License-Identifier: Apache-2.0
"""Bytes to an OPA server and back: connections that are kept, retries, and bounds on time and size.

Nothing of HTTP is loaded before the first question.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from airflow_xborder.errors import EngineUnavailableError

if TYPE_CHECKING:
    import urllib3

PATH_HINT = "check the address and the path of the engine"

_MAX_BYTES = 1 << 20
_BLOCK = 1 << 16
_BACKOFF = 0.1
# 500 is an error inside a policy: the same question would meet it again, but asking again is harmless.
_RETRIED = (429, 500, 502, 503, 504)


class Connection:
    """The connections of this process to one server; any thread may use them.

    :param timeout: seconds to connect, again for the first byte of an answer, and again for the rest of it.
    :param retries: how often a question is asked again after a lost connection, a time-out or a server error.
    """

    def __init__(self, base: str, timeout: float, retries: int) -> None:
        self._base = base
        self._timeout = timeout
        self._retries = retries
        self._pool: urllib3.PoolManager | None = None
        self._owner = 0

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the answer.

        :raises EngineUnavailableError: if there is none in time, or one that is too long.
        """
        import urllib3

        try:
            return self._exchange(url, body)
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnavailableError(
                f"OPA at `{self._base}` does not answer: {_cause(error)}", hint="is the server running?"
            ) from error

    def _exchange(self, url: str, body: bytes) -> tuple[int, bytes]:
        response = self._connections().urlopen(
            "POST",
            url,
            body=body,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            redirect=False,
            preload_content=False,
        )
        try:
            return response.status, self._bounded(response)
        finally:
            if response.connection is not None:  # one that was read to its end is back in the pool by now
                response.close()

    def _bounded(self, response: urllib3.BaseHTTPResponse) -> bytes:
        deadline = time.monotonic() + self._timeout
        answer = bytearray()
        while block := response.read1(_BLOCK):
            answer += block
            if len(answer) > _MAX_BYTES:
                raise EngineUnavailableError(
                    f"OPA at `{self._base}` answers more than {_MAX_BYTES} bytes", hint=PATH_HINT
                )
            if time.monotonic() > deadline:
                raise EngineUnavailableError(f"OPA at `{self._base}` took too long to finish its answer")
        return bytes(answer)

    def _connections(self) -> urllib3.PoolManager:
        # A forked process must not talk on its parent's connections, and Airflow forks for each task.
        if self._pool is None or self._owner != os.getpid():
            import urllib3

            retry = urllib3.Retry(
                total=self._retries,
                redirect=False,
                status_forcelist=_RETRIED,
                allowed_methods=None,  # a POST here only asks
                backoff_factor=_BACKOFF,
                raise_on_status=False,
                respect_retry_after_header=False,  # a server must not decide how long a task hangs
            )
            timeout = urllib3.Timeout(connect=self._timeout, read=self._timeout)
            self._pool = urllib3.PoolManager(maxsize=4, retries=retry, timeout=timeout)
            self._owner = os.getpid()
        return self._pool


def hint_of(status: int) -> str:
    """Return what to do about a status that is not 200."""
    if status in (401, 403):
        return "the server asks for credentials"
    if 300 <= status < 400:
        return "redirects are not followed: configure the server's own address"
    return "the server's log says why" if status >= 500 else PATH_HINT


def _cause(error: Exception) -> str:
    """Return what went wrong in words, without the address and the Python names in urllib3's own text."""
    import urllib3.exceptions as kinds

    reason = getattr(error, "reason", None)
    found = reason if isinstance(reason, Exception) else error
    if isinstance(found, kinds.NameResolutionError):
        return "its name is unknown"
    if isinstance(found, kinds.SSLError):
        return "its certificate is not trusted"
    if isinstance(found, kinds.NewConnectionError):  # before time-outs: urllib3 counts it as one
        return "connection refused"
    if isinstance(found, kinds.ConnectTimeoutError | kinds.ReadTimeoutError):
        return "timed out"
    return "the connection was lost"
