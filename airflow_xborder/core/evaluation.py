# SPDX-License-Identifier: Apache-2.0
"""From facts and policies to findings: of the requirements that apply or may apply, which are met.

Three-valued throughout (law 3). An error inside a rule is a finding, not an exception: it denies (law 11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.gaps import Gap, find_gaps
from airflow_xborder.core.instantiation import RULE_ERRORS, Applied, Instance, failure, instantiate
from airflow_xborder.core.requirement import Effect, Requirement
from airflow_xborder.core.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one requirement says of the flow. Status: ``met``, ``unmet``, ``unknown_applicability``, ``unknown``, ``error``.

    ``ways`` are the alternatives, each with what it lacks.
    """

    requirement: Requirement
    status: str
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    ways: tuple[tuple[str, ...], ...] = ()
    obligations: tuple[Obligation, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


@dataclass(slots=True, kw_only=True)
class Evaluation:
    """Everything found about one flow, before it is combined to an answer."""

    instance: Instance
    findings: list[Finding]
    gaps: list[Gap]


def evaluate(policies: Policies, facts: Facts, as_of: datetime) -> Evaluation:
    """Find out what every pack says of the facts at a moment.

    :param as_of: the moment, aware; each rule reads it as a day in its own time zone.
    """
    instance = instantiate(policies, facts, as_of)
    findings = [judge(applied) for applied in instance.applied]
    try:
        gaps = find_gaps(policies, facts)
    except RULE_ERRORS as error:
        instance.errors["policies"], gaps = failure(error), []
    return Evaluation(instance=instance, findings=findings, gaps=gaps)


def judge(applied: Applied) -> Finding:
    """Judge one requirement that applies or may apply."""
    requirement, case = applied.requirement, applied.case
    if applied.error is not None:
        return Finding(requirement=requirement, status="error", error=applied.error)
    try:
        if applied.applies is Truth.UNKNOWN:
            missing = tuple(sorted(set(requirement.when.missing(case))))
            return Finding(requirement=requirement, status="unknown_applicability", missing=missing)
        return _judge_constraint(applied)
    except RULE_ERRORS as error:
        return Finding(requirement=requirement, status="error", error=failure(error))


def _judge_constraint(applied: Applied) -> Finding:
    requirement, case = applied.requirement, applied.case
    constraint = requirement.constraint
    met = constraint.truth(case)
    if met is Truth.TRUE:
        obligations = (*requirement.obligations, *constraint.obligations(case))
        if requirement.effect is Effect.LOCAL_COPY:
            obligations = (*obligations, Obligation(type="keep_local_copy"))
        warnings = (*requirement.warnings, *constraint.warnings(case))
        return Finding(requirement=requirement, status="met", obligations=obligations, warnings=warnings)
    unmet = tuple(dict.fromkeys(constraint.unmet(case)))
    ways = tuple(constraint.ways(case))
    if met is Truth.UNKNOWN:
        missing = tuple(sorted(set(constraint.missing(case))))
        return Finding(requirement=requirement, status="unknown", missing=missing, unmet=unmet, ways=ways)
    return Finding(requirement=requirement, status="unmet", unmet=unmet, ways=ways)
