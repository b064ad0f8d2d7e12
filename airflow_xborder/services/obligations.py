# SPDX-License-Identifier: Apache-2.0
"""How the obligations of an answer are carried out on one table: which columns and whose rows may leave, and how.

Pure planning: no SQL and no connection. Whatever a plan cannot promise is an error, never a plan that does less:
an obligation nobody here can carry out, a column the catalog does not classify, a term that does not exist.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from airflow_xborder.core.catalog import ConsentTable
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import UNCATEGORISED, is_a, require_term, suggest
from airflow_xborder.errors import ObligationError, UnknownTermError
from airflow_xborder.services.tables import Column, TableName, TableSpec, parse_table

DISCHARGED = frozenset({"filter_rows_by_consent", "minimise_columns", "pseudonymise"})
"""The types of obligation that a copy of a table can carry out."""

_PARAMETERS = {
    "filter_rows_by_consent": frozenset({"purpose"}),
    "minimise_columns": frozenset({"drop", "keep"}),
    "pseudonymise": frozenset({"categories"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSpec:
    """Where consent is kept, in the database of the data.

    Consent is current when it was granted by now and not withdrawn by now, in this row or by another that speaks of
    a withdrawal since.

    :param subject: the data table's column that names a person; ``key`` is the consent table's.
    :param spellings: what the consent table calls our purposes, besides their own ids.
    """

    table: TableName
    subject: str
    key: str = "subject_id"
    purpose: str = "purpose"
    granted_at: str = "granted_at"
    withdrawn_at: str = "withdrawn_at"
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, row: ConsentTable, purposes: Mapping[str, str] | None = None) -> ConsentSpec:
        """Return what the catalog says.

        :param purposes: the catalog's aliases of purposes, each with ours: the table may use either.
        :raises ConfigurationError: if the row's table is not the name of one.
        """
        spellings: dict[str, tuple[str, ...]] = {}
        for alias, purpose in sorted((purposes or {}).items()):
            spellings[purpose] = (*spellings.get(purpose, ()), alias)
        return cls(
            table=parse_table(row.table),
            subject=row.subject,
            key=row.key,
            purpose=row.purpose,
            granted_at=row.granted_at,
            withdrawn_at=row.withdrawn_at,
            spellings=spellings,
        )


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """A column that leaves, with its category; as a pseudonym where ``is_pseudonymised``."""

    column: Column
    category: str
    is_pseudonymised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """What leaves one table, and how.

    :param consent: where consent is looked up, if rows are filtered.
    :param purposes: each entry is one purpose, in all its spellings; a row needs current consent for each entry.
    :param dropped: the columns that stay because of an obligation.
    """

    table: TableName
    columns: tuple[PlannedColumn, ...]
    consent: ConsentSpec | None
    purposes: tuple[tuple[str, ...], ...]
    dropped: tuple[str, ...]
    discharged: tuple[Obligation, ...]

    @property
    def pseudonymised(self) -> tuple[str, ...]:
        """The names of the columns that leave as pseudonyms."""
        return tuple(planned.column.name for planned in self.columns if planned.is_pseudonymised)

    @property
    def digest(self) -> str:
        """SHA-256, as hex, of what leaves and how: equal plans send the same of the same table."""
        what = (asdict(self.table), [asdict(planned) for planned in self.columns], self.purposes)
        where = asdict(self.consent) if self.consent else None
        text = json.dumps([*what, where], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def plan(
    table: TableSpec,
    obligations: Sequence[Obligation],
    categories: Mapping[str, str],
    consent: ConsentSpec | None,
    columns: Sequence[str] | None,
) -> CopyPlan:
    """Plan a copy of a table that carries out all obligations.

    A column that may hold data of a category to drop is dropped, one that may hold data of a category to
    pseudonymise is pseudonymised, and only one that surely is of a category to keep is kept. Dropping comes first.

    :param categories: the catalog's category of each column.
    :param columns: the columns wanted; all of the table's for ``None``.
    :raises ObligationError: for an obligation that a copy cannot carry out, an unclassified or missing column, or
        a consent table that is missing.
    """
    for obligation in obligations:
        _require_known(obligation)
    wanted = _wanted(table, categories, columns)
    leaving = [column for column in wanted if _may_leave(categories[column.name], obligations)]
    if not leaving:
        raise ObligationError(f"no column of `{table.table}` may leave", hint="there is nothing left to copy")
    purposes = _purposes(table, obligations, consent)
    return CopyPlan(
        table=table.table,
        columns=tuple(_planned(column, categories[column.name], obligations) for column in leaving),
        consent=consent if purposes else None,
        purposes=purposes,
        dropped=tuple(column.name for column in wanted if column not in leaving),
        discharged=tuple(dict.fromkeys(obligations)),
    )


def _require_known(obligation: Obligation) -> None:
    allowed = _PARAMETERS.get(obligation.type)
    if allowed is None:
        raise ObligationError(
            f"the obligation `{obligation.type}` cannot be carried out by a copy of a table",
            hint=f"a copy can do: {', '.join(sorted(DISCHARGED))}",
        )
    given = {name: value for name, value in obligation.parameters if value.strip()}
    for name in given:
        if name not in allowed:
            raise ObligationError(
                f"{obligation.type}: unknown parameter `{name}`", hint=suggest(name, allowed)
            )
    if not given:
        raise ObligationError(
            f"{obligation.type}: expected {' or '.join(f'`{name}`' for name in sorted(allowed))}"
        )


def _wanted(table: TableSpec, categories: Mapping[str, str], columns: Sequence[str] | None) -> list[Column]:
    by_name = {column.name: column for column in table.columns}
    chosen = list(dict.fromkeys(table.names if columns is None else columns))
    for name in chosen:
        if name not in by_name:
            raise ObligationError(f"`{table.table}` has no column `{name}`", hint=suggest(name, set(by_name)))
    unclassified = [name for name in chosen if categories.get(name, "data.unknown") in UNCATEGORISED]
    if unclassified:
        names = ", ".join(f"`{name}`" for name in unclassified)
        raise ObligationError(
            f"the catalog does not classify {names} of `{table.table}`",
            hint="classify every column of the data set, or name the columns to copy",
        )
    for name in chosen:
        _category(categories[name], f"column `{name}`")
    return [by_name[name] for name in chosen]


def _category(term: str, where: str) -> str:
    try:
        return require_term("data category", term)
    except UnknownTermError as error:
        # A term that nobody knows would match nothing, and what it should hold back would leave.
        raise ObligationError(f"{where}: {error.message}", hint=error.hint) from error


def _terms(obligations: Sequence[Obligation], kind: str, parameter: str) -> Iterator[list[str]]:
    for obligation in obligations:
        if obligation.type == kind and parameter in obligation.parameter_dict:
            yield [_category(term, kind) for term in obligation.parameter_dict[parameter].split()]


def _may_leave(category: str, obligations: Sequence[Obligation]) -> bool:
    drop = [term for terms in _terms(obligations, "minimise_columns", "drop") for term in terms]
    keeps = _terms(obligations, "minimise_columns", "keep")
    return not _may_be(category, drop) and all(
        any(is_a(category, term) is Truth.TRUE for term in keep) for keep in keeps
    )


def _may_be(category: str, terms: Sequence[str]) -> bool:
    return any(is_a(category, term) is not Truth.FALSE for term in terms)


def _planned(column: Column, category: str, obligations: Sequence[Obligation]) -> PlannedColumn:
    hidden = [term for terms in _terms(obligations, "pseudonymise", "categories") for term in terms]
    return PlannedColumn(column, category, is_pseudonymised=_may_be(category, hidden))


def _purposes(
    table: TableSpec, obligations: Sequence[Obligation], consent: ConsentSpec | None
) -> tuple[tuple[str, ...], ...]:
    purposes = {
        obligation.parameter_dict["purpose"]
        for obligation in obligations
        if obligation.type == "filter_rows_by_consent"
    }
    if not purposes:
        return ()
    if consent is None:
        raise ObligationError(
            f"rows of `{table.table}` must be filtered by consent, and the catalog names no consent table",
            hint="give the data set a `consent` in the catalog",
        )
    if consent.subject not in table.names:
        raise ObligationError(
            f"`{table.table}` has no column `{consent.subject}` to look up consent by",
            hint=suggest(consent.subject, set(table.names)),
        )
    return tuple(
        tuple(dict.fromkeys((purpose, *consent.spellings.get(purpose, ())))) for purpose in sorted(purposes)
    )
