# SPDX-License-Identifier: Apache-2.0
"""Conditions on documents, lists, ownership, consent and counts: what a transfer can rest on.

Documents are closed: one that nobody attached is not there. Lists, owners and counts are open: unknown until
somebody looked. A ground for one thing never serves as a ground for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.flow import Count, Mechanism
from airflow_xborder.core.truth import Truth, any_of
from airflow_xborder.core.vocabulary import is_a

# Module of the EU standard contractual clauses -> roles of exporter and importer (Impl. Dec. (EU) 2021/914).
SCC_MODULES = {
    1: ("controller", "controller"),
    2: ("controller", "processor"),
    3: ("processor", "processor"),
    4: ("processor", "controller"),
}
_STAFF = frozenset({"employee", "job_applicant", "trainee"})


def _valid(start: date | None, end: date | None, on: date) -> bool:
    return (start is None or start <= on) and (end is None or on <= end)


def _edges(start: date | None, end: date | None) -> Iterator[date]:
    if start is not None:
        yield start
    if end is not None:
        yield end + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HasMechanism(Condition):
    """A valid mechanism of one of these types is attached, as a ground for ``ground_for``."""

    types: frozenset[str]
    ground_for: str = "transfer"

    def _candidates(self, case: Case) -> Iterator[Mechanism]:
        for mechanism in case.facts.flow.mechanisms or ():
            if mechanism.type in self.types and mechanism.ground_for == self.ground_for:
                yield mechanism

    def _fits(self, case: Case, mechanism: Mechanism) -> Truth:
        if not _valid(mechanism.valid_from, mechanism.valid_until, case.on):
            return Truth.FALSE
        roles = (case.value("exporter.role"), case.value("importer.role"))
        if mechanism.type != "scc_eu" or None in roles:
            return Truth.TRUE
        if mechanism.module is None:
            return Truth.UNKNOWN
        return Truth.of(SCC_MODULES.get(mechanism.module) == roles)

    def truth(self, case: Case) -> Truth:
        return any_of(self._fits(case, mechanism) for mechanism in self._candidates(case))

    def missing(self, case: Case) -> Iterator[str]:
        yield "mechanisms.module"

    def boundaries(self, case: Case) -> Iterator[date]:
        for mechanism in self._candidates(case):
            yield from _edges(mechanism.valid_from, mechanism.valid_until)

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield f"mechanism {' or '.join(sorted(self.types))}"


@dataclass(frozen=True, slots=True)
class HasEvidence(Condition):
    """A valid document of this type is attached."""

    type: str

    def truth(self, case: Case) -> Truth:
        documents = [document for document in case.facts.flow.evidence or () if document.type == self.type]
        return Truth.of(
            any(_valid(document.issued_at, document.valid_until, case.on) for document in documents)
        )

    def boundaries(self, case: Case) -> Iterator[date]:
        for document in case.facts.flow.evidence or ():
            if document.type == self.type:
                yield from _edges(document.issued_at, document.valid_until)

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield f"evidence {self.type}"


@dataclass(frozen=True, slots=True)
class HasSafeguard(Condition):
    """A technical measure is in place."""

    type: str

    def truth(self, case: Case) -> Truth:
        return Truth.of(self.type in (case.facts.flow.safeguards or ()))

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield f"safeguard {self.type}"


@dataclass(frozen=True, slots=True)
class HasConsent(Condition):
    """The people agreed, for this ground and purpose; where not all did, only their rows may go."""

    types: frozenset[str]
    ground_for: str

    def truth(self, case: Case) -> Truth:
        consent = case.facts.flow.consent
        if consent is None or consent.type not in self.types or consent.ground_for != self.ground_for:
            return Truth.FALSE
        purpose = case.facts.flow.purpose
        if consent.purpose is None or purpose is None or consent.purpose == purpose:
            return Truth.FALSE if consent.coverage == "0" else Truth.TRUE
        return Truth.FALSE

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield f"consent {' or '.join(sorted(self.types))}"

    def obligations(self, case: Case) -> Iterator[Obligation]:
        consent = case.facts.flow.consent
        if consent is None or consent.coverage is None or Decimal(consent.coverage) < 1:
            purpose = (consent.purpose if consent else None) or case.facts.flow.purpose or ""
            yield Obligation(type="filter_rows_by_consent", parameters=(("purpose", purpose),))


@dataclass(frozen=True, slots=True)
class Listed(Condition):
    """The importer has an active entry on this list, which covers staff data where the flow has any."""

    framework: str

    def truth(self, case: Case) -> Truth:
        importer = case.facts.flow.importer
        if importer is None or importer.listings is None:
            return Truth.UNKNOWN
        entries = [entry for entry in importer.listings if entry.framework == self.framework]
        return any_of(self._covers(case, entry.status, entry.covers) for entry in entries)

    def _covers(self, case: Case, status: str | None, covers: tuple[str, ...] | None) -> Truth:
        if status != "active":
            return Truth.of(None if status is None else False)
        staff = self._staff_data(case)
        if staff is None:
            return Truth.of(True if covers and {"hr", "non_hr"} <= set(covers) else None)
        return Truth.of(None if covers is None else ("hr" if staff else "non_hr") in covers)

    def _staff_data(self, case: Case) -> bool | None:
        groups = case.value("subjects.groups")
        categories = case.value("data_categories")
        if isinstance(categories, frozenset) and "personal_data.employment" in categories:
            return True
        if isinstance(groups, frozenset):
            return bool(groups & _STAFF)
        return False if case.facts.complete else None

    def missing(self, case: Case) -> Iterator[str]:
        importer = case.facts.flow.importer
        yield "importer.listings" if importer is None or importer.listings is None else "subjects.groups"

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not Truth.TRUE:
            yield f"listing {self.framework}"


@dataclass(frozen=True, slots=True)
class OwnedBy(Condition):
    """Owners in these countries hold at least ``share`` of the importer together."""

    countries: frozenset[str]
    share: str

    def truth(self, case: Case) -> Truth:
        importer = case.facts.flow.importer
        if importer is None or importer.owners is None:
            return Truth.UNKNOWN
        held = sum(
            (Decimal(owner.share) for owner in importer.owners if owner.country in self.countries), Decimal(0)
        )
        return Truth.of(held >= Decimal(self.share))

    def missing(self, case: Case) -> Iterator[str]:
        yield "importer.owners"


@dataclass(frozen=True, slots=True)
class Counted(Condition):
    """More than ``more_than`` (or at least ``at_least``) units of data of ``category``, in the regime's window."""

    category: str
    unit: str
    more_than: int | None = None
    at_least: int | None = None

    @property
    def bound(self) -> int:
        """The smallest number that reaches the threshold."""
        return self.more_than + 1 if self.more_than is not None else self.at_least or 0

    @property
    def name(self) -> str:
        """What the threshold is called among the facts of a decision key."""
        return f"{self.category} {self.unit} >= {self.bound}"

    def _of_category(self, count: Count) -> Truth:
        return is_a(count.category, self.category) if count.unit == self.unit else Truth.FALSE

    def truth(self, case: Case) -> Truth:
        counts = case.facts.flow.counts
        if counts is None:
            return Truth.UNKNOWN
        counted = [count for count in counts if self._of_category(count) is Truth.TRUE]
        if any(count.n >= self.bound for count in counted):
            return Truth.TRUE
        windows = [count.n for count in counted if count.scope == "window"]
        if not windows or any(self._of_category(count) is Truth.UNKNOWN for count in counts):
            return Truth.UNKNOWN
        # Counts of sub-categories may be of the same people: their sum proves nothing, but may reach the bound.
        return Truth.UNKNOWN if len(windows) > 1 and sum(windows) >= self.bound else Truth.FALSE

    def missing(self, case: Case) -> Iterator[str]:
        yield "counts"
