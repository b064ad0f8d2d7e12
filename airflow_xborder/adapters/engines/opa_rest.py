# SPDX-License-Identifier: Apache-2.0
"""OPA's REST API over a kept-alive connection: inputs in, results out, or an error that says why not.

One input is a call of the data API. Several are one ad-hoc query that evaluates the same rule once for each: all
see one state of the policies. A server that offers no queries (its own authorisation may forbid them) is asked one
by one. Redirects are not followed, since they could take a flow to another place; an answer is bounded in time and
size, and a server that keeps failing is left alone for a while. Nothing of HTTP is loaded before the first question.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from airflow_xborder.adapters.engines.breaker import CircuitBreaker
from airflow_xborder.adapters.engines.company_policy import UNDEFINED, Said
from airflow_xborder.adapters.engines.opa_connection import PATH_HINT, Connection, hint_of
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError

_SEGMENT = re.compile(r"[A-Za-z0-9_.-]+")
_BATCH = 100
# What a server answers that does not take ad-hoc queries, or a proxy that does not pass them on.
_NO_QUERIES = (400, 401, 403, 404, 405, 501)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long an OPA server is waited for.

    :param timeout: seconds to connect, again for the first byte of an answer, and again for the rest of it.
    :param retries: how often a question is asked again after a lost connection, a time-out or a server error.
    :param breaker: leaves a server alone that keeps failing.
    :raises ConfigurationError: for limits that are none.
    """

    timeout: float = 2.0
    retries: int = 2
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)

    def __post_init__(self) -> None:
        if not (0 < self.timeout < math.inf and self.retries >= 0):
            raise ConfigurationError("an OPA engine needs a positive time-out and no negative retries")


class OpaServer:
    """One rule of one server.

    :param path: the rule's path in the server's data, as in ``crossborder/allow``.
    :raises ConfigurationError: for an address or a path that cannot be.
    """

    def __init__(self, url: str, path: str, limits: Limits) -> None:
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
        self.path = "/".join(segments)
        base = url.rstrip("/")
        self._name = f"OPA at `{base}`"
        self._data_url = f"{base}/v1/data/{quote(self.path)}?provenance=true"
        self._query_url = f"{base}/v1/query"
        self._query = _query(segments)
        self._breaker = limits.breaker
        self._connection = Connection(base, limits.timeout, limits.retries)
        self._takes_queries = True

    def ask(self, inputs: Sequence[Mapping[str, Any]]) -> list[Said]:
        """Return the value at the path for each input, in order.

        :raises EngineUnavailableError: if there is no answer, or it is not OPA's.
        """
        batches = (inputs[start : start + _BATCH] for start in range(0, len(inputs), _BATCH))
        return [said for batch in batches for said in self._ask_batch(batch)]

    def _ask_batch(self, inputs: Sequence[Mapping[str, Any]]) -> list[Said]:
        if len(inputs) > 1 and self._takes_queries:
            found = self._ask_query(inputs)
            if found is not None:
                return found
            self._takes_queries = False
        return [self._ask_data(entry) for entry in inputs]

    def _ask_data(self, one: Mapping[str, Any]) -> Said:
        with self._breaker.attempt(self._name):
            status, answer = self._post(self._data_url, {"input": one})
            if status != 200:
                raise self._refused(status)
            document = self._read(answer)
        return Said(document.get("result", UNDEFINED), _revision(document.get("provenance")))

    def _ask_query(self, inputs: Sequence[Mapping[str, Any]]) -> list[Said] | None:
        with self._breaker.attempt(self._name):
            status, answer = self._post(self._query_url, {"query": self._query, "input": inputs})
            if status in _NO_QUERIES:
                return None
            if status != 200:
                raise self._refused(status)
            found = _answers(self._read(answer), len(inputs))
            if found is None:
                raise self._not_opa("the answers to a query")
        return found

    def _post(self, url: str, content: Mapping[str, Any]) -> tuple[int, bytes]:
        return self._connection.post(
            url, json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
        )

    def _refused(self, status: int) -> EngineUnavailableError:
        return EngineUnavailableError(f"{self._name} answers status {status}", hint=hint_of(status))

    def _not_opa(self, expected: str) -> EngineUnavailableError:
        return EngineUnavailableError(
            f"{self._name} does not answer as OPA does: expected {expected}", hint=PATH_HINT
        )

    def _read(self, answer: bytes) -> dict[str, Any]:
        try:
            document = json.loads(answer)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self._not_opa("a JSON object")
        return document


def _query(segments: Sequence[str]) -> str:
    # Read alike by the old syntax and the new. A rule that is undefined for an input leaves no pair for it.
    rule = "data" + "".join(f"[{json.dumps(segment)}]" for segment in segments)
    return (
        f"answers = [[i, v] | q = input[i]; v = {rule} with input as q]; "
        "revisions = {n: r | r = data.system.bundles[n].manifest.revision}"
    )


def _answers(document: Mapping[str, Any], count: int) -> list[Said] | None:
    """Return what a query says about each input, or ``None`` if it does not say it as our query asks."""
    try:
        (row,) = document["result"]
        revision = _joined(row["revisions"])
        values: dict[int, object] = {}
        for number, value in row["answers"]:
            if type(number) is not int or not 0 <= number < count or number in values:
                return None
            values[number] = value
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return [Said(values.get(number, UNDEFINED), revision) for number in range(count)]


def _revision(provenance: object) -> str:
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    if not isinstance(bundles, dict):
        return ""
    return _joined({name: row.get("revision") for name, row in bundles.items() if isinstance(row, dict)})


def _joined(revisions: Mapping[str, object]) -> str:
    return ",".join(f"{name}:{revision}" for name, revision in sorted(revisions.items()) if revision)
