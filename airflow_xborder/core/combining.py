# SPDX-License-Identifier: Apache-2.0
"""From findings to one answer: strictness, conflicts and gaps, and the reasons for each."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import (
    ALLOW,
    DENY,
    REVIEW,
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
from airflow_xborder.core.partitions import DIMENSIONS, count_parts, parts_of
from airflow_xborder.core.requirement import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds an answer: who asked, when, and with which engine. ``on_gap`` is a gap's outcome."""

    decision_id: str
    as_of: datetime
    evaluated_at: datetime
    simulated: bool
    engine: str
    on_gap: Outcome = Outcome.REVIEW


_WAYS_TOLD = 3
_PARTS_TOLD = 64
_REGIMES_TOLD = 3


class Answer:
    """What an evaluation comes to. The outcome, what is violated and what is owed come first; the rest when asked for."""

    __slots__ = ("_found", "_on_gap", "outcome")

    def __init__(self, found: Evaluation, on_gap: Outcome) -> None:
        self._found = found
        self._on_gap = on_gap
        self.outcome = strictest(_outcomes(found, on_gap))

    @property
    def allowed(self) -> bool:
        """Whether the outcome is ``allow``. What is owed must still be discharged."""
        return self.outcome is ALLOW

    @property
    def violated(self) -> tuple[str, ...]:
        """The ids of the requirements that are not met, or may not be, sorted."""
        violated = [f.requirement.id for f in self._found.findings if _is_violated(f)]
        return tuple(sorted(violated)) if violated else ()

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """What must be discharged for ``allow`` to stand."""
        return _obligations(self._found.findings)

    def decision(self, frame: Frame) -> Decision:
        """Return the whole decision: reasons, digests, dates and all else that a record or a reader needs."""
        return combine(self._found.policies, self._found.facts, self._found, frame)


def combine(policies: Policies, facts: Facts, found: Evaluation, frame: Frame) -> Decision:
    """Reduce an evaluation to a decision.

    Deny overrides review, review overrides allow. The order of packs, rules and findings does not matter.
    """
    found.settle()
    instance = found.instance
    found.findings.sort(key=lambda finding: finding.requirement.id)
    conflicts = sorted(found.conflicts)
    reasons = [*_finding_reasons(found.findings), *_other_reasons(found, conflicts, facts)]
    outcome = strictest(_outcomes(found, frame.on_gap))
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
        valid_until=instance.valid_until,
        policy_digest=policies.digest,
        facts_digest=facts_digest,
        engine=frame.engine,
        regimes=_regimes(found),
        not_considered=tuple(sorted(instance.not_considered.items())),
        applicable=tuple(_applicable(finding) for finding in found.findings),
        violations=tuple(_violation(f) for f in found.findings if _is_violated(f)),
        reasons=tuple(reasons),
        missing_facts=tuple(sorted(_missing(found))),
        conflicts=tuple(conflicts),
        obligations=_obligations(found.findings),
        duties=tuple(
            _duty(f) for f in found.findings if f.requirement.effect is Effect.DUTY and not f.overridden_by
        ),
        origin_regimes=_origins(facts, found),
        overridden=tuple(f.requirement.id for f in found.findings if f.overridden_by),
        partitions=() if outcome is ALLOW else _partitions(found, frame.on_gap),
        restrictions=tuple(sorted({*_carried(facts), *map(restriction_name, conflicts)})),
        warnings=tuple(_warnings(found.findings)),
    )


def _outcomes(found: Evaluation, on_gap: Outcome) -> list[Outcome]:
    outcomes = [finding.outcome for finding in found.findings if finding.status != "met"]
    outcomes += [on_gap if gap.is_configurable else REVIEW for gap in found.gaps]
    if found.instance.is_open or _binding(found.facts) or (found.conflicts and not _only_stored(found.facts)):
        outcomes.append(REVIEW)
    if found.instance.errors:
        outcomes.append(DENY)
    return outcomes


def _is_violated(finding: Finding) -> bool:
    return finding.status in ("unmet", "unknown") and finding.outcome is not ALLOW


def _key(policy_digest: str, facts_digest: str, found: Evaluation) -> str:
    # A rule that came into force or expired since changes the key as a designation does.
    judged = sorted((finding.requirement.id, finding.status) for finding in found.findings)
    basis = [policy_digest, facts_digest, sorted(found.instance.states.items()), judged]
    return hashlib.sha256(json.dumps(basis, separators=(",", ":")).encode()).hexdigest()


def _finding_reasons(findings: Iterable[Finding]) -> list[Reason]:
    reasons: list[Reason] = []
    for finding in findings:
        if finding.outcome is ALLOW:
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
    stays = facts.values.get("access_mode") in ("store", "erase")
    return () if stays else _carried(facts)


def _only_stored(facts: Facts) -> bool:
    """Tell whether a conflict leaves the flow alone: data stays where it is until a person has resolved it."""
    return facts.values.get("access_mode") == "store"


def _other_reasons(found: Evaluation, conflicts: list[tuple[str, str]], facts: Facts) -> list[Reason]:
    reasons = [
        Reason("error", "error", (("citation", place), ("error", message)))
        for place, message in sorted(found.instance.errors.items())
    ]
    reasons += _connection_reasons(found.instance.unconnected)
    reasons += [_gap_reason(gap) for gap in found.gaps]
    reasons += [Reason("conflict", "conflict", (("first", a), ("second", b))) for a, b in conflicts]
    reasons += [Reason("restriction", "restriction", (("restriction", name),)) for name in _binding(facts)]
    return reasons


def _connection_reasons(unconnected: Mapping[str, Iterable[str]]) -> Iterator[Reason]:
    """Yield one reason for each fact that would connect regimes: with many packs there are many of these."""
    by_fact: dict[str, list[str]] = defaultdict(list)
    for regime in sorted(unconnected):
        for fact in unconnected[regime]:
            by_fact[fact].append(regime)
    for fact in sorted(by_fact):
        regimes = by_fact[fact]
        named = ", ".join(regimes[:_REGIMES_TOLD])
        more = f" and {len(regimes) - _REGIMES_TOLD} more" if len(regimes) > _REGIMES_TOLD else ""
        yield Reason("missing_fact", "missing_for_connection", (("regimes", named + more), ("fact", fact)))


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
        by_regime[finding.requirement.regime].append(finding.outcome)
    answers = [
        RegimeAnswer(id_, transfer, strictest(by_regime[id_]))
        for id_, transfer in found.instance.considered.items()
        if id_ not in found.instance.errors
    ]
    answers += [RegimeAnswer(regime, False, REVIEW) for regime in found.instance.unconnected]
    answers += [RegimeAnswer(regime, False, DENY) for regime in found.instance.errors]
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
        outcome=finding.outcome,
        review_required=rule.review_required,
    )


def _violation(finding: Finding) -> Violation:
    rule = finding.requirement
    return Violation(rule.id, rule.citation, finding.unmet, rule.description, finding.ways)


def _missing(found: Evaluation) -> set[str]:
    missing = {fact for finding in found.findings if finding.outcome is not ALLOW for fact in finding.missing}
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


def _carried(facts: Facts) -> tuple[str, ...]:
    carried = facts.values.get("provenance.restrictions")
    return tuple(sorted(carried)) if isinstance(carried, frozenset) else ()


def restriction_name(conflict: tuple[str, str]) -> str:
    """Return the name of the restriction under which data stays until a person resolves a conflict (law 6)."""
    return "/".join(conflict)


def _partitions(
    found: Evaluation, on_gap: Outcome
) -> tuple[tuple[tuple[tuple[str, str], ...], Outcome], ...]:
    """Return what each part of the flow would be answered alone, told apart no further than answers differ."""
    paths = [path for path in DIMENSIONS.values() if count_parts(found.facts, [path]) > 1]
    if not paths or count_parts(found.facts, paths) > _PARTS_TOLD:
        return ()
    parts = {
        tuple(where.items()): Answer(Evaluation(found.policies, facts, found.instance.as_of), on_gap).outcome
        for where, facts in parts_of(found.facts, paths)
    }
    for name in DIMENSIONS:
        fewer: dict[tuple[tuple[str, str], ...], set[Outcome]] = defaultdict(set)
        for where, outcome in parts.items():
            fewer[tuple(pair for pair in where if pair[0] != name)].add(outcome)
        if all(len(outcomes) == 1 for outcomes in fewer.values()):
            parts = {where: outcomes.pop() for where, outcomes in fewer.items()}
    return tuple(parts.items()) if len(parts) > 1 else ()


def _warnings(findings: Iterable[Finding]) -> list[str]:
    said = [warning for finding in findings for warning in finding.warnings]
    unchecked = [finding.requirement.id for finding in findings if finding.requirement.review_required]
    if unchecked:
        said.append(f"check against the cited text before relying on it: {', '.join(unchecked)}")
    return list(dict.fromkeys(said))
