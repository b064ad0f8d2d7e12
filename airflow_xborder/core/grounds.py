# SPDX-License-Identifier: Apache-2.0
"""Conditions on designations, documents, lists, ownership, consent and counts: what a transfer can rest on.

Documents are closed: one that nobody attached is not there. Lists, owners and counts are open: unknown until
somebody looked. A ground for one thing never serves as a ground for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from airflow_xborder.core.comparisons import category_terms, one_of
from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.designations import Designation, turning_days
from airflow_xborder.core.facts import UNKNOWN as UNNAMED
from airflow_xborder.core.flow import Consent, Count, Mechanism
from airflow_xborder.core.kinds import term_is_a
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import FALSE, TRUE, UNKNOWN, Truth, any_of
from airflow_xborder.core.vocabulary import ancestors, is_a

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


# The same few shares come back all the time.
_decimal = lru_cache(maxsize=1024)(Decimal)


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
            return FALSE
        roles = (case.value("exporter.role"), case.value("importer.role"))
        if mechanism.type != "scc_eu" or None in roles:
            return TRUE
        if mechanism.module is None:
            return UNKNOWN
        return Truth.of(SCC_MODULES.get(mechanism.module) == roles)

    def truth(self, case: Case) -> Truth:
        answer = FALSE
        for mechanism in case.facts.flow.mechanisms or ():
            if mechanism.type in self.types and mechanism.ground_for == self.ground_for:
                fits = self._fits(case, mechanism)
                if fits is TRUE:
                    return fits
                if fits is UNKNOWN:
                    answer = fits
        return answer

    def missing(self, case: Case) -> Iterator[str]:
        yield "mechanisms.module"

    def boundaries(self, case: Case) -> Iterator[date]:
        for mechanism in self._candidates(case):
            yield from turning_days(mechanism.valid_from, mechanism.valid_until)

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is TRUE:
            return
        ground = "" if self.ground_for == "transfer" else f" for {self.ground_for}"
        yield f"mechanism {' or '.join(sorted(self.types))}{ground}"
        if "scc_eu" in self.types:
            # Registered clauses count for known roles alone, which say the module: so a known party without one is
            # what is lacking as well.
            flow = case.facts.flow
            for side, party in (("exporter", flow.exporter), ("importer", flow.importer)):
                if party is not None and party.party is not None and party.role is None:
                    yield f"{side}.role"


@dataclass(frozen=True, slots=True)
class HasEvidence(Condition):
    """A valid document of this type is attached."""

    type: str

    def truth(self, case: Case) -> Truth:
        for document in case.facts.flow.evidence or ():
            if document.type == self.type and _valid(document.issued_at, document.valid_until, case.on):
                return TRUE
        return FALSE

    def boundaries(self, case: Case) -> Iterator[date]:
        for document in case.facts.flow.evidence or ():
            if document.type == self.type:
                yield from turning_days(document.issued_at, document.valid_until)

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not TRUE:
            yield f"evidence {self.type}"


@dataclass(frozen=True, slots=True)
class HasSafeguard(Condition):
    """A technical measure is in place."""

    type: str

    def truth(self, case: Case) -> Truth:
        return Truth.of(self.type not in case.uncured and self.type in (case.facts.flow.safeguards or ()))

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not TRUE:
            yield f"safeguard {self.type}"


@dataclass(frozen=True, slots=True)
class HasConsent(Condition):
    """The people agreed, for this ground and purpose; where not all did, only their rows may go.

    Of several consents any may be the one; rows are filtered only by a consent that fits.
    """

    types: frozenset[str]
    ground_for: str

    def truth(self, case: Case) -> Truth:
        return any_of(self._fits(case, consent) for consent in case.facts.flow.consents)

    def _fits(self, case: Case, consent: Consent) -> Truth:
        if consent.type not in self.types or consent.ground_for != self.ground_for:
            return FALSE
        if consent.coverage is not None and Decimal(consent.coverage) == 0:
            return FALSE
        if consent.purpose is None:
            return TRUE
        purposes = case.value("purpose")
        if not isinstance(purposes, frozenset) or not purposes:
            return UNKNOWN
        return one_of(purposes - {UNNAMED}, frozenset({consent.purpose}))

    def missing(self, case: Case) -> Iterator[str]:
        yield "purpose"

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not TRUE:
            yield f"consent {' or '.join(sorted(self.types))}"

    def obligations(self, case: Case) -> Iterator[Obligation]:
        flow = case.facts.flow
        fitting = [consent for consent in flow.consents if self._fits(case, consent) is TRUE]
        if any(consent.coverage is not None and Decimal(consent.coverage) == 1 for consent in fitting):
            return
        for purpose in sorted({consent.purpose or flow.purpose or "" for consent in fitting}):
            yield Obligation(type="filter_rows_by_consent", parameters=(("purpose", purpose),))


@dataclass(frozen=True, slots=True)
class Listed(Condition):
    """The importer has an active entry on this list, which covers staff data where the flow has any."""

    framework: str

    def truth(self, case: Case) -> Truth:
        importer = case.facts.flow.importer
        if importer is None or importer.listings is None:
            return UNKNOWN
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
        if "personal_data.employment" in (category_terms(case) or ()):
            return True
        if isinstance(groups, frozenset):
            return bool(groups & _STAFF)
        return False if case.facts.complete else None

    def missing(self, case: Case) -> Iterator[str]:
        importer = case.facts.flow.importer
        yield "importer.listings" if importer is None or importer.listings is None else "subjects.groups"

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not TRUE:
            yield f"listing {self.framework}"


@dataclass(frozen=True, slots=True)
class OwnedBy(Condition):
    """Owners in these countries hold at least ``share`` of the importer together."""

    countries: frozenset[str]
    share: str

    def truth(self, case: Case) -> Truth:
        importer = case.facts.flow.importer
        if importer is None or importer.owners is None:
            return UNKNOWN
        held = sum(_decimal(owner.share) for owner in importer.owners if owner.country in self.countries)
        return Truth.of(held >= _decimal(self.share))

    def missing(self, case: Case) -> Iterator[str]:
        yield "importer.owners"


@dataclass(frozen=True, slots=True)
class Counted(Condition):
    """More than ``more_than`` (or at least ``at_least``) units, in ``window``, with data of any of some categories.

    One count that reaches the threshold proves it. That it is not reached is proved only by running totals of that
    window that together cover all data of these categories: different categories may be about different people. A
    total that does not name its window is the regime's own. For ``this_flow`` what this flow moves is the total.
    """

    categories: tuple[str, ...]
    unit: str = "persons"
    more_than: int | None = None
    at_least: int | None = None
    window: str = "12_months"

    @property
    def bound(self) -> int:
        """The smallest number that reaches the threshold."""
        return self.more_than + 1 if self.more_than is not None else self.at_least or 0

    @property
    def name(self) -> str:
        """What the threshold is called among the facts of a decision key."""
        return f"{' or '.join(self.categories)} {self.unit} >= {self.bound} in {self.window}"

    def truth(self, case: Case) -> Truth:
        kinds = case.kinds
        if not kinds.known:
            return UNKNOWN
        if kinds.possible.isdisjoint(self.categories):
            return FALSE
        terms = category_terms(case) or ()
        concerned = [term for term in terms if self._concerns(case, term) is not FALSE]
        if not concerned:
            return FALSE
        counts = [count for count in case.facts.flow.counts or () if count.unit == self.unit]
        if any(
            count.n >= self.bound and self._counts_only_these(count) and self._in_window(count)
            for count in counts
        ):
            return TRUE
        most = _most(concerned, [count for count in counts if self._is_total(count)])
        return UNKNOWN if most is None or most >= self.bound else FALSE

    def _concerns(self, case: Case, term: str) -> Truth:
        return any_of(term_is_a(case.values, case.uncured, term, category) for category in self.categories)

    def _in_window(self, count: Count) -> bool:
        """Tell whether what was counted lies inside the window; this flow lies inside any."""
        return count.scope == "this_flow" or self._is_total(count)

    def _is_total(self, count: Count) -> bool:
        if self.window == "this_flow":
            return count.scope == "this_flow"
        return count.scope == "window" and count.window in (None, self.window)

    def _counts_only_these(self, count: Count) -> bool:
        return any(is_a(count.category, category) is TRUE for category in self.categories)

    def missing(self, case: Case) -> Iterator[str]:
        yield "counts" if category_terms(case) is not None else "data_categories"


def _most(terms: list[str], totals: list[Count]) -> int | None:
    """Return how many there can be at most, by the least totals that cover every term; ``None`` if one covers not.

    Of several totals of one category the largest counts.
    """
    largest: dict[str, int] = {}
    for count in totals:
        largest[count.category] = max(count.n, largest.get(count.category, 0))
    used: set[str] = set()
    for term in terms:
        covering = [category for category in largest if category in ancestors(term)]
        if not covering:
            return None
        used.add(min(covering, key=lambda category: (largest[category], category)))
    return sum(largest[category] for category in used)


@dataclass(frozen=True, slots=True)
class Designated(Condition):
    """Every place at ``path``, but those in ``outside``, has a designation of this kind in force, with its scope."""

    path: str
    by: str
    kind: str
    outside: frozenset[str] = field(default=frozenset())

    def _places(self, case: Case) -> list[str] | None:
        value = case.value(self.path)
        if value is None:
            return None
        return sorted((value if isinstance(value, frozenset) else frozenset({str(value)})) - self.outside)

    def _rows(self, case: Case, place: str) -> tuple[Designation, ...]:
        return case.designations.standing(self.by, self.kind, place, case.on)

    def _row_truth(self, case: Case, row: Designation) -> Truth:
        return TRUE if row.scope is None else row.scope.truth(case)

    def truth(self, case: Case) -> Truth:
        value = case.values[self.path]
        if value is None:
            return UNKNOWN
        answer = TRUE
        for place in value if isinstance(value, frozenset) else (str(value),):
            if place in self.outside:
                continue
            found = UNKNOWN if place == UNNAMED else self._of(case, place)
            if found is FALSE:
                return found
            if found is UNKNOWN:
                answer = found
        return answer

    def _of(self, case: Case, place: str) -> Truth:
        return any_of(self._row_truth(case, row) for row in self._rows(case, place))

    def missing(self, case: Case) -> Iterator[str]:
        for place in self._places(case) or [UNNAMED]:
            if place == UNNAMED:
                yield self.path
                continue
            for row in self._rows(case, place):
                if row.scope is not None and row.scope.truth(case) is UNKNOWN:
                    yield from row.scope.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        for place in self._places(case) or ():
            for row in case.designations.about(self.by, self.kind, place):
                for dated in (row, *case.designations.suspensions(row)):
                    yield from dated.boundaries()
                if row.scope is not None:
                    yield from row.scope.boundaries(case)

    def unmet(self, case: Case) -> Iterator[str]:
        if self.truth(case) is not TRUE:
            yield self.kind

    def warnings(self, case: Case) -> Iterator[str]:
        for place in self._places(case) or ():
            for row in self._rows(case, place):
                if row.warning and self._row_truth(case, row) is TRUE:
                    yield row.warning
