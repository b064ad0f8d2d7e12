# SPDX-License-Identifier: Apache-2.0
"""Approvals (law 9): a person's standing answer to the reviews that a decision names, and when it counts.

An approval answers what a rule, a conflict or a gap leaves to a person. It never answers a ``deny``, an error or a
missing fact: a fact goes into the catalog, and the flow is decided again. It is keyed on the deciding requirements
and on the facts they may rest on that do not change from run to run, so that a policy release that touches neither
voids none, and any change of either voids it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime, time, timedelta, timezone

from airflow_xborder.core.decision import Approved, Decision, Outcome, Reason
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.flow import End, identifier, one_line
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import FlowError

_KEY_LENGTH = 64
_PLACE_GAPS = frozenset({"gap_jurisdiction", "gap_rules_known"})
_RULE_REASONS = frozenset({"unmet", "review", "forbidden"})


def _key(text: str) -> str:
    if len(text) != _KEY_LENGTH or set(text) - set("0123456789abcdef"):
        raise FlowError(f"no approval key: `{text[:80]}`", hint="copy `approval_key` from the decision")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A row of the register. The named reviews of one key may be answered by several rows together.

    :param valid_until: the last day, UTC.
    :param max_count: up to how many people, devices or records; absent is any number.
    """

    key: str = field(metadata={"check": _key})
    role: str = field(metadata={"check": one_line})
    reference: str = field(metadata={"check": identifier})
    reason: str
    granted_at: date
    valid_until: date
    requirements: tuple[str, ...] | None = None
    conflicts: tuple[tuple[str, ...], ...] | None = None
    gaps: tuple[str, ...] | None = None
    max_count: int | None = None
    recorded_at: date | None = None

    def __post_init__(self) -> None:
        if not self.answers:
            raise FlowError("an approval of nothing", hint="name `requirements`, `conflicts` or `gaps`")
        if self.valid_until < self.granted_at:
            raise FlowError(f"`valid_until` {self.valid_until} is before `granted_at` {self.granted_at}")
        if any(len(pair) != 2 for pair in self.conflicts or ()):
            raise FlowError("a conflict is between two requirements", hint="write it as [one, other]")

    @property
    def answers(self) -> frozenset[str]:
        """The names of the reviews that it answers."""
        return frozenset(
            [
                *(self.requirements or ()),
                *("/".join(sorted(pair)) for pair in self.conflicts or ()),
                *(f"gap {place}" for place in self.gaps or ()),
            ]
        )

    @property
    def starts(self) -> datetime:
        """The first moment at which it counts: it is granted, and on record."""
        return _midnight(max(self.granted_at, self.recorded_at or self.granted_at))

    @property
    def ends(self) -> datetime:
        """The first moment at which it counts no more."""
        return _midnight(self.valid_until + timedelta(days=1))

    def covers(self, counts: Iterable[int], counted: bool) -> bool:
        """Tell whether no count is above the ceiling; what nobody counted may be."""
        return self.max_count is None or (counted and all(n <= self.max_count for n in counts))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """What some answers leave to a person.

    :param requirements: those whose outcome is ``review``.
    :param conflicts: pairs that cannot both be obeyed.
    :param gaps: places without rules.
    :param known_of_gaps: what was known of those places; a person who let a flow pass knew no more.
    :param is_answerable: whether these are all there is: no missing fact, restriction or engine stands besides.
    """

    requirements: frozenset[str]
    conflicts: frozenset[tuple[str, str]]
    gaps: frozenset[str]
    is_answerable: bool
    known_of_gaps: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """What an approval calls them."""
        pairs = (_pair_name(pair) for pair in self.conflicts)
        return frozenset([*self.requirements, *pairs, *map(_gap_name, self.gaps)])


def _pair_name(pair: tuple[str, str]) -> str:
    return "/".join(sorted(pair))


def _gap_name(place: str) -> str:
    return f"gap {place}"


def reviews_of(answers: Sequence[Decision]) -> Reviews:
    """Return the reviews that answers to one flow name; nothing is answerable where any of them denies."""
    open_ones = [answer for answer in answers if answer.outcome is Outcome.REVIEW]
    named = [_named(answer) for answer in open_ones]
    return Reviews(
        requirements=frozenset().union(*(part.requirements for part in named)),
        conflicts=frozenset().union(*(part.conflicts for part in named)),
        gaps=frozenset().union(*(part.gaps for part in named)),
        known_of_gaps=frozenset().union(*(part.known_of_gaps for part in named)),
        is_answerable=bool(named)
        and all(part.is_answerable for part in named)
        and not any(answer.outcome is Outcome.DENY for answer in answers),
    )


def _named(answer: Decision) -> Reviews:
    asked = [entry for entry in answer.applicable if entry.outcome is Outcome.REVIEW]
    about = [reason for reason in answer.reasons if reason.template in _PLACE_GAPS]
    gaps = frozenset(dict(reason.parameters)["place"] for reason in about)
    requirements = frozenset(entry.requirement_id for entry in asked)
    conflicts = frozenset(answer.conflicts)
    return Reviews(
        requirements=requirements,
        conflicts=conflicts,
        gaps=gaps,
        known_of_gaps=frozenset(_canonical([reason.template, reason.parameters]) for reason in about),
        # An answer that names nothing has another ground for its review, which nobody can answer by name.
        is_answerable=bool(requirements or conflicts or gaps)
        and all(entry.status == "unmet" for entry in asked)
        and all(_is_answerable(reason) for reason in answer.reasons),
    )


def _is_answerable(reason: Reason) -> bool:
    match reason.kind:
        case "unmet":
            return reason.template in _RULE_REASONS
        case "gap":
            return reason.template in _PLACE_GAPS
        case _:
            return reason.kind == "conflict"


def approval_key(reviews: Reviews, rules: Mapping[str, object], asked: Iterable[Facts]) -> str:
    """Return what an approval of these reviews is keyed on, as hex.

    :param rules: the documents of the requirements by their ids, so that a release that changes one voids.
    :param asked: the facts that were decided; of a flow that starts in several data sets, of each.
    """
    deciding = sorted({*reviews.requirements, *(name for pair in reviews.conflicts for name in pair)})
    basis = {
        "rules": [[name, rules.get(name)] for name in deciding],
        "reviews": sorted(reviews.names),
        "gaps": sorted(reviews.known_of_gaps),
        "facts": sorted({_canonical(_lasting(facts)) for facts in asked}),
    }
    return hashlib.sha256(_canonical(basis).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _lasting(facts: Facts) -> dict[str, object]:
    """Return the facts that stay the same from run to run: no counts, coverages, ids, clocks or validities."""
    flow = facts.flow
    importer = flow.importer
    lasting: dict[str, object] = {
        path: plain(value) for path, value in facts.values.items() if value is not None
    }
    lasting["complete"] = facts.complete
    lasting["stores"] = [flow.source.store, flow.destination.store]
    lasting["providers"] = [_provider(flow.source), _provider(flow.destination)]
    lasting["documents"] = sorted(set(_documents(facts)))
    for name in ("listings", "owners", "subprocessors"):
        rows = getattr(importer, name, None)
        lasting[f"importer.{name}"] = rows if rows is None else sorted(_canonical(_row(row)) for row in rows)
    return lasting


def _provider(end: End) -> object:
    return plain(end.provider) if end.provider else None


def _row(row: object) -> object:
    return {name: value for name, value in plain(row).items() if name != "checked_at"}


def _documents(facts: Facts) -> Iterator[str]:
    flow = facts.flow
    for mechanism in flow.mechanisms or ():
        yield f"mechanism {mechanism.type} {mechanism.ground_for} {mechanism.module} {mechanism.reference}"
    for evidence in flow.evidence or ():
        yield f"evidence {evidence.type} {evidence.reference}"
    for consent in flow.consents:
        yield f"consent {consent.type} {consent.ground_for} {consent.purpose} {consent.reference}"


def standing_approvals(
    rows: Iterable[Approval], key: str, counts: Sequence[int] | None, now: datetime
) -> tuple[Approval, ...]:
    """Return the approvals that count for a key at a moment, ordered by reference.

    :param counts: how many people, devices and records there are; ``None`` if nobody counted.
    """
    found = [
        row
        for row in rows
        if row.key == key and row.starts <= now < row.ends and row.covers(counts or (), counts is not None)
    ]
    return tuple(sorted(found, key=lambda row: row.reference))


def turns_of(rows: Iterable[Approval], key: str, now: datetime) -> Iterator[datetime]:
    """Yield the later moments at which an approval of this key begins or ceases to count."""
    for row in rows:
        if row.key == key:
            yield from (moment for moment in (row.starts, row.ends) if moment > now)


def apply_approvals(decision: Decision, reviews: Reviews, standing: Sequence[Approval]) -> Decision:
    """Return a decision as approvals leave it: ``allow`` if they answer every review that it names.

    What they do not name stays in ``review``, with its reasons. An answerable decision is given, never a ``deny``.
    """
    used = [row for row in standing if row.answers & reviews.names]
    if not used or not reviews.is_answerable or decision.outcome is not Outcome.REVIEW:
        return decision
    answered = reviews.names & frozenset().union(*(row.answers for row in used))
    until = min([row.ends for row in used] + ([decision.valid_until] if decision.valid_until else []))
    approvals = tuple(
        Approved(row.reference, row.role, tuple(sorted(row.answers & reviews.names)), row.ends)
        for row in used
    )
    decision = replace(decision, approvals=approvals, valid_until=until)
    if answered == reviews.names:
        return _allowed(decision)
    violations = tuple(entry for entry in decision.violations if entry.requirement_id not in answered)
    told = {(entry.citation, _sentence(entry.explanation)) for entry in violations}
    reasons = tuple(reason for reason in decision.reasons if not _is_answered(reason, answered, told))
    return replace(decision, violations=violations, reasons=reasons)


def _allowed(decision: Decision) -> Decision:
    allow = Outcome.ALLOW
    return replace(
        decision,
        outcome=allow,
        reasons=(),
        violations=(),
        remediations=(),
        regimes=tuple(replace(entry, outcome=allow) for entry in decision.regimes),
        partitions=tuple((where, allow) for where, _ in decision.partitions),
    )


def _sentence(text: str) -> str:
    return text.removesuffix(".")


def _is_answered(reason: Reason, answered: frozenset[str], told: set[tuple[str, str]]) -> bool:
    said = dict(reason.parameters)
    match reason.kind:
        case "conflict":
            return _pair_name((said["first"], said["second"])) in answered
        case "gap":
            return _gap_name(said["place"]) in answered
        case _:
            return (said["citation"], said["description"]) not in told
