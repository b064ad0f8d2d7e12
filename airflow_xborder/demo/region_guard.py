# SPDX-License-Identifier: Apache-2.0
"""S3 endpoints that refuse the wrong region: moto behind a guard, one port for each region.

moto answers a client of any region; Amazon does not. The guard reads the region that the request was signed
for (SigV4 credential scope) and the region of the port it came in on, compares both with the region of the
bucket, and answers like S3: 301 ``PermanentRedirect`` with ``x-amz-bucket-region``, or 400
``AuthorizationHeaderMalformed`` where no bucket is in question. ``s3.py`` runs this module with arguments
``region=port``; all ports share one store, as Amazon's regions share the names of buckets.

What moto does not do, so that nothing may rest on it here: it checks no signature, does not refuse to shorten
a COMPLIANCE retention, ignores ``If-None-Match`` of a copy, and accepts unknown KMS keys.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

_SCOPE = re.compile(
    r"Credential=[^&,\s]*?(/|%2F)\d{8}(/|%2F)(?P<region>[^/%&,\s]+)(/|%2F)s3(/|%2F)aws4_request",
    re.IGNORECASE,
)
_LOCATION = ("location", "location=")


class RegionGuard:
    """A WSGI application in front of moto's.

    :param region: of the endpoint; a bucket elsewhere is not served here, whatever the signature says.
    :param bucket_region: returns the region of a bucket, or None when there is no such bucket.
    """

    def __init__(
        self, application: Application, region: str, bucket_region: Callable[[str], str | None]
    ) -> None:
        self._application = application
        self._region = region
        self._bucket_region = bucket_region

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve the request, or name the region where it belongs."""
        bucket, _, key = environ.get("PATH_INFO", "").lstrip("/").partition("/")
        home = self._bucket_region(bucket) if bucket else None
        signed = self._signed_for(environ)
        if self._asks_where(environ) or home == self._region == signed:
            return self._application(environ, start_response)
        creates = environ["REQUEST_METHOD"] == "PUT" and not key and not environ.get("QUERY_STRING")
        if home is not None and not creates:
            return self._refuse(environ, start_response, ("301 Moved Permanently", "PermanentRedirect", home))
        if signed != self._region:
            malformed = ("400 Bad Request", "AuthorizationHeaderMalformed", self._region)
            return self._refuse(environ, start_response, malformed)
        return self._application(environ, start_response)

    def _signed_for(self, environ: dict[str, Any]) -> str:
        """Return the region in the signature; a request without one counts as the endpoint's own."""
        for text in (environ.get("HTTP_AUTHORIZATION", ""), environ.get("QUERY_STRING", "")):
            if found := _SCOPE.search(text):
                return found["region"]
        return self._region

    @staticmethod
    def _asks_where(environ: dict[str, Any]) -> bool:
        # GetBucketLocation answers from everywhere, since it is how a client finds the region.
        return environ["REQUEST_METHOD"] == "GET" and environ.get("QUERY_STRING") in _LOCATION

    @staticmethod
    def _refuse(
        environ: dict[str, Any], start_response: StartResponse, answer: tuple[str, str, str]
    ) -> Iterable[bytes]:
        status, code, region = answer
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
            f"<Message>this belongs to region {region}</Message><Region>{region}</Region></Error>"
        ).encode()
        # The body of the request stays unread, so the connection cannot be used again.
        headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
        start_response(status, [*headers, ("x-amz-bucket-region", region), ("Connection", "close")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def moto_bucket_region(name: str) -> str | None:
    """Return the region of a bucket that moto holds."""
    from moto.s3.models import s3_backends

    where = s3_backends.bucket_accounts.get(name)
    if where is None:
        return None
    partition, account = where
    bucket = s3_backends[account][partition].buckets.get(name)
    return None if bucket is None else bucket.region_name


def serve(ports: dict[str, int]) -> None:
    """Serve one guarded endpoint for each region on loopback, until the process is ended."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    moto = DomainDispatcherApplication(create_backend_app)
    threads = []
    for region, port in ports.items():
        guard = RegionGuard(moto, region, moto_bucket_region)
        server = make_server("127.0.0.1", port, guard, threaded=True, request_handler=MotoRequestHandler)
        threads.append(threading.Thread(target=server.serve_forever, name=region, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    serve({region: int(port) for region, _, port in (argument.partition("=") for argument in sys.argv[1:])})
