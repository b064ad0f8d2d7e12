# SPDX-License-Identifier: Apache-2.0
"""Objects in an S3 bucket, through obstore: create-if-absent is the server's own (``If-None-Match: *``).

Every request ends within ``timeout`` seconds: half of it for one attempt, half for further ones. A retried
write whose first answer was lost meets its own object, which counts as success. Whatever is not S3's own "no
such key" is no absence: a proxy's 404 must not look like a free name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_xborder.audit.layout import require_object_name, require_object_size
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerError,
    LedgerIntegrityError,
    LedgerUnavailableError,
    MissingDependencyError,
)

if TYPE_CHECKING:
    from obstore.store import S3Store

_ATTEMPTS = 3
# What is wrong here must not reach obstore: its Rust part then panics, past every `except Exception`.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_ENDPOINT = re.compile(
    r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?(?:[A-Za-z0-9._~/-]*)"
)
_CODE = re.compile(r"<Code>(\w+)</Code>")
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How to reach a bucket; what is left out comes from the environment (``AWS_*``).

    :param endpoint: of a server that is not AWS's; plain ``http://`` is spoken only if it says so.
    :param timeout: the longest that one request may take with its retries, in seconds.
    :param credential_provider: instead of keys: a callable as obstore takes it (``obstore.auth.boto3``).
    """

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    timeout: float = 10.0
    credential_provider: Any = None

    @classmethod
    def from_mapping(cls, options: Mapping[str, object] | None) -> S3Options:
        """Return the options, unknown ones refused.

        :raises ConfigurationError: an option that there is not, or a time that is none.
        """
        known = {field.name for field in fields(cls)}
        for name in options or {}:
            if name not in known:
                raise ConfigurationError(
                    f"unknown option `{name}` of an S3 ledger", hint=f"known are {', '.join(sorted(known))}"
                )
        made = cls(**(options or {}))  # type: ignore[arg-type]
        if type(made.timeout) not in (int, float) or not 0 < made.timeout < 3600:
            raise ConfigurationError(
                f"`{made.timeout}` is no time-out for a ledger: expected seconds above 0"
            )
        return made


class S3ObjectStore:
    """An :class:`~airflow_xborder.ports.object_store.ObjectStore` below a prefix of a bucket.

    :param location: ``s3://bucket/prefix``.
    """

    def __init__(self, location: str, options: Mapping[str, object] | None = None) -> None:
        parts = urlsplit(location)
        prefix = parts.path.strip("/")
        is_path = not {".", ".."} & {*prefix.split("/")} and "//" not in prefix and prefix.isprintable()
        if not _BUCKET.fullmatch(parts.netloc) or not is_path or parts.query or parts.fragment:
            raise ConfigurationError(
                f"`{location}` is no place in a bucket", hint="write it as `s3://bucket/prefix`"
            )
        self._bucket = parts.netloc
        self._prefix = f"{prefix}/" if prefix else ""
        self.location = f"s3://{self._bucket}/{prefix}".rstrip("/")
        self._options = S3Options.from_mapping(options)
        self._opened: S3Store | None = None

    def create(self, name: str, data: bytes) -> None:
        """Store ``data`` unless other bytes have the name; durable on return."""
        require_object_size(name, len(data))
        for _ in range(_ATTEMPTS):
            if self._put(name, data):
                return
            stored = self.get(name)
            if stored == data:
                return
            if stored is not None:
                raise LedgerConflictError(f"`{name}` is taken by other bytes in `{self.location}`")
            # The writer that met us at this name may have failed; then the name is free again.
        raise LedgerUnavailableError(f"`{name}` in `{self.location}` is taken but cannot be read")

    def get(self, name: str) -> bytes | None:
        """Return the bytes, or ``None``."""
        key, store = self._key(name), self._store()
        import obstore
        from obstore.exceptions import BaseError

        try:
            found = obstore.get(store, key)
            require_object_size(name, found.meta["size"])
            return bytes(found.bytes())
        except (BaseError, FileNotFoundError) as error:
            if _code(error) == "NoSuchKey":
                return None
            raise self._translate(error, f"`{name}` could not be read") from error

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names below ``prefix``, sorted."""
        store = self._store()
        import obstore
        from obstore.exceptions import BaseError, InvalidPathError

        names: list[str] = []
        try:
            for chunk in obstore.list(store, prefix=(self._prefix + prefix) or None):
                names += [meta["path"].removeprefix(self._prefix) for meta in chunk]
        except InvalidPathError as error:
            raise LedgerIntegrityError(f"`{self.location}` holds an object that no ledger writes") from error
        except (BaseError, FileNotFoundError) as error:
            raise self._translate(error, "objects could not be listed") from error
        yield from sorted(names)

    def _put(self, name: str, data: bytes) -> bool:
        """Try to create the object; say whether the name was free."""
        key, store = self._key(name), self._store()
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            obstore.put(store, key, data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except (BaseError, FileNotFoundError) as error:
            raise self._translate(error, f"`{name}` could not be written") from error
        return True

    def _key(self, name: str) -> str:
        return self._prefix + require_object_name(name)

    def _store(self) -> S3Store:
        if self._opened is None:
            self._opened = _open(self._bucket, self._options)
        return self._opened

    def _translate(self, error: Exception, what: str) -> LedgerError | ConfigurationError:
        code = _code(error)
        if code == "NoSuchBucket":
            return ConfigurationError(
                f"there is no bucket for the ledger `{self.location}`",
                hint="create it in the ledger's region, versioned and with a default Object Lock",
            )
        if code in _ELSEWHERE or "BareRedirect" in str(error):
            return ConfigurationError(
                f"the bucket of the ledger `{self.location}` is in another region",
                hint="give the bucket's own region and endpoint: evidence stays in its region",
            )
        why = code or str(error).partition("\n")[0][:300]
        return LedgerUnavailableError(
            f"{what} in `{self.location}`: {why}", hint="check network, endpoint and credentials"
        )


def _open(bucket: str, options: S3Options) -> S3Store:
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise MissingDependencyError(
            "a ledger in a bucket needs the package `obstore`", hint="pip install obstore"
        ) from error
    endpoint = options.endpoint or next(
        (os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None
    )
    if endpoint is not None and not _ENDPOINT.fullmatch(endpoint):
        raise ConfigurationError(
            f"`{endpoint}` is no endpoint of an S3 server", hint="write it as `https://host:port`"
        )
    half = timedelta(seconds=options.timeout / 2)
    given = {
        "endpoint": endpoint,
        "region": options.region,
        "access_key_id": options.access_key_id,
        "secret_access_key": options.secret_access_key,
        "session_token": options.session_token,
        "credential_provider": options.credential_provider or _profile(options),
    }
    return S3Store(
        bucket,
        # S3 wants the bytes vouched for wherever a default Object Lock holds them.
        checksum_algorithm="SHA256",
        # A bucket whose name has dots, or one on another server, has no host name of its own.
        virtual_hosted_style_request=endpoint is None and "." not in bucket,
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": half / 2,
            "timeout": half,
        },
        retry_config={
            "max_retries": 10,
            "retry_timeout": half,
            "backoff": {
                "init_backoff": timedelta(milliseconds=50),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
        **{name: value for name, value in given.items() if value is not None},
    )


def _profile(options: S3Options) -> Any:
    profile = os.environ.get("AWS_PROFILE")
    if not profile or options.access_key_id:
        return None
    from airflow_xborder.adapters.object_stores.aws_profile import profile_credentials

    return profile_credentials(profile)


def _code(error: Exception) -> str | None:
    match = _CODE.search(str(error))
    return match[1] if match else None
