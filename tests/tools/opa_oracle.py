# SPDX-License-Identifier: Apache-2.0
"""OPA's REST API over the OPA library of a wheel, for machines without Go: ``opa_oracle.py FOLDER PORT FILE...``.

The evaluator is the real one (``libopabridge.so`` is built from OPA); only HTTP is ours, and only what the tests
ask: health, policies, data, and a query by path. Old syntax (``--v0-compatible``) is not in the library.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Documents:
    """The policies and data of one server; a new engine for each change, since the library forgets nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._policies: dict[str, str] = {}
        self._data: dict[str, Any] = {}
        self._engine = _make_engine({}, {})

    def put(self, kind: str, name: str, value: Any) -> None:
        """Set a policy or a data document; nothing changes when the engine refuses it."""
        with self._lock:
            policies, data = dict(self._policies), dict(self._data)
            (policies if kind == "policies" else data)[name] = value
            self._engine = _make_engine(policies, data)
            self._policies, self._data = policies, data

    def query(self, path: str, asked: Any) -> dict[str, Any]:
        """Evaluate a document as ``POST /v1/data`` does: no ``result`` when it is undefined."""
        from opa_bindings import OpaUndefinedError

        with self._lock:
            try:
                return {"result": self._engine.eval_document(path, asked)}
            except OpaUndefinedError:
                return {}


def _make_engine(policies: dict[str, str], data: dict[str, Any]) -> Any:
    from opa_bindings import OpaEngine

    engine = OpaEngine()
    for path, value in data.items():
        engine.add_data(value, path)
    for name, source in policies.items():
        engine.add_policy(name, source)
    return engine


class Handler(BaseHTTPRequestHandler):
    """The REST API."""

    protocol_version = "HTTP/1.1"
    documents: Documents

    def do_GET(self) -> None:
        """Answer ``/health``."""
        self._answer(200 if self.path.startswith("/health") else 404, {})

    def do_PUT(self) -> None:
        """Set a policy or a data document."""
        from opa_bindings import OpaError

        kind, _, name = self.path.removeprefix("/v1/").partition("/")
        body = self._body()
        try:
            value = body.decode() if kind == "policies" else json.loads(body)
            self.documents.put(kind, name if kind == "policies" else name.replace("/", "."), value)
        except (OpaError, ValueError) as error:
            self._answer(400, {"code": "invalid_parameter", "message": str(error)})
        else:
            self._answer(200, {})

    def do_POST(self) -> None:
        """Evaluate a document with an input."""
        from opa_bindings import OpaError

        body = self._body()
        if not self.path.startswith("/v1/data"):  # ad-hoc queries are not in the library
            self._answer(404, {})
            return
        path = self.path.partition("?")[0].removeprefix("/v1/data").strip("/").replace("/", ".")
        try:
            asked = json.loads(body or b"{}")
            answer = self.documents.query(path, asked.get("input"))
        except (OpaError, ValueError) as error:
            self._answer(400, {"code": "invalid_parameter", "message": str(error)})
        else:
            self._answer(200, answer)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep the log for errors."""


def main(folder: str, port: str, *files: str) -> None:
    """Serve until the process is ended."""
    sys.path.insert(0, folder)
    Handler.documents = Documents()
    for file in files:
        Handler.documents.put("policies", file, Path(file).read_text())
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
