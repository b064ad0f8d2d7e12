# SPDX-License-Identifier: Apache-2.0
"""A rule or a designation in plain language, in two voices: for who changes a pipeline, and for who reads the law.

The engineer hears what is asked and in which field it is said; the lawyer what it follows from, since when it holds,
how sure we are, and what rests on what.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import date

from airflow_xborder.core.comparisons import IsA
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import All, Any, Condition
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.graph import ComplianceGraph
from airflow_xborder.core.grounds import (
    Counted,
    Designated,
    HasConsent,
    HasEvidence,
    HasMechanism,
    HasSafeguard,
    Listed,
    OwnedBy,
)
from airflow_xborder.core.legal_orders import LegalOrders
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.requirement import Alternative, Discharge, OnUnmet, Requirement
from airflow_xborder.core.wording import in_words

ENGINEER, LAWYER = "engineer", "lawyer"
_WIDTH = 100
UNMET = {
    OnUnmet.DENY: "the flow is denied",
    OnUnmet.REVIEW: "a person must decide",
    OnUnmet.TRACK: "it is listed as an open duty, and stops nothing",
}
_FIELDS: dict[type[Condition], str] = {
    HasMechanism: "`mechanisms` of the flow, or `registers.mechanisms` of the catalog",
    HasEvidence: "`evidence` of the flow, or `registers.evidence` of the catalog",
    HasSafeguard: "`safeguards` of the flow",
    HasConsent: "`consent` of the flow, or `consent` of the data set in the catalog",
    Listed: "`importer.listings` of the flow, or `listings` of the party in the catalog",
    OwnedBy: "`importer.owners` of the flow, or `owners` of the party in the catalog",
    Counted: "`counts` of the flow, or `counts` of the data set in the catalog",
    Designated: "a designation in a pack: law, which no flow changes",
    Discharge: "nothing to say: whoever enforces the answer carries it out",
    IsA: "`data_categories` of the flow, or `categories` of the data set in the catalog",
}


def explain_rule(rule: Requirement, policies: Policies, voice: str) -> str:
    """Return what a rule says, in the voice ``engineer`` or ``lawyer``."""
    lines = _rule_for_engineer(rule) if voice == ENGINEER else _rule_for_lawyer(rule, policies)
    return _page([f"{rule.id}: {rule.description}", *lines])


def explain_designation(row: Designation, policies: Policies, voice: str) -> str:
    """Return what a designation says, and which rules it decides, in the voice ``engineer`` or ``lawyer``."""
    heading = f"{row.id}: {row.by} says {row.kind.replace('_', ' ')} of {row.of}"
    lines = [f"  in force: {period(row.valid_from, row.valid_until)}"]
    if row.scope is not None:
        lines.append(f"  only where: {in_words(row.scope)}")
    if row.suspends is not None:
        lines.append(f"  it suspends {row.suspends}, which is not in force meanwhile")
    suspensions = policies.designations.suspensions(row)
    lines += [
        f"  suspended by {other.id}: {period(other.valid_from, other.valid_until)}" for other in suspensions
    ]
    deciding = [rule for pack in policies.packs() for rule in pack.requirements if asks_for(rule, row)]
    lines += [f"  decides {rule.id} ({rule.citation})" for rule in deciding]
    if voice == ENGINEER:
        lines += _fields(row.scope) if row.scope is not None else []
        lines.append("  no flow changes it; a row that suspends it is one line in a pack of your own")
    else:
        lines += _origin(row.citation, row.source, row.confidence)
        lines += [f"  recorded: {row.recorded_at}"] if row.recorded_at else []
    lines += [f"  note: {row.warning}"] if row.warning else []
    return _page([heading, *lines])


def _page(lines: Iterable[str]) -> str:
    return "\n".join(_wrapped(line) for line in [*lines, "  not legal advice"])


def _wrapped(line: str) -> str:
    own = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(), _WIDTH, initial_indent=own, subsequent_indent=f"{own}  ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def asks_for(rule: Requirement, row: Designation) -> bool:
    """Tell whether a rule asks for designations of a row's kind."""
    return (row.by, row.kind) in designations_asked(rule)


def designations_asked(rule: Requirement) -> frozenset[tuple[str, str]]:
    """Return the kinds of designation that a rule asks for, each with who makes it."""
    asked = _leaves(All((rule.when, rule.constraint)))
    return frozenset((leaf.by, leaf.kind) for leaf in asked if isinstance(leaf, Designated))


def _rule_for_engineer(rule: Requirement) -> Iterator[str]:
    yield from _applying(rule)
    yield from _asked(rule, with_citations=False)
    yield f"  if that is not so: {UNMET[rule.on_unmet]}"
    duties = dict.fromkeys(obligation.type for obligation in owed(rule))
    if duties:
        yield f"  what must then be done: {', '.join(duties)}"
    if rule.not_cured_by:
        yield f"  what does not help: {', '.join(rule.not_cured_by)}"
    yield from _fields(rule.constraint)
    yield from (f"  what would help: {text}" for text in rule.remediation)


def _rule_for_lawyer(rule: Requirement, policies: Policies) -> Iterator[str]:
    pack = policies.pack(rule.regime)
    orders = LegalOrders(order for head in policies.heads for order in head.legal_orders)
    yield f"  law: {pack.title}; {rule.level.value} law of {rule.jurisdiction}, legal order {orders.of(rule.jurisdiction).id}"
    yield from _origin(rule.citation, rule.source, rule.confidence)
    yield f"  in force: {period(rule.effective_date, rule.expires)}, by the calendar of {pack.time_zone}"
    yield from _applying(rule)
    yield from _asked(rule, with_citations=True)
    yield f"  if that is not so: {UNMET[rule.on_unmet]}"
    graph = ComplianceGraph(policies)
    yield from (f"  {words}: {', '.join(names)}" for words, names in relations(rule, pack, graph))
    rows = [row for row in policies.designations if row.suspends is None and asks_for(rule, row)]
    for row in sorted(rows, key=lambda row: row.id):
        yield f"  decided by {row.id}: {row.citation}, {period(row.valid_from, row.valid_until)}"
    yield f"  last checked: {pack.last_checked}"


def _applying(rule: Requirement) -> Iterator[str]:
    parts = rule.when.conditions if isinstance(rule.when, All) else ()
    if len(parts) < 2:
        yield f"  applies when: {in_words(rule.when)}"
        return
    yield "  applies when all of this is so:"
    yield from (f"    - {in_words(part)}" for part in parts)


def _asked(rule: Requirement, *, with_citations: bool) -> Iterator[str]:
    if rule.constraint == Any(()):
        yield "  asks for: nothing that could be met; it forbids, or asks a person"
        return
    for part in rule.constraint.parts() if isinstance(rule.constraint, All) else (rule.constraint,):
        grounds = [ground for ground in part.parts() if isinstance(ground, Alternative)]
        if not grounds:
            yield f"  asks for: {in_words(part)}"
            continue
        yield "  asks for one of:"
        for ground in grounds:
            name = ground.citation if with_citations and ground.citation else ground.id
            yield f"    - {f'{name}: ' if name else ''}{in_words(ground.needs)}"


def owed(rule: Requirement) -> Iterator[Obligation]:
    """Yield what must be done where a rule is met, by one of its grounds or by any."""
    yield from rule.obligations
    for ground in rule.alternatives():
        yield from ground.attached
    yield from (leaf.obligation for leaf in _leaves(rule.constraint) if isinstance(leaf, Discharge))


def _fields(condition: Condition) -> list[str]:
    """Say where each thing that a condition asks for is said."""
    found = dict.fromkeys((in_words(leaf), _field(leaf)) for leaf in _leaves(condition))
    return ["  where it is said:", *(f"    - {words}: {field}" for words, field in found)] if found else []


def _field(leaf: Condition) -> str:
    return _FIELDS.get(type(leaf)) or f"`{getattr(leaf, 'path', '')}` of the flow"


def _origin(citation: str, source: str | None, confidence: str) -> Iterator[str]:
    yield f"  citation: {citation}"
    if source:
        yield f"  source: {source}"
    checked = "" if confidence == "confirmed" else "; to be checked against the cited text"
    yield f"  confidence: {confidence}{checked}"


def period(first: date, last: date | None) -> str:
    """Return a period of validity in words."""
    return f"from {first} to {last}, both included" if last else f"from {first} on"


def relations(rule: Requirement, pack: Pack, graph: ComplianceGraph) -> Iterator[tuple[str, list[str]]]:
    """Yield what a rule rests on, carries, stands against and gives way to: in words, with the other rules cited."""
    rules = graph.requirements

    def cited(name: str) -> str:
        return f"{name} ({rules[name].citation})" if name in rules else f"{name} (not loaded)"

    for words, names in (
        ("rests on", rule.dependencies),
        ("carries", sorted(graph.dependents_of(rule.id))),
        ("contradicts, so that a person decides", rule.conflicts),
        ("stands in for", rule.displaces),
        ("leaves deviations to", rule.derogable_by),
        ("replaces", rule.supersedes),
        ("is replaced by", [other.id for other in pack.requirements if rule.id in other.supersedes]),
    ):
        known = [cited(name) if name in rules or "." in name else name for name in names]
        if known:
            yield words, known


def _leaves(condition: Condition) -> Iterator[Condition]:
    parts = list(condition.parts())
    if not parts and not isinstance(condition, (All, Any)):
        yield condition
    for part in parts:
        yield from _leaves(part)
