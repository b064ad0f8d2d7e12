# SPDX-License-Identifier: Apache-2.0
"""Pack: one regime's rules, connecting factors, designations and coverage, built from its validated plain data.

The shape of a document is checked where people write it (``authoring/``); conditions and terms are checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any as Anything
from typing import TypeVar

from airflow_xborder.core.condition_syntax import (
    NAMES,
    Definitions,
    Names,
    fail,
    parse_condition,
    parse_obligation,
    place_set,
    term,
)
from airflow_xborder.core.conditions import All, Any, Condition
from airflow_xborder.core.demands import NOTHING, Demands
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.grounds import Counted, Designated
from airflow_xborder.core.legal_orders import LegalOrder
from airflow_xborder.core.places import ORGANISATIONS
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.requirement import Alternative, Effect, Level, OnUnmet, Requirement
from airflow_xborder.core.vocabulary import suggest

Data = Mapping[str, Anything]
Path = tuple[str | int, ...]
T = TypeVar("T")
_ALTERNATIVE_KEYS = ("needs", "id", "citation", "obligations", "warnings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What we know of places that have no pack: a reviewed "no rule known", or rules known for some categories."""

    places: frozenset[str]
    status: str
    categories: tuple[str, ...] = ()
    reviewed_at: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What must be known of a regime to tell whether it is concerned.

    ``covers`` are the places whose law it answers for; ``attributes`` the facts it declares.
    """

    id: str
    jurisdiction: str
    title: str
    version: str
    last_checked: date
    time_zone: str
    covers: frozenset[str]
    attributes: Mapping[str, Mapping[str, Anything]]
    connects: Condition
    coverage: tuple[Coverage, ...]
    legal_orders: tuple[LegalOrder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Head):
    """One regime, whole."""

    transfer: Condition | None
    transfer_thresholds: tuple[Counted, ...] = ()
    requirements: tuple[Requirement, ...]
    designations: tuple[Designation, ...]


def read_head(data: Data) -> Head:
    """Build the head of a pack from a validated document.

    :raises PolicyValidationError: for a condition, term, place or date that cannot be; ``path`` says where.
    """
    return Head(**_head(data, Definitions(data.get("definitions") or {})))


def _head(data: Data, names: Names) -> dict[str, Anything]:
    connects = [
        parse_condition(entry, ("connects", n), names) for n, entry in enumerate(data.get("connects") or ())
    ]
    return {
        "id": str(data["pack"]),
        "jurisdiction": str(data["jurisdiction"]),
        "title": str(data.get("title") or data["pack"]),
        "version": str(data.get("version") or "0"),
        "last_checked": _day(data["last_checked"], ("last_checked",)),
        "time_zone": str(data.get("time_zone") or "UTC"),
        "covers": place_set(list(data["covers"]), ("covers",)) if data.get("covers") else frozenset(),
        "attributes": dict(data.get("attributes") or {}),
        "connects": Any(tuple(connects)) if connects else All(()),
        "coverage": _each(data, "coverage", _coverage),
        "legal_orders": _each(data, "legal_orders", _legal_order),
    }


def read_pack(data: Data) -> Pack:
    """Build a pack from a validated document.

    :raises PolicyValidationError: for a condition, term, place or date that cannot be; ``path`` says where.
    """
    names = Definitions(data.get("definitions") or {})
    regime = str(data["pack"])
    transfer = parse_condition(data["transfer"], ("transfer",), names) if data.get("transfer") else None
    return Pack(
        **_head(data, names),
        transfer=transfer,
        transfer_thresholds=thresholds_in(transfer) if transfer is not None else (),
        requirements=_each(
            data, "requirements", lambda row, path: read_requirement(row, path, regime, names)
        ),
        designations=_each(data, "designations", lambda row, path: read_designation(row, path, names)),
    )


def read_designations(data: Data) -> tuple[Designation, ...]:
    """Build only the designations of a validated document.

    :raises PolicyValidationError: for a row that cannot be; ``path`` says where.
    """
    names = Definitions(data.get("definitions") or {})
    return _each(data, "designations", lambda row, path: read_designation(row, path, names))


def thresholds_in(condition: Condition) -> tuple[Counted, ...]:
    """Return the thresholds that a condition asks about, each once."""
    found = {condition.name: condition} if isinstance(condition, Counted) else {}
    for part in condition.parts():
        found.update({counted.name: counted for counted in thresholds_in(part)})
    return tuple(found.values())


def _each(data: Data, key: str, read: Callable[[Data, Path], T]) -> tuple[T, ...]:
    return tuple(read(row, (key, number)) for number, row in enumerate(data.get(key) or ()))


def _day(value: object, path: Path) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise fail(path, f"expected a date, got `{value}`", "write it as 2026-11-21") from None


def _optional_day(row: Data, key: str, path: Path) -> date | None:
    return _day(row[key], (*path, key)) if row.get(key) is not None else None


def read_requirement(row: Data, path: Path, regime: str, names: Names = NAMES) -> Requirement:
    """Build one requirement; a plain trigger list means all of them."""
    effect = Effect(row.get("effect") or "require")
    level = Level(row.get("level") or "national")
    when, constraint = _when(row, path, names), _constraint(row, path, names)
    return Requirement(
        id=str(row["requirement_id"]),
        regime=regime,
        jurisdiction=str(row["jurisdiction"]),
        description=str(row.get("description") or ""),
        citation=str(row.get("citation") or row["requirement_id"]),
        level=level,
        effect=effect,
        when=when,
        constraint=constraint,
        thresholds=thresholds_in(All((when, constraint))),
        on_unmet=OnUnmet(row.get("on_unmet") or _DEFAULT_UNMET[effect]),
        effective_date=_day(row["effective_date"], (*path, "effective_date")),
        expires=_optional_day(row, "expires", path),
        last_updated=_optional_day(row, "last_updated", path),
        source=row.get("source"),
        confidence=str(row.get("confidence") or "confirmed"),
        review_required=bool(row.get("review_required")),
        obligations=tuple(
            parse_obligation(entry, (*path, "obligations", n))
            for n, entry in enumerate(row.get("obligations") or ())
        ),
        warnings=_texts(row, "warnings"),
        dependencies=_texts(row, "dependencies"),
        conflicts=_texts(row, "conflicts"),
        not_cured_by=tuple(
            term("safeguard", s, (*path, "not_cured_by")) for s in row.get("not_cured_by") or ()
        ),
        derogable_by=_texts(row, "derogable_by"),
        displaces=_texts(row, "displaces"),
        supersedes=_texts(row, "supersedes"),
        duty=row.get("duty"),
        demands=_demands(row, path, effect),
        remediation=_texts(row, "remediation"),
    )


_DEFAULT_UNMET = {
    Effect.FORBID: "deny", Effect.REQUIRE: "deny", Effect.LOCAL_COPY: "deny", Effect.LOCAL_ONLY: "deny",
    Effect.APPROVAL: "deny", Effect.ASSESSMENT: "deny", Effect.REVIEW: "review", Effect.DUTY: "track",
}  # fmt: skip


def _texts(row: Data, key: str) -> tuple[str, ...]:
    return tuple(str(entry) for entry in row.get(key) or ())


def _demands(row: Data, path: Path, effect: Effect) -> Demands:
    data: Data = row.get("demands") or {}
    places = {
        key: place_set(list(data[key]), (*path, "demands", key)) for key in _DEMANDED_PLACES if data.get(key)
    }
    if effect is Effect.LOCAL_ONLY and "store_in" not in places:
        places["store_in"] = place_set(str(row["jurisdiction"]), (*path, "jurisdiction"))
    if not data and not places:
        return NOTHING
    return Demands(
        keep_days=data.get("keep_days"),
        erase_days=data.get("erase_days"),
        disclosure=data.get("disclosure"),
        **places,
    )


_DEMANDED_PLACES = ("store_in", "copy_in", "keep_out_of")


def _when(row: Data, path: Path, names: Names) -> Condition:
    parts = [
        parse_condition(name, (*path, "triggers", n), names)
        for n, name in enumerate(row.get("triggers") or ())
    ]
    if row.get("when") is not None:
        parts.append(parse_condition(row["when"], (*path, "when"), names))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _constraint(row: Data, path: Path, names: Names) -> Condition:
    entries: Sequence[object] = row.get("constraints") or ()
    parts = [_demand(entry, (*path, "constraints", number), names) for number, entry in enumerate(entries)]
    if not parts:
        # A rule that asks for nothing in particular cannot be met: it forbids, asks a person, or stays open.
        return Any(())
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _demand(entry: object, path: Path, names: Names) -> Condition:
    if isinstance(entry, Mapping) and set(entry) == {"any_of"}:
        options = entry["any_of"]
        if not isinstance(options, list) or not options:
            raise fail(path, "`any_of` needs a list of alternatives")
        return Any(
            tuple(_alternative(option, (*path, "any_of", n), names) for n, option in enumerate(options))
        )
    return parse_condition(entry, path, names)


def _alternative(entry: object, path: Path, names: Names) -> Alternative:
    if not isinstance(entry, Mapping) or "needs" not in entry:
        return Alternative(parse_condition(entry, path, names))
    for key in entry:
        if key not in _ALTERNATIVE_KEYS:
            raise fail((*path, str(key)), f"unknown key `{key}`", suggest(str(key), set(_ALTERNATIVE_KEYS)))
    return Alternative(
        needs=parse_condition(entry["needs"], (*path, "needs"), names),
        id=str(entry.get("id") or ""),
        citation=str(entry.get("citation") or ""),
        attached=tuple(
            parse_obligation(o, (*path, "obligations", n))
            for n, o in enumerate(entry.get("obligations") or ())
        ),
        said=tuple(str(text) for text in entry.get("warnings") or ()),
    )


def read_designation(row: Data, path: Path, names: Names = NAMES) -> Designation:
    """Build one designation row."""
    place_set(row["by"], (*path, "by"))
    return Designation(
        id=str(row["id"]),
        by=str(row["by"]),
        kind=str(row["kind"]),
        of=str(row["of"]),
        places=_designated(str(row["of"]), (*path, "of")),
        valid_from=_day(row["valid_from"], (*path, "valid_from")),
        valid_until=_optional_day(row, "valid_until", path),
        recorded_at=_optional_day(row, "recorded_at", path),
        citation=str(row.get("citation") or ""),
        source=row.get("source"),
        confidence=str(row.get("confidence") or "confirmed"),
        scope=_scope(row["scope"], (*path, "scope"), names) if row.get("scope") else None,
        warning=row.get("warning"),
        suspends=row.get("suspends"),
    )


def _scope(data: object, path: Path, names: Names) -> Condition:
    condition = parse_condition(data, path, names)
    if _asks_designations(condition):
        # It could ask for itself, and so would never end.
        raise fail(path, "a scope cannot ask for designations", "write the place or the fact out")
    return condition


def _asks_designations(condition: Condition) -> bool:
    return isinstance(condition, Designated) or any(_asks_designations(part) for part in condition.parts())


def _designated(name: str, path: Path) -> frozenset[str]:
    return frozenset({name}) if name in ORGANISATIONS else place_set(name, path)


def _coverage(row: Data, path: Path) -> Coverage:
    return Coverage(
        places=place_set(list(row["places"]), (*path, "places")),
        status=str(row["status"]),
        categories=tuple(
            term("data category", c, (*path, "categories")) for c in row.get("categories") or ()
        ),
        reviewed_at=_optional_day(row, "reviewed_at", path),
        note=str(row.get("note") or ""),
    )


def _legal_order(row: Data, path: Path) -> LegalOrder:
    return LegalOrder(
        id=str(row["id"]),
        members=place_set(list(row["members"]), (*path, "members")),
        levels=tuple(map(str, row["levels"])),
    )
