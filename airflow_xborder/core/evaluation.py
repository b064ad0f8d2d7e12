# SPDX-License-Identifier: Apache-2.0
"""From facts and policies to findings: which regimes are concerned, which requirements apply, which are met.

Three-valued throughout (law 3). An error inside a rule is a finding, not an exception: it denies (law 11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.gaps import Gap, find_gaps
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.requirement import Effect, Requirement
from airflow_xborder.core.truth import Truth
from airflow_xborder.errors import XborderError

# What a rule over odd facts may raise; anything else is a bug that must not look like an answer.
_RULE_ERRORS = (XborderError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one requirement says of the flow. Status: ``met``, ``unmet``, ``unknown_applicability``, ``unknown``, ``error``."""

    requirement: Requirement
    status: str
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Everything found about one flow, before it is combined to an answer."""

    considered: dict[str, bool] = field(default_factory=dict)
    not_considered: dict[str, str] = field(default_factory=dict)
    unconnected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    boundaries: list[datetime] = field(default_factory=list)
    thresholds: dict[str, str] = field(default_factory=dict)
    designations: dict[str, bool] = field(default_factory=dict)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of a rule's calendar."""
    return ZoneInfo(name)


def evaluate(policies: Policies, facts: Facts, as_of: datetime) -> Evaluation:
    """Find out what every pack says of the facts at a moment.

    :param as_of: the moment, aware; each rule reads it as a day in its own time zone.
    """
    found = Evaluation()
    for pack in policies.packs():
        on = as_of.astimezone(zone(pack.time_zone)).date()
        connecting = Case(facts=facts, on=on, designations=policies.designations, connecting=True)
        truth = pack.connects.truth(connecting)
        if truth is Truth.FALSE:
            found.not_considered[pack.id] = (
                f"no connecting factor: nothing in the flow ties it to {pack.title}"
            )
        elif truth is Truth.UNKNOWN:
            found.unconnected[pack.id] = tuple(sorted(set(pack.connects.missing(connecting))))
        else:
            _evaluate_pack(found, pack, Case(facts=facts, on=on, designations=policies.designations))
    found.gaps = find_gaps(policies, facts)
    return found


def _evaluate_pack(found: Evaluation, pack: Pack, case: Case) -> None:
    transfer = pack.transfer is not None and pack.transfer.truth(case) is Truth.TRUE
    found.considered[pack.id] = transfer
    days: set[date] = set()
    for requirement in pack.requirements:
        days |= {day for day in (requirement.effective_date,) if day > case.on}
        if requirement.expires is not None and requirement.expires >= case.on:
            days.add(date.fromordinal(requirement.expires.toordinal() + 1))
        if not requirement.in_force(case.on):
            continue
        for condition in (requirement.when, requirement.constraint):
            days |= {day for day in condition.boundaries(case) if day > case.on}
            for counted in _counted(condition):
                found.thresholds[counted.name] = counted.truth(case).value
        finding = judge(requirement, case)
        if finding is not None:
            found.findings.append(finding)
    for row in pack.designations:
        found.designations[row.id] = case.designations.in_force(row, case.on)
    tz = zone(pack.time_zone)
    found.boundaries += [datetime.combine(day, time(), tz).astimezone(timezone.utc) for day in days]


def _counted(condition: Condition) -> Iterator[Counted]:
    if isinstance(condition, Counted):
        yield condition
    for part in condition.parts():
        yield from _counted(part)


def judge(requirement: Requirement, case: Case) -> Finding | None:
    """Judge one requirement; ``None`` when it does not apply."""
    try:
        applies = requirement.when.truth(case)
        if applies is Truth.FALSE:
            return None
        if applies is Truth.UNKNOWN:
            missing = tuple(sorted(set(requirement.when.missing(case))))
            return Finding(requirement=requirement, status="unknown_applicability", missing=missing)
        return _judge_constraint(requirement, case)
    except _RULE_ERRORS as error:
        return Finding(requirement=requirement, status="error", error=f"{error}")


def _judge_constraint(requirement: Requirement, case: Case) -> Finding:
    constraint = requirement.constraint
    met = constraint.truth(case)
    if met is Truth.TRUE:
        obligations = (*requirement.obligations, *constraint.obligations(case))
        if requirement.effect is Effect.LOCAL_COPY:
            obligations = (*obligations, Obligation(type="keep_local_copy"))
        warnings = (*requirement.warnings, *constraint.warnings(case))
        return Finding(requirement=requirement, status="met", obligations=obligations, warnings=warnings)
    unmet = tuple(dict.fromkeys(constraint.unmet(case)))
    if met is Truth.UNKNOWN:
        missing = tuple(sorted(set(constraint.missing(case))))
        return Finding(requirement=requirement, status="unknown", missing=missing, unmet=unmet)
    return Finding(requirement=requirement, status="unmet", unmet=unmet)
