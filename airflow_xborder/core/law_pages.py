# SPDX-License-Identifier: Apache-2.0
"""The law reference as Markdown: a page for each regime, and an index of them.

Made from the packs alone, in the words of ``rule_explanation.py``, so that a page never says anything else than what
is decided: what ties a flow to the regime, every rule with its grounds, source and dates, the dated rows it rests on,
and what nobody has confirmed. The same packs give the same bytes, on any day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any as Anything

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.condition_syntax import Definitions
from airflow_xborder.core.conditions import All, Any
from airflow_xborder.core.demands import Demands
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.graph import ComplianceGraph
from airflow_xborder.core.markdown import (
    Row,
    Terms,
    anchor,
    bare_link,
    bullet,
    condition_list,
    escaped,
    link,
    own_words,
    page_text,
    table,
    term,
)
from airflow_xborder.core.requirement import Alternative, Effect, OnUnmet, Requirement
from airflow_xborder.core.rule_explanation import UNMET, designations_asked, owed, period, relations
from airflow_xborder.core.staleness import is_unsure, what_it_is
from airflow_xborder.core.term_page import term_lines
from airflow_xborder.core.wording import WHOLE, in_words, name_set

_OWN_TERMS = "Terms of this page"
INDEX, TERMS = "README.md", "terms.md"
MADE = "<!-- Made by `xborder law pages`: change the pack, not this page. -->"
_NO_ADVICE = "**Not legal advice.** Facts in our own words, for engineers; the cited text is what counts."
_SILENCE = (
    'A fact that nobody states leaves a test open, which asks a person: except that "(silence means no)" marks a test '
    'that silence fails, and "(or nobody says)" one that silence passes.'
)
# What somebody may have to look up, the least sure first.
_CONFIDENCE = {
    "unconfirmed": "its status could not be confirmed",
    "recalled": "written from general knowledge of the cited text",
    "mixed": "the core is confirmed, details are recalled",
    "confirmed": "confirmed, and marked for a second look",
}
_EFFECTS = {
    Effect.FORBID: "forbids", Effect.REQUIRE: "requires", Effect.LOCAL_COPY: "a copy must stay",
    Effect.LOCAL_ONLY: "must stay", Effect.APPROVAL: "needs approval", Effect.ASSESSMENT: "needs an assessment",
    Effect.REVIEW: "a person decides", Effect.DUTY: "duty",
}  # fmt: skip
_OTHERWISE = {OnUnmet.DENY: "deny", OnUnmet.REVIEW: "review", OnUnmet.TRACK: "open duty"}
Entries = Sequence[Requirement | Designation]


def law_pages(policies: Policies) -> dict[str, str]:
    """Return the text of every page by its file name, the index among them."""
    graph = ComplianceGraph(policies)
    pages = {page_name(name): page_text(_Page(name, policies, graph).lines()) for name in policies.ids}
    return {INDEX: page_text(_index(policies)), TERMS: page_text(_terms()), **pages}


def _terms() -> Iterator[str]:
    yield from ("# The terms that rules use", "", MADE, "")
    yield from term_lines()


def page_name(pack: str) -> str:
    """Return the file name of a pack's page."""
    return f"{pack}.md"


class _Page:
    """One regime's page."""

    def __init__(self, name: str, policies: Policies, graph: ComplianceGraph) -> None:
        self.graph = graph
        self.pack = policies.pack(name)
        self.document: Mapping[str, Anything] = next(d for d in policies.documents if d["pack"] == name)
        names = Definitions(self.document.get("definitions") or {})
        self._defined = {name: names[name] for name in self.document.get("definitions") or ()}
        self._terms: Terms = {
            key: said
            for name, condition in self._defined.items()
            for key, said in term(condition, f"[{_spaced(name)}](#{anchor(_OWN_TERMS)})").items()
        }
        self._rows = [row for row in policies.designations if row.suspends is None]
        self._entries: Entries = (*self.pack.requirements, *self.pack.designations)

    def lines(self) -> Iterator[str]:
        """Yield the page's lines."""
        yield from (f"# {self.pack.id}: {escaped(self.pack.title)}", "", MADE, "", _NO_ADVICE, "")
        yield from table(("", ""), self._facts())
        yield from self._reach()
        yield from self._overview()
        for rule in self.pack.requirements:
            yield from self._rule(rule)
        yield from self._own_terms()
        yield from self._designations()
        yield from self._attributes()
        yield from self._places()
        yield from self._sources()
        yield from self._unsure()

    def _facts(self) -> Iterator[Row]:
        pack = self.pack
        yield "jurisdiction", f"`{pack.jurisdiction}`"
        yield "answers for", escaped(name_set(pack.covers, WHOLE)) if pack.covers else "no place of its own"
        yield "days begin in", pack.time_zone
        yield "version", escaped(pack.version)
        yield "last checked", pack.last_checked.isoformat()
        yield "notice", escaped(str(self.document.get("notice", "")))

    def _reach(self) -> Iterator[str]:
        yield from ("", f"What the terms mean is told in [terms]({TERMS}). {_SILENCE}")
        yield from ("", "## When it is concerned", "")
        connects = self.pack.connects
        if connects == All(()):
            yield "With every flow."
        else:
            yield "A flow concerns it where:"
            yield ""
            yield from condition_list(connects, 0, self._terms)
        yield from ("", "## What it calls a transfer", "")
        if self.pack.transfer is None:
            yield "Nothing: it has no notion of a cross-border transfer."
        else:
            yield "A flow is one where:"
            yield ""
            yield from own_words(self.pack.transfer, 0, self._terms)

    def _overview(self) -> Iterator[str]:
        yield from ("", "## Decision table", "")
        if not self.pack.requirements:
            yield "No rules."
            return
        yield from table(
            ("rule", "says", "effect", "if not met", "in force", "confidence"),
            (
                (
                    f"[`{rule.id}`](#{anchor(rule.id)})",
                    escaped(rule.description),
                    _EFFECTS[rule.effect],
                    _OTHERWISE[rule.on_unmet],
                    _dates(rule.effective_date, rule.expires),
                    rule.confidence,
                )
                for rule in self.pack.requirements
            ),
        )

    def _rule(self, rule: Requirement) -> Iterator[str]:
        yield from ("", f"### {rule.id}", "", escaped(rule.description), "")
        yield "- **applies when**"
        yield from condition_list(rule.when, 1, self._terms)
        yield from _asked(rule, self._terms)
        yield bullet("if that is not so", UNMET[rule.on_unmet])
        duties = dict.fromkeys(obligation.type for obligation in owed(rule))
        if duties:
            yield bullet("what must then be done", ", ".join(duties))
        if rule.duty:
            yield bullet("listed as the duty", rule.duty)
        if rule.not_cured_by:
            yield bullet("what does not help", ", ".join(rule.not_cured_by))
        yield from (bullet("demands", words) for words in demands_in_words(rule.demands))
        yield from (bullet("note", text) for text in rule.warnings)
        yield from (bullet("what would help", text) for text in rule.remediation)
        yield from self._origin(rule)

    def _origin(self, rule: Requirement) -> Iterator[str]:
        yield f"- **citation**: {link(rule.citation, rule.source)}"
        yield bullet("law", f"{rule.level.value} law of {rule.jurisdiction}")
        yield bullet("in force", period(rule.effective_date, rule.expires))
        look = "; to be checked against the cited text" if is_unsure(rule) else ""
        yield bullet("confidence", f"{rule.confidence}{look}")
        for words, names in relations(rule, self.pack, self.graph):
            yield bullet(words, ", ".join(names))
        kinds = designations_asked(rule)
        rows = [row.id for row in self._rows if (row.by, row.kind) in kinds]
        if rows:
            yield bullet("decided by the designations", ", ".join(sorted(rows)))

    def _own_terms(self) -> Iterator[str]:
        told = {name: condition for name, condition in self._defined.items() if term(condition, name)}
        if told:
            yield from ("", f"## {_OWN_TERMS}", "", "A link above stands for what is told here.")
        for name, condition in told.items():
            yield from ("", f"**{_spaced(name)}** where:", "")
            yield from own_words(condition, 0, self._terms)

    def _designations(self) -> Iterator[str]:
        if not self.pack.designations:
            return
        yield from ("", "## Designations", "", "Dated statements that rules rest on.", "")
        yield from table(
            ("row", "says", "in force", "only where", "citation", "confidence", "note"),
            (
                (
                    f"`{row.id}`",
                    escaped(what_it_is(row)),
                    _dates(row.valid_from, row.valid_until),
                    escaped(in_words(row.scope, most=WHOLE)) if row.scope is not None else "",
                    link(row.citation, row.source),
                    row.confidence,
                    escaped(row.warning or ""),
                )
                for row in self.pack.designations
            ),
        )

    def _attributes(self) -> Iterator[str]:
        if not self.pack.attributes:
            return
        yield from ("", "## Facts it asks for by name", "", "Under `attributes` of a flow or of a party.", "")
        yield from table(
            ("fact", "is", "means"),
            (
                (
                    f"`{name}`",
                    escaped(", ".join([str(row["type"]), *map(str, row.get("values") or ())])),
                    escaped(str(row["description"])),
                )
                for name, row in sorted(self.pack.attributes.items())
            ),
        )

    def _places(self) -> Iterator[str]:
        if not self.pack.coverage:
            return
        yield from ("", "## Places without a pack", "")
        yield from table(
            ("places", "what is known", "of", "reviewed", "note"),
            (
                (
                    escaped(name_set(row.places, WHOLE)),
                    row.status.replace("_", " "),
                    ", ".join(f"`{name}`" for name in row.categories) or "all data",
                    row.reviewed_at.isoformat() if row.reviewed_at else "",
                    escaped(row.note),
                )
                for row in self.pack.coverage
            ),
        )

    def _sources(self) -> Iterator[str]:
        found: dict[str, list[str]] = {}
        for entry in self._entries:
            if entry.source:
                found.setdefault(entry.source, []).append(entry.id)
        if found:
            yield from ("", "## Sources", "")
            for source, names in sorted(found.items()):
                yield f"- {bare_link(source)}: {', '.join(f'`{name}`' for name in names)}"

    def _unsure(self) -> Iterator[str]:
        yield from ("", "## Not confirmed", "")
        found = [entry for entry in self._entries if is_unsure(entry)]
        if not found:
            yield f"Nothing: every rule was held against its source, last on {self.pack.last_checked}."
            return
        yield "To be checked against the cited text before anybody relies on it:"
        yield ""
        for confidence, meaning in _CONFIDENCE.items():
            names = [f"`{entry.id}`" for entry in found if entry.confidence == confidence]
            if names:
                yield f"- {confidence} ({meaning}): {', '.join(names)}"


def demands_in_words(demands: Demands) -> Iterator[str]:
    """Yield what a rule demands of the handling of data, so that opposite duties can be found."""
    if demands.keep_days is not None:
        yield f"keep for at least {demands.keep_days} days"
    if demands.erase_days is not None:
        yield f"erase within {demands.erase_days} days"
    if demands.store_in is not None:
        yield f"store only in {name_set(demands.store_in, WHOLE)}"
    if demands.copy_in is not None:
        yield f"keep a copy in {name_set(demands.copy_in, WHOLE)}"
    if demands.keep_out_of is not None:
        yield f"store or use nothing in {name_set(demands.keep_out_of, WHOLE)}"
    if demands.disclosure is not None:
        yield f"{demands.disclosure} when somebody with power over the holder asks"


def _index(policies: Policies) -> Iterator[str]:
    yield from ("# The law, as it is decided", "", MADE, "", _NO_ADVICE, "")
    yield from (
        "A page for each regime: when it is concerned, its rules with grounds, sources and dates, and what is not",
        "confirmed. How they are read together is told in",
        "[how an answer comes about](../../explanation/decision-semantics.md), the terms in",
        f"[their own page]({TERMS}). `xborder law stale` lists what is due.",
        "",
    )
    yield from table(
        ("regime", "title", "jurisdiction", "rules", "to be checked", "designations", "last checked"),
        (
            (
                f"[`{pack.id}`]({page_name(pack.id)})",
                escaped(pack.title),
                f"`{pack.jurisdiction}`",
                str(len(pack.requirements)),
                str(sum(map(is_unsure, pack.requirements))),
                str(len(pack.designations)),
                pack.last_checked.isoformat(),
            )
            for pack in policies.packs()
        ),
    )
    dates = sorted(_dates_to_come(policies))
    if dates:
        yield from ("", "## Dates to watch", "", "After the day on which each regime was last checked.", "")
        yield from table(("day", "regime", "what"), ((day.isoformat(), *rest) for day, *rest in dates))


def _dates_to_come(policies: Policies) -> Iterator[tuple[date, str, str]]:
    for pack in policies.packs():
        page = f"[`{pack.id}`]({page_name(pack.id)})"
        for rule in pack.requirements:
            for day, what in _turns(rule.effective_date, rule.expires):
                if day > pack.last_checked:
                    yield day, page, f"`{rule.id}` {what}"
        for row in pack.designations:
            for day, what in _turns(row.valid_from, row.valid_until):
                if day > pack.last_checked:
                    yield day, page, f"`{row.id}` {what}"


def _turns(first: date, last: date | None) -> Iterator[tuple[date, str]]:
    yield first, "begins"
    if last is not None and last < date.max:
        yield last + timedelta(days=1), "is over"


def _asked(rule: Requirement, terms: Terms) -> Iterator[str]:
    if rule.constraint == Any(()):
        yield bullet("asks for", f"nothing that could be met: where it applies, {UNMET[rule.on_unmet]}")
        return
    parts = rule.constraint.parts() if isinstance(rule.constraint, All) else (rule.constraint,)
    offered = [
        (part, [ground for ground in part.parts() if isinstance(ground, Alternative)]) for part in parts
    ]
    firm = [part for part, grounds in offered if not grounds]
    if firm:
        yield f"- **asks for{' all of' if len(firm) > 1 else ''}**"
    for part in firm:
        yield from condition_list(part, 1, terms)
    for _, grounds in offered:
        if grounds:
            yield f"- **{'and' if firm else 'asks for'} one of**"
        for ground in grounds:
            yield f"  - {escaped(': '.join(filter(None, (ground.id, ground.citation))) or 'a ground')}"
            yield from condition_list(ground.needs, 2, terms)
            yield from (f"    - then: {obligation.type}" for obligation in ground.attached)
            yield from (f"    - note: {escaped(text)}" for text in ground.said)


def _spaced(name: str) -> str:
    return escaped(name.replace("_", " "))


def _dates(first: date, last: date | None) -> str:
    return f"{first} to {last}" if last else f"from {first}"
