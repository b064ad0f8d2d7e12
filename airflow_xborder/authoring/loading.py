# SPDX-License-Identifier: Apache-2.0
"""Packs from files and folders: validated documents, ready to be compiled, or one error that says where and what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from airflow_xborder.authoring.checking import BASE_PACK, check_pack
from airflow_xborder.authoring.complaints import validate_data
from airflow_xborder.authoring.documents import PackDocument
from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.shipped import (
    pack_files,
    regime_of,
    shipped_folder,
    shipped_ids,
    shipped_packs,
)
from airflow_xborder.authoring.source import Document, read_document, readable
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.places import members
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import PolicyNotFoundError, PolicyValidationError, UnknownTermError

__all__ = [
    "BASE_PACK",
    "link",
    "load_document",
    "load_policies",
    "read_packs",
    "shipped_folder",
    "shipped_ids",
    "validate",
    "validate_pack",
]


def load_policies(selection: Iterable[str] | None = None) -> Policies:
    """Load packs by id or path; the base pack is always among them.

    A shipped pack brings the shipped packs that its requirements depend on: ``eu.ai_act`` comes with ``eu.gdpr``.

    :param selection: pack ids (``eu.gdpr``), files or folders; ``None`` for all shipped packs.
    :raises PolicyNotFoundError: for an id that is not shipped and is no path.
    :raises PolicyError: for the first document that is wrong.
    """
    sources = read_packs(selection)
    return link([validate_pack(source) for source in sources], sources)


def read_packs(selection: Iterable[str] | None = None) -> list[Document]:
    """Read the documents of packs, as ``load_policies`` does, without looking at what they say."""
    shipped = shipped_packs()
    wanted = list(shipped) if selection is None else [BASE_PACK, *selection]
    paths = [path for name in wanted for path in _resolve(name, shipped)]
    documents = [_wrap(read_document(path)) for path in dict.fromkeys(paths)]
    return [*documents, *_rested_on(documents, shipped)]


def _rested_on(documents: Iterable[Document], shipped: Mapping[str, Path]) -> list[Document]:
    """Read the shipped packs on whose rules those of shipped ones rest, to the end, but for what is there already."""
    there = {str(document.data.get("pack")) for document in documents if isinstance(document.data, Mapping)}
    files = set(map(str, shipped.values()))
    waiting = [document for document in documents if document.file in files]
    found: list[Document] = []
    while waiting:
        for pack in sorted(_depended_on(waiting.pop(), shipped) - there):
            there.add(pack)
            found.append(read_document(shipped[pack]))
            waiting.append(found[-1])
    return found


def _depended_on(document: Document, shipped: Mapping[str, Path]) -> set[str]:
    rows = _list(document.data, "requirements")
    owners = (regime_of(str(name), shipped) for row in rows for name in _list(row, "dependencies"))
    return {owner for owner in owners if owner is not None}


def _list(data: object, key: str) -> list[Any]:
    """Return the list under a key of what nobody has looked at yet."""
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, list) else []


def _resolve(name: str, shipped: Mapping[str, Path]) -> list[Path]:
    if name in shipped:
        return [shipped[name]]
    path = Path(name)
    try:
        if path.is_dir():
            return pack_files(path)
        if path.exists():
            return [path]
    except (OSError, ValueError):
        pass  # a name that no file can have is told of below
    raise PolicyNotFoundError(
        f"no pack or file `{readable(name)}`", hint=suggest(name, set(shipped)) or "see policies/packs"
    )


def load_document(path: Path) -> Mapping[str, Any]:
    """Read and validate one pack; a file with a single requirement is a pack of its own.

    :raises PolicyError: with file, line, column and, where there is one, a suggestion.
    """
    return validate_pack(read_document(path))


def validate_pack(document: Document) -> Mapping[str, Any]:
    """Validate a parsed document and return the pack's plain data.

    :raises PolicyValidationError: for the first thing that is wrong.
    """
    document = _wrap(document)
    model = validate(PackDocument, document)
    data: dict[str, Any] = model.model_dump(exclude_none=True, exclude_defaults=True)
    data["requirements"] = [
        {"jurisdiction": data["jurisdiction"], **row} for row in data.get("requirements") or ()
    ]
    try:
        check_pack(data)
    except PolicyValidationError as error:
        raise document.locate(error) from None
    return data


def _wrap(document: Document) -> Document:
    """Make a pack of a lone requirement, tied to a flow by any place in its jurisdiction; leave a pack as it is."""
    row = document.data
    if not isinstance(row, Mapping) or "requirement_id" not in row or "pack" in row:
        return document
    jurisdiction = str(row.get("jurisdiction") or "")
    try:
        members(jurisdiction)
    except UnknownTermError as error:
        wrong = PolicyValidationError(error.message, hint=error.hint, path=("jurisdiction",))
        raise document.locate(wrong) from None
    ties = (
        "source.place",
        "destination.place",
        "exporter.country",
        "importer.country",
        "subjects.countries",
        "reach",
    )
    data = {
        "pack": f"requirement.{row['requirement_id']}",
        "jurisdiction": jurisdiction,
        "title": str(row.get("description") or row["requirement_id"]),
        "version": str(row.get("last_updated") or "1"),
        "last_checked": str(row.get("last_updated") or row.get("effective_date") or ""),
        "notice": "Not legal advice.",
        "connects": [{tie: jurisdiction} for tie in ties],
        "requirements": [row],
    }
    positions = {("requirements", 0, *path): position for path, position in document.positions.items()}
    return Document(document.file, data, positions)


def validate(model: type[BaseModel], document: Document) -> Any:
    """Validate a document's data against a model.

    :raises PolicyValidationError: for the first complaint, at its place, with the nearest known key or value.
    """
    try:
        return validate_data(model, document.data)
    except PolicyValidationError as error:
        raise document.locate(error) from None
