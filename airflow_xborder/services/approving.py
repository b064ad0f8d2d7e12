# SPDX-License-Identifier: Apache-2.0
"""Approvals at an enforcement point: what the register's rows answer of one flow's reviews (law 9).

What counts as an answer is said in ``core/approvals.py``; here are its surroundings: the facts that were asked about,
the rules that asked, and what those rules oblige to once a person has let the flow pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_xborder.core.approvals import (
    apply_approvals,
    approval_key,
    reviews_of,
    standing_approvals,
    turns_of,
)
from airflow_xborder.core.decision import Decision, Obligation, Outcome
from airflow_xborder.core.vocabulary import ancestors
from airflow_xborder.services.merging import joint_digest
from airflow_xborder.services.recording import as_catalogued

if TYPE_CHECKING:
    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.facts import Facts
    from airflow_xborder.ports.policy_store import PolicySet


def approve(
    decision: Decision, answers: Sequence[Decision], asked: Sequence[Facts], in_force: PolicySet
) -> Decision:
    """Return a decision with its approval key, and as the standing approvals of the register leave it.

    :param decision: the answers merged; nothing but a ``review`` can be approved.
    :param asked: the facts of every answer.
    """
    if decision.outcome is not Outcome.REVIEW:
        return decision
    reviews = reviews_of(answers)
    if not reviews.is_answerable:
        return decision
    catalog, policies = in_force.catalog, in_force.policies
    rows = catalog.registers.approvals or ()
    facts = [replace(entry, flow=as_catalogued(entry.flow, catalog)) for entry in asked]
    key = approval_key(reviews, _documents(policies), facts)
    now = decision.as_of
    turns = [*turns_of(rows, key, now), *([decision.valid_until] if decision.valid_until else [])]
    decision = replace(decision, approval_key=key, valid_until=min(turns, default=None))
    approved = apply_approvals(decision, reviews, standing_approvals(rows, key, _counts(asked), now))
    if not approved.approvals:
        return approved
    answered = {name for entry in approved.approvals for name in entry.answers}
    references = [f"approval {entry.reference}" for entry in approved.approvals]
    return replace(
        approved,
        # The same question has another answer with an approval than it has without.
        decision_key=joint_digest([approved.decision_key, *references]),
        obligations=_with_owed(approved.obligations, policies, answered),
    )


def _documents(policies: Policies) -> dict[str, object]:
    # A rule means what the names that it uses mean in its pack.
    return {
        str(row["requirement_id"]): [row, document.get("definitions") or {}]
        for document in policies.documents
        for row in document.get("requirements") or ()
    }


def _counts(asked: Iterable[Facts]) -> list[int] | None:
    """Return all counts; ``None`` if they leave out some of the data: it may be of any size."""
    found: list[int] = []
    for facts in asked:
        counts = facts.flow.counts or ()
        counted = {count.category for count in counts}
        if not counts or not all(
            ancestors(term) & counted for term in facts.flow.data_categories or ("data",)
        ):
            return None
        found += [count.n for count in counts]
    return found


def _with_owed(
    obligations: Sequence[Obligation], policies: Policies, answered: Iterable[str]
) -> tuple[Obligation, ...]:
    """Add what the answered rules oblige to: a person who lets a flow pass lifts none of it."""
    because: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = defaultdict(set)
    for entry in obligations:
        because[entry.type, entry.parameters] |= set(entry.because)
    for name in answered:
        if name in policies.owners:
            pack = policies.pack(policies.owners[name])
            rule = next(rule for rule in pack.requirements if rule.id == name)
            for owed in rule.obligations:
                because[owed.type, owed.parameters].add(name)
    return tuple(
        Obligation(kind, pairs, tuple(sorted(ids))) for (kind, pairs), ids in sorted(because.items())
    )
