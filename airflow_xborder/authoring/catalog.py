# SPDX-License-Identifier: Apache-2.0
"""Catalog documents, as people write them: one file or a folder of them, merged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from airflow_xborder.authoring.documents import Day, Id, Strict, Text
from airflow_xborder.authoring.loading import validate
from airflow_xborder.authoring.source import Document, read_document
from airflow_xborder.core.catalog import Catalog
from airflow_xborder.errors import PolicyNotFoundError, PolicyValidationError, XborderError

Row = dict[str, Any]


class RegionDocument(Strict):
    """A region."""

    cloud: Text | None = None
    country: Id | None = None
    subdivision: Id | None = None
    aliases: list[Text] = []
    connections: dict[str, Id | list[Id]] = {}
    ledger: Text | None = None
    queue: Text | None = None
    party: Id | None = None


class StoreDocument(Strict):
    """A store."""

    region: Id
    connection: Id | None = None
    party: Id | None = None
    control_country: Id | None = None


class ConsentDocument(Strict):
    """Where consent is kept."""

    table: Text
    subject: Text
    type: Id | None = None
    ground_for: Id | None = None
    key: Text | None = None
    purpose: Text | None = None
    granted_at: Text | None = None
    withdrawn_at: Text | None = None


class AudienceDocument(Strict):
    """Whom a data set is about."""

    countries: list[Id] | None = None
    nationality: list[Id] | None = None
    collected_in: list[Id] | None = None
    groups: list[Id] | None = None
    min_age: int | None = None
    us_persons: bool | None = None
    complete: bool = False


class DatasetDocument(Strict):
    """A data set."""

    match: Text
    categories: dict[str, Id]
    subjects: AudienceDocument | None = None
    purposes: list[Id] | None = None
    retention_days: int | None = None
    consent: ConsentDocument | None = None
    counts: list[Row] | None = None
    attributes: Row | None = None
    origin_regimes: list[Id] | None = None


class RegistersDocument(Strict):
    """The registers; their rows are checked by ``core/catalog.py``."""

    mechanisms: list[Row] = []
    evidence: list[Row] = []
    automated_decisions: list[Row] = []
    approvals: list[Row] = []
    restrictions: list[Row] = []


class ReviewerDocument(Strict):
    """A reviewer."""

    jurisdiction: Id
    role: Id
    users: list[Text]


class DomesticDocument(Strict):
    """A place whose domestic flows need no pack."""

    place: Id
    reason: Text
    reviewed_at: Day


class AliasesDocument(Strict):
    """Other names for our terms."""

    purposes: dict[str, Id] = {}


class CatalogDocument(Strict):
    """The catalog."""

    version: Literal[1]
    regions: dict[Id, RegionDocument]
    stores: dict[str, StoreDocument] = {}
    datasets: list[DatasetDocument] = []
    parties: dict[Id, Row] = {}
    registers: RegistersDocument = RegistersDocument()
    reviewers: list[ReviewerDocument] = []
    aliases: AliasesDocument = AliasesDocument()
    domestic_ok: list[DomesticDocument] = []
    control_prices: dict[Id, Annotated[int, Field(ge=0)]] = {}


def load_catalog(path: Path) -> Mapping[str, Any]:
    """Load a catalog from a file or a folder of files, validated.

    :raises PolicyError: with file, line, column and, where there is one, a suggestion.
    """
    if path.is_dir():
        files = [entry for entry in sorted(path.iterdir()) if entry.suffix in (".yaml", ".yml", ".json")]
        if not files:
            raise PolicyNotFoundError(f"no catalog in `{path}`", hint="put a .yaml file there")
        return _merge([_load(file) for file in files])
    return _check(_load(path))


def _load(path: Path) -> tuple[Document, dict[str, Any]]:
    document = read_document(path)
    model = validate(CatalogDocument, document)
    return document, model.model_dump(exclude_none=True, exclude_defaults=True) | {"version": 1}


def _check(loaded: tuple[Document, dict[str, Any]]) -> dict[str, Any]:
    document, data = loaded
    try:
        Catalog(data)
    except XborderError as error:
        # The core says where in words (`datasets[0].purposes[1]: …`); the position comes from the same path.
        path = _path_of(error.message)
        raise document.locate(PolicyValidationError(error.message, hint=error.hint, path=path)) from None
    return data


def _path_of(message: str) -> tuple[str | int, ...]:
    head = message.split(": ", 1)[0]
    if head.startswith("stores."):
        return ("stores", head.removeprefix("stores."))
    path: list[str | int] = []
    for part in head.split("."):
        name, *numbers = part.replace("]", "").split("[")
        path += [name, *(int(number) for number in numbers if number.isdigit())]
    return tuple(path)


def _merge(loaded: list[tuple[Document, dict[str, Any]]]) -> dict[str, Any]:
    merged: dict[str, Any] = {"version": 1}
    for document, data in loaded:
        for key, value in data.items():
            if key == "version":
                continue
            _merge_key(merged, key, value, document)
    Catalog(merged)
    return merged


def _merge_key(merged: dict[str, Any], key: str, value: Any, document: Document) -> None:
    if isinstance(value, list):
        merged.setdefault(key, []).extend(value)
        return
    target = merged.setdefault(key, {})
    for name, row in value.items():
        if isinstance(row, list):
            target.setdefault(name, []).extend(row)
        elif name in target and target[name] != row:
            where = PolicyValidationError(
                f"`{name}` is already in another file of the catalog", path=(key, name)
            )
            raise document.locate(where)
        else:
            target[name] = row
