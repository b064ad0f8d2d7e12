# SPDX-License-Identifier: Apache-2.0
"""From facts and policies to findings: of the requirements that apply or may apply, which are met.

Three-valued throughout (law 3). An error inside a rule is a finding, not an exception: it denies (law 11). A finding
knows its status; what it lacks or owes in detail is found when it is asked for, since most answers need none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import ALLOW, DENY, REVIEW, Obligation, Outcome
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.gaps import Gap, find_gaps
from airflow_xborder.core.instantiation import (
    RULE_ERRORS,
    Applied,
    Instance,
    Part,
    failure,
    instantiate,
)
from airflow_xborder.core.partitions import (
    MOST_PARTS,
    count_parts,
    dividing_paths,
    is_divisible,
    parts_of,
)
from airflow_xborder.core.precedence import settle_precedence
from airflow_xborder.core.requirement import Effect, OnUnmet, Requirement
from airflow_xborder.core.truth import TRUE, UNKNOWN


class Finding:
    """What one requirement says of the flow. Status: ``met``, ``unmet``, ``unknown_applicability``, ``unknown``, ``error``."""

    __slots__ = ("_applied", "beside", "error", "overridden_by", "requirement", "status")

    def __init__(self, applied: Applied) -> None:
        self._applied = applied
        self.requirement: Requirement = applied.requirement
        self.error = applied.error or ""
        self.overridden_by = ""
        # What the same rule says of other parts of the flow, which is no stricter; what is owed there is owed too.
        self.beside: list[Finding] = []
        self.status = "error" if applied.error is not None else self._judge()

    def _judge(self) -> str:
        if self._applied.applies is UNKNOWN:
            return "unknown_applicability"
        return self._judge_constraint()

    def _judge_constraint(self) -> str:
        try:
            met = self.requirement.constraint.truth(self._applied.case)
        except RULE_ERRORS as error:
            self.error = failure(error)
            return "error"
        return "met" if met is TRUE else "unknown" if met is UNKNOWN else "unmet"

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts without which it cannot be told."""
        case = self._applied.case
        if self.status == "unknown_applicability":
            return tuple(sorted(set(self.requirement.when.missing(case))))
        return (
            tuple(sorted(set(self.requirement.constraint.missing(case)))) if self.status == "unknown" else ()
        )

    @property
    def unmet(self) -> tuple[str, ...]:
        """What it lacks, as short ids."""
        if self.status not in ("unmet", "unknown"):
            return ()
        return tuple(dict.fromkeys(self.requirement.constraint.unmet(self._applied.case)))

    @property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """The ways of meeting it, each with what it lacks."""
        if self.status not in ("unmet", "unknown"):
            return ()
        return tuple(self.requirement.constraint.ways(self._applied.case))

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """What must be discharged for it to be met, wherever in the flow it is."""
        found = tuple(self._owed()) if self.status == "met" and not self.overridden_by else ()
        return found + tuple(entry for other in self.beside for entry in other.obligations)

    def _owed(self) -> Iterator[Obligation]:
        rule = self.requirement
        yield from rule.obligations
        yield from rule.constraint.obligations(self._applied.case)
        if rule.effect is Effect.LOCAL_COPY:
            yield Obligation(type="keep_local_copy")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be known of its being met."""
        found: tuple[str, ...] = ()
        if self.status == "met":
            found = (*self.requirement.warnings, *self.requirement.constraint.warnings(self._applied.case))
        return found + tuple(text for other in self.beside for text in other.warnings)

    @property
    def outcome(self) -> Outcome:
        """What it asks for.

        An error denies, since an unread prohibition may still apply (law 11); what is unknown goes to a person; what
        is unmet does what the requirement says. A rule that another stands in for asks for nothing.
        """
        if self.status == "error":
            return DENY
        if self.status == "met" or self.overridden_by:
            return ALLOW
        on_unmet = self.requirement.on_unmet
        if on_unmet is OnUnmet.TRACK:
            return ALLOW
        return DENY if self.status == "unmet" and on_unmet is OnUnmet.DENY else REVIEW

    def is_spared_by(self, whole: Finding) -> bool:
        """Tell whether this, of a part of a flow that a rule may apply to, follows from its being met by the whole.

        A rule that certainly applies to the whole and is met is so for a part that it may apply to, if there too it
        would be met.
        """
        if self.status != "unknown_applicability" or whole.status != "met" or whole.overridden_by:
            return False
        return self._judge_constraint() == "met"

    @property
    def rank(self) -> tuple[int, bool]:
        """How strictly it binds; of two alike, one in whose place another rule stands binds less."""
        return self.outcome.strictness, not self.overridden_by

    def settle(self) -> None:
        """Ask now for whatever can be asked, so that an error in it makes this finding one."""
        if self._applied.error is not None:
            self.status, self.error = "error", self._applied.error
        try:
            _ = self.missing, self.unmet, self.ways, self.obligations, self.warnings
        except RULE_ERRORS as error:
            self.status, self.error = "error", failure(error)


class Evaluation:
    """Everything found about one flow, before it is combined to an answer."""

    def __init__(self, policies: Policies, facts: Facts, as_of: datetime, part: Part | None = None) -> None:
        self.policies = policies
        self.facts = facts
        self.instance: Instance = instantiate(policies, facts, as_of, part)
        self._own = [Finding(applied) for applied in self.instance.applied]
        self._parts: list[Evaluation] = []
        self.findings: list[Finding] = []
        self.conflicts: set[tuple[str, str]] = set()
        if is_divisible(facts):
            self._take_apart(as_of)
        self._put_together()

    def _take_apart(self, as_of: datetime) -> None:
        """Decide separately the parts of the flow that may be bound by what spares the whole (law 7)."""
        paths = dividing_paths(self.facts, self.instance.dividing)
        parts = count_parts(self.facts, paths)
        if parts > MOST_PARTS:
            self.instance.errors["policies"] = (
                f"the flow falls into {parts} parts, and {MOST_PARTS} can be told apart"
            )
        elif paths:
            part = Part(self.instance, paths)
            self._parts = [Evaluation(self.policies, f, as_of, part) for _, f in parts_of(self.facts, paths)]
            for evaluation in self._parts:
                self.instance.absorb(evaluation.instance)

    def _put_together(self) -> None:
        """Settle which rule gives way to which in the whole, and add what binds a part: the strictest stays."""
        self.conflicts = set(settle_precedence(self._own, self.policies.legal_orders))
        if not self._parts:
            self.findings = list(self._own)
            return
        whole = {finding.requirement.id: finding for finding in self._own}
        found = dict(whole)
        for finding in self._own:
            finding.beside = []
        for part in self._parts:
            self.conflicts |= part.conflicts
            for finding in part.findings:
                name = finding.requirement.id
                if name not in found:
                    found[name] = finding
                elif name not in whole or not finding.is_spared_by(whole[name]):
                    found[name] = _stricter(found[name], finding)
        self.findings = list(found.values())

    @cached_property
    def gaps(self) -> list[Gap]:
        """The connected places that no pack answers for, and data that nobody categorised."""
        try:
            return find_gaps(self.policies, self.facts)
        except RULE_ERRORS as error:
            self.instance.errors["policies"] = failure(error)
            return []

    def settle(self) -> None:
        """Find everything out, errors included."""
        for part in self._parts:
            part.settle()
            self.instance.errors.update(part.instance.errors)
        _ = self.gaps
        try:
            _ = self.instance.unconnected, self.instance.turns, self.instance.thresholds, self.instance.states
        except RULE_ERRORS as error:
            self.instance.errors["policies"] = failure(error)
        for finding in self._own:
            finding.settle()
        self._put_together()


def _stricter(one: Finding, other: Finding) -> Finding:
    first, second = (other, one) if other.rank > one.rank else (one, other)
    first.beside.append(second)
    return first


def evaluate(policies: Policies, facts: Facts, as_of: datetime) -> Evaluation:
    """Find out what every pack says of the facts at a moment.

    :param as_of: the moment, aware; each rule reads it as a day in its own time zone.
    """
    return Evaluation(policies, facts, as_of)
