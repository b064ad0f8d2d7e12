# SPDX-License-Identifier: Apache-2.0
"""The semantics of a decision, written naively: what the compiled engine is tested against.

Reads pack documents and flows as plain data, walks every rule of every pack, and knows no index, no cache and no
code of the engine: only the tables of the vocabulary and of places, which are data. True, False and None (unknown).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from airflow_xborder.core.structure import plain
from airflow_xborder.core.vocabulary_terms import CATEGORIES, PURPOSES
from tests.conformance.reference_facts import Snapshot, ancestors, is_a, snapshot, tell
from tests.conformance.reference_gaps import gaps, places
from tests.conformance.reference_precedence import contradictions, displaced, parts
from tests.conformance.reference_truth import ORDER, Truth, conjoin, disjoin, negate, outcome_of


@dataclass
class Answer:
    """What the reference says of a flow."""

    outcome: str
    statuses: dict[str, str] = field(default_factory=dict)
    transfers: dict[str, bool] = field(default_factory=dict)
    not_considered: set[str] = field(default_factory=set)
    unconnected: set[str] = field(default_factory=set)
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    obligations: set[str] = field(default_factory=set)
    overridden: set[str] = field(default_factory=set)


@dataclass
class Reading:
    """A truth with what it costs to rely on it."""

    truth: Truth
    obligations: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass
class Question:
    documents: list[Mapping[str, Any]]
    facts: Snapshot
    day: date
    definitions: Mapping[str, Any]
    connecting: bool = False
    uncured: tuple[str, ...] = ()

    def fact(self, path: str) -> Any:
        value = self.facts.values.get(path)
        if value is None and self.connecting and self.facts.complete and path != "data_categories":
            return set()
        return value


def decide(
    documents: list[Mapping[str, Any]], flow: Any, as_of: datetime, complete: bool, on_gap: str = "review"
) -> Answer:
    """Answer one flow, by looking at everything."""
    whole = snapshot(plain(flow), complete)
    walk = walked(documents, whole, as_of)
    walk.whole = {name: found for name, found in walk.found.items() if name not in walk.overridden}
    for part in parts(whole):
        walk.absorb(walked(documents, part, as_of, walk.answer.transfers))
    answer = walk.answer
    answer.overridden, answer.conflicts, answer.obligations = walk.overridden, walk.conflicts, walk.owed
    worst = ["allow", *walk.worst, *(walk.outcome(name) for name in walk.found)]
    if answer.conflicts and whole.values["access_mode"] != "store":
        worst.append("review")
    worst += gaps(documents, whole, on_gap)
    if whole.values.get("provenance.restrictions") and whole.values["access_mode"] not in ("store", "erase"):
        worst.append("review")
    answer.outcome = max(worst, key=ORDER.index)
    for name, (_, status, _) in walk.found.items():
        answer.statuses[name] = "unknown" if status == "may apply" else status
    return answer


def walked(
    documents: list[Mapping[str, Any]], facts: Snapshot, as_of: datetime, concerned: Iterable[str] = ()
) -> Walk:
    walk = Walk(documents, facts, as_of, set(concerned))
    for pack in documents:
        walk.consider(pack)
    while walk.bring_dependencies():
        pass
    walk.overridden = displaced(walk.found, documents)
    walk.conflicts, lower = contradictions(walk.found, walk.overridden, documents)
    walk.overridden |= lower
    walk.owed = {
        owed
        for name, (_, status, owes) in walk.found.items()
        if status == "met" and name not in walk.overridden
        for owed in owes
    }
    return walk


class Walk:
    """A walk through all packs, gathering what each rule says."""

    def __init__(
        self, documents: list[Mapping[str, Any]], facts: Snapshot, as_of: datetime, concerned: set[str]
    ) -> None:
        self.documents, self.facts, self.as_of, self.concerned = documents, facts, as_of, concerned
        self.answer = Answer("allow")
        self.worst = ["allow"]
        self.found: dict[str, tuple[Mapping[str, Any], str, list[str]]] = {}
        self.whole: dict[str, tuple[Mapping[str, Any], str, list[str]]] = {}
        self.overridden: set[str] = set()
        self.conflicts: set[tuple[str, str]] = set()
        self.owed: set[str] = set()
        self.rules = {
            row["requirement_id"]: (row, pack) for pack in documents for row in pack.get("requirements", ())
        }

    def consider(self, pack: Mapping[str, Any]) -> None:
        connected = connects(self.documents, pack, self.facts, self.as_of)
        if connected is None and pack["pack"] not in self.concerned:
            self.answer.unconnected.add(pack["pack"])
            self.worst.append("review")
        elif connected is False:
            self.answer.not_considered.add(pack["pack"])
        else:
            question = questioned(self.documents, pack, self.facts, self.as_of)
            self.answer.transfers[pack["pack"]] = (
                "transfer" in pack and read(pack["transfer"], question).truth is True
            )
            for row in pack.get("requirements", ()):
                self.ask(row, pack)

    def ask(self, row: Mapping[str, Any], pack: Mapping[str, Any]) -> bool:
        status, obligations = judge(self.documents, row, pack, self.facts, self.as_of)
        if status is None:
            return False
        self.found[row["requirement_id"]] = (row, status, obligations)
        return True

    def absorb(self, part: Walk) -> None:
        """Add what binds a part: of two answers of one rule the stricter stays."""
        for name, (row, status, owed) in part.found.items():
            whole = self.whole.get(name)
            if whole and whole[1] == "met" and status == "may apply" and part.would_be_met(row):
                continue
            if name not in self.found or part.rank(name) > self.rank(name):
                self.found[name] = (row, status, owed)
                self.overridden = self.overridden - {name} | (part.overridden & {name})
        self.conflicts |= part.conflicts
        self.owed |= part.owed
        for name, transfer in part.answer.transfers.items():
            self.answer.transfers[name] = self.answer.transfers.get(name, False) or transfer
        self.answer.unconnected |= part.answer.unconnected
        self.answer.not_considered -= self.answer.transfers.keys() | self.answer.unconnected
        self.worst += part.worst

    def outcome(self, name: str) -> str:
        row, status, _ = self.found[name]
        return "allow" if name in self.overridden else outcome_of(row, status)

    def rank(self, name: str) -> tuple[int, bool]:
        return ORDER.index(self.outcome(name)), name not in self.overridden

    def would_be_met(self, row: Mapping[str, Any]) -> bool:
        certain = {key: value for key, value in row.items() if key not in ("when", "triggers")}
        _, pack = self.rules[row["requirement_id"]]
        return judge(self.documents, certain, pack, self.facts, self.as_of)[0] == "met"

    def bring_dependencies(self) -> bool:
        needed = {name for row, _, _ in self.found.values() for name in row.get("dependencies", ())}
        brought = [name for name in sorted(needed - self.found.keys()) if self.ask(*self.rules[name])]
        for name in brought:
            pack_id = self.rules[name][1]["pack"]
            self.answer.not_considered.discard(pack_id)
            if pack_id not in self.answer.unconnected:
                self.answer.transfers.setdefault(pack_id, False)
        return bool(brought)


def questioned(
    documents: list[Mapping[str, Any]], pack: Mapping[str, Any], facts: Snapshot, as_of: datetime
) -> Question:
    day = as_of.astimezone(ZoneInfo(pack.get("time_zone", "UTC"))).date()
    return Question(documents, facts, day, pack.get("definitions", {}))


def connects(
    documents: list[Mapping[str, Any]], pack: Mapping[str, Any], facts: Snapshot, as_of: datetime
) -> Truth:
    question = questioned(documents, pack, facts, as_of)
    question.connecting = True
    factors = pack.get("connects")
    return disjoin(read(factor, question).truth for factor in factors) if factors else True


def in_force(row: Mapping[str, Any], day: date) -> bool:
    return date.fromisoformat(row["effective_date"]) <= day and (
        "expires" not in row or day <= date.fromisoformat(row["expires"])
    )


def judge(
    documents: list[Mapping[str, Any]],
    row: Mapping[str, Any],
    pack: Mapping[str, Any],
    facts: Snapshot,
    as_of: datetime,
) -> tuple[str | None, list[str]]:
    question = questioned(documents, pack, facts, as_of)
    question.uncured = tuple(row.get("not_cured_by", ()))
    newer = [other for other in pack["requirements"] if row["requirement_id"] in other.get("supersedes", ())]
    if not in_force(row, question.day) or any(in_force(other, question.day) for other in newer):
        return None, []
    triggers = [*row.get("triggers", ()), *([row["when"]] if "when" in row else [])]
    applies = conjoin(read(trigger, question).truth for trigger in triggers)
    if applies is False:
        return None, []
    if applies is None:
        return "may apply", []
    demands = row.get("constraints", ())
    readings = [demand(entry, question) for entry in demands]
    met = conjoin(reading.truth for reading in readings) if demands else False
    if met is None:
        return "unknown", []
    if met is False:
        return "unmet", []
    owed = [kind(entry) for entry in row.get("obligations", ())]
    owed += [name for reading in readings for name in reading.obligations]
    return "met", [*owed, *(["keep_local_copy"] if row.get("effect") == "local_copy" else [])]


def kind(obligation: Any) -> str:
    return obligation if isinstance(obligation, str) else obligation["type"]


def demand(entry: Any, question: Question) -> Reading:
    if isinstance(entry, Mapping) and set(entry) == {"any_of"}:
        return least([alternative(option, question) for option in entry["any_of"]])
    return read(entry, question)


def alternative(option: Any, question: Question) -> Reading:
    if not isinstance(option, Mapping) or "needs" not in option:
        return read(option, question)
    reading = read(option["needs"], question)
    return Reading(
        reading.truth,
        [*map(kind, option.get("obligations", ())), *reading.obligations],
        [*option.get("warnings", ()), *reading.warnings],
    )


def least(readings: list[Reading]) -> Reading:
    holding = [reading for reading in readings if reading.truth is True]
    if not holding:
        return Reading(disjoin(reading.truth for reading in readings))
    return min(holding, key=lambda reading: (len(reading.obligations), len(reading.warnings)))


def read(condition: Any, question: Question) -> Reading:
    """Read one condition."""
    if isinstance(condition, str):
        return named(condition, question)
    readings = [entry(key, value, question) for key, value in condition.items()]
    return together(readings)


def together(readings: list[Reading]) -> Reading:
    return Reading(
        conjoin(reading.truth for reading in readings),
        [name for reading in readings for name in reading.obligations],
        [text for reading in readings for text in reading.warnings],
    )


BUILT_IN = {
    "automated_decision": {"automated_decision": True},
    "significant_effect": {"automated_decision.significant_effect": True},
    "human_review_required": {"automated_decision.human_review": True},
    "explainability_required": {"automated_decision.explanation": True},
}


def named(name: str, question: Question) -> Reading:
    if name in question.definitions:
        return read(question.definitions[name], question)
    if name in BUILT_IN:
        return read(BUILT_IN[name], question)
    if name == "purpose_not_collected":
        return Reading(not_collected(question))
    if name in CATEGORIES:
        return Reading(has_category(name, question))
    assert name in PURPOSES
    return read({"purpose": name}, question)


def not_collected(question: Question) -> Truth:
    purpose, collected = question.fact("purpose"), question.fact("collected_purposes")
    if purpose is None or collected is None:
        return None
    among = {name for name in purpose if ancestors(name) & collected}
    if "?" in purpose:
        candidates = purpose - {"?"}
        return True if not among else False if candidates <= among else None
    return bool(purpose - among)


def has_category(kind_of: str, question: Question) -> Truth:
    terms = question.fact("data_categories")
    if terms is None:
        return None
    sources = question.fact("attributes.source_categories") or set()
    return disjoin(term_is_a(term, kind_of, tell(sources), question) for term in terms | sources)


def term_is_a(term: str, kind_of: str, sources_told: bool, question: Question) -> Truth:
    names = {"anonymised": "anonymisation", "personal_data.pseudonymised": "pseudonymisation"}
    uncured = names.get(term) in question.uncured
    plainly = is_a(term, kind_of)
    if uncured or term.startswith("derived"):
        if sources_told:
            return kind_of in ancestors(term)
        if uncured and plainly is False:
            return None
    return plainly


def entry(key: str, value: Any, question: Question) -> Reading:
    if key == "all":
        return together([read(part, question) for part in value])
    if key == "any":
        return least([read(part, question) for part in value])
    if key == "not":
        return Reading(negate(read(value, question).truth))
    special = {
        "mechanism": has_mechanism, "evidence": has_evidence, "safeguard": has_safeguard, "consent": has_consent,
        "listed": is_listed, "owned_by": is_owned, "count": is_counted, "designated": is_designated,
    }  # fmt: skip
    if key in special:
        reading = special[key](value, question)
        return reading if isinstance(reading, Reading) else Reading(reading)
    if key == "obligation":
        return Reading(True, [kind(value)])
    return Reading(test(key, value, question))


def test(path: str, value: Any, question: Question) -> Truth:
    fact = question.fact(path)
    if isinstance(value, Mapping):
        if "known" in value:
            return fact is not None and not (isinstance(fact, set) and "?" in fact)
        if "stated" in value:
            known = test(path, {"known": True}, question)
            return conjoin([known, test(path, value["stated"], question)])
        if "in" in value:
            return test(path, value["in"], question)
        if "within" in value:
            return every(path, fact, values(path, value["within"]))
        if "is_a" in value:
            return has_category(value["is_a"], question)
        return between(fact, value)
    if fact is None:
        return None
    if isinstance(value, bool):
        return fact is value if isinstance(fact, bool) or fact == set() else None
    return some(path, fact, values(path, value))


def values(path: str, value: Any) -> set[str]:
    geographic = ("country", "place", "reach", "organised_in", "residence", "subjects.", "owners", "places.")
    if any(part in path for part in geographic) and "groups" not in path and "attributes" not in path:
        return places(value)
    return set(value) if isinstance(value, list) else {value}


def candidates(path: str, fact: Any) -> set[str] | None:
    return fact - {"?"} if path == "purpose" and isinstance(fact, set) and "?" in fact else None


def some(path: str, fact: Any, wanted: set[str]) -> Truth:
    if not isinstance(fact, set):
        return str(fact) in wanted
    choice = candidates(path, fact)
    if choice is not None:
        return True if choice <= wanted else None if choice & wanted else False
    return True if fact & wanted else None if "?" in fact else False


def every(path: str, fact: Any, wanted: set[str]) -> Truth:
    if fact is None:
        return None
    if not isinstance(fact, set) or candidates(path, fact) is not None:
        return some(path, fact, wanted)
    if fact - {"?"} - wanted:
        return False
    return None if "?" in fact else True


def between(fact: Any, bounds: Mapping[str, int]) -> Truth:
    if fact == set():
        return False
    if not isinstance(fact, int) or isinstance(fact, bool):
        return None
    return bounds.get("at_least", fact) <= fact and ("less_than" not in bounds or fact < bounds["less_than"])


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def valid(document: Mapping[str, Any], start: str, day: date) -> bool:
    first, last = document.get(start), document.get("valid_until")
    return (first is None or date.fromisoformat(first) <= day) and (
        last is None or day <= date.fromisoformat(last)
    )


MODULES = {1: "controller controller", 2: "controller processor", 3: "processor processor", 4: "processor controller"}  # fmt: skip


def has_mechanism(value: Any, question: Question) -> Truth:
    wanted = value if isinstance(value, Mapping) else {"type": value}
    truths: list[Truth] = []
    for document in question.facts.flow.get("mechanisms", ()):
        fits = document["type"] in listed(wanted["type"])
        if fits and document["ground_for"] == wanted.get("ground_for", "transfer"):
            truths.append(mechanism_holds(document, question))
    return disjoin(truths)


def mechanism_holds(document: Mapping[str, Any], question: Question) -> Truth:
    if not valid(document, "valid_from", question.day):
        return False
    roles = [question.fact("exporter.role"), question.fact("importer.role")]
    if document["type"] != "scc_eu" or None in roles:
        return True
    module = document.get("module")
    return None if module is None else MODULES.get(module) == " ".join(roles)


def has_evidence(value: str, question: Question) -> Truth:
    documents = question.facts.flow.get("evidence", ())
    return any(entry["type"] == value and valid(entry, "issued_at", question.day) for entry in documents)


def has_safeguard(value: str, question: Question) -> Truth:
    return value in question.facts.flow.get("safeguards", ()) and value not in question.uncured


def has_consent(value: Mapping[str, Any], question: Question) -> Reading:
    given = question.facts.flow.get("consent") or []
    readings = [one_consent(value, one, question) for one in (given if isinstance(given, list) else [given])]
    truths = [reading.truth for reading in readings]
    whole = any(reading.truth and not reading.obligations for reading in readings)
    truth = True if True in truths else None if None in truths else False
    return Reading(truth, [] if whole else ["filter_rows_by_consent"])


def one_consent(value: Mapping[str, Any], consent: Mapping[str, Any], question: Question) -> Reading:
    fits: Truth = (
        consent["type"] in listed(value["type"])
        and consent["ground_for"] == value["ground_for"]
        and Decimal(consent.get("coverage", "1")) != 0
    )
    if fits and "purpose" in consent:
        purposes = (question.fact("purpose") or set()) - {"?"}
        fits = None if consent["purpose"] in purposes else False
        fits = None if not purposes else True if purposes == {consent["purpose"]} else fits
    whole = "coverage" in consent and Decimal(consent["coverage"]) >= 1
    return Reading(fits, [] if whole else ["filter_rows_by_consent"])


def is_listed(value: Mapping[str, Any], question: Question) -> Truth:
    importer = question.facts.flow.get("importer", {})
    if "listings" not in importer:
        return None
    rows = [row for row in importer["listings"] if row["framework"] == value["framework"]]
    return disjoin(listing_covers(row, question) for row in rows)


def listing_covers(row: Mapping[str, Any], question: Question) -> Truth:
    if row.get("status") != "active":
        return None if "status" not in row else False
    terms, groups = question.fact("data_categories") or set(), question.fact("subjects.groups")
    terms = terms | (question.fact("attributes.source_categories") or set())
    staff: Truth = None if not question.facts.complete else False
    if groups is not None:
        staff = bool(groups & {"employee", "job_applicant", "trainee"})
    if "personal_data.employment" in terms:
        staff = True
    covers = row.get("covers")
    if staff is None:
        return True if covers and {"hr", "non_hr"} <= set(covers) else None
    return None if covers is None else ("hr" if staff else "non_hr") in covers


def is_owned(value: Mapping[str, Any], question: Question) -> Truth:
    owners = question.facts.flow.get("importer", {}).get("owners")
    if owners is None:
        return None
    held = sum(Decimal(row["share"]) for row in owners if row["country"] in places(value["countries"]))
    return held >= Decimal(str(value["at_least"]))


def is_counted(value: Mapping[str, Any], question: Question) -> Truth:
    terms = question.fact("data_categories")
    if terms is None:
        return None
    sources = question.fact("attributes.source_categories") or set()
    wanted = listed(value["category"])
    concerned = {
        term
        for term in terms | sources
        if disjoin(term_is_a(term, category, tell(sources), question) for category in wanted) is not False
    }
    reached = value["more_than"] + 1 if "more_than" in value else value["at_least"]
    unit = value.get("unit", "persons")
    counts = [row for row in question.facts.flow.get("counts", ()) if row["unit"] == unit]
    if not concerned:
        return False
    for row in counts:
        inside = row["scope"] == "this_flow" or total(row, value["window"])
        if (
            row["n"] >= reached
            and inside
            and any(is_a(row["category"], category) is True for category in wanted)
        ):
            return True
    totals = [row for row in counts if total(row, value["window"])]
    used = []
    for term in sorted(concerned):
        covering = [row for row in totals if row["category"] in ancestors(term)]
        if not covering:
            return None
        most = [
            row
            for row in covering
            if row["n"] == max(r["n"] for r in covering if r["category"] == row["category"])
        ]
        used.append(min(most, key=lambda row: (row["n"], row["category"])))
    distinct = {(row["category"], row["n"]) for row in used}
    return False if sum(n for _, n in distinct) < reached else None


def total(row: Mapping[str, Any], window: str) -> bool:
    if window == "this_flow":
        return row["scope"] == "this_flow"
    return row["scope"] == "window" and row.get("window", window) == window


def is_designated(value: Mapping[str, Any], question: Question) -> Reading:
    at = question.fact(value["place"])
    if at is None:
        return Reading(None)
    outside = places(value["outside"]) if "outside" in value else set()
    warnings: list[str] = []
    truths: list[Truth] = []
    for place in (at if isinstance(at, set) else {at}) - outside:
        rows = [row for row in designations(value, place, question)]
        found = [(row, scope(row, question)) for row in rows]
        truths.append(None if place == "?" else disjoin(truth for _, truth in found))
        warnings += [row["warning"] for row, truth in found if truth is True and row.get("warning")]
    return Reading(conjoin(truths), [], warnings)


def designations(value: Mapping[str, Any], place: str, question: Question) -> list[Mapping[str, Any]]:
    rows = [row for pack in question.documents for row in pack.get("designations", ())]
    stopped = {
        row["suspends"] for row in rows if row.get("suspends") and valid(row, "valid_from", question.day)
    }
    return [
        row
        for row in rows
        if not row.get("suspends")
        and (row["by"], row["kind"]) == (value["by"], value["kind"])
        and place in places(row["of"])
        and valid(row, "valid_from", question.day)
        and row["id"] not in stopped
    ]


def scope(row: Mapping[str, Any], question: Question) -> Truth:
    if "scope" not in row:
        return True
    pack = next(pack for pack in question.documents if row in pack.get("designations", ()))
    definitions = pack.get("definitions", {})
    own = Question(
        question.documents, question.facts, question.day, definitions, question.connecting, question.uncured
    )
    return read(row["scope"], own).truth
