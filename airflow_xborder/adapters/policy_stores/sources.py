# SPDX-License-Identifier: Apache-2.0
"""Straight from the sources: the command line, and development mode, build the release on first use.

It is kept in the cache under a digest of its sources, so that the next process parses no YAML.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import airflow_xborder
from airflow_xborder.adapters.policy_stores.cache import Cache
from airflow_xborder.errors import ConfigurationError, PolicyValidationError
from airflow_xborder.services.release import Release, build_release


class SourcePolicyStore:
    """Packs, and perhaps a catalog, on this machine.

    :param cache: a folder of this account, or ``None`` to do without.
    :param packs: ids and paths of packs; ``None`` for all shipped ones.
    """

    def __init__(self, catalog: Path | None, cache: Path | None, packs: Sequence[str] | None = None) -> None:
        self._catalog = catalog
        self._cache = Cache(cache / "sources" if cache else None)
        self._packs = packs
        self._release: Release | None = None

    def current(self) -> Release:
        """Return the release; one process sees one state of its sources."""
        if self._release is None:
            cached = f"{self._sources_digest()}.json"
            self._release = self._read(cached) or self._build(cached)
        return self._release

    def _read(self, cached: str) -> Release | None:
        try:
            name, data = (self._cache.read(cached) or b"").split(b"\n", 1)
            release = Release(data)
        except (ValueError, PolicyValidationError):
            return None
        return release if release.digest == name.decode("ascii", "replace") else None

    def _build(self, cached: str) -> Release:
        from airflow_xborder.authoring.loading import load_policies

        if self._catalog is not None:
            from airflow_xborder.authoring.catalog import load_catalog

            content = load_catalog(self._catalog)
        else:
            content = {"version": 1}
        release = build_release(load_policies(self._packs), content)
        release.policies.packs()
        self._cache.write(cached, release.digest.encode() + b"\n" + release.data)
        return release

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
