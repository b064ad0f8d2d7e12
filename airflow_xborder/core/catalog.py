# SPDX-License-Identifier: Apache-2.0
"""The catalog: what a deployment knows of its regions, stores, data sets, parties and documents. Version 1.

Reviewed by officers and compiled into the policy release; DAG code can read it and not change it. Answers what
a store, a region or a data set *is*; what follows from that is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from airflow_xborder.core.approvals import Approval
from airflow_xborder.core.flow import (
    AutomatedDecision,
    Count,
    DataFlow,
    End,
    Evidence,
    Mechanism,
    Owner,
    Party,
    Subjects,
    category,
    ground,
    identifier,
    mechanism_term,
    purpose_term,
)
from airflow_xborder.core.places import require_country, require_place
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.regions import Region
from airflow_xborder.core.structure import build, checked
from airflow_xborder.core.vocabulary import KINDS, require_term, suggest
from airflow_xborder.errors import FlowError, UnknownRegionError

__all__ = ["Catalog", "Owner", "Region"]

CONNECTION_SCHEME = "conn://"
# Where a dot tells a schema from its database; in a bucket's name or an object's key it tells nothing.
_SQL = ("postgres://", "postgresql://", "mysql://", "mssql://", "oracle://", "redshift://", "snowflake://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A bucket or database, by the prefix of its URI. ``party`` is who runs it, if not its region's."""

    region: str
    connection: str | None = None
    party: str | None = None
    control_country: str | None = checked(require_country)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTable:
    """Where the consent of a data set's people is kept; ``subject`` is the data set's column that names them."""

    table: str
    subject: str
    type: str = field(default="consent_explicit", metadata={"check": mechanism_term})
    ground_for: str = field(default="special_category", metadata={"check": ground})
    key: str = "subject_id"
    purpose: str = "purpose"
    granted_at: str = "granted_at"
    withdrawn_at: str = "withdrawn_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience(Subjects):
    """Whom a data set is about. ``complete`` says that nobody else is in it."""

    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A row of the catalog: what is in the objects that ``match`` names (a URI, ``*`` allowed)."""

    match: str
    categories: Mapping[str, Any]
    subjects: Audience | None = None
    purposes: tuple[str, ...] | None = checked(purpose_term)
    retention_days: int | None = None
    consent: ConsentTable | None = None
    counts: tuple[Count, ...] | None = None
    attributes: Mapping[str, Any] | None = None
    origin_regimes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for column, term in self.categories.items():
            category(str(term))
            if not column:
                raise FlowError("a column without a name")

    def categories_of(self, columns: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the categories of some columns, or of all; a column that is not classified is ``data.unknown``."""
        chosen = columns if columns is not None else tuple(self.categories)
        return tuple(sorted({str(self.categories.get(column, "data.unknown")) for column in chosen}))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredMechanism(Mechanism):
    """A mechanism in the register: between whom, for what and where it holds. Absent means "any"."""

    exporter: str | None = None
    importer: str | None = None
    exporter_role: str | None = checked(partial(require_term, "role"))
    importer_role: str | None = checked(partial(require_term, "role"))
    categories: tuple[str, ...] | None = checked(category)
    purposes: tuple[str, ...] | None = checked(purpose_term)
    destinations: tuple[str, ...] | None = checked(require_place)
    recorded_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredEvidence(Evidence):
    """A document in the register, with what it covers. Absent means "any"."""

    exporter: str | None = None
    importer: str | None = None
    categories: tuple[str, ...] | None = checked(category)
    purposes: tuple[str, ...] | None = checked(purpose_term)
    destinations: tuple[str, ...] | None = checked(require_place)
    recorded_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDecision(AutomatedDecision):
    """How a purpose decides about the people of a data set, as reviewed."""

    match: str = "*"
    purpose: str | None = checked(purpose_term)
    reference: str | None = None
    recorded_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRestriction:
    """What must not happen to a data set until a person resolves it, but that it stays stored (law 6)."""

    id: str = field(metadata={"check": identifier})
    match: str
    purposes: tuple[str, ...] | None = checked(purpose_term)
    regimes: tuple[str, ...] | None = checked(identifier)
    reason: str | None = None
    recorded_at: date | None = None
    resolved_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """The dated lists that officers keep."""

    mechanisms: tuple[RegisteredMechanism, ...] | None = None
    evidence: tuple[RegisteredEvidence, ...] | None = None
    automated_decisions: tuple[RegisteredDecision, ...] | None = None
    approvals: tuple[Approval, ...] | None = None
    restrictions: tuple[RegisteredRestriction, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who may answer reviews of a jurisdiction."""

    jurisdiction: str
    role: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domestic:
    """A place inside which flows need no pack: dated and reasoned."""

    place: str = field(metadata={"check": require_place})
    reason: str
    reviewed_at: date


class Catalog:
    """The catalog, with its look-ups.

    :param data: a validated catalog document as plain data.
    :raises FlowError: for a value that cannot be; unknown terms included.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.regions = {
            name: build(Region, row, f"regions.{name}") for name, row in (data.get("regions") or {}).items()
        }
        self._names = _region_names(self.regions)
        self.stores = self._read_stores(data.get("stores") or {})
        self.datasets = tuple(
            build(Dataset, row, f"datasets[{n}]") for n, row in enumerate(data.get("datasets") or ())
        )
        self.parties = {
            name: build(Party, {"party": name, **row}, f"parties.{name}")
            for name, row in (data.get("parties") or {}).items()
        }
        self.registers = build(Registers, data.get("registers") or {}, "registers")
        self.reviewers = tuple(
            build(Reviewer, row, f"reviewers[{n}]") for n, row in enumerate(data.get("reviewers") or ())
        )
        self.domestic_ok = tuple(
            build(Domestic, row, f"domestic_ok[{n}]") for n, row in enumerate(data.get("domestic_ok") or ())
        )
        self.aliases: Mapping[str, Mapping[str, str]] = dict(data.get("aliases") or {})
        self.control_prices: Mapping[str, int] = data.get("control_prices") or {}
        self._check()

    def _read_stores(self, rows: Mapping[str, Any]) -> dict[str, Store]:
        found: dict[str, Store] = {}
        for uri, row in rows.items():
            store, name = build(Store, row, f"stores.{uri}"), uri.rstrip("/")
            if name in found:
                raise FlowError(f"stores.{uri}: `{name}` has a row already", hint="make it one row")
            found[name] = replace(store, region=self.region_name(store.region, f"stores.{uri}"))
        return found

    def _check(self) -> None:
        matches = [row.match for row in self.datasets]
        for number, match in enumerate(matches):
            if match in matches[:number]:
                raise FlowError(f"datasets[{number}]: `{match}` has a row already", hint="make it one row")
        for uri, store in self.stores.items():
            self._check_party(store.party, f"stores.{uri}")
        for name, region in self.regions.items():
            self._check_party(region.party, f"regions.{name}.party")
        self._check_approvals()
        for alias, purpose in self.aliases.get("purposes", {}).items():
            purpose_term(purpose)
            if alias in KINDS["purpose"] and alias != purpose:
                raise FlowError(
                    f"aliases.purposes: `{alias}` is a purpose itself", hint="choose another name"
                )

    def _check_approvals(self) -> None:
        roles = {reviewer.role for reviewer in self.reviewers}
        known: set[str] = set()
        for number, row in enumerate(self.registers.approvals or ()):
            where = f"registers.approvals[{number}]"
            if row.role not in roles:
                hint = suggest(row.role, roles) or "name who may answer reviews under `reviewers`"
                raise FlowError(f"{where}.role: no reviewer has the role `{row.role}`", hint=hint)
            if row.reference in known:
                raise FlowError(f"{where}.reference: `{row.reference}` has a row already")
            known.add(row.reference)

    def _check_party(self, party: str | None, where: str) -> None:
        if party is not None and party not in self.parties:
            raise FlowError(f"{where}: unknown party `{party}`", hint=suggest(party, set(self.parties)))

    def region_name(self, name: str, where: str = "region") -> str:
        """Return the name of the region that is called ``name``, which may be an alias.

        :raises UnknownRegionError: with the nearest known name as its hint.
        """
        if name not in self._names:
            known = set(self._names)
            raise UnknownRegionError(
                f"{where}: unknown region `{name}`", hint=suggest(name, known) or _known(known)
            )
        return self._names[name]

    def spread(self, ends: Iterable[End]) -> tuple[End, ...]:
        """Return what ends may mean: each itself, or one end in each place of a region that spans several."""
        return tuple(member for end in ends for member in self._members(end))

    def _members(self, end: End) -> Iterable[End]:
        region = self.regions[end.region] if end.region else None
        if region is None or not region.spread:
            return (end,)
        return [replace(end, country=country, subdivision=None) for country in sorted(region.spread)]

    def store_of(self, uri: str) -> tuple[str, Store] | None:
        """Return the store that an object's URI lies in, with the store's own URI: the longest prefix wins."""
        found = [prefix for prefix in self.stores if lies_in(uri, prefix)]
        prefix = max(found, key=len, default=None)
        return None if prefix is None else (prefix, self.stores[prefix])

    def stores_of_connection(self, connection: str) -> dict[str, Store]:
        """Return the stores that are reached through an Airflow connection id."""
        return {uri: store for uri, store in self.stores.items() if store.connection == connection}

    def store_uri(self, store: str) -> str:
        """Return the URI of a store that may be named by its connection: ``conn://pg_eu/public.users``.

        :raises FlowError: if the connection reaches no store of the catalog, or more than one.
        """
        if not store.startswith(CONNECTION_SCHEME):
            return store
        connection, _, name = store.removeprefix(CONNECTION_SCHEME).partition("/")
        found = list(self.stores_of_connection(connection))
        if len(found) != 1:
            known = {row.connection for row in self.stores.values() if row.connection}
            hint = suggest(connection, known) if not found else f"name one of {', '.join(sorted(found))}"
            raise FlowError(
                f"connection `{connection}` reaches {len(found)} stores of the catalog", hint=hint
            )
        separator = "." if found[0].startswith("postgres") else "/"
        return f"{found[0]}{separator}{name}" if name else found[0]

    def dataset_of(self, uri: str) -> Dataset | None:
        """Return the row that describes an object, or a folder with or without its final slash: the longest match.

        A pattern is no object: it may be about what other rows describe, and only a row of the same pattern tells.
        """
        if "*" in uri:
            return next((row for row in self.datasets if row.match == uri), None)
        names = (uri, uri.rstrip("/") + "/")
        found = [
            row
            for row in self.datasets
            if any(name == row.match or fnmatchcase(name, row.match) for name in names)
        ]
        return max(found, key=lambda row: (len(row.match), row.match), default=None)

    def datasets_in(self, uri: str) -> tuple[Dataset, ...]:
        """Return all rows about objects inside a store, folder or schema, or about it: the most that it may hold."""
        own = self.dataset_of(uri)
        return tuple(row for row in self.datasets if row is own or lies_in(row.match, uri.rstrip("/")))

    def purpose(self, name: str) -> str:
        """Return the purpose that an alias stands for, or the name itself."""
        return self.aliases.get("purposes", {}).get(name, name)

    def read_flow(self, data: object) -> DataFlow:
        """Build a flow from plain data, this deployment's own names of purposes allowed.

        :raises FlowError: as :meth:`DataFlow.parse`.
        """
        if isinstance(data, Mapping) and isinstance(data.get("purpose"), str):
            data = {**data, "purpose": self.purpose(data["purpose"])}
        return DataFlow.parse(data)


def _region_names(regions: Mapping[str, Region]) -> dict[str, str]:
    """Return what each name and alias stands for; no region may go by the name of another."""
    names = {name: name for name in regions}
    for name, region in regions.items():
        for alias in region.aliases or ():
            if names.setdefault(alias, name) != name:
                raise FlowError(f"regions.{name}.aliases: `{alias}` is what `{names[alias]}` is called")
    return names


def _known(names: set[str]) -> str:
    return f"known regions: {', '.join(sorted(names))}" if names else "the catalog has no regions"


def lies_in(uri: str, container: str) -> bool:
    """Tell whether a URI names a container or something inside it, by its parts: ``acme.us`` is not in ``acme``."""
    ends = ("/", ".") if container.startswith(_SQL) else ("/",)
    return uri == container or uri.startswith(tuple(container + end for end in ends))
