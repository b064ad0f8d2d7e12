# SPDX-License-Identifier: Apache-2.0
"""Straight from the sources: the command line, and development mode, build the release on first use.

It is kept in the cache under a digest of its sources, so that the next process parses no YAML. A running process sees
an edit within half a minute; while an edit is broken, the last good set of this process stands (``standing.py``), and
a process that starts fails with the reason.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import airflow_xborder
from airflow_xborder.adapters.policy_stores.cache import Cache
from airflow_xborder.adapters.policy_stores.standing import MAX_STALENESS, Standing
from airflow_xborder.errors import ConfigurationError, FlowError, PolicyError, PolicyValidationError
from airflow_xborder.services.release import Release, build_release


class SourcePolicyStore:
    """Packs, and perhaps a catalog, on this machine.

    :param cache: a folder of this account, or ``None`` to do without.
    :param packs: ids and paths of packs; ``None`` for all shipped ones.
    :param max_staleness: for how many seconds a set stands while what its sources have become is broken.
    """

    def __init__(
        self,
        catalog: Path | None,
        cache: Path | None,
        packs: Sequence[str] | None = None,
        *,
        max_staleness: float = MAX_STALENESS,
    ) -> None:
        self._catalog = catalog
        self._cache = Cache(cache / "sources" if cache else None)
        self._packs = packs
        self._standing = Standing(f"the policies of `{catalog or 'the shipped packs'}`", max_staleness)
        self._sources = ""
        self._lock = threading.Lock()

    @property
    def problem(self) -> str | None:
        """What is wrong with the sources as they are now, while the last good set stands in for them."""
        return self._standing.problem

    def current(self) -> Release:
        """Return the release; looks at its sources again at most every half minute.

        :raises PolicyError: if they are broken, and this process has had no good ones.
        :raises EvaluationError: if they have been broken for too long.
        """
        standing = self._standing
        release = standing.release
        if release is not None and not standing.is_due:
            return release
        if not self._lock.acquire(blocking=release is None) and release is not None:
            return release
        try:
            release = standing.release
            if release is not None and not standing.is_due:
                return release
            standing.looked()
            return self._look()
        finally:
            self._lock.release()

    def _look(self) -> Release:
        held = self._standing.confirmed
        try:
            sources = self._sources_digest()
            if held is not None and sources == self._sources:
                return self._standing.confirm(held.release)
            release = self._read(f"{sources}.json") or self._build(sources)
        except (PolicyError, FlowError, ConfigurationError) as error:
            return self._standing.stand_in(error)
        self._sources = sources
        return self._standing.confirm(release)

    def _read(self, cached: str) -> Release | None:
        try:
            name, data = (self._cache.read(cached) or b"").split(b"\n", 1)
            release = Release(data)
        except (ValueError, PolicyValidationError):
            return None
        return release if release.digest == name.decode("ascii", "replace") else None

    def _build(self, sources: str) -> Release:
        from airflow_xborder.authoring.loading import load_policies

        if self._catalog is not None:
            from airflow_xborder.authoring.catalog import load_catalog

            content = load_catalog(self._catalog)
        else:
            content = {"version": 1}
        release = build_release(load_policies(self._packs), content)
        release.policies.packs()
        _ = release.catalog
        # Edited while it was read: that may be half of each, and must not be kept under either's digest.
        if self._sources_digest() == sources:
            self._cache.write(f"{sources}.json", release.digest.encode() + b"\n" + release.data)
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
