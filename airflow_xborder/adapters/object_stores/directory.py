# SPDX-License-Identifier: Apache-2.0
"""Objects in a folder: the ledger's embedded default. Standard library only, and cheap to import.

A file appears under its name whole and durable or not at all: it is written and synced under a temporary
name, then linked (which fails if the name is taken, on every POSIX file system, for any number of processes),
then its folder is synced. A writer that is killed leaves at most a file below ``.tmp/``, which no ledger
reads.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from airflow_xborder.audit.layout import require_object_name, require_object_size
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerIntegrityError,
    LedgerUnavailableError,
)

_TEMPORARY = ".tmp"
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV})
# An object that is no regular file must neither be followed out of the folder nor block the reader.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class DirectoryObjectStore:
    """An :class:`~airflow_xborder.ports.object_store.ObjectStore` in a folder of a local file system.

    :param folder: made on the first write.
    """

    def __init__(self, folder: str | Path) -> None:
        self._root = Path(folder).expanduser().absolute()
        self.location = str(self._root)
        self._durable: set[Path] = set()

    def create(self, name: str, data: bytes) -> None:
        """Store ``data`` unless other bytes have the name; durable on return."""
        path = self._root / require_object_name(name)
        require_object_size(name, len(data))
        temporary = self._root / _TEMPORARY / os.urandom(16).hex()
        try:
            self._make_folder(path.parent)
            temporary.parent.mkdir(mode=0o770, exist_ok=True)
            try:
                _write(temporary, data)
                taken = not _link(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
            # Also when another writer took the name: its bytes are synced, its folder entry may not be yet.
            _sync(path.parent)
        except OSError as error:
            # A folder may have been taken away under us: the next call looks again.
            self._durable.clear()
            raise _unavailable(f"`{name}` could not be written to `{self.location}`", error) from error
        if taken and self.get(name) != data:
            raise LedgerConflictError(f"`{name}` is taken by other bytes in `{self.location}`")

    def get(self, name: str) -> bytes | None:
        """Return the bytes, or ``None``."""
        path = self._root / require_object_name(name)
        try:
            descriptor = os.open(path, _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise LedgerIntegrityError(
                    f"`{name}` in `{self.location}` is a link, not an object"
                ) from error
            raise _unavailable(f"`{name}` could not be read from `{self.location}`", error) from error
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                return None
            if not stat.S_ISREG(status.st_mode):
                raise LedgerIntegrityError(f"`{name}` in `{self.location}` is not a file")
            require_object_size(name, status.st_size)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read()
        except OSError as error:
            raise _unavailable(f"`{name}` could not be read from `{self.location}`", error) from error
        finally:
            os.close(descriptor)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names below ``prefix``, sorted."""
        folder = self._root / prefix
        try:
            if self._root.exists() and not self._root.is_dir():
                raise ConfigurationError(
                    f"`{self.location}` is a file", hint="name the folder that the ledger is in"
                )
            # What stands where a folder should be is for the auditor to see, and not followed out of this one.
            if (prefix and folder.is_symlink()) or folder.is_file():
                yield prefix.rstrip("/")
            else:
                yield from self._walk(folder, prefix)
        except OSError as error:
            raise _unavailable(f"`{self.location}` could not be listed", error) from error

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        try:
            with os.scandir(folder) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return
        # With its slash a folder sorts where its contents do, so the whole walk is in the order of code
        # points.
        for name in sorted(f"{name}/" if is_folder else name for name, is_folder in found):
            if name == f"{_TEMPORARY}/" and not prefix:
                continue
            if name.endswith("/"):
                yield from self._walk(folder / name, prefix + name)
            else:
                yield prefix + name

    def _make_folder(self, folder: Path) -> None:
        """Make ``folder`` with its parents, and its entry in each of them durable."""
        if folder in self._durable:
            return
        mode = folder.stat().st_mode if folder.exists() else None
        is_ours = folder not in self._root.parents
        if mode is None or (is_ours and not mode & stat.S_ISVTX):
            self._make_folder(folder.parent)
            folder.mkdir(mode=0o770, exist_ok=True)
            self._sync_entry(folder, was_there=mode is not None)
        self._durable.add(folder)

    def _sync_entry(self, folder: Path, *, was_there: bool) -> None:
        # Also for one that was there: whoever made it a moment ago may not have synced it yet.
        try:
            _sync(folder.parent)
            # INVARIANT: a sticky folder is durable up to the root, so that later processes need not sync it again:
            # the bit is set after the entry was synced, and that of the parent before.
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_ISVTX)
        except PermissionError:
            # Another account's folder keeps its mode. A parent that may not be read matters only for a new entry.
            if not was_there:
                raise


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o440)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _link(source: Path, target: Path) -> bool:
    """Give ``source`` the name ``target`` too; say whether the name was free."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in _NO_LINKS:
            raise ConfigurationError(
                f"the file system of `{target.parent}` has no hard links: {error.strerror}",
                hint="keep the ledger on a local POSIX file system or in a bucket",
            ) from error
        raise
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems refuse to sync a folder; they write its entries through.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _unavailable(what: str, error: OSError) -> LedgerUnavailableError:
    return LedgerUnavailableError(
        f"{what}: {error.strerror or error}", hint="check the folder's rights and the disk's free space"
    )
