# SPDX-License-Identifier: Apache-2.0
"""Who runs the database servers when we are root, since PostgreSQL refuses root.

Takes an account that is there (``postgres`` or ``nobody``); creates none and opens no folder of anyone else.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from airflow_xborder.errors import ConfigurationError

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """Return who shall run what root may not run; None when we are not root.

    :raises ConfigurationError: we are root and the machine has none of the usual accounts.
    """
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise ConfigurationError(
        "PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`",
        hint="run as an ordinary user",
    )


def first_closed_folder(path: Path, account: Account | None) -> Path | None:
    """Return the first folder on the way to ``path`` that the account may not enter, or None.

    Reads permission bits only: access lists are not looked at, so an odd one shows when the server starts.
    """
    if account is None:
        return None
    # Both the way as written and the way behind symbolic links must be open.
    for folder in (f for way in (path.absolute(), path.resolve()) for f in (*reversed(way.parents), way)):
        if folder.is_dir() and not _may_enter(folder.stat(), account):
            return folder
    return None


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def require_open(path: Path, account: Account | None) -> None:
    """Check that the account can reach ``path``.

    :raises ConfigurationError: a folder on the way is closed to it.
    """
    closed = first_closed_folder(path, account)
    if closed is not None and account is not None:
        raise ConfigurationError(
            f"folder `{closed}` is closed to `{account.name}`, who runs the database because root may not",
            hint="use a folder that others can enter, such as one below /tmp, or run as an ordinary user",
        )


def make_folder(path: Path, account: Account | None) -> Path:
    """Make a folder that belongs to the account and to nobody else.

    :raises ConfigurationError: a folder on the way is closed to the account.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    require_open(path.parent, account)
    path.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path


def temporary_folder(prefix: str, account: Account | None) -> Path:
    """Make a new folder below the system's temporary one, owned by the account; the caller removes it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if account is not None:
        shutil.chown(folder, account.uid, account.gid)
    return folder
