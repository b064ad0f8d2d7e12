# SPDX-License-Identifier: Apache-2.0
"""Conditions in plain words, for people who read reports: privacy officers, lawyers, engineers.

One sentence piece for each question, joined by "and" and "or"; negation is pushed down to the questions. The words
say what a rule asks, not what it answers for some flow: that is ``explanation.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from airflow_xborder.core.comparisons import Compare, In, Is, IsA, Known, NotAmong, Within
from airflow_xborder.core.conditions import All, Any, Condition, Not
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
from airflow_xborder.core.places import SETS
from airflow_xborder.core.requirement import Alternative, Discharge

_NOUNS = {
    "access_mode": "access", "frequency": "frequency", "purpose": "purpose", "data_categories": "data",
    "collected_purposes": "purposes of collection", "retention_days": "days of retention",
    "source.country": "source", "source.place": "source", "source.subdivision": "source",
    "destination.country": "destination", "destination.place": "destination", "destination.subdivision": "destination",
    "source.control_country": "country in control of the source", "reach": "places reached",
    "destination.control_country": "country in control of the destination", "reach.countries": "countries reached",
    "subjects.countries": "people's residence", "subjects.nationality": "people's nationality",
    "subjects.collected_in": "place of collection", "subjects.groups": "people",
    "subjects.min_age": "age of the youngest", "provenance.origin_regimes": "regimes of origin",
}  # fmt: skip
_SAID = {
    ("crosses_border", True): "the data crosses a border",
    ("crosses_border", False): "the data crosses no border",
    ("subjects.us_persons", True): "the data is about US persons",
    ("automated_decision", True): "a decision is made by machine",
    ("automated_decision.significant_effect", True): "the decision has a legal or similar effect",
    ("automated_decision.human_review", True): "a person can step in",
    ("automated_decision.explanation", True): "the logic is explained",
    ("importer.same_entity", True): "importer and exporter are one entity",
    ("importer.same_group", True): "importer and exporter belong to one group",
    ("exporter.us_person", True): "the exporter is a US person",
    ("subjects.us_persons", False): "the data is about no US persons",
    ("automated_decision", False): "no decision is made by machine",
    ("importer.same_entity", False): "importer and exporter are two entities",
    ("importer.same_group", False): "importer and exporter belong to two groups",
}
_MANY = 6
WHOLE = 10_000
"""How many members of a set to name where none may be left out."""


def noun(path: str) -> str:
    """Return what people call the fact at ``path``; of one that a pack adds, the name under which it is stated."""
    whose, is_added, name = path.rpartition("attributes.")
    if is_added:
        return f"{whose.removesuffix('.')}'s {name}" if whose else name
    return _NOUNS.get(path) or path.replace("_", " ").replace(".", " ")


def name_set(values: Iterable[str], most: int = _MANY) -> str:
    """Return the name of a set of places, or its members; of more than ``most`` only some."""
    given = frozenset(values)
    named = next((name for name, members in SETS.items() if members == given), None)
    if named is not None:
        return named
    large = [name for name, members in SETS.items() if len(members) > _MANY and members < given]
    inside = max(large, key=lambda name: len(SETS[name]), default=None)
    listed = sorted(given - SETS[inside]) if inside else sorted(given)
    shown = [*([inside] if inside else ()), *listed[:most]]
    more = len(listed) - most
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") if shown else "nothing"


def in_words(condition: Condition, *, holds: bool = True, most: int = _MANY) -> str:
    """Return what a condition asks, or for ``holds=False`` its opposite.

    :param most: how many members of a set are named.
    """
    return _words(condition, holds, False, most)


def _words(condition: Condition, holds: bool, inside: bool, most: int) -> str:
    match condition:
        case Not():
            return _words(condition.condition, not holds, inside, most)
        case Alternative():
            return _words(condition.needs, holds, inside, most)
        case All() if (test := stated_test(condition)) is not None:
            return (
                f"{_words(test, holds, inside, most)} ({'silence means no' if holds else 'or nobody says'})"
            )
        case All() | Any():
            parts = [
                _words(part, holds, len(condition.conditions) > 1, most) for part in condition.conditions
            ]
            return _joined(parts, isinstance(condition, All) is holds, inside)
        case _:
            return question_in_words(condition, holds, most)


def stated_test(condition: Condition) -> Condition | None:
    """Return what a fact must be where silence means no (``stated``), or ``None`` for another condition."""
    match condition:
        case All(conditions=(Known(path=path), (In() | Is()) as test)) if test.path == path:
            return test
        case _:
            return None


def _joined(parts: Iterable[str], all_of: bool, inside: bool) -> str:
    words = list(dict.fromkeys(parts))
    if not words:
        return "always" if all_of else "never"
    if len(words) == 1:
        return words[0]
    joined = (" and " if all_of else " or ").join(words)
    return f"({joined})" if inside else joined


def question_in_words(leaf: Condition, holds: bool, most: int = _MANY) -> str:
    """Return what a single question asks, or its opposite."""
    name = _LISTING.get(type(leaf))
    if name is not None:
        return name(leaf, holds, most)
    write = _WRITERS.get(type(leaf))
    if write is None:
        return f"{'' if holds else 'not: '}{type(leaf).__name__}"
    return write(leaf, holds)


def _in(leaf: In, holds: bool, most: int) -> str:
    return f"{noun(leaf.path)} {'' if holds else 'not '}{name_set(leaf.values, most)}"


def _within(leaf: Within, holds: bool, most: int) -> str:
    return f"{noun(leaf.path)} {'only ' if holds else 'also outside '}{name_set(leaf.values, most)}"


def _is(leaf: Is, holds: bool) -> str:
    said, opposite = (_SAID.get((leaf.path, value)) for value in (leaf.expected, not leaf.expected))
    if said is not None:
        return said if holds else opposite or f"not that {said}"
    return f"{noun(leaf.path)}: {'yes' if leaf.expected is holds else 'no'}"


def _is_a(leaf: IsA, holds: bool) -> str:
    return f"data {'' if holds else 'without '}{leaf.kind}"


def _compare(leaf: Compare, holds: bool) -> str:
    low = f"at least {leaf.at_least}" if leaf.at_least is not None else ""
    high = f"less than {leaf.less_than}" if leaf.less_than is not None else ""
    if not holds and not (low and high):
        low, high = high.replace("less than", "at least"), low.replace("at least", "less than")
        holds = True
    return f"{noun(leaf.path)} {'' if holds else 'not '}{' and '.join(filter(None, (low, high)))}"


def _known(leaf: Known, holds: bool) -> str:
    return f"{noun(leaf.path)} {'' if holds else 'not '}stated"


def _not_among(leaf: NotAmong, holds: bool) -> str:
    return f"{noun(leaf.path)} {'not' if holds else 'is'} among the {noun(leaf.other)}"


def _mechanism(leaf: HasMechanism, holds: bool) -> str:
    ground = "" if leaf.ground_for == "transfer" else f" as a ground for {leaf.ground_for}"
    return f"{_without(holds)}mechanism {_either(leaf.types)}{ground}"


def _evidence(leaf: HasEvidence, holds: bool) -> str:
    return f"{_without(holds)}evidence {leaf.type}"


def _safeguard(leaf: HasSafeguard, holds: bool) -> str:
    return f"{_without(holds)}safeguard {leaf.type}"


def _consent(leaf: HasConsent, holds: bool) -> str:
    return f"{_without(holds)}consent {_either(leaf.types)} as a ground for {leaf.ground_for}"


def _listed(leaf: Listed, holds: bool) -> str:
    return f"importer {'' if holds else 'not '}on the list {leaf.framework}"


def _owned_by(leaf: OwnedBy, holds: bool, most: int) -> str:
    return f"owners in {name_set(leaf.countries, most)} hold {'' if holds else 'less than '}{leaf.share}{' or more' if holds else ''}"


def _counted(leaf: Counted, holds: bool) -> str:
    threshold = (
        f"more than {leaf.more_than:,}" if leaf.more_than is not None else f"at least {leaf.at_least:,}"
    )
    window = leaf.window.replace("_", " ")
    if not holds:
        threshold = f"not {threshold}" if leaf.at_least is None else f"fewer than {leaf.at_least:,}"
    return f"{threshold} {leaf.unit} in {window} ({', '.join(leaf.categories)})"


def _designated(leaf: Designated, holds: bool, most: int) -> str:
    outside = f" outside {name_set(leaf.outside, most)}" if leaf.outside else ""
    return f"{'' if holds else 'not '}all {noun(leaf.path)}{outside} with {leaf.kind} by {leaf.by}"


def _discharge(leaf: Discharge, holds: bool) -> str:
    return f"{'' if holds else 'not '}obligation {leaf.obligation.type} carried out"


def _without(holds: bool) -> str:
    return "" if holds else "without "


def _either(types: Iterable[str]) -> str:
    names = sorted(types)
    return names[0] if len(names) == 1 else f"(one of {', '.join(names)})"


_LISTING: Mapping[type[Condition], Callable[..., str]] = {
    In: _in, Within: _within, OwnedBy: _owned_by, Designated: _designated,
}  # fmt: skip
_WRITERS: Mapping[type[Condition], Callable[..., str]] = {
    Is: _is, IsA: _is_a, Compare: _compare, Known: _known, NotAmong: _not_among,
    HasMechanism: _mechanism, HasEvidence: _evidence, HasSafeguard: _safeguard, HasConsent: _consent,
    Listed: _listed, Counted: _counted, Discharge: _discharge,
}  # fmt: skip
