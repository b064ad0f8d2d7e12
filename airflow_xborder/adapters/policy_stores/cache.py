# SPDX-License-Identifier: Apache-2.0
"""Files that one account keeps on one machine, to save work. What is read here is believed, so nobody else may write it.

A folder that belongs to another account, that others may write to, or that is a link, is not used at all. Without a
cache everything is slower and no less right.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)


class Cache:
    """A folder of small files.

    :param folder: made on the first write; ``None`` for a machine without a place for one.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return the bytes under ``name``, or ``None`` if there are none that can be believed."""
        path = self._path(name)
        try:
            return path.read_bytes() if path is not None else None
        except OSError:
            return None

    def written_at(self, name: str) -> float | None:
        """Return when ``name`` was written, in seconds since the epoch."""
        path = self._path(name)
        try:
            return path.stat().st_mtime if path is not None else None
        except OSError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``, if that can be done; readers see all of it or none."""
        if self._folder is None:
            return
        import tempfile

        try:
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._path(name)
            if path is None:
                return
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(temporary).replace(path)
            except OSError:
                Path(temporary).unlink(missing_ok=True)
        except OSError:
            return  # the next process does the work again: slower, and no less right

    def _path(self, name: str) -> Path | None:
        if self._folder is None:
            return None
        path = self._folder / name
        try:
            status = path.parent.lstat()
        except OSError:
            return None
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if is_ours and not status.st_mode & 0o022:
            return path
        log.warning(
            "the cache `%s` is not used: it must be a folder that only its owner can write to", path.parent
        )
        return None
