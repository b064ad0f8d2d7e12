# SPDX-License-Identifier: Apache-2.0
"""Requirement, one node of the graph: when a legal rule applies, what it asks, and what follows if it is not met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum

from airflow_xborder.core.conditions import All, Any, Case, Condition, Ways
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.demands import NOTHING, Demands
from airflow_xborder.core.grounds import Counted
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.truth import Truth


class Level(Enum):
    """Where in its legal order a rule stands; the order of levels is data of each legal order."""

    CONSTITUTIONAL = "constitutional"
    TREATY = "treaty"
    SUPRANATIONAL = "supranational"
    NATIONAL = "national"
    STATE = "state"
    INDUSTRY = "industry"
    COMPANY = "company"


class Effect(Enum):
    """What a requirement does to a flow that it applies to."""

    FORBID = "forbid"
    REQUIRE = "require"
    LOCAL_COPY = "local_copy"
    LOCAL_ONLY = "local_only"
    APPROVAL = "approval"
    ASSESSMENT = "assessment"
    REVIEW = "review"
    DUTY = "duty"


class OnUnmet(Enum):
    """The outcome of a requirement that is not met. ``track`` is for duties that open no gate: they are listed."""

    DENY = "deny"
    REVIEW = "review"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class Alternative(Condition):
    """One ground among several that replace each other, with a name, a citation and strings attached."""

    needs: Condition
    id: str = ""
    citation: str = ""
    attached: tuple[Obligation, ...] = ()
    said: tuple[str, ...] = ()

    def truth(self, case: Case) -> Truth:
        return self.needs.truth(case)

    def missing(self, case: Case) -> Iterator[str]:
        yield from self.needs.missing(case)

    def boundaries(self, case: Case) -> Iterator[date]:
        yield from self.needs.boundaries(case)

    def unmet(self, case: Case) -> Iterator[str]:
        yield from self.needs.unmet(case)

    def ways(self, case: Case) -> Ways:
        return self.needs.ways(case)

    def obligations(self, case: Case) -> Iterator[Obligation]:
        yield from self.attached
        yield from self.needs.obligations(case)

    def warnings(self, case: Case) -> Iterator[str]:
        yield from self.said
        yield from self.needs.warnings(case)

    def parts(self) -> Iterable[Condition]:
        return (self.needs,)


@dataclass(frozen=True, slots=True)
class Discharge(Condition):
    """Met by whoever carries out the obligation: the enforcement point, or nobody."""

    obligation: Obligation

    def truth(self, case: Case) -> Truth:
        return Truth.TRUE

    def obligations(self, case: Case) -> Iterator[Obligation]:
        yield self.obligation


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One legal rule, in our words, with its source.

    ``when`` tells whether it applies and ``constraint`` whether it is met. ``effective_date`` is its first day and
    ``expires`` its last, in the pack's time zone. ``thresholds`` are the counts that either asks about.
    """

    id: str
    regime: str
    jurisdiction: str
    description: str
    citation: str
    level: Level
    effect: Effect
    when: Condition
    constraint: Condition
    on_unmet: OnUnmet
    effective_date: date
    expires: date | None = None
    last_updated: date | None = None
    source: str | None = None
    confidence: str = "confirmed"
    review_required: bool = False
    obligations: tuple[Obligation, ...] = ()
    warnings: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    not_cured_by: tuple[str, ...] = ()
    derogable_by: tuple[str, ...] = ()
    displaces: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    duty: str | None = None
    demands: Demands = NOTHING
    remediation: tuple[str, ...] = ()
    thresholds: tuple[Counted, ...] = ()

    @property
    def speaks_of_others(self) -> bool:
        """Whether it says anything that may stand against another rule (law 6)."""
        return self.demands is not NOTHING or bool(self.conflicts or self.displaces or self.derogable_by)

    def in_force(self, day: date) -> bool:
        """Tell whether the rule is law on ``day``."""
        return self.effective_date <= day and (self.expires is None or day <= self.expires)

    def alternatives(self) -> Iterator[Alternative]:
        """Yield the named grounds, in the order written."""
        yield from _alternatives(self.constraint)


def _alternatives(condition: Condition) -> Iterator[Alternative]:
    if isinstance(condition, Alternative):
        yield condition
    elif isinstance(condition, (All, Any)):
        for part in condition.parts():
            yield from _alternatives(part)
