# SPDX-License-Identifier: Apache-2.0
"""From findings to one answer: strictness, conflicts and gaps, and the reasons for each."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import (
    Applicable,
    Decision,
    Duty,
    Obligation,
    Outcome,
    Reason,
    RegimeAnswer,
    Violation,
    strictest,
)
from airflow_xborder.core.evaluation import Evaluation, Finding
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.gaps import Gap
from airflow_xborder.core.requirement import Effect, OnUnmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds an answer: who asked, when, and with which engine. ``on_gap`` is a gap's outcome."""

    decision_id: str
    as_of: datetime
    evaluated_at: datetime
    simulated: bool
    engine: str
    on_gap: Outcome = Outcome.REVIEW


def outcome_of(finding: Finding) -> Outcome:
    """Return what one finding asks for.

    An error denies, since an unread prohibition may still apply (law 11); what is unknown goes to a person; what
    is unmet does what the requirement says.
    """
    match finding.status:
        case "met":
            return Outcome.ALLOW
        case "unmet":
            return _ON_UNMET[finding.requirement.on_unmet]
        case "error":
            return Outcome.DENY
        case _:
            return Outcome.ALLOW if finding.requirement.on_unmet is OnUnmet.TRACK else Outcome.REVIEW


_WAYS_TOLD = 3
_ON_UNMET = {OnUnmet.DENY: Outcome.DENY, OnUnmet.REVIEW: Outcome.REVIEW, OnUnmet.TRACK: Outcome.ALLOW}


def combine(policies: Policies, facts: Facts, found: Evaluation, frame: Frame) -> Decision:
    """Reduce an evaluation to a decision.

    Deny overrides review, review overrides allow. The order of packs, rules and findings does not matter.
    """
    instance = found.instance
    found.findings.sort(key=lambda finding: finding.requirement.id)
    conflicts = _conflicts(found.findings)
    reasons = [*_finding_reasons(found.findings), *_other_reasons(found, conflicts, facts)]
    outcome = strictest(
        [
            *(outcome_of(finding) for finding in found.findings),
            *(frame.on_gap if gap.is_configurable else Outcome.REVIEW for gap in found.gaps),
            *(Outcome.REVIEW for _ in (*instance.unconnected, *conflicts, *_binding(facts))),
            *(Outcome.DENY for _ in instance.errors),
        ]
    )
    facts_digest = facts.digest(instance.thresholds, instance.days)
    return Decision(
        flow_id=facts.flow.flow_id,
        decision_id=frame.decision_id,
        decision_key=_key(policies.digest, facts_digest, found),
        outcome=outcome,
        is_transfer=any(instance.considered.values()),
        simulated=frame.simulated,
        as_of=frame.as_of,
        evaluated_at=frame.evaluated_at,
        valid_until=min((moment for moment in instance.turns if moment > frame.as_of), default=None),
        policy_digest=policies.digest,
        facts_digest=facts_digest,
        engine=frame.engine,
        regimes=_regimes(found),
        not_considered=tuple(sorted(instance.not_considered.items())),
        applicable=tuple(_applicable(finding) for finding in found.findings),
        violations=tuple(
            _violation(f)
            for f in found.findings
            if outcome_of(f) is not Outcome.ALLOW and f.status in ("unmet", "unknown")
        ),
        reasons=tuple(reasons),
        missing_facts=tuple(sorted(_missing(found))),
        conflicts=tuple(conflicts),
        obligations=_obligations(found.findings),
        duties=tuple(_duty(f) for f in found.findings if f.requirement.effect is Effect.DUTY),
        origin_regimes=_origins(facts, found),
        restrictions=_restrictions(facts),
        warnings=tuple(_warnings(found.findings)),
    )


def _key(policy_digest: str, facts_digest: str, found: Evaluation) -> str:
    # A rule that came into force or expired since changes the key as a designation does.
    judged = sorted((finding.requirement.id, finding.status) for finding in found.findings)
    basis = [policy_digest, facts_digest, sorted(found.instance.states.items()), judged]
    return hashlib.sha256(json.dumps(basis, separators=(",", ":")).encode()).hexdigest()


def _conflicts(findings: list[Finding]) -> list[tuple[str, str]]:
    # Declared conflicts between requirements that both certainly apply (law 6): never settled by strictness.
    applying = {f.requirement.id for f in findings if f.status in ("met", "unmet", "unknown")}
    pairs = {
        (min(finding.requirement.id, other), max(finding.requirement.id, other))
        for finding in findings
        for other in finding.requirement.conflicts
        if {finding.requirement.id, other} <= applying
    }
    return sorted(pairs)


def _finding_reasons(findings: Iterable[Finding]) -> list[Reason]:
    reasons: list[Reason] = []
    for finding in findings:
        if outcome_of(finding) is Outcome.ALLOW:
            continue
        rule = finding.requirement
        about = ("citation", rule.citation)
        if finding.status == "error":
            reasons.append(Reason("error", "error", (about, ("error", finding.error))))
        elif finding.status == "unmet":
            reasons.append(_unmet_reason(finding))
        else:
            part = "applicability" if finding.status == "unknown_applicability" else "constraint"
            template = f"missing_for_{part}"
            reasons += [Reason("missing_fact", template, (about, ("fact", fact))) for fact in finding.missing]
    return reasons


def _unmet_reason(finding: Finding) -> Reason:
    rule = finding.requirement
    parameters = (("citation", rule.citation), ("description", rule.description.removesuffix(".")))
    if rule.effect is Effect.REVIEW:
        return Reason("unmet", "review", parameters)
    if not finding.ways:
        return Reason("unmet", "forbidden", parameters)
    return Reason("unmet", "unmet", (*parameters, ("unmet", _in_words(finding.ways))))


def _in_words(ways: Sequence[tuple[str, ...]]) -> str:
    """Write the first ways of meeting a rule as a sentence's end."""
    words = [" and ".join(item.replace(" or ", "/") for item in way) for way in ways[:_WAYS_TOLD]]
    more = ", or another ground of the rule" if len(ways) > _WAYS_TOLD else ""
    return ", or ".join(words) + more


def _binding(facts: Facts) -> tuple[str, ...]:
    """Return the restrictions that bind this flow: storage goes on under them, other use does not (law 6)."""
    return () if facts.values.get("access_mode") in ("store", "erase") else _restrictions(facts)


def _other_reasons(found: Evaluation, conflicts: list[tuple[str, str]], facts: Facts) -> list[Reason]:
    reasons = [
        Reason("error", "error", (("citation", place), ("error", message)))
        for place, message in sorted(found.instance.errors.items())
    ]
    reasons += [
        Reason("missing_fact", "missing_for_connection", (("regime", regime), ("fact", fact)))
        for regime, facts in sorted(found.instance.unconnected.items())
        for fact in facts
    ]
    reasons += [_gap_reason(gap) for gap in found.gaps]
    reasons += [Reason("conflict", "conflict", (("first", a), ("second", b))) for a, b in conflicts]
    reasons += [Reason("restriction", "restriction", (("restriction", name),)) for name in _binding(facts)]
    return reasons


def _gap_reason(gap: Gap) -> Reason:
    match gap.kind:
        case "categories":
            return Reason("gap", "gap_categories")
        case "place":
            return Reason("missing_fact", "missing_place", (("fact", gap.connection),))
        case "subdivision":
            parameters = (("fact", gap.fact), ("place", gap.place), ("category", gap.category))
            return Reason("missing_fact", "missing_subdivision", parameters)
        case "rules_known":
            parameters = (("place", gap.place), ("category", gap.category), ("note", gap.note))
            return Reason("gap", "gap_rules_known", parameters)
        case _:
            return Reason("gap", "gap_jurisdiction", (("place", gap.place), ("connection", gap.connection)))


def _regimes(found: Evaluation) -> tuple[RegimeAnswer, ...]:
    by_regime: dict[str, list[Outcome]] = defaultdict(list)
    for finding in found.findings:
        by_regime[finding.requirement.regime].append(outcome_of(finding))
    answers = [
        RegimeAnswer(id_, transfer, strictest(by_regime[id_]))
        for id_, transfer in found.instance.considered.items()
        if id_ not in found.instance.errors
    ]
    answers += [RegimeAnswer(regime, False, Outcome.REVIEW) for regime in found.instance.unconnected]
    answers += [RegimeAnswer(regime, False, Outcome.DENY) for regime in found.instance.errors]
    return tuple(sorted(answers, key=lambda answer: answer.id))


def _applicable(finding: Finding) -> Applicable:
    rule = finding.requirement
    return Applicable(
        requirement_id=rule.id,
        status="unknown" if finding.status == "unknown_applicability" else finding.status,
        citation=rule.citation,
        level=rule.level.value,
        regime=rule.regime,
        jurisdiction=rule.jurisdiction,
        outcome=outcome_of(finding),
        review_required=rule.review_required,
    )


def _violation(finding: Finding) -> Violation:
    rule = finding.requirement
    return Violation(rule.id, rule.citation, finding.unmet, rule.description, finding.ways)


def _missing(found: Evaluation) -> set[str]:
    missing = {
        fact
        for finding in found.findings
        if outcome_of(finding) is not Outcome.ALLOW
        for fact in finding.missing
    }
    missing |= {fact for facts in found.instance.unconnected.values() for fact in facts}
    return missing | {fact for gap in found.gaps for fact in gap.missing}


def _obligations(findings: Iterable[Finding]) -> tuple[Obligation, ...]:
    because: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = defaultdict(set)
    for finding in findings:
        for obligation in finding.obligations:
            because[obligation.type, obligation.parameters].add(finding.requirement.id)
    return tuple(
        Obligation(kind, pairs, tuple(sorted(ids))) for (kind, pairs), ids in sorted(because.items())
    )


def _duty(finding: Finding) -> Duty:
    rule = finding.requirement
    return Duty(
        type=rule.duty or rule.id, state="met" if finding.status == "met" else "open", because=rule.id
    )


def _origins(facts: Facts, found: Evaluation) -> tuple[str, ...]:
    # A regime that is concerned with personal data travels on with it (law 8).
    carried = facts.values.get("provenance.origin_regimes")
    origins = set(carried) if isinstance(carried, frozenset) else set()
    origins |= {regime for regime, transfer in found.instance.considered.items() if transfer}
    return tuple(sorted(origins))


def _restrictions(facts: Facts) -> tuple[str, ...]:
    carried = facts.values.get("provenance.restrictions")
    return tuple(sorted(carried)) if isinstance(carried, frozenset) else ()


def _warnings(findings: Iterable[Finding]) -> list[str]:
    said = [warning for finding in findings for warning in finding.warnings]
    unchecked = [finding.requirement.id for finding in findings if finding.requirement.review_required]
    if unchecked:
        said.append(f"check against the cited text before relying on it: {', '.join(unchecked)}")
    return list(dict.fromkeys(said))
