# SPDX-License-Identifier: Apache-2.0
"""A decision as sentences: templates with parameters, so that the ledger can store the two and a lawyer read the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.decision import Applicable, Decision
    from airflow_xborder.core.flow import DataFlow, End
    from airflow_xborder.core.requirement import Requirement

_WIDTH = 100

TEMPLATES: dict[str, str] = {
    "unmet": "{citation} is not met: {description}. Missing: {unmet}.",
    "forbidden": "{citation} forbids it: {description}.",
    "review": "{citation} asks for a person's judgement: {description}.",
    "missing_for_applicability": "Whether {citation} applies cannot be told without `{fact}`.",
    "missing_for_constraint": "Whether {citation} is met cannot be told without `{fact}`.",
    "missing_for_connection": "Without `{fact}` it cannot be told whether the flow concerns {regimes}: the data set's catalog row is incomplete.",
    "missing_place": "The flow reaches a place that is not named (`{fact}`).",
    "missing_subdivision": "Parts of {place} have rules of their own for {category}; which part the data is in, `{fact}`, is not said.",
    "restriction": "A restriction stands until a person resolves it: {restriction}.",
    "gap_jurisdiction": "No rules are loaded for {place}, which this flow touches ({connection}).",
    "gap_rules_known": "{place} has rules of its own for {category}, and no pack has them: {note}",
    "gap_categories": "The data is not categorised: nobody can tell which rules protect it.",
    "conflict": "{first} and {second} cannot both be obeyed; a person must decide.",
    "error": "{citation} could not be evaluated ({error}): an unread prohibition may apply.",
    "contradiction": "The flow says {field} is {stated}, but the catalog says {known}.",
    "undischargeable": "The answer rests on the obligation {obligation} ({citations}), which cannot be carried out here.",
    "engine": "The policy engine {engine} answers {outcome}: {detail}",
}


def render(template: str, parameters: Mapping[str, str]) -> str:
    """Return the sentence of a template.

    :raises KeyError: for an unknown template or a missing parameter, which is a bug of ours.
    """
    return TEMPLATES[template].format_map(parameters)


def between(flow: DataFlow) -> str:
    """Return where a flow goes from and to, in a few words."""
    return f"{_place(flow.source)} → {_place(flow.destination)}"


def _place(end: End) -> str:
    where = end.subdivision or end.country
    if end.region is None:
        return where or "an unknown place"
    return f"{end.region} ({where})" if where else end.region


def explain(decision: Decision, flow: DataFlow | None = None) -> str:
    """Return the whole answer as text for a log or a terminal: outcome, reasons, and what would make it lawful.

    :param flow: what was decided, for the heading.
    """
    about = decision.flow_id or "flow"
    if flow is not None:
        named = [decision.flow_id] if decision.flow_id else []
        about = ", ".join([*named, between(flow), *([flow.purpose] if flow.purpose else [])])
    lines = [f"{decision.outcome.value.upper()}  {about}"]
    lines += [_wrapped(f"- {reason.text}") for reason in decision.reasons]
    if decision.approval_key and not decision.allowed:
        lines.append(_wrapped(f"  a person may answer this; approval key: {decision.approval_key}"))
    lines += [
        _wrapped(f"- approved by {entry.role}, {entry.reference}: {', '.join(entry.answers)}")
        for entry in decision.approvals
    ]
    # Obligations of a denial are no way to go on; with a review they are what an approval would rest on.
    if decision.obligations and decision.outcome.value != "deny":
        lines.append("  obligations:")
        lines += [
            _wrapped(f"  {_obligation(entry.type, entry.parameter_dict)}") for entry in decision.obligations
        ]
    if decision.remediations:
        lines.append("  what would make it lawful:")
        lines += [
            _wrapped(f"  {entry.change} -> {entry.makes.value} (cost {entry.cost})")
            for entry in decision.remediations
        ]
    lines += [_wrapped(f"note: {warning}") for warning in decision.warnings]
    lines.append("  not legal advice")
    return "\n".join(lines)


_ANSWERS = {
    "allow": "The flow is allowed.",
    "review": "The flow needs a person's decision.",
    "deny": "The flow is not allowed.",
}
_STATUSES = {
    "met": "applies and is met",
    "unmet": "applies and is not met",
    "unknown": "cannot be judged without further facts",
    "error": "could not be evaluated",
}


def explain_to_lawyer(decision: Decision, flow: DataFlow, policies: Policies) -> str:
    """Return an answer as an opinion is laid out: question, answer, the law looked at, each rule with its standing.

    :param policies: those that the decision was made with, for titles, sources and confidence.
    """
    lines = [f"Question: {between(flow)}{f', for {flow.purpose}' if flow.purpose else ''}"]
    lines += [_wrapped(f"data: {', '.join(flow.data_categories or ()) or 'not categorised'}")]
    lines += [f"Answer: {_ANSWERS[decision.outcome.value]}"]
    lines += [_wrapped(f"- {reason.text}") for reason in decision.reasons]
    lines += _section("Law looked at:", _regimes(decision, policies))
    rules = {rule.id: rule for pack in policies.packs() for rule in pack.requirements}
    entries = (_standing(entry, rules.get(entry.requirement_id)) for entry in decision.applicable)
    lines += _section("Rules:", entries)
    between_rules = (f"{one} against {other}" for one, other in decision.conflicts)
    lines += _section("Conflicts, which a person decides:", between_rules)
    duties = (f"{duty.type}: {duty.state}, by {_cited(rules.get(duty.because))}" for duty in decision.duties)
    lines += _section("Duties:", duties)
    lines += _section("Not considered:", (f"{name}: {why}" for name, why in decision.not_considered))
    lines += _section("To be known:", decision.warnings)
    turns = decision.valid_until
    until = f"could change at {turns:%Y-%m-%d %H:%M} UTC" if turns else "changes on no day that is known"
    lines.append(f"As of {decision.as_of:%Y-%m-%d %H:%M} UTC; the answer {until}.")
    lines.append(
        f"Policies {decision.policy_digest[:16]}, facts {decision.facts_digest[:16]}. Not legal advice."
    )
    return "\n".join(lines)


def _section(heading: str, entries: Iterable[str]) -> list[str]:
    found = [_wrapped(f"- {entry}", on_hyphens=False) for entry in entries]
    return [heading, *found] if found else []


def _regimes(decision: Decision, policies: Policies) -> Iterator[str]:
    titles = {head.id: head.title for head in policies.heads}
    for regime in decision.regimes:
        transfer = "calls it a transfer" if regime.is_transfer else "calls it no transfer"
        yield f"{titles.get(regime.id, regime.id)}: {regime.outcome.value}, {transfer}"


def _standing(entry: Applicable, rule: Requirement | None) -> str:
    said = f"{entry.citation} ({entry.level} law of {entry.jurisdiction}) {_STATUSES.get(entry.status, entry.status)}"
    if rule is None:
        return said
    checked = (
        "" if rule.confidence == "confirmed" else f" Our reading of it is {rule.confidence}, to be checked."
    )
    return f"{said}: {rule.description}{checked}{f' {rule.source}' if rule.source else ''}"


def _cited(rule: Requirement | None) -> str:
    return rule.citation if rule is not None else "a rule that is no longer there"


def _wrapped(text: str, *, on_hyphens: bool = True) -> str:
    import textwrap

    own = len(text) - len(text.lstrip())
    indent = " " * (2 + own)
    return textwrap.fill(
        text.lstrip(),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=on_hyphens,
    )


def _obligation(kind: str, parameters: Mapping[str, str]) -> str:
    return (
        f"{kind} ({', '.join(f'{key}={value}' for key, value in parameters.items())})" if parameters else kind
    )
