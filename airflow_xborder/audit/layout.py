# SPDX-License-Identifier: Apache-2.0
"""Where things lie inside one ledger: names of objects, as text.

::

    events/<dag>/<run>/<task>.<map index>.<try>.<phase>.<decision key>.json
    events/=other/<kind>.<phase>.<event id>.json          an event outside any task
    log/checkpoints/<number>                              one signed note a seal
    log/segments/<number>-<sha256>                        the leaves that a seal added
    log/keys/<key id>.pub                                 the public key, for a first look

Foreign text (ids of DAGs, runs, tasks) is escaped one to one as ``=XX``, so that no id can leave its place or
take another's name; what is too long for a file system ends in a digest instead.
"""

from __future__ import annotations

import hashlib
import re

from airflow_xborder.errors import LedgerIntegrityError

EVENTS = "events/"
CHECKPOINTS = "log/checkpoints/"
SEGMENTS = "log/segments/"
KEYS = "log/keys/"

# No escape has a lower-case letter after `=`, so an escaped id cannot spell these.
OTHER = "=other"
NO_KEY = "=none"

MAX_BYTES = 256 * 2**20
"""The largest object that a ledger may hold. What is larger is no reader's to swallow: an auditor has memory too."""

_MAX_PART = 80
_PART = r"[A-Za-z0-9_=-][A-Za-z0-9_.=-]*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")
_CHECKPOINT = re.compile(rf"{CHECKPOINTS}([0-9]{{12}})")
_SEGMENT = re.compile(rf"{SEGMENTS}([0-9]{{12}})-([0-9a-f]{{64}})")


def is_object_name(name: str) -> bool:
    """Say whether ``name`` is one that a ledger may hold: safe as a path, an S3 key and a line of text."""
    return len(name) <= 900 and _NAME.fullmatch(name) is not None


def require_object_name(name: str) -> str:
    """Return ``name``.

    :raises ValueError: no ledger may hold an object of that name.
    """
    if not is_object_name(name):
        raise ValueError(f"`{name!r}` is no name of a ledger object")
    return name


def require_object_size(name: str, size: int) -> None:
    """Check that an object is not larger than a ledger may hold.

    :raises LedgerIntegrityError: it is.
    """
    if size > MAX_BYTES:
        raise LedgerIntegrityError(
            f"`{name}` has {size} bytes, and no object of a ledger has over {MAX_BYTES}"
        )


def escape(text: str, *, dots: bool = True) -> str:
    """Return ``text`` as one part of a name; different texts never give the same part.

    :param dots: whether dots stand for themselves.
    """
    data = text.encode("utf-8")
    part = "".join(chr(byte) if byte in _PLAIN and (dots or byte != 46) else f"={byte:02X}" for byte in data)
    if part.startswith("."):
        part = "=2E" + part[1:]
    if len(part) > _MAX_PART:
        # `=x` is no escape, so a short id cannot pretend to be the short form of a long one.
        part = f"{part[:12]}=x{hashlib.sha256(data).hexdigest()}"
    return part


def task_folder(dag_id: str, run_id: str) -> str:
    """Return the folder that holds the events of one run."""
    return f"{EVENTS}{escape(dag_id)}/{escape(run_id)}/"


def checkpoint_name(number: int) -> str:
    """Return the name of checkpoint ``number``; the first is 1."""
    return f"{CHECKPOINTS}{number:012d}"


def checkpoint_number(name: str) -> int | None:
    """Return the number in a checkpoint's name, or ``None`` if ``name`` is not one."""
    match = _CHECKPOINT.fullmatch(name)
    return int(match[1]) if match else None


def segment_name(number: int, digest: str) -> str:
    """Return the name of the segment behind checkpoint ``number``: its content is part of its name."""
    return f"{SEGMENTS}{number:012d}-{digest}"


def segment_digest(name: str) -> str | None:
    """Return the SHA-256 in a segment's name, or ``None`` if ``name`` is not one."""
    match = _SEGMENT.fullmatch(name)
    return match[2] if match else None


def key_name(key_id: bytes) -> str:
    """Return the name of the public key with that id."""
    return f"{KEYS}{key_id.hex()}.pub"
