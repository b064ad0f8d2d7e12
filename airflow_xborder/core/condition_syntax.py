# SPDX-License-Identifier: Apache-2.0
"""How a condition is written in a pack, and how it is read.

::

    condition := NAME                                  a trigger, a data category, a purpose or a pack's definition
               | {all: [condition, …]} | {any: [condition, …]} | {not: condition}
               | {mechanism|evidence|safeguard|consent|listed|owned_by|count|designated|obligation: …}
               | {PATH: test, …}                       all of them
    test      := value | [value, …]                    some member of the fact is one of these
               | {in: …}                               the same, written out
               | {within: …}                           every member of the fact is one of these
               | {stated: …}                           the fact is known, and one of these: silence means no
               | {is_a: CATEGORY}                      some member is a kind of it
               | {known: true}                         the fact is known at all
               | {at_least: N, less_than: N}           a number in this range

A value is a Boolean, or a term of the path's kind: for places also the name of a set. An unknown fact makes a test
unknown, and that asks a person; ``stated`` is for facts that only ever loosen (an exemption that nobody claims is
not there). ``definitions`` of a pack name conditions that its rules share. Reading is strict: an unknown key, path
or term is a ``PolicyValidationError`` whose ``path`` says where in the document it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any as Anything

from airflow_xborder.core import comparisons as f
from airflow_xborder.core import grounds as g
from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.facts import LEVELS
from airflow_xborder.core.places import members
from airflow_xborder.core.structure import fraction
from airflow_xborder.core.vocabulary import KINDS, require_term, suggest
from airflow_xborder.core.vocabulary_terms import CATEGORIES, PURPOSES
from airflow_xborder.errors import FlowError, PolicyValidationError, UnknownTermError

Path = tuple[str | int, ...]
Names = Mapping[str, Condition]

_PLACE, _BOOL, _NUMBER, _TEXT, _ATTRIBUTE = "place", "true or false", "number", "text", "declared attribute"
PATHS: dict[str, str] = {
    "access_mode": "access mode", "frequency": "frequency", "purpose": "purpose", "collected_purposes": "purpose",
    "data_categories": "data category", "safeguards": "safeguard", "retention_days": _NUMBER, "legal_basis": _TEXT,
    "reach": _PLACE, "reach.countries": _PLACE, "crosses_border": _BOOL, "importer.owners": _PLACE,
    "subjects.countries": _PLACE, "subjects.nationality": _PLACE, "subjects.collected_in": _PLACE,
    "subjects.groups": "group", "subjects.min_age": _NUMBER, "subjects.us_persons": _BOOL,
    "automated_decision": _BOOL, "automated_decision.significant_effect": _BOOL,
    "automated_decision.human_review": _BOOL, "automated_decision.explanation": _BOOL,
    "provenance.origin_regimes": _TEXT, "provenance.restrictions": _TEXT, "provenance.via": _TEXT,
    **{f"{end}.{key}": _PLACE for end in ("source", "destination")
       for key in ("country", "subdivision", "place", "control_country")},
    **{f"places.{level}": _PLACE for level in LEVELS},
    **{f"{party}.{key}": kind for party in ("exporter", "importer") for key, kind in (
        ("country", _PLACE), ("organised_in", _PLACE), ("principal_place", _PLACE), ("residence", _PLACE),
        ("role", "role"), ("party", _TEXT), ("sector", _TEXT), ("legal_roles", _TEXT), ("same_entity", _BOOL),
        ("same_group", _BOOL), ("us_person", _BOOL))},
}  # fmt: skip
NAMES: Names = {
    "automated_decision": f.Is("automated_decision", True),
    "significant_effect": f.Is("automated_decision.significant_effect", True),
    "human_review_required": f.Is("automated_decision.human_review", True),
    "purpose_not_collected": f.NotAmong("purpose", "collected_purposes"),
    "explainability_required": f.Is("automated_decision.explanation", True),
}


def fail(path: Path, message: str, hint: str | None = None) -> PolicyValidationError:
    """Make the error for what stands at ``path`` in a document."""
    return PolicyValidationError(message, hint=hint, path=path)


def term(kind: str, value: object, path: Path) -> str:
    """Return ``value``, a term of ``kind``.

    :raises PolicyValidationError: if it is none.
    """
    try:
        return require_term(kind, str(value))
    except UnknownTermError as error:
        raise fail(path, error.message, error.hint) from None


def place_set(value: object, path: Path) -> frozenset[str]:
    """Return the places that a name, or a list of names, stands for.

    :raises PolicyValidationError: for an unknown name.
    """
    if isinstance(value, list):
        return frozenset[str]().union(*(place_set(str(name), (*path, n)) for n, name in enumerate(value)))
    try:
        return members(str(value))
    except UnknownTermError as error:
        raise fail(path, error.message, error.hint) from None


def parse_condition(data: object, path: Path = (), names: Names = NAMES) -> Condition:
    """Read one condition.

    :param path: where it stands in its document.
    :param names: the conditions that it may call by name, besides data categories and purposes.
    :raises PolicyValidationError: with the place and, where there is one, the nearest right spelling.
    """
    if isinstance(data, str):
        return _name(data, path, names)
    if not isinstance(data, Mapping) or not data:
        raise fail(
            path, f"expected a condition, got `{data}`", "a name, or a mapping such as purpose: ml_inference"
        )
    parts = [_entry(str(key), value, (*path, str(key)), names) for key, value in data.items()]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


class Definitions(Mapping[str, Condition]):
    """A pack's named conditions, which may use each other, on top of the built-in names; each read when first used.

    :raises PolicyValidationError: on use, for one that shadows a built-in name or is defined by itself.
    """

    def __init__(self, data: Mapping[str, object], path: Path = ("definitions",)) -> None:
        self._data = data
        self._path = path
        self._read: dict[str, Condition] = {}
        self._reading: list[str] = []

    def __getitem__(self, name: str) -> Condition:
        if name in self._data and name not in self._read:
            self._read[name] = self._define(name)
        return self._read[name] if name in self._read else NAMES[name]

    def _define(self, name: str) -> Condition:
        path = (*self._path, name)
        if name in NAMES or name in CATEGORIES or name in PURPOSES:
            raise fail(path, f"`{name}` already has a meaning", "choose another name")
        if name in self._reading:
            cycle = [*self._reading[self._reading.index(name) :], name]
            raise fail(path, f"defined by itself: {' -> '.join(cycle)}")
        self._reading.append(name)
        condition = parse_condition(self._data[name], path, self)
        self._reading.pop()
        return condition

    def __iter__(self) -> Iterator[str]:
        return iter({**NAMES, **self._data})

    def __len__(self) -> int:
        return len({**NAMES, **self._data})


def _list(data: object, path: Path, names: Names) -> tuple[Condition, ...]:
    if not isinstance(data, list):
        raise fail(path, "expected a list of conditions")
    return tuple(parse_condition(entry, (*path, number), names) for number, entry in enumerate(data))


def _name(name: str, path: Path, names: Names) -> Condition:
    if name in names:
        return names[name]
    if name in CATEGORIES:
        return f.IsA("data_categories", name)
    if name in PURPOSES:
        return f.In("purpose", frozenset({name}))
    known = {*names, *CATEGORIES, *PURPOSES}
    raise fail(path, f"unknown trigger or constraint `{name}`", suggest(name, known))


def _entry(key: str, value: object, path: Path, names: Names) -> Condition:
    if key == "all":
        return All(_list(value, path, names))
    if key == "any":
        return Any(_list(value, path, names))
    if key == "not":
        return Not(parse_condition(value, path, names))
    if key in _SPECIAL:
        return _SPECIAL[key](value, path)
    return _test(key, value, path)


def _kind(key: str, path: Path) -> str:
    if key in PATHS:
        return PATHS[key]
    if key.startswith(("attributes.", "exporter.attributes.", "importer.attributes.")):
        return _ATTRIBUTE
    raise fail(path, f"unknown fact `{key}`", suggest(key, {*PATHS, *_SPECIAL, "all", "any", "not"}))


def _test(key: str, value: object, path: Path) -> Condition:
    kind = _kind(key, path)
    if not isinstance(value, Mapping):
        return _holds(key, kind, value, path)
    if len(value) == 1:
        (test, operand), where = next(iter(value.items())), (*path, str(next(iter(value))))
        if test == "in":
            return _holds(key, kind, operand, where)
        if test == "stated":
            return All((f.Known(key), _holds(key, kind, operand, where)))
        if test == "within":
            return f.Within(key, _values(kind, operand, where), _label(operand))
        if test == "is_a" and kind == "data category":
            return f.IsA(key, term(kind, operand, where))
        if test == "known" and operand is True:
            return f.Known(key)
    if kind in (_NUMBER, _ATTRIBUTE) and value and value.keys() <= {"at_least", "less_than"}:
        return f.Compare(key, _number(value, "at_least", path), _number(value, "less_than", path))
    raise fail(path, f"unknown test of `{key}`: `{', '.join(map(str, value))}`", f"`{key}` is a {kind}")


def _holds(key: str, kind: str, value: object, path: Path) -> Condition:
    if (kind == _BOOL) != isinstance(value, bool) and kind != _ATTRIBUTE:
        raise fail(path, f"`{key}` cannot be `{value}`", f"`{key}` is a {kind}")
    return (
        f.Is(key, value) if isinstance(value, bool) else f.In(key, _values(kind, value, path), _label(value))
    )


def _values(kind: str, value: object, path: Path) -> frozenset[str]:
    if kind == _PLACE:
        return place_set(value, path)
    entries = value if isinstance(value, list) else [value]
    if kind in KINDS:
        return frozenset(term(kind, entry, path) for entry in entries)
    if not entries or not all(isinstance(entry, str) for entry in entries):
        raise fail(path, f"expected text, got `{value}`")
    return frozenset(map(str, entries))


def _label(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(data: Mapping[str, object], key: str, path: Path) -> int | None:
    value = data.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise fail((*path, key), f"expected a whole number that is not negative, got `{value}`")
    return value


def _mapping(
    value: object, path: Path, allowed: tuple[str, ...], needed: tuple[str, ...]
) -> Mapping[str, Anything]:
    if not isinstance(value, Mapping):
        raise fail(path, f"expected a mapping with {', '.join(f'`{key}`' for key in needed)}")
    for key in value:
        if key not in allowed:
            raise fail((*path, str(key)), f"unknown key `{key}`", suggest(str(key), set(allowed)))
    for key in needed:
        if key not in value:
            raise fail(path, f"`{key}` is missing")
    return value


def _text(data: Mapping[str, object], key: str, path: Path) -> str:
    value = data[key]
    if not isinstance(value, str) or not value:
        raise fail((*path, key), f"expected text, got `{value}`")
    return value


def _terms(kind: str, value: object, path: Path) -> frozenset[str]:
    return frozenset(term(kind, entry, path) for entry in (value if isinstance(value, list) else [value]))


def _mechanism(value: object, path: Path) -> Condition:
    if not isinstance(value, Mapping):
        return g.HasMechanism(_terms("mechanism", value, path))
    data = _mapping(value, path, ("type", "ground_for"), ("type",))
    types = _terms("mechanism", data["type"], (*path, "type"))
    return g.HasMechanism(types, term("ground", data.get("ground_for", "transfer"), (*path, "ground_for")))


def _evidence(value: object, path: Path) -> Condition:
    return g.HasEvidence(term("evidence", value, path))


def _safeguard(value: object, path: Path) -> Condition:
    return g.HasSafeguard(term("safeguard", value, path))


def _consent(value: object, path: Path) -> Condition:
    data = _mapping(value, path, ("type", "ground_for"), ("type", "ground_for"))
    types = _terms("mechanism", data["type"], (*path, "type"))
    return g.HasConsent(types, term("ground", data["ground_for"], (*path, "ground_for")))


def _listed(value: object, path: Path) -> Condition:
    data = _mapping(value, path, ("framework",), ("framework",))
    return g.Listed(_text(data, "framework", path))


def _owned_by(value: object, path: Path) -> Condition:
    data = _mapping(value, path, ("countries", "at_least"), ("countries", "at_least"))
    try:
        share = fraction(str(data["at_least"]))
    except FlowError as error:
        raise fail((*path, "at_least"), error.message, error.hint) from None
    return g.OwnedBy(place_set(data["countries"], (*path, "countries")), share)


def _count(value: object, path: Path) -> Condition:
    data = _mapping(value, path, ("category", "unit", "more_than", "at_least", "window"), ("category",))
    if "window" not in data:
        raise fail(
            path, "a threshold needs its `window`", f"one of {', '.join(sorted(KINDS['count window']))}"
        )
    bounds = _number(data, "more_than", path), _number(data, "at_least", path)
    if (bounds[0] is None) == (bounds[1] is None):
        raise fail(path, "a threshold needs either `more_than` or `at_least`")
    if bounds[1] == 0:
        raise fail((*path, "at_least"), "a threshold of 0 is always reached", "begin at 1")
    unit = term("count unit", data.get("unit", "persons"), (*path, "unit"))
    window = term("count window", data["window"], (*path, "window"))
    categories = tuple(sorted(_terms("data category", data["category"], (*path, "category"))))
    return g.Counted(categories, unit, *bounds, window)


def _designated(value: object, path: Path) -> Condition:
    data = _mapping(value, path, ("by", "kind", "place", "outside"), ("by", "kind", "place"))
    if _kind(str(data["place"]), (*path, "place")) != _PLACE:
        raise fail((*path, "place"), f"`{data['place']}` is no place")
    outside = place_set(data["outside"], (*path, "outside")) if "outside" in data else frozenset()
    by = _text(data, "by", path)
    place_set(by, (*path, "by"))
    return g.Designated(str(data["place"]), by, term("designation", data["kind"], (*path, "kind")), outside)


def parse_obligation(value: object, path: Path) -> Obligation:
    """Read an obligation: its type, or a mapping with ``type`` and ``parameters``.

    :raises PolicyValidationError: for an unknown type or a parameter that is not text.
    """
    if isinstance(value, str):
        return Obligation(type=term("obligation", value, path))
    data = _mapping(value, path, ("type", "parameters"), ("type",))
    parameters = data.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise fail((*path, "parameters"), "expected a mapping")
    pairs = tuple(sorted((str(key), str(entry)) for key, entry in parameters.items()))
    return Obligation(type=term("obligation", data["type"], (*path, "type")), parameters=pairs)


def _obligation(value: object, path: Path) -> Condition:
    from airflow_xborder.core.requirement import Discharge

    return Discharge(parse_obligation(value, path))


_SPECIAL: dict[str, Callable[[object, Path], Condition]] = {
    "mechanism": _mechanism, "evidence": _evidence, "safeguard": _safeguard, "consent": _consent, "listed": _listed,
    "owned_by": _owned_by, "count": _count, "designated": _designated, "obligation": _obligation,
}  # fmt: skip
