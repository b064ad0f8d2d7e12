# SPDX-License-Identifier: Apache-2.0
"""From facts and policies to findings: which regimes are concerned, which requirements apply, which are met.

Three-valued throughout (law 3). An error inside a rule is a finding, not an exception: it denies (law 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Case, Ways
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.designations import turning_days
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.gaps import Gap, find_gaps
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.pack import Head, Pack
from airflow_xborder.core.requirement import Effect, Requirement
from airflow_xborder.core.truth import Truth
from airflow_xborder.errors import XborderError

# What a rule over odd facts may raise; anything else is a bug that must not look like an answer.
_RULE_ERRORS = (XborderError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


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
    """Everything found about one flow, before it is combined to an answer.

    ``considered`` says of each regime that is concerned whether it calls the flow a transfer; ``errors`` what went
    wrong outside any one rule. ``thresholds`` and ``states`` (of designations and rules) are what the answer rests
    on besides the facts; ``days`` are the calendar days on which the rules were asked.
    """

    considered: dict[str, bool] = field(default_factory=dict)
    not_considered: dict[str, str] = field(default_factory=dict)
    unconnected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    boundaries: list[datetime] = field(default_factory=list)
    thresholds: dict[str, str] = field(default_factory=dict)
    states: dict[str, bool] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of a rule's calendar."""
    return ZoneInfo(name)


def evaluate(policies: Policies, facts: Facts, as_of: datetime) -> Evaluation:
    """Find out what every pack says of the facts at a moment.

    :param as_of: the moment, aware; each rule reads it as a day in its own time zone.
    """
    return _Evaluator(policies, facts, as_of).run()


class _Evaluator:
    """One evaluation on its way; the order of packs and rules does not matter."""

    def __init__(self, policies: Policies, facts: Facts, as_of: datetime) -> None:
        self._policies = policies
        self._facts = facts
        self._as_of = as_of
        self._found = Evaluation()
        self._asked: set[str] = set()

    def run(self) -> Evaluation:
        try:
            for head in self._policies.heads:
                self._consider(head)
            self._pull_in_dependencies()
            self._found.gaps = find_gaps(self._policies, self._facts)
        except _RULE_ERRORS as error:
            self._found.errors["policies"] = f"{error}"
        return self._found

    def _consider(self, head: Head) -> None:
        try:
            case = self._case(head).where(connecting=True)
            truth = head.connects.truth(case)
            self._note_days(head, head.connects.boundaries(case))
            if truth is Truth.TRUE:
                self._evaluate_pack(self._policies.pack(head.id))
            elif truth is Truth.UNKNOWN:
                self._found.unconnected[head.id] = tuple(sorted(set(head.connects.missing(case))))
            else:
                reason = f"no connecting factor: nothing in the flow ties it to {head.title}"
                self._found.not_considered[head.id] = reason
        except _RULE_ERRORS as error:
            self._found.errors[head.id] = f"{error}"

    def _case(self, head: Head) -> Case:
        on = self._as_of.astimezone(zone(head.time_zone)).date()
        self._found.days.add(on)
        return Case(facts=self._facts, on=on, designations=self._policies.designations)

    def _evaluate_pack(self, pack: Pack) -> None:
        case = self._case(pack)
        transfer = pack.transfer is not None and pack.transfer.truth(case) is Truth.TRUE
        self._found.considered[pack.id] = transfer
        if pack.transfer is not None:
            self._note_days(pack, pack.transfer.boundaries(case))
        self._note_thresholds(pack.transfer_thresholds, case)
        for row in pack.designations:
            self._found.states[row.id] = case.designations.in_force(row, case.on)
        for requirement in pack.requirements:
            self._ask(requirement, pack)

    def _pull_in_dependencies(self) -> None:
        # A rule brings along what it rests on, even from a pack that nothing else connects.
        waiting = [name for finding in self._found.findings for name in finding.requirement.dependencies]
        while waiting:
            name = waiting.pop()
            if name in self._asked:
                continue
            pack = self._policies.pack(self._policies.owners[name])
            requirement = next(rule for rule in pack.requirements if rule.id == name)
            if self._ask(requirement, pack) is not None:
                waiting += requirement.dependencies
                self._found.considered.setdefault(pack.id, False)
                self._found.not_considered.pop(pack.id, None)

    def _ask(self, requirement: Requirement, pack: Pack) -> Finding | None:
        self._asked.add(requirement.id)
        case = self._case(pack)
        self._note_days(pack, _validity(requirement))
        in_force = requirement.in_force(case.on) and not _superseded(requirement, pack, case.on)
        self._found.states[requirement.id] = in_force
        if not in_force:
            return None
        case = case.where(uncured=frozenset(requirement.not_cured_by))
        finding = judge(requirement, case)
        if finding is None or finding.status != "error":
            for condition in (requirement.when, requirement.constraint):
                self._note_days(pack, condition.boundaries(case))
            self._note_thresholds(requirement.thresholds, case)
        if finding is not None:
            self._found.findings.append(finding)
        return finding

    def _note_days(self, head: Head, days: Iterable[date]) -> None:
        tz = zone(head.time_zone)
        today = self._as_of.astimezone(tz).date()
        self._found.boundaries += [
            datetime.combine(day, time(), tz).astimezone(timezone.utc) for day in set(days) if day > today
        ]

    def _note_thresholds(self, thresholds: Iterable[Counted], case: Case) -> None:
        uncured = ", ".join(sorted(case.uncured))
        for counted in thresholds:
            self._found.thresholds[f"{counted.name} [{uncured}]"] = counted.truth(case).value


def _validity(requirement: Requirement) -> list[date]:
    return list(turning_days(requirement.effective_date, requirement.expires))


def _superseded(requirement: Requirement, pack: Pack, on: date) -> bool:
    return any(requirement.id in other.supersedes and other.in_force(on) for other in pack.requirements)


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
    ways: Ways = constraint.ways(case)
    if met is Truth.UNKNOWN:
        missing = tuple(sorted(set(constraint.missing(case))))
        return Finding(
            requirement=requirement, status="unknown", missing=missing, unmet=unmet, ways=tuple(ways)
        )
    return Finding(requirement=requirement, status="unmet", unmet=unmet, ways=tuple(ways))
