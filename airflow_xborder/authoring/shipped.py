# SPDX-License-Identifier: Apache-2.0
"""The packs that come with the package: where they lie, which there are, and what names they define.

Names are read when somebody refers to one that is not loaded: to tell a slip from a rule of a pack left out.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from airflow_xborder.authoring.source import read_document

PACK_SUFFIXES = (".yaml", ".yml", ".json")
CASES_SUFFIX = ".cases.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What one pack gives names to."""

    rules: frozenset[str]
    definitions: frozenset[str]
    attributes: frozenset[str]


def shipped_folder() -> Path:
    """Return the folder of the packs that come with the package (inside the wheel, or beside a source tree)."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "policies"
    return (inside if inside.is_dir() else package.parent / "policies") / "packs"


def shipped_packs() -> dict[str, Path]:
    """Return the files of the shipped packs by their ids."""
    return {path.name.removesuffix(path.suffix): path for path in pack_files(shipped_folder())}


def shipped_ids() -> tuple[str, ...]:
    """Return the ids of the shipped packs, sorted."""
    return tuple(sorted(shipped_packs()))


def pack_files(folder: Path) -> list[Path]:
    """Return the pack files of a folder, sorted; cases and what is hidden are none."""
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix in PACK_SUFFIXES and not path.name.endswith(CASES_SUFFIX)
    ]


def shipped_names() -> Mapping[str, Names]:
    """Return what the shipped packs give names to, by pack id.

    :raises PolicyError: if one cannot be read.
    """
    return {pack: _names(path, path.stat().st_mtime_ns) for pack, path in shipped_packs().items()}


@lru_cache(maxsize=256)
def _names(path: Path, changed: int) -> Names:
    data = read_document(path).data
    found: Mapping[str, object] = data if isinstance(data, Mapping) else {}
    rules, definitions, attributes = (found.get(key) for key in ("requirements", "definitions", "attributes"))
    return Names(
        rules=frozenset(
            str(row.get("requirement_id") or row.get("id"))
            for row in (rules if isinstance(rules, list) else ())
            if isinstance(row, Mapping)
        ),
        definitions=frozenset(map(str, definitions if isinstance(definitions, Mapping) else ())),
        attributes=frozenset(map(str, attributes if isinstance(attributes, Mapping) else ())),
    )


def regime_of(name: str, packs: Container[str]) -> str | None:
    """Return the one of some packs whose id ``name`` is or begins with, the longest if there are several."""
    while name and name not in packs:
        name = name.rpartition(".")[0]
    return name or None


def other_regime(name: str, own: str, kind: str) -> str | None:
    """Return the shipped pack, other than ``own``, in which ``name`` is a definition or an attribute.

    :param kind: a field of ``Names``.
    """
    return next(
        (pack for pack, names in shipped_names().items() if pack != own and name in getattr(names, kind)),
        None,
    )
