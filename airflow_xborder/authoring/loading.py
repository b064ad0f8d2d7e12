# SPDX-License-Identifier: Apache-2.0
"""Packs from files and folders: validated documents, ready to be compiled, or one error that says where and what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError

from airflow_xborder.authoring.documents import PackDocument
from airflow_xborder.authoring.source import Document, read_document
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.condition_syntax import place_set
from airflow_xborder.core.graph import require_acyclic
from airflow_xborder.core.pack import Pack, read_pack
from airflow_xborder.core.places import members
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import PolicyNotFoundError, PolicyValidationError, UnknownTermError

BASE_PACK = "base"
_SUFFIXES = (".yaml", ".yml", ".json")


def shipped_folder() -> Path:
    """Return the folder of the packs that come with the package (inside the wheel, or beside a source tree)."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "policies"
    return (inside if inside.is_dir() else package.parent / "policies") / "packs"


def shipped_ids() -> tuple[str, ...]:
    """Return the ids of the shipped packs, sorted."""
    return tuple(sorted(_shipped()))


def _shipped() -> dict[str, Path]:
    return {path.name.removesuffix(path.suffix): path for path in _pack_files(shipped_folder())}


def load_policies(selection: Iterable[str] | None = None) -> Policies:
    """Load packs by id or path; the base pack is always among them.

    :param selection: pack ids (``eu.gdpr``), files or folders; ``None`` for all shipped packs.
    :raises PolicyNotFoundError: for an id that is not shipped and is no path.
    :raises PolicyError: for the first document that is wrong.
    """
    shipped = _shipped()
    wanted = list(shipped) if selection is None else [BASE_PACK, *selection]
    paths = [path for name in wanted for path in _resolve(name, shipped)]
    sources = [_wrap(read_document(path)) for path in dict.fromkeys(paths)]
    return link([validate_pack(source) for source in sources], sources)


def _pack_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix in _SUFFIXES and not path.name.endswith(".cases.yaml")
    ]


def _resolve(name: str, shipped: Mapping[str, Path]) -> list[Path]:
    if name in shipped:
        return [shipped[name]]
    path = Path(name)
    if path.is_dir():
        return _pack_files(path)
    if path.is_file():
        return [path]
    raise PolicyNotFoundError(
        f"no pack or file `{name}`", hint=suggest(name, set(shipped)) or "see policies/packs"
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
        ZoneInfo(model.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise document.locate(
            PolicyValidationError(f"unknown time zone `{model.time_zone}`", path=("time_zone",))
        ) from None
    try:
        _check(read_pack(data), data)
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
        return model.model_validate(document.data if document.data is not None else {})
    except ValidationError as error:
        raise document.locate(_complaint(model, error)) from None


def _complaint(model: type[BaseModel], error: ValidationError) -> PolicyValidationError:
    # Unknown keys first: a misspelt key is also reported as a missing one, and the former says more.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    path = tuple(
        part
        for part in first["loc"]
        if not str(part).startswith(("function-", "dict[", "constrained-", "list["))
    )
    name, given = str(path[-1]) if path else "document", first.get("input")
    match first["type"]:
        case "extra_forbidden":
            known = _known_keys(model, path[:-1])
            return PolicyValidationError(f"unknown key `{name}`", hint=suggest(name, known), path=path)
        case "missing":
            return PolicyValidationError(f"`{name}` is missing", path=path[:-1])
        case "literal_error":
            expected = str(first.get("ctx", {}).get("expected", ""))
            known = {part.strip(" '") for part in expected.replace(" or ", ",").split(",")}
            hint = suggest(str(given), known) or f"one of {expected}"
            return PolicyValidationError(f"unknown `{name}`: `{given}`", hint=hint, path=path)
        case "string_pattern_mismatch":
            hint = (
                "write it as 2026-11-21"
                if "d{4}" in str(first.get("ctx"))
                else "letters, digits, `.`, `_` and `-`"
            )
            return PolicyValidationError(f"`{name}` cannot be `{given}`", hint=hint, path=path)
        case _:
            text = str(first["msg"]).lower().removeprefix("input should be ").removeprefix("a ")
            return PolicyValidationError(f"`{name}` should be {text}", path=path)


def _known_keys(model: type[BaseModel], path: tuple[Any, ...]) -> set[str]:
    current: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and current is not None and part in current.model_fields:
            current = _inner_model(current.model_fields[part].annotation)
    return set(current.model_fields) if current is not None else set()


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


def _check(pack: Pack, data: Mapping[str, Any]) -> None:
    for number, row in enumerate(data.get("requirements") or ()):
        if pack.jurisdiction != BASE_PACK:
            place_set(row["jurisdiction"], ("requirements", number, "jurisdiction"))
    for path, name in _attribute_names(data, ()):
        if name not in pack.attributes:
            message = f"attribute `{name}` is not declared"
            hint = suggest(name, set(pack.attributes)) or "declare it under `attributes`"
            raise PolicyValidationError(message, hint=hint, path=path)


def _attribute_names(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            before, found, name = str(key).partition("attributes.")
            if found and before in ("", "importer.", "exporter."):
                yield (*path, key), name
            yield from _attribute_names(value, (*path, key))
    elif isinstance(data, list):
        for number, entry in enumerate(data):
            yield from _attribute_names(entry, (*path, number))


def link(documents: Iterable[Mapping[str, Any]], sources: Iterable[Document] = ()) -> Policies:
    """Put packs together: ids must be unique, and what is referred to must exist.

    :param sources: the documents with their positions, in the same order, for messages.
    :raises PolicyValidationError: for a duplicate id, a reference to nothing, or dependencies in a circle.
    """
    documents, places = list(documents), list(sources)
    for number, (path, message, hint) in _broken_links(documents):
        error = PolicyValidationError(message, hint=hint, path=path)
        raise places[number].locate(error) if places else error
    policies = Policies(documents)
    require_acyclic(policies)
    return policies


_Broken = tuple[int, tuple[tuple[str | int, ...], str, str | None]]


def _broken_links(documents: list[Mapping[str, Any]]) -> Iterator[_Broken]:
    packs: set[str] = set()
    owners: dict[str, str] = {}
    for number, document in enumerate(documents):
        if document["pack"] in packs:
            yield number, (("pack",), f"two packs have the id `{document['pack']}`", "a pack is loaded once")
        packs.add(str(document["pack"]))
        for path, name in _ids(document):
            if name in owners:
                yield number, (path, f"`{name}` is there already, in `{owners[name]}`", "ids are unique")
            owners[name] = str(document["pack"])
    for number, document in enumerate(documents):
        for path, name, known in _references(document, owners):
            if name not in known:
                yield number, (path, f"`{path[2]}` names unknown `{name}`", suggest(name, known))


def _ids(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for key, name in (("requirements", "requirement_id"), ("designations", "id")):
        for number, row in enumerate(document.get(key, ())):
            yield (key, number, name), str(row[name])


def _references(
    document: Mapping[str, Any], owners: Mapping[str, str]
) -> Iterator[tuple[tuple[str | int, ...], str, set[str]]]:
    # Conflicts may name requirements of packs that are not loaded. What a rule supersedes is its own regime's.
    own = {name for name, pack in owners.items() if pack == document["pack"]}
    for number, row in enumerate(document.get("requirements", ())):
        for key, known in (("dependencies", set(owners)), ("supersedes", own)):
            for index, name in enumerate(row.get(key, ())):
                yield ("requirements", number, key, index), name, known
    for number, row in enumerate(document.get("designations", ())):
        if row.get("suspends"):
            yield ("designations", number, "suspends"), row["suspends"], set(owners)
