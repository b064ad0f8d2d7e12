# SPDX-License-Identifier: Apache-2.0
"""What must hold inside one pack, beyond its shape: terms that exist, dates in order, facts used as declared, an end.

What must hold between packs is in ``linking.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from airflow_xborder.authoring.complaints import validate_data
from airflow_xborder.authoring.documents import AlternativeDocument
from airflow_xborder.authoring.shipped import other_regime
from airflow_xborder.authoring.source import Place
from airflow_xborder.core.condition_syntax import Definitions, place_set
from airflow_xborder.core.conditions import Condition, Not
from airflow_xborder.core.grounds import HasConsent
from airflow_xborder.core.pack import Pack, read_pack
from airflow_xborder.core.vocabulary import KINDS, suggest
from airflow_xborder.errors import PolicyValidationError

BASE_PACK = "base"
MAX_NESTING = 50
MAX_CONDITIONS = 10_000
_DATED = (
    ("requirements", "effective_date", "expires"),
    ("designations", "valid_from", "valid_until"),
)
_PARTIES = ("", "importer.", "exporter.")


def check_pack(data: Mapping[str, Any]) -> None:
    """Check a pack whose shape has been validated.

    :raises PolicyValidationError: for the first thing that cannot be; ``path`` says where.
    """
    _require_time_zone(str(data.get("time_zone") or "UTC"))
    _require_bounded(data.get("definitions") or {})
    for path, row in alternatives(data):
        validate_data(AlternativeDocument, row, path)
    _read(data)
    _require_dates_in_order(data)
    for number, row in enumerate(data.get("requirements") or ()):
        if data["pack"] != BASE_PACK:
            place_set(row["jurisdiction"], ("requirements", number, "jurisdiction"))
    _require_declared(data)


def alternatives(data: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Yield the alternatives of a pack's rules that are written with ``needs``, each with its place."""
    for number, row in enumerate(data.get("requirements") or ()):
        for index, entry in enumerate(row.get("constraints") or ()):
            options = entry.get("any_of") if isinstance(entry, Mapping) else None
            for position, option in enumerate(options if isinstance(options, list) else ()):
                if isinstance(option, Mapping) and "needs" in option:
                    yield ("requirements", number, "constraints", index, "any_of", position), option


def _require_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        # KeyError is what an unknown name gets, OSError a folder of names or one that is too long.
        hint = "a name of the IANA database, such as Europe/Berlin"
        raise PolicyValidationError(f"unknown time zone `{name}`", hint=hint, path=("time_zone",)) from None


def _read(data: Mapping[str, Any]) -> None:
    try:
        _require_consents_heard(read_pack(data))
        definitions = Definitions(data.get("definitions") or {})
        for name in data.get("definitions") or ():
            definitions[name]  # read when first asked for, and one that no rule uses must be right too
    except PolicyValidationError as error:
        raise _with_owner(error, str(data["pack"])) from None


def _require_consents_heard(pack: Pack) -> None:
    """Check that consent loosens an answer only as a ground: anywhere else nobody would filter the rows without it."""
    for path, condition in _outside_grounds(pack):
        if _loosens_by_consent(condition, False):
            raise PolicyValidationError(
                "consent under `not` spares the rows of people who did not give it",
                hint="ask for the consent under `constraints`",
                path=path,
            )


def _outside_grounds(pack: Pack) -> Iterator[tuple[Place, Condition]]:
    yield ("connects",), pack.connects
    for number, rule in enumerate(pack.requirements):
        yield ("requirements", number), rule.when
    for number, row in enumerate(pack.designations):
        if row.scope is not None:
            # A scope makes a ground hold: there consent loosens as it stands.
            yield ("designations", number, "scope"), Not(row.scope)


def _loosens_by_consent(condition: Condition, loosens: bool) -> bool:
    if isinstance(condition, Not):
        return _loosens_by_consent(condition.condition, not loosens)
    if isinstance(condition, HasConsent):
        return loosens
    return any(_loosens_by_consent(part, loosens) for part in condition.parts())


def _with_owner(error: PolicyValidationError, own: str) -> PolicyValidationError:
    """Say of an unknown name that it is a definition of another regime, where it is."""
    head, _, name = error.message.rstrip("`").rpartition("`")
    if not head.startswith("unknown trigger"):
        return error
    pack = other_regime(name, own, "definitions")
    if pack is None:
        return error
    message = f"`{name}` is a definition of `{pack}`, and definitions are a pack's own"
    return PolicyValidationError(message, hint="write it under `definitions` here too", path=error.path)


@dataclass(slots=True)
class _Measures:
    """How deep and how large each definition is once the names in it are written out."""

    data: Mapping[str, Any]
    known: dict[str, tuple[int, int]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def measure(self, value: object, level: int) -> tuple[int, int]:
        """Return the depth and the number of conditions of what stands ``level`` deep."""
        if level > MAX_NESTING:
            raise PolicyValidationError(f"conditions nest deeper than {MAX_NESTING}")
        if isinstance(value, str) and value in self.data:
            return self._named(value, level)
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        parts = [self.measure(part, level + 1) for part in inner]
        depth, size = 1 + max((part[0] for part in parts), default=0), 1 + sum(part[1] for part in parts)
        if size > MAX_CONDITIONS:
            raise PolicyValidationError(f"stands for more than {MAX_CONDITIONS} conditions")
        return depth, size

    def _named(self, name: str, level: int) -> tuple[int, int]:
        if name in self.open:
            return 0, 0  # a circle, which reading the definition tells of by name
        if name not in self.known:
            self.open.add(name)
            depth, size = self.measure(self.data[name], level + 1)
            self.known[name] = depth + 1, size
            self.open.discard(name)
        if level + self.known[name][0] > MAX_NESTING:
            raise PolicyValidationError(f"conditions nest deeper than {MAX_NESTING}")
        return self.known[name]


def _require_bounded(definitions: Mapping[str, Any]) -> None:
    """Refuse definitions that, written out, are more than anybody could check: a bomb in our own language."""
    measures, name = _Measures(definitions), ""
    try:
        for name in definitions:
            measures.measure(name, 0)
    except PolicyValidationError as error:
        hint = "write the rule with fewer definitions inside each other"
        message = f"definition `{name}`: {error.message}"
        raise PolicyValidationError(message, hint=hint, path=("definitions", name)) from None


def _require_dates_in_order(data: Mapping[str, Any]) -> None:
    for key, first, last in _DATED:
        for number, row in enumerate(data.get(key) or ()):
            # ISO dates, which reading the pack has checked, compare as text.
            if row.get(last) is not None and str(row[last]) < str(row[first]):
                raise PolicyValidationError(
                    f"`{last}` {row[last]} is before `{first}` {row[first]}",
                    hint="the last day is the first one or a later one",
                    path=(key, number, last),
                )


def _require_declared(data: Mapping[str, Any]) -> None:
    declared = data.get("attributes") or {}
    for name, row in declared.items():
        if row.get("values") and row["type"] != "text":
            path = ("attributes", name, "values")
            raise PolicyValidationError(f"`{name}` is a {row['type']}, which has no `values`", path=path)
    for place, name, test in _tests(data, ()):
        if name not in declared:
            raise _undeclared(name, str(data["pack"]), set(declared), place)
        _require_fitting(name, declared[name], test, place)


def _undeclared(name: str, own: str, known: set[str], path: Place) -> PolicyValidationError:
    pack = other_regime(name, own, "attributes")
    if pack is not None:
        message = f"attribute `{name}` is declared by `{pack}`, not here"
        return PolicyValidationError(message, hint="declare it under `attributes` here too", path=path)
    hint = suggest(name, known) or "declare it under `attributes`"
    return PolicyValidationError(f"attribute `{name}` is not declared", hint=hint, path=path)


def _tests(data: object, path: Place) -> Iterator[tuple[Place, str, object]]:
    """Yield each test of an attribute: its place, the attribute's name, and what it is tested for."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            before, found, name = str(key).partition("attributes.")
            if found and before in _PARTIES and path != ("attributes",):
                yield (*path, key), name, value
            yield from _tests(value, (*path, key))
    elif isinstance(data, list):
        for number, entry in enumerate(data):
            yield from _tests(entry, (*path, number))


def _require_fitting(name: str, declared: Mapping[str, Any], test: object, path: Place) -> None:
    """Refuse a test that the declared type can never pass: it would be a rule that silently never applies."""
    kind, operand = str(declared["type"]), test
    if isinstance(test, Mapping):
        if test.keys() <= {"at_least", "less_than"}:
            if kind != "number":
                raise PolicyValidationError(f"`{name}` is a {kind}, not a number", path=path)
            return
        if "known" in test:
            return
        operand = next(iter(test.values()))
    for entry in operand if isinstance(operand, list) else [operand]:
        known = KINDS["data category"] if kind == "categories" else frozenset(declared.get("values") or ())
        if (kind == "boolean") != isinstance(entry, bool) or kind == "number":
            hint = "test it with `at_least` or `less_than`" if kind == "number" else None
            raise PolicyValidationError(
                f"`{name}` is a {kind}, never `{_shown(entry)}`", hint=hint, path=path
            )
        if known and entry not in known:
            hint = suggest(str(entry), known) or f"one of {', '.join(sorted(known))}"
            raise PolicyValidationError(f"`{name}` is never `{entry}`", hint=hint, path=path)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
