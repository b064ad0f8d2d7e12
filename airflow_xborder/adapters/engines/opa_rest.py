# SPDX-License-Identifier: Apache-2.0
"""OPA's REST data API over a kept-alive connection: one input in, one result out, or an error that says why not.

Nothing of HTTP is loaded before the first question. Redirects are not followed, since they could take a flow to
another place; an answer is bounded in time and size. What an answer means is ``opa.py``'s.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from airflow_xborder.errors import ConfigurationError, EngineUnavailableError

if TYPE_CHECKING:
    import urllib3

UNDEFINED: Final = object()
"""OPA has no value at that path."""

_SEGMENT = re.compile(r"[A-Za-z0-9_.-]+")
_MAX_BYTES = 1 << 20
_BLOCK = 1 << 16
_BACKOFF = 0.1
# 500 is an error inside a policy: the same question would meet it again, but asking again is harmless.
_RETRIED = (429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class OpaResult:
    """The value at the path, or ``UNDEFINED``; ``revision`` names the bundles it came from, where there are any."""

    value: object
    revision: str = ""


class OpaServer:
    """One path of one server's data API.

    :param timeout: seconds to connect, again for the first byte of an answer, and again for the rest of it.
    :param retries: how often a question is asked again after a lost connection, a time-out or a server error.
    :raises ConfigurationError: for an address or a path that cannot be.
    """

    def __init__(self, url: str, path: str, timeout: float, retries: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigurationError(
                f"`{url}` is not the address of an OPA server", hint="write it as http://127.0.0.1:8181"
            )
        segments = path.strip("/").split("/")
        if not all(_SEGMENT.fullmatch(segment) for segment in segments):
            raise ConfigurationError(
                f"`{path}` is not a path of OPA's data", hint="write it as crossborder/allow"
            )
        if not (timeout > 0 and retries >= 0):
            raise ConfigurationError("an OPA engine needs a positive time-out and no negative retries")
        self.path = "/".join(segments)
        self._base = url.rstrip("/")
        self._address = f"{self._base}/v1/data/{quote(self.path)}?provenance=true"
        self._timeout = timeout
        self._retries = retries
        self._pool: urllib3.PoolManager | None = None
        self._owner = 0

    def ask(self, question: Mapping[str, Any]) -> OpaResult:
        """Return the value at the path for one input.

        :raises EngineUnavailableError: if there is no answer, or it is not OPA's.
        """
        import urllib3

        body = json.dumps({"input": question}, allow_nan=False, separators=(",", ":")).encode()
        try:
            status, answer = self._post(body)
        except urllib3.exceptions.HTTPError as error:
            raise EngineUnavailableError(
                f"OPA at `{self._base}` does not answer: {_cause(error)}", hint="is the server running?"
            ) from error
        if status != 200:
            raise EngineUnavailableError(f"OPA at `{self._base}` answers status {status}", hint=_hint(status))
        return self._read(answer)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        response = self._connections().urlopen(
            "POST",
            self._address,
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
                    f"OPA at `{self._base}` answers more than {_MAX_BYTES} bytes", hint=_PATH_HINT
                )
            if time.monotonic() > deadline:
                raise EngineUnavailableError(f"OPA at `{self._base}` took too long to finish its answer")
        return bytes(answer)

    def _read(self, answer: bytes) -> OpaResult:
        try:
            document = json.loads(answer)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise EngineUnavailableError(
                f"`{self._base}` does not answer as OPA does: expected a JSON object", hint=_PATH_HINT
            )
        return OpaResult(document.get("result", UNDEFINED), _revision(document.get("provenance")))

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


_PATH_HINT = "check the address and the path of the engine"


def _hint(status: int) -> str:
    if status in (401, 403):
        return "the server asks for credentials"
    if 300 <= status < 400:
        return "redirects are not followed: configure the server's own address"
    return "the server's log says why" if status >= 500 else _PATH_HINT


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


def _revision(provenance: object) -> str:
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    if not isinstance(bundles, dict):
        return ""
    revisions = {name: row.get("revision") for name, row in bundles.items() if isinstance(row, dict)}
    return ",".join(f"{name}:{revision}" for name, revision in sorted(revisions.items()) if revision)
