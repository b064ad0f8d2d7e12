# SPDX-License-Identifier: Apache-2.0
"""Who says so: an author's flow against the catalog and the registers (law 1 of the decision).

Two flows come out. In ``claimed`` the author's facts stand where given; in ``known`` only the catalog's, the
registers' and what was measured. Both are decided and the stricter answer stands, so that a claim may tighten
an answer and never loosen it. Documents count from the registers alone, unless the deployment trusts its DAGs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import field, fields, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import TypeVar

from airflow_xborder.core.catalog import (
    Catalog,
    Dataset,
    RegisteredDecision,
    RegisteredEvidence,
    RegisteredMechanism,
)
from airflow_xborder.core.decision import Reason
from airflow_xborder.core.flow import (
    AutomatedDecision,
    Consent,
    Count,
    DataFlow,
    End,
    Evidence,
    Mechanism,
    Party,
    Places,
    Provenance,
    Provider,
    Subjects,
)
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import is_a
from airflow_xborder.services.registers import next_change, papers_of, restrictions_on

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an enforcement point saw for itself: what it does, the columns it will read, how often, what it counted."""

    access_mode: str = "copy"
    columns: tuple[str, ...] | None = None
    frequency: str | None = None
    counts: tuple[Count, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The two flows, whether the source's catalog row is complete, and contradictions, which deny.

    ``until`` is when the next row of a register begins, or ceases, to count.
    """

    claimed: DataFlow
    known: DataFlow
    complete: bool
    contradictions: tuple[Reason, ...] = ()
    until: datetime | None = None


@dataclasses.dataclass(slots=True)
class _Resolver:
    catalog: Catalog
    on: date
    contradictions: list[Reason] = field(default_factory=list)

    def party(self, name: str, stated: Party | None, end: End) -> Party | None:
        """Return who acts at an end, as the catalog says: who runs the store, else who acts in its region."""
        found = self.catalog.store_of(end.store) if end.store else None
        party_id = found[1].party if found else None
        claim = stated.party if stated else None
        if party_id is not None and claim not in (None, party_id):
            self.contradict(f"{name}.party", claim, party_id)
        if party_id is None and end.region is not None:
            party_id = self.catalog.regions[end.region].party
        row = self.catalog.parties.get(party_id) if party_id is not None else None
        if row is None:
            return Party(country=end.country)
        for key in ("country", "role"):
            stated_value = getattr(stated, key) if stated else None
            if (
                claim in (None, party_id)
                and stated_value is not None
                and getattr(row, key) not in (None, stated_value)
            ):
                self.contradict(f"{name}.{key}", stated_value, getattr(row, key))
        return row

    def contradict(self, name: str, stated: object, known: object) -> None:
        pairs = (("field", name), ("stated", f"{stated}"), ("known", f"{known}"))
        self.contradictions.append(Reason("unmet", "contradiction", pairs))


def resolve(
    flow: DataFlow, catalog: Catalog, on: date, measured: Measured, *, trust_claims: bool
) -> Resolved:
    """Resolve an author's flow.

    :param on: the day of the decision; a register row counts only if it was recorded by then.
    :raises UnknownRegionError: for a region that the catalog does not have.
    """
    flow = _with_uris(flow, catalog)
    resolver = _Resolver(catalog, on)
    source = _end(resolver, "source", flow.source)
    destination = _end(resolver, "destination", flow.destination)
    dataset = catalog.dataset_of(flow.source.store) if flow.source.store else None
    base = DataFlow(
        flow_id=flow.flow_id,
        access_mode=measured.access_mode,
        source=source,
        destination=destination,
        exporter=resolver.party("exporter", flow.exporter, source),
        importer=resolver.party("importer", flow.importer, destination),
        purpose=_purpose(flow, catalog, dataset),
        frequency=measured.frequency,
        counts=measured.counts,
    )
    if dataset is not None:
        base = _describe(base, dataset, measured.columns)
    base = _restricted(base, restrictions_on(base, catalog, on))
    trusted = flow if trust_claims else None
    claimed = _attach_documents(_with_claimed_parties(resolver, base, flow), catalog, on, trusted)
    known = _attach_documents(base, catalog, on, trusted)
    known = replace(
        known, source=_vouched(known.source, catalog), destination=_vouched(known.destination, catalog)
    )
    return Resolved(
        claimed=_overlay(flow, claimed, _places(resolver, flow.places)),
        known=known,
        complete=_is_complete(dataset),
        contradictions=tuple(resolver.contradictions),
        until=next_change(catalog.registers, on),
    )


def parts_of(flow: DataFlow, catalog: Catalog) -> tuple[DataFlow, ...]:
    """Return a flow, and one from each further data set that lies inside the store or folder that it starts from."""
    store = catalog.store_uri(flow.source.store) if flow.source.store else None
    own = catalog.dataset_of(store) if store else None
    inside = [row.match for row in catalog.datasets_in(store) if row is not own] if store else []
    ends = [replace(flow.source, store=match) for match in sorted(inside)]
    return (flow, *(replace(flow, source=end) for end in ends))


def _is_complete(dataset: Dataset | None) -> bool:
    """Tell whether a row is complete: its audience says so, and it names the purposes that are permitted."""
    audience = dataset.subjects if dataset is not None else None
    return bool(
        audience is not None and audience.complete and dataset is not None and dataset.purposes is not None
    )


def _purpose(flow: DataFlow, catalog: Catalog, dataset: Dataset | None) -> str | None:
    """Return the author's purpose where the catalog has something to hold it against; else it is a mere claim."""
    if flow.purpose is None or (dataset is not None and dataset.purposes is None):
        return None
    return catalog.purpose(flow.purpose)


def _with_uris(flow: DataFlow, catalog: Catalog) -> DataFlow:
    ends = {
        name: replace(end, store=catalog.store_uri(end.store))
        for name, end in (("source", flow.source), ("destination", flow.destination))
        if end.store is not None
    }
    return replace(flow, **ends)  # type: ignore[arg-type]


def _end(resolver: _Resolver, name: str, end: End) -> End:
    catalog = resolver.catalog
    found = catalog.store_of(end.store) if end.store else None
    region_name = catalog.region_name(end.region, f"{name}.region") if end.region else None
    if found is not None:
        if region_name not in (None, found[1].region):
            resolver.contradict(f"{name}.region", region_name, found[1].region)
        region_name = found[1].region
    elif end.store is not None:
        # A store that nobody catalogued may be anywhere, whatever its DAG says.
        return End(store=end.store, region=None)
    if region_name is None:
        return end
    region = catalog.regions[region_name]
    for key in ("country", "subdivision"):
        stated = getattr(end, key)
        if stated is not None and getattr(region, key) not in (None, stated):
            resolver.contradict(f"{name}.{key}", stated, getattr(region, key))
    control = found[1].control_country if found else None
    return End(
        region=region_name,
        country=region.country,
        subdivision=region.subdivision or (end.subdivision if found is None else None),
        store=end.store,
        provider=Provider(control_country=control) if control else None,
    )


def _vouched(end: End, catalog: Catalog) -> End:
    """Leave out what is the author's word alone: no region and no store of the catalog stands behind it."""
    if end.region is None:
        return End(store=end.store)
    return replace(end, subdivision=catalog.regions[end.region].subdivision)


def _places(resolver: _Resolver, places: Places | None) -> Places | None:
    if places is None:
        return None
    changes = {
        level.name: resolver.catalog.spread(
            _end(resolver, f"places.{level.name}", end) for end in getattr(places, level.name)
        )
        for level in fields(places)
        if getattr(places, level.name) is not None
    }
    return replace(places, **changes)


def _with_claimed_parties(resolver: _Resolver, base: DataFlow, flow: DataFlow) -> DataFlow:
    """Let the parties that an author names stand, for the claimed flow alone."""
    changes = {
        name: _row_of(resolver.catalog, stated, end)
        for name, stated, end in (
            ("exporter", flow.exporter, base.source),
            ("importer", flow.importer, base.destination),
        )
        if stated is not None and stated.party is not None
    }
    return replace(base, **changes)  # type: ignore[arg-type]


def _row_of(catalog: Catalog, stated: Party, end: End) -> Party:
    row = catalog.parties.get(stated.party or "")
    return row if row is not None else Party(party=stated.party, country=end.country)


def _related(exporter: Party | None, importer: Party | None) -> Party | None:
    """Say of the importer that it is the exporter, where it is: the catalog's rows cannot know who meets whom."""
    if importer is None or exporter is None or importer.party is None:
        return importer
    same = importer.party == exporter.party
    return replace(importer, same_entity=same, same_group=True if same else importer.same_group)


def _describe(flow: DataFlow, dataset: Dataset, columns: tuple[str, ...] | None) -> DataFlow:
    consent = dataset.consent
    audience = dataset.subjects
    return replace(
        flow,
        data_categories=dataset.categories_of(columns),
        subjects=Subjects(**{f.name: getattr(audience, f.name) for f in fields(Subjects)})
        if audience
        else None,
        collected_purposes=dataset.purposes,
        retention_days=dataset.retention_days,
        counts=flow.counts if flow.counts is not None else dataset.counts,
        attributes=dataset.attributes,
        provenance=Provenance(origin_regimes=dataset.origin_regimes) if dataset.origin_regimes else None,
        consent=Consent(type=consent.type, ground_for=consent.ground_for, purpose=flow.purpose)
        if consent
        else None,
    )


def _restricted(flow: DataFlow, restrictions: tuple[str, ...]) -> DataFlow:
    if not restrictions:
        return flow
    return replace(flow, provenance=replace(flow.provenance or Provenance(), restrictions=restrictions))


def _attach_documents(flow: DataFlow, catalog: Catalog, on: date, trusted: DataFlow | None) -> DataFlow:
    """Attach what the registers have for a flow's parties; an author's own documents only of a trusted one."""
    flow = replace(flow, importer=_related(flow.exporter, flow.importer))
    registers = catalog.registers
    mechanisms = [row for row in registers.mechanisms or () if _fits(row, flow, on) and _roles_fit(row, flow)]
    evidence = [row for row in registers.evidence or () if _fits(row, flow, on)]
    own = (papers_of(trusted), trusted.evidence or ()) if trusted is not None else ((), ())
    return replace(
        flow,
        mechanisms=(*(_narrow(Mechanism, row) for row in mechanisms), *own[0]),
        evidence=(*(_narrow(Evidence, row) for row in evidence), *own[1]),
        automated_decision=_registered_decision(registers.automated_decisions or (), flow, on),
    )


def _narrow(kind: type[T], row: object) -> T:
    return kind(**{entry.name: getattr(row, entry.name) for entry in fields(kind)})  # type: ignore[arg-type]


def _fits(row: RegisteredMechanism | RegisteredEvidence, flow: DataFlow, on: date) -> bool:
    """A document counts only if its row fits the parties, data, purpose and destination, and was recorded before."""
    exporter = flow.exporter.party if flow.exporter else None
    importer = flow.importer.party if flow.importer else None
    return (
        (row.recorded_at is None or row.recorded_at <= on)
        and row.exporter in (None, exporter)
        and row.importer in (None, importer)
        and (row.purposes is None or flow.purpose in row.purposes)
        and (row.destinations is None or flow.destination.country in row.destinations)
        and _categories_fit(row.categories, flow.data_categories)
    )


def _categories_fit(covered: tuple[str, ...] | None, moved: tuple[str, ...] | None) -> bool:
    if covered is None:
        return True
    # Every category that moves must be one the document names, or data about nobody.
    return moved is not None and all(
        term.startswith("non_personal") or any(is_a(term, kind) is Truth.TRUE for kind in covered)
        for term in moved
    )


def _roles_fit(row: RegisteredMechanism, flow: DataFlow) -> bool:
    roles = (flow.exporter.role if flow.exporter else None, flow.importer.role if flow.importer else None)
    if row.type == "scc_eu" and None in roles:
        return False  # the clauses are for a pair of roles: whom they bind here nobody can tell
    return row.exporter_role in (None, roles[0]) and row.importer_role in (None, roles[1])


def _registered_decision(
    rows: Iterable[RegisteredDecision], flow: DataFlow, on: date
) -> AutomatedDecision | None:
    """Return what the row that says it most exactly says; nothing where rows as exact say different things."""
    found = [
        row
        for row in rows
        if (row.recorded_at is None or row.recorded_at <= on)
        and (flow.source.store is not None and fnmatchcase(flow.source.store, row.match))
        and row.purpose in (None, flow.purpose)
    ]
    exact = max(map(_exactness, found), default=None)
    said = {_narrow(AutomatedDecision, row) for row in found if _exactness(row) == exact}
    return said.pop() if len(said) == 1 else None


def _exactness(row: RegisteredDecision) -> tuple[int, bool, date]:
    # A later row about the same replaces an earlier one.
    return len(row.match), row.purpose is not None, row.recorded_at or date.min


def complete_from_catalog(flow: DataFlow, catalog: Catalog, on: date) -> Resolved:
    """Resolve a flow of somebody who only asks (law 1: the command line's ``decide`` takes an author's word).

    The catalog fills in what the flow leaves out; the flow's own parties, documents and consent stand.

    :raises UnknownRegionError: for a region that the catalog does not have.
    """
    resolved = resolve(flow, catalog, on, Measured(), trust_claims=True)
    changes = {
        name: stated
        for name in ("exporter", "importer")
        if (stated := getattr(flow, name)) is not None and stated.party not in catalog.parties
    }
    if flow.consent is not None:
        changes["consent"] = flow.consent
    if flow.collected_purposes is not None:
        changes["collected_purposes"] = flow.collected_purposes
    asked = replace(resolved.claimed, **changes)
    return replace(resolved, claimed=asked, known=asked)


# What an author may say more strictly than the catalog; places, parties and documents never come from claims.
_CLAIMABLE = (
    "subjects", "counts", "identifiability", "legal_basis", "frequency", "retention_days", "automated_decision",
    "provenance", "attributes", "safeguards",
)  # fmt: skip


def _overlay(flow: DataFlow, known: DataFlow, places: Places | None) -> DataFlow:
    changes = {name: getattr(flow, name) for name in _CLAIMABLE if getattr(flow, name) is not None}
    changes |= {"access_mode": flow.access_mode, "places": places}
    if flow.data_categories is not None:
        # Categories add up: an author may know of more in the data than the catalog does, never of less.
        changes["data_categories"] = tuple(sorted({*flow.data_categories, *(known.data_categories or ())}))
    if flow.consent is not None and known.consent is not None:
        changes["consent"] = flow.consent
    if flow.provenance is not None and known.provenance is not None:
        changes["provenance"] = _joint_provenance(flow.provenance, known.provenance)
    return replace(known, **changes)


def _joint_provenance(claimed: Provenance, known: Provenance) -> Provenance:
    # What data brings along adds up, as its categories do.
    changes = {
        entry.name: tuple(sorted({*getattr(claimed, entry.name), *(getattr(known, entry.name) or ())}))
        for entry in fields(Provenance)
        if getattr(claimed, entry.name) is not None
    }
    return replace(known, **changes)
