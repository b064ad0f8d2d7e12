# SPDX-License-Identifier: Apache-2.0
"""Which store a location means. Imports only the store that is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from airflow_xborder.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_xborder.ports.object_store import ObjectStore

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def open_store(location: str, options: Mapping[str, object] | None = None) -> ObjectStore:
    """Return the store at ``location``; nothing is created or reached before it is used.

    :param location: a folder, ``file:///folder`` or ``s3://bucket/prefix``.
    :param options: for a bucket, those of :class:`~airflow_xborder.adapters.object_stores.s3.S3Options`.
    :raises ConfigurationError: an unknown scheme, or options that the store does not know.
    """
    match = _SCHEME.match(location)
    scheme = match[1].lower() if match else ""
    if scheme == "s3":
        from airflow_xborder.adapters.object_stores.s3 import S3ObjectStore

        return S3ObjectStore(location, options)
    if scheme not in ("", "file") or not location.strip():
        raise ConfigurationError(
            f"a ledger cannot be kept at `{location}`", hint="give a folder or `s3://bucket/prefix`"
        )
    from airflow_xborder.adapters.object_stores.directory import DirectoryObjectStore

    if scheme:
        from urllib.parse import unquote, urlsplit

        location = unquote(urlsplit(location).path)
    return DirectoryObjectStore(location)
