# SPDX-License-Identifier: Apache-2.0
"""Decision, the answer: outcome, reasons, obligations and what would make it lawful. Output contract, version 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from airflow_xborder.core.structure import plain


class Outcome(Enum):
    """``allow``, ``review`` (a person must decide) or ``deny``."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"

    @property
    def strictness(self) -> int:
        """0 for allow, 1 for review, 2 for deny."""
        return _STRICTNESS[self]


# Members by a name of their own: looking one up in its class takes longer than most questions.
ALLOW, REVIEW, DENY = Outcome.ALLOW, Outcome.REVIEW, Outcome.DENY
_STRICTNESS = {Outcome.ALLOW: 0, Outcome.REVIEW: 1, Outcome.DENY: 2}


def strictest(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the strictest: deny overrides review, review overrides allow; allow for none."""
    found = ALLOW
    for outcome in outcomes:
        if outcome is DENY:
            return outcome
        if outcome is REVIEW:
            found = outcome
    return found


@dataclass(frozen=True, slots=True, order=True)
class Obligation:
    """What must be done for ``allow`` to stand. One that the caller cannot do means ``deny`` (XACML 3.0, 7.18)."""

    type: str
    parameters: tuple[tuple[str, str], ...] = ()
    because: tuple[str, ...] = ()

    @property
    def parameter_dict(self) -> dict[str, str]:
        """The parameters as a mapping."""
        return dict(self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Return the obligation as plain data."""
        return {"type": self.type, "parameters": dict(self.parameters), "because": list(self.because)}


@dataclass(frozen=True, slots=True)
class Duty:
    """A standing or deadline duty: ``met``, with its evidence, or ``open``."""

    type: str
    state: str
    because: str
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the answer is not ``allow``: a template's id with its parameters, so that the text can be made anew.

    Kinds: ``unmet``, ``missing_fact``, ``gap``, ``conflict``, ``restriction``, ``error``.
    """

    kind: str
    template: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        from airflow_xborder.core.explanation import render

        return render(self.template, dict(self.parameters))


@dataclass(frozen=True, slots=True)
class Applicable:
    """A requirement that applies, or may apply, to the flow. Status: ``met``, ``unmet``, ``unknown``, ``error``."""

    requirement_id: str
    status: str
    citation: str
    level: str
    regime: str
    jurisdiction: str
    outcome: Outcome
    review_required: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """A requirement that is not met, or may not be. ``ways`` are the ways of meeting it, each with what it lacks."""

    requirement_id: str
    citation: str
    unmet: tuple[str, ...]
    explanation: str
    ways: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class RegimeAnswer:
    """What one regime says."""

    id: str
    is_transfer: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Remediation:
    """A change that makes the flow lawful, verified by deciding the changed flow. ``cost`` in the price file's units."""

    change: str
    makes: Outcome
    cost: int


@dataclass(frozen=True, slots=True)
class Approved:
    """A standing approval that the answer rests on (law 9), and the reviews of this decision that it answers."""

    reference: str
    role: str
    answers: tuple[str, ...]
    valid_until: datetime


_APPLICABLE = ("requirement_id", "status", "citation", "level", "review_required")
_VIOLATION = ("requirement_id", "citation", "unmet", "explanation")


def _picked(entry: object, *names: str) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in names}
    return {
        name: value.value if isinstance(value, Outcome) else plain(value) for name, value in values.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The whole answer to one flow, with what it rests on."""

    flow_id: str | None
    decision_id: str
    decision_key: str
    outcome: Outcome
    is_transfer: bool
    simulated: bool
    as_of: datetime
    evaluated_at: datetime
    valid_until: datetime | None
    policy_digest: str
    facts_digest: str
    engine: str
    regimes: tuple[RegimeAnswer, ...] = ()
    not_considered: tuple[tuple[str, str], ...] = ()
    partitions: tuple[tuple[tuple[tuple[str, str], ...], Outcome], ...] = ()
    applicable: tuple[Applicable, ...] = ()
    violations: tuple[Violation, ...] = ()
    reasons: tuple[Reason, ...] = ()
    missing_facts: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()
    overridden: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    duties: tuple[Duty, ...] = ()
    origin_regimes: tuple[str, ...] = ()
    restrictions: tuple[str, ...] = ()
    remediations: tuple[Remediation, ...] = ()
    warnings: tuple[str, ...] = ()
    approval_key: str | None = None
    approvals: tuple[Approved, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the outcome is ``allow``. Its obligations must still be discharged."""
        return self.outcome is Outcome.ALLOW

    def with_changes(self, **changes: Any) -> Decision:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as plain data, in the order of the output contract; approvals where there are any."""
        told: dict[str, Any] = {
            "flow_id": self.flow_id,
            "decision_id": self.decision_id,
            "decision_key": self.decision_key,
            "outcome": self.outcome.value,
            "allowed": self.allowed,
            "is_transfer": self.is_transfer,
            "simulated": self.simulated,
            "as_of": plain(self.as_of),
            "evaluated_at": plain(self.evaluated_at),
            "valid_until": plain(self.valid_until),
            "policy_digest": self.policy_digest,
            "facts_digest": self.facts_digest,
            "engine": self.engine,
            "regimes": [_picked(entry, "id", "is_transfer", "outcome") for entry in self.regimes],
            "not_considered": [{"id": regime, "reason": reason} for regime, reason in self.not_considered],
            "partitions": [{"where": dict(where), "outcome": out.value} for where, out in self.partitions],
            "applicable": [_picked(entry, *_APPLICABLE) for entry in self.applicable],
            "violations": [_picked(entry, *_VIOLATION) for entry in self.violations],
            "reasons": [
                {"kind": r.kind, "text": r.text, "template": r.template, "parameters": dict(r.parameters)}
                for r in self.reasons
            ],
            "missing_facts": list(self.missing_facts),
            "conflicts": [{"between": list(pair)} for pair in self.conflicts],
            "overridden": list(self.overridden),
            "obligations": [obligation.to_dict() for obligation in self.obligations],
            "duties": [plain(duty) for duty in self.duties],
            "carries": {"origin_regimes": list(self.origin_regimes), "restrictions": list(self.restrictions)},
            "remediations": [_picked(entry, "change", "makes", "cost") for entry in self.remediations],
            "warnings": list(self.warnings),
        }
        return told | self.approvals_dict()

    def approvals_dict(self) -> dict[str, Any]:
        """Return as plain data what a person may answer, or has answered; nothing where no person has a say."""
        told = {"approval_key": self.approval_key, "approvals": [plain(entry) for entry in self.approvals]}
        return {name: value for name, value in told.items() if value}
