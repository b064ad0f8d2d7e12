# SPDX-License-Identifier: Apache-2.0
"""The compliance graph as one plain document, indexed so that a generic rule language looks up and does not search.

What ``policies/rego/xborder`` evaluates. Keys are ids, sets are objects whose values are ``true``; days are text, whose
order is that of the calendar. ``core/facts_document.py`` makes the document that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from airflow_xborder.core.comparisons import In, Is, IsA
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.flattening import Tables
from airflow_xborder.core.grounds import SCC_MODULES, Counted
from airflow_xborder.core.kinds import CURED_NAMES
from airflow_xborder.core.normal_form import Clause, clauses_of
from airflow_xborder.core.pack import Coverage, Pack
from airflow_xborder.core.partitions import dividing_of_rule
from airflow_xborder.core.question_index import ANY, question_index
from airflow_xborder.core.questions import LOOKED_UP, View
from airflow_xborder.core.requirement import Effect, Requirement
from airflow_xborder.core.standing import standings
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import KINDS, UNCATEGORISED, ancestors, is_a

FORMAT = 1
Row = dict[str, Any]
_CATEGORIES = KINDS["data category"]
_KINDS = "~kinds"  # what the data may be a kind of, which is no path


def rego_model(policies: Policies) -> Row:
    """Return the graph of a policy set.

    :raises PolicyValidationError: for a condition that cannot be written so.
    """
    return _Exporter(policies).document()


class _Exporter:
    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._tables = Tables(policies.designations)
        self._standings: Mapping[str, Row] = {}
        self._newer: dict[str, list[Requirement]] = {}
        for pack in policies.packs():
            for rule in pack.requirements:
                for name in rule.supersedes:
                    self._newer.setdefault(name, []).append(rule)

    def document(self) -> Row:
        packs = self._policies.packs()
        rules = {rule.id: rule for pack in packs for rule in pack.requirements}
        self._standings = standings(rules, self._policies.legal_orders)
        document: Row = {
            "format": FORMAT,
            "digest": self._policies.digest,
            "divides": _set(self._policies.dividing),
            "zones": sorted({pack.time_zone for pack in packs}),
            "packs": {pack.id: self._pack(pack) for pack in packs},
            "requirements": {
                rule.id: self._requirement(rule, pack, rules) for pack in packs for rule in pack.requirements
            },
            "candidates": _candidates(rules.values()),
            "designations": {
                row.id: self._designation(row) for row in self._policies.designations if row.suspends is None
            },
            "coverage": _coverage(packs),
            "vocabulary": _vocabulary(),
        }
        tables = self._tables
        document |= {"gates": tables.gates, "sets": tables.sets, "index": question_index(tables)}
        document["questions"] = {
            name: row for name, row in tables.questions.items() if row["op"] not in LOOKED_UP
        }
        document["kinds"] = _kinds(tables.questions.values(), packs)
        return document

    def _gate(self, condition: Condition, view: View) -> str:
        return self._tables.add(self._tables.tree(condition, view))

    def _pack(self, pack: Pack) -> Row:
        row: Row = {
            "title": pack.title,
            "jurisdiction": pack.jurisdiction,
            "connects": self._gate(pack.connects, View(zone=pack.time_zone, connecting=True)),
            "divides": _set(path for rule in pack.requirements for path in self._divides(rule)),
        }
        if pack.transfer is not None:
            row["transfer"] = self._gate(pack.transfer, View(zone=pack.time_zone))
        return row

    def _requirement(self, rule: Requirement, pack: Pack, rules: Mapping[str, Requirement]) -> Row:
        view = View(zone=pack.time_zone, uncured=frozenset(rule.not_cured_by))
        row: Row = {
            "pack": pack.id,
            "zone": pack.time_zone,
            "jurisdiction": rule.jurisdiction,
            "citation": rule.citation,
            "level": rule.level.value,
            "on_unmet": rule.on_unmet.value,
            "review_required": rule.review_required,
            "in_force": _period(rule.effective_date, rule.expires),
            "superseded": [
                _period(newer.effective_date, newer.expires) for newer in self._newer.get(rule.id, ())
            ],
            "when": self._gate(rule.when, view),
            "constraint": self._gate(rule.constraint, view),
            "obligations": _owed(rule),
            "warnings": list(rule.warnings),
            "dependencies": list(rule.dependencies),
            "rests_on": _closure(rule, rules),
            "divides": _set(self._divides(rule)),
            "yields": rule.id in self._policies.relations.yielding
            or any(self._policies.owners.get(name) != pack.id for name in rule.dependencies),
            **self._standings.get(rule.id, {}),
        }
        if rule.effect is Effect.DUTY:
            row["duty"] = rule.duty or rule.id
        return {key: value for key, value in row.items() if value not in ([], {}, False)}

    def _divides(self, rule: Requirement) -> frozenset[str]:
        prevails = rule.id in self._policies.relations.prevailing
        return dividing_of_rule(rule, self._policies.designations, prevails=prevails)

    def _designation(self, row: Designation) -> Row:
        suspensions = self._policies.designations.suspensions(row)
        return {
            **_period(row.valid_from, row.valid_until),
            "by": row.by,
            "kind": row.kind,
            "of": row.of,
            "citation": row.citation,
            "suspended": [_period(other.valid_from, other.valid_until) for other in suspensions],
        }


def _set(members: Iterable[str]) -> dict[str, bool]:
    return dict.fromkeys(sorted({*members}), True)


def _period(first: date, last: date | None) -> Row:
    return {"from": first.isoformat(), **({"until": last.isoformat()} if last else {})}


def _owed(rule: Requirement) -> list[Row]:
    owed = [{"type": one.type, "parameters": dict(one.parameters)} for one in rule.obligations]
    if rule.effect is Effect.LOCAL_COPY:
        owed.append({"type": "keep_local_copy", "parameters": {}})
    return owed


def _closure(rule: Requirement, rules: Mapping[str, Requirement]) -> list[str]:
    found: set[str] = set()
    waiting = list(rule.dependencies)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += rules[name].dependencies
    return sorted(found)


def _candidates(rules: Iterable[Requirement]) -> Row:
    """Index requirements by the values without one of which they cannot apply."""
    always: list[str] = []
    facts: dict[str, dict[str, list[str]]] = {}
    categories: dict[str, list[str]] = {}
    for rule in sorted(rules, key=lambda rule: rule.id):
        clauses = [known for known in map(_looked_up, clauses_of(rule.when)) if known is not None]
        if not clauses:
            always.append(rule.id)
            continue
        for path, values in min(clauses, key=_share).items():
            if path == _KINDS:
                for term in (ANY, *_terms_that_may_be(values, rule)):
                    categories.setdefault(term, []).append(rule.id)
            else:
                for value in (ANY, *sorted(map(str, values))):
                    facts.setdefault(path, {}).setdefault(value, []).append(rule.id)
    return {"always": always, "facts": facts, "categories": categories}


def _looked_up(clause: Clause) -> dict[str, frozenset[object]] | None:
    """Return the values of which one must be there for a clause to hold, by their paths, where it is of that sort."""
    found: dict[str, frozenset[object]] = {}
    for question, holds in clause:
        match question:
            case In() if holds:
                path, values = question.path, frozenset[object](question.values)
            case Is() if holds:
                path, values = question.path, frozenset[object]({question.expected})
            case IsA() if holds:
                path, values = _KINDS, frozenset[object]({question.kind})
            case Counted() if holds:
                path, values = _KINDS, frozenset[object](question.categories)
            case _:
                return None
        found[path] = found.get(path, frozenset()) | values
    return found


def _share(clause: Mapping[str, frozenset[object]]) -> float:
    """Guess which part of all flows can satisfy a clause."""
    return sum(len(values) / _universe(path, values) for path, values in clause.items())


def _universe(path: str, values: frozenset[object]) -> int:
    return len(_CATEGORIES) if path == _KINDS else 2 if values <= {True, False} else 250


def _terms_that_may_be(kinds: frozenset[object], rule: Requirement) -> list[str]:
    named = CURED_NAMES if rule.not_cured_by else {}
    return sorted(
        term
        for term in _CATEGORIES
        if term in named or any(is_a(term, str(kind)) is not Truth.FALSE for kind in kinds)
    )


def _coverage(packs: Iterable[Pack]) -> Row:
    covered = frozenset(place for pack in packs for place in pack.covers)
    rows = [row for pack in packs for row in pack.coverage]
    known: dict[str, list[Row]] = {}
    parts: dict[str, list[Row]] = {}
    for row in rows:
        ruled = row.status == "rule_known"
        for place in sorted(row.places):
            known.setdefault(place, []).extend([_categories(row)] if ruled else [])
        for country in sorted({place[:2] for place in row.places if "-" in place} if ruled else ()):
            parts.setdefault(country, []).append(_categories(row))
    named = covered.union(*(row.places for row in rows))
    divided = sorted({place[:2] for place in named if "-" in place})
    return {
        "covered": dict.fromkeys(sorted(covered), True),
        "known": known,
        "parts": parts,
        "divided": dict.fromkeys(divided, True),
    }


def _categories(row: Coverage) -> Row:
    return {"categories": list(row.categories)}


def _kinds(questions: Iterable[Mapping[str, Any]], packs: Iterable[Pack]) -> Row:
    """Return, for each category that somebody asks for, which categories are one (2) or may be (1)."""
    asked = {"personal_data"}
    for row in questions:
        asked |= {row["kind"]} if row["op"] == "kind" else set(row.get("categories", ()))
    asked |= {name for pack in packs for row in pack.coverage for name in row.categories}
    answers = {Truth.TRUE: 2, Truth.UNKNOWN: 1}
    return {
        kind: {
            term: answers[is_a(term, kind)]
            for term in sorted(_CATEGORIES)
            if is_a(term, kind) is not Truth.FALSE
        }
        for kind in sorted(asked)
    }


def _vocabulary() -> Row:
    terms = sorted(_CATEGORIES | KINDS["purpose"])
    return {
        "categories": dict.fromkeys(sorted(_CATEGORIES), True),
        "uncategorised": dict.fromkeys(sorted(UNCATEGORISED), True),
        "ancestors": {term: dict.fromkeys(sorted(ancestors(term)), True) for term in terms},
        "scc_modules": {str(module): list(roles) for module, roles in SCC_MODULES.items()},
    }
