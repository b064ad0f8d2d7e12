# SPDX-License-Identifier: Apache-2.0
"""Several answers to one question become one: the strictest stands, and nothing that any of them says is lost.

Answers differ by engine, by who states the facts, and by the data set where a flow starts from several. What two of
them say of the same thing (a regime, a requirement, a part, a duty) is kept once, as the stricter says it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from airflow_xborder.core.decision import Applicable, Decision, Duty, Outcome, Reason, RegimeAnswer, strictest

T = TypeVar("T")

_STATUS = {"met": 0, "unknown": 1, "unmet": 2, "error": 3}
_STATE = {"met": 0, "open": 1, "overdue": 2}


def merge(decisions: Sequence[Decision], policy_digest: str) -> Decision:
    """Combine answers to one flow; their order makes no difference but to the order of what is listed.

    :param decisions: at least one.
    :param policy_digest: the release that all of them rest on; the key of the answer binds to it.
    """
    ordered = sorted(decisions, key=lambda decision: -decision.outcome.strictness)
    untils = [decision.valid_until for decision in ordered if decision.valid_until is not None]
    regimes = _regimes(ordered)
    lists: dict[str, Any] = {name: _union(getattr(decision, name) for decision in ordered) for name in _LISTS}
    return replace(
        ordered[0],
        policy_digest=policy_digest,
        decision_key=_key(ordered, policy_digest),
        facts_digest=joint_digest(decision.facts_digest for decision in ordered),
        valid_until=min(untils, default=None),
        engine="+".join(sorted({name for decision in ordered for name in decision.engine.split("+")})),
        is_transfer=any(decision.is_transfer for decision in ordered),
        simulated=any(decision.simulated for decision in ordered),
        regimes=regimes,
        not_considered=_not_considered(ordered, {entry.id for entry in regimes}),
        partitions=_partitions(ordered),
        applicable=_applicable(ordered),
        duties=_duties(ordered),
        **lists,
    )


_LISTS = (
    "violations", "reasons", "missing_facts", "conflicts", "overridden", "obligations", "origin_regimes",
    "restrictions", "remediations", "warnings", "approvals",
)  # fmt: skip


def _key(decisions: Sequence[Decision], policy_digest: str) -> str:
    keys = {decision.decision_key for decision in decisions}
    if any(decision.policy_digest != policy_digest for decision in decisions):
        keys.add(policy_digest)  # the release holds the catalog too, which an engine does not know
    return joint_digest(keys)


def joint_digest(digests: Iterable[str]) -> str:
    """Return one digest for some, in whatever order they come: of one it is itself."""
    found = sorted(set(digests))
    return found[0] if len(found) == 1 else hashlib.sha256("\n".join(found).encode()).hexdigest()


def _union(groups: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(entry for group in groups for entry in group))


def _strictest_by(entries: Iterable[T], name: Callable[[T], Hashable], rank: Callable[[T], Any]) -> list[T]:
    """Return one entry of each name, the one that ranks highest, ordered by name."""
    found: dict[Any, T] = {}
    for entry in entries:
        key = name(entry)
        if key not in found or rank(entry) > rank(found[key]):
            found[key] = entry
    return [found[key] for key in sorted(found)]


def _regimes(decisions: Sequence[Decision]) -> tuple[RegimeAnswer, ...]:
    entries = [entry for decision in decisions for entry in decision.regimes]
    transfers = {entry.id for entry in entries if entry.is_transfer}
    strict = _strictest_by(entries, lambda entry: entry.id, lambda entry: entry.outcome.strictness)
    return tuple(replace(entry, is_transfer=entry.id in transfers) for entry in strict)


def _not_considered(decisions: Sequence[Decision], considered: set[str]) -> tuple[tuple[str, str], ...]:
    # What one answer does not consider and another does was considered.
    pairs = {pair for decision in decisions for pair in decision.not_considered if pair[0] not in considered}
    return tuple(sorted(pairs))


def _partitions(
    decisions: Sequence[Decision],
) -> tuple[tuple[tuple[tuple[str, str], ...], Outcome], ...]:
    parts: dict[tuple[tuple[str, str], ...], list[Outcome]] = {}
    for decision in decisions:
        for where, outcome in decision.partitions:
            parts.setdefault(where, []).append(outcome)
    return tuple((where, strictest(parts[where])) for where in sorted(parts))


def _applicable(decisions: Sequence[Decision]) -> tuple[Applicable, ...]:
    entries = [entry for decision in decisions for entry in decision.applicable]
    unchecked = {entry.requirement_id for entry in entries if entry.review_required}
    strict = _strictest_by(entries, lambda entry: entry.requirement_id, _strictness_of)
    return tuple(replace(entry, review_required=entry.requirement_id in unchecked) for entry in strict)


def _strictness_of(entry: Applicable) -> tuple[Any, ...]:
    told = (entry.citation, entry.level, entry.regime, entry.jurisdiction)
    return entry.outcome.strictness, _STATUS.get(entry.status, len(_STATUS)), told


def _duties(decisions: Sequence[Decision]) -> tuple[Duty, ...]:
    entries = [entry for decision in decisions for entry in decision.duties]
    return tuple(
        _strictest_by(
            entries,
            lambda entry: (entry.type, entry.because),
            lambda entry: (_STATE.get(entry.state, len(_STATE)), entry.evidence or ""),
        )
    )


def deny_for(decision: Decision, reasons: Sequence[Reason]) -> Decision:
    """Return the decision as it is without reasons, and as a ``deny`` for them with any."""
    if not reasons:
        return decision
    return replace(
        decision,
        outcome=strictest([decision.outcome, Outcome.DENY]),
        reasons=(*decision.reasons, *reasons),
    )
