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
from airflow_xborder.core.pack import Pack, read_pack
from airflow_xborder.core.places import ORDERS, members
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
    documents = [load_document(path) for path in dict.fromkeys(paths)]
    return link(documents)


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
    document = read_document(path)
    return validate_pack(document)


def validate_pack(document: Document) -> Mapping[str, Any]:
    """Validate a parsed document and return the pack's plain data.

    :raises PolicyValidationError: for the first thing that is wrong.
    """
    if (
        isinstance(document.data, Mapping)
        and "requirement_id" in document.data
        and "pack" not in document.data
    ):
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
    """Make a pack of a lone requirement, tied to a flow by any place in its jurisdiction."""
    row = document.data
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
        known = pack.jurisdiction == BASE_PACK or row["jurisdiction"] in ORDERS
        if not known:
            try:
                members(str(row["jurisdiction"]))
            except UnknownTermError as error:
                path = ("requirements", number, "jurisdiction")
                raise PolicyValidationError(error.message, hint=error.hint, path=path) from None
    declared = set(pack.attributes)
    for name in _attribute_names(data):
        if name not in declared:
            raise PolicyValidationError(
                f"attribute `{name}` is not declared", hint=suggest(name, declared), path=()
            )


def _attribute_names(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if str(key).startswith("attributes."):
                yield str(key).removeprefix("attributes.")
            yield from _attribute_names(value)
    elif isinstance(data, list):
        for entry in data:
            yield from _attribute_names(entry)


def link(documents: Iterable[Mapping[str, Any]]) -> Policies:
    """Put packs together: ids must be unique, and what is referred to must exist.

    :raises PolicyValidationError: for a duplicate id, or a dependency or conflict that names nothing.
    """
    documents = list(documents)
    owners: dict[str, str] = {}
    for document in documents:
        for row in (*document.get("requirements", ()), *document.get("designations", ())):
            name = str(row.get("requirement_id") or row.get("id"))
            if name in owners:
                raise PolicyValidationError(f"`{name}` is in both `{owners[name]}` and `{document['pack']}`")
            owners[name] = str(document["pack"])
    for document in documents:
        for row in document.get("requirements", ()):
            _check_references(str(document["pack"]), row, set(owners))
    if len({str(document["pack"]) for document in documents}) != len(documents):
        raise PolicyValidationError("two packs have the same id", hint="a pack is loaded once")
    return Policies(documents)


def _check_references(pack: str, row: Mapping[str, Any], known: set[str]) -> None:
    # Conflicts may name requirements of packs that are not loaded; what a rule depends on must be there.
    for name in row.get("dependencies", ()):
        if name not in known:
            message = f"pack `{pack}`: `{row['requirement_id']}` depends on unknown `{name}`"
            raise PolicyValidationError(message, hint=suggest(name, known))
