# SPDX-License-Identifier: Apache-2.0
"""Facts: a flow normalised into the attribute snapshot that an answer rests on, with its digest.

One dictionary from path to value. A value is text, a number, a Boolean, a set of text, or ``None`` for unknown;
a set with the member ``UNKNOWN`` has further members that nobody named. Ids, raw counts and clocks are left out
of the digest, so that equal questions have equal keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeAlias

from airflow_xborder.core.flow import DataFlow, End, Party
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import plain

UNKNOWN = "?"
Value: TypeAlias = str | bool | int | frozenset[str] | None
# The one fact that stays unknown when a complete row does not say it (law 3): everything hangs on it.
NEVER_CLOSED = "data_categories"

# Levels at which somebody gets hold of the data. Transit alone is none (mere routing), nor is holding a key.
REACHING_LEVELS = (
    "storage", "backup", "processing", "model_training", "model_artifact", "inference", "access", "control_plane", "logs",
)  # fmt: skip
LEVELS = (*REACHING_LEVELS, "key_custody", "transit")
_DECIDING_PURPOSES = frozenset({"ml_inference", "automated_decision"})


class Values(dict[str, Value]):
    """The facts by their paths; what is not there is unknown."""

    def __missing__(self, path: str) -> Value:
        return None


class ClosedValues(Values):
    """The facts of a complete row, whose silence means "none"."""

    def __missing__(self, path: str) -> Value:
        return None if path == NEVER_CLOSED else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The snapshot. ``complete`` says that the data set's catalog row is complete: what it does not name is not there."""

    values: Mapping[str, Value]
    flow: DataFlow
    complete: bool

    def digest(self, thresholds: Mapping[str, str], days: date | Iterable[date]) -> str:
        """Return the SHA-256, as hex, of the normalised facts.

        :param thresholds: for each threshold that the policies know, on which side of it the count is.
        :param days: the day of the question in the calendar of each rule; documents count as valid or not on them.
        """
        days = [days] if isinstance(days, date) else sorted(days)
        facts: dict[str, object] = {
            path: plain(value) for path, value in self.values.items() if value is not None
        }
        facts["documents"] = sorted(
            {
                f"{name} {_valid(start, end, day)}"
                for name, start, end in _documents(self.flow)
                for day in days
            }
        )
        importer = self.flow.importer
        listings = (importer.listings if importer else None) or ()
        facts["listings"] = sorted(
            f"{row.framework} {row.status} {sorted(row.covers or ())}" for row in listings
        )
        facts["owners"] = sorted(
            f"{row.country} {row.share}" for row in (importer.owners if importer else None) or ()
        )
        facts["known"] = [importer is not None and importer.listings is not None]
        facts["thresholds"] = dict(thresholds)
        facts["complete"] = self.complete
        return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


Dated: TypeAlias = tuple[str, date | None, date | None]


def _documents(flow: DataFlow) -> Iterable[Dated]:
    for mechanism in flow.mechanisms or ():
        name = f"mechanism {mechanism.type} {mechanism.ground_for} {mechanism.module} {mechanism.reference}"
        yield name, mechanism.valid_from, mechanism.valid_until
    for evidence in flow.evidence or ():
        yield f"evidence {evidence.type} {evidence.reference}", evidence.issued_at, evidence.valid_until
    for consent in flow.consents:
        name = f"consent {consent.type} {consent.ground_for} {consent.purpose} {consent.coverage}"
        yield f"{name} {flow.purpose}", None, None


def _valid(start: date | None, end: date | None, on: date) -> bool:
    return (start is None or start <= on) and (end is None or on <= end)


def normalise(flow: DataFlow, *, complete: bool) -> Facts:
    """Turn a flow, whose regions are already resolved to countries, into facts.

    :param complete: whether the flow stands for a complete catalog row. Then an absent purpose is none of the
        special ones; otherwise it may be any that the row permits.
    """
    values: dict[str, Value] = {
        "access_mode": flow.access_mode,
        "frequency": flow.frequency,
        "data_categories": _set(flow.data_categories) or None,
        "collected_purposes": _set(flow.collected_purposes),
        "purpose": _purpose(flow, complete),
        "safeguards": frozenset(flow.safeguards or ()),
        "retention_days": flow.retention_days,
        "legal_basis": _set(
            [f"{basis.regime}:{basis.type}" for basis in flow.legal_basis] if flow.legal_basis else None
        ),
    }
    _add_ends(values, flow)
    _add_parties(values, flow)
    _add_subjects(values, flow)
    _add_decision(values, flow)
    provenance = flow.provenance
    values["provenance.origin_regimes"] = _set(provenance.origin_regimes) if provenance else None
    values["provenance.restrictions"] = _set(provenance.restrictions) if provenance else None
    values["provenance.via"] = _set(provenance.via) if provenance else None
    for name, value in (flow.attributes or {}).items():
        values[f"attributes.{name}"] = _plain_fact(value)
    known = Values((path, value) for path, value in values.items() if value is not None)
    return Facts(values=known, flow=flow, complete=complete)


def _plain_fact(value: object) -> Value:
    if isinstance(value, (list, tuple)):
        return frozenset(map(str, value))
    return value if isinstance(value, (str, bool, int)) else None


def _set(items: Iterable[str] | None) -> frozenset[str] | None:
    return None if items is None else frozenset(items)


def _purpose(flow: DataFlow, complete: bool) -> Value:
    if flow.purpose is not None:
        return frozenset({flow.purpose})
    if flow.collected_purposes:
        return (
            frozenset({*flow.collected_purposes, UNKNOWN})
            if len(flow.collected_purposes) > 1
            else _set(flow.collected_purposes)
        )
    return frozenset() if complete else None


def _place(end: End) -> set[str]:
    found = {end.country or UNKNOWN}
    if end.subdivision:
        found.add(end.subdivision)
    return found


def _add_ends(values: dict[str, Value], flow: DataFlow) -> None:
    for name, end in (("source", flow.source), ("destination", flow.destination)):
        values[f"{name}.country"] = end.country
        values[f"{name}.subdivision"] = end.subdivision
        values[f"{name}.place"] = frozenset(_place(end))
        values[f"{name}.region"] = end.region
        values[f"{name}.control_country"] = end.provider.control_country if end.provider else None
    reach = _place(flow.destination)
    for level in LEVELS:
        ends = getattr(flow.places, level) if flow.places else None
        if ends is None:
            values[f"places.{level}"] = None
            continue
        found: set[str] = set().union(*(_place(end) for end in ends)) if ends else set()
        values[f"places.{level}"] = frozenset(found)
        if level in REACHING_LEVELS:
            reach |= found
    if flow.importer is not None:
        reach |= {flow.importer.country} if flow.importer.country else set()
        for end in flow.importer.subprocessors or ():
            reach |= _place(end)
    countries = frozenset(place for place in reach if "-" not in place)
    values["reach"], values["reach.countries"] = frozenset(reach), countries
    values["crosses_border"] = _crosses(flow.source.country, countries)


def _crosses(home: str | None, countries: frozenset[str]) -> bool | None:
    """Tell whether the data gets to another country than its source's; unknown while a place is not named."""
    if home is None or (UNKNOWN in countries and not countries - {UNKNOWN, home}):
        return None
    return bool(countries - {UNKNOWN, home})


def _add_parties(values: dict[str, Value], flow: DataFlow) -> None:
    nobody = Party()
    for name, party in (("exporter", flow.exporter or nobody), ("importer", flow.importer or nobody)):
        values[f"{name}.party"] = party.party
        values[f"{name}.country"] = party.country
        values[f"{name}.role"] = party.role
        values[f"{name}.sector"] = _set(party.sector)
        values[f"{name}.legal_roles"] = _legal_roles(party)
        # A subprocessor is somebody else, whoever it works for.
        values[f"{name}.same_entity"] = False if party.subprocessors else party.same_entity
        values[f"{name}.same_group"] = party.same_group
        values[f"{name}.us_person"] = _us_person(party)
        values[f"{name}.organised_in"] = party.organised_in or party.country
        values[f"{name}.principal_place"] = party.principal_place
        values[f"{name}.residence"] = party.residence
        values[f"{name}.owners"] = (
            _set(owner.country for owner in party.owners) if party.owners is not None else None
        )
        for key, value in (party.attributes or {}).items():
            values[f"{name}.attributes.{key}"] = _plain_fact(value)


def _legal_roles(party: Party) -> frozenset[str] | None:
    if party.legal_roles is None:
        return None
    return frozenset(f"{regime}:{role}" for regime, role in party.legal_roles.items())


def _us_person(party: Party) -> bool | None:
    # 28 CFR 202.256: an entity organised under US law, or any person in the United States.
    if party.us_person is not None:
        return party.us_person
    where = {party.organised_in, party.country, party.residence}
    return True if "US" in where else None


def _add_subjects(values: dict[str, Value], flow: DataFlow) -> None:
    subjects = flow.subjects
    for name in ("countries", "nationality", "collected_in", "groups"):
        given: tuple[str, ...] | None = getattr(subjects, name) if subjects else None
        values[f"subjects.{name}"] = None if given is None else frozenset(_with_countries(given))
    residents = (subjects.countries if subjects else None) or ()
    values["subjects.undivided"] = frozenset(place for place in residents if "-" not in place) or None
    values["subjects.min_age"] = subjects.min_age if subjects else None
    values["subjects.us_persons"] = subjects.us_persons if subjects else None


def _with_countries(places: Iterable[str]) -> Iterable[str]:
    for place in places:
        yield place
        if "-" in place:
            yield place[:2]


def _add_decision(values: dict[str, Value], flow: DataFlow) -> None:
    stated = flow.automated_decision
    may_decide = _may_decide(values["purpose"], flow.access_mode)
    absent = None if may_decide else False
    values["automated_decision"] = True if stated and stated.significant_effect is not None else absent
    for name in ("significant_effect", "human_review", "explanation"):
        given: bool | None = getattr(stated, name) if stated else None
        values[f"automated_decision.{name}"] = given if given is not None else absent
    if stated is not None and stated.significant_effect is None:
        values["automated_decision"] = values["automated_decision.significant_effect"] = None


def _may_decide(purpose: Value, access_mode: str) -> bool:
    """A flow that neither infers nor decides, by its purpose and kind of access, makes no automated decision."""
    if access_mode == "infer" or purpose is None:
        return True
    return isinstance(purpose, frozenset) and bool(purpose & _DECIDING_PURPOSES)
