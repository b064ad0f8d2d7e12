# SPDX-License-Identifier: Apache-2.0
"""Straight from the sources: the command line, and development mode, build the release on first use.

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


class SourcePolicyStore:
    """Packs, and perhaps a catalog, on this machine.

    :param packs: ids and paths of packs; ``None`` for all shipped ones.
    """

    def __init__(self, catalog: Path | None, cache: Path, packs: Sequence[str] | None = None) -> None:
        self._catalog = catalog
        self._cache = cache / "sources"
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
        from airflow_xborder.authoring.loading import load_policies

        if self._catalog is not None:
            from airflow_xborder.authoring.catalog import load_catalog

            content = load_catalog(self._catalog)
        else:
            content = {"version": 1}
        release = build_release(load_policies(self._packs), content)
        release.policies.packs()
        self._keep(cached, release)
        return release

    def _keep(self, cached: Path, release: Release) -> None:
        try:
            cached.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=cached.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(release.digest.encode() + b"\n" + release.data)
            Path(temporary).replace(cached)
        except OSError:
            return  # without a cache the next process builds it again: slower, and no less right

    def _sources_digest(self) -> str:
        digest = hashlib.sha256(f"{airflow_xborder.__version__}\n{self._packs}".encode())
        for path in sorted({*self._catalog_files(), *self._pack_files()}):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise ConfigurationError(
                    f"cannot read `{path}`: {error.strerror}", hint="check `[xborder] catalog`"
                ) from error
            digest.update(f"{path}\0{len(data)}\0".encode())
            digest.update(data)
        return digest.hexdigest()

    def _catalog_files(self) -> Iterator[Path]:
        if self._catalog is not None:
            yield from _files(self._catalog)

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
