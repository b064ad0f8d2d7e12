# SPDX-License-Identifier: Apache-2.0
"""Development mode: the release is built from a local catalog and the shipped packs on first use.

It is kept in the cache under a digest of its sources, so that the next process parses no YAML.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import airflow_xborder
from airflow_xborder.errors import ConfigurationError, PolicyValidationError
from airflow_xborder.services.release import Release, build_release


class CatalogFilePolicyStore:
    """A catalog on this machine.

    :param packs: ids and paths of packs; ``None`` for all shipped ones.
    """

    def __init__(self, catalog: Path, cache: Path, packs: Sequence[str] | None = None) -> None:
        self._catalog = catalog
        self._cache = cache / "development"
        self._packs = packs
        self._release: Release | None = None

    def current(self) -> Release:
        """Return the release; one process sees one state of its sources."""
        if self._release is None:
            cached = self._cache / f"{self._sources_digest()}.json"
            self._release = self._read(cached) or self._build(cached)
        return self._release

    def _read(self, cached: Path) -> Release | None:
        try:
            name, data = cached.read_bytes().split(b"\n", 1)
            release = Release(data)
        except (OSError, ValueError, PolicyValidationError):
            return None
        return release if release.digest == name.decode("ascii", "replace") else None

    def _build(self, cached: Path) -> Release:
        from airflow_xborder.authoring.catalog import load_catalog
        from airflow_xborder.authoring.loading import load_policies

        release = build_release(load_policies(self._packs), load_catalog(self._catalog))
        release.policies.packs()
        cached.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=cached.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(release.digest.encode() + b"\n" + release.data)
        Path(temporary).replace(cached)
        return release

    def _sources_digest(self) -> str:
        digest = hashlib.sha256(airflow_xborder.__version__.encode())
        for path in sorted({*_files(self._catalog), *self._pack_files()}):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise ConfigurationError(
                    f"cannot read `{path}`: {error.strerror}", hint="check `[xborder] catalog`"
                ) from error
            digest.update(f"{path}\0{len(data)}\0".encode())
            digest.update(data)
        return digest.hexdigest()

    def _pack_files(self) -> Iterator[Path]:
        package = Path(airflow_xborder.__file__).resolve().parent
        inside = package / "policies" / "packs"
        yield from _files(inside if inside.is_dir() else package.parent / "policies" / "packs")
        for name in self._packs or ():
            if Path(name).exists():
                yield from _files(Path(name))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (entry for entry in path.iterdir() if entry.suffix in (".yaml", ".yml", ".json"))
    else:
        yield path
