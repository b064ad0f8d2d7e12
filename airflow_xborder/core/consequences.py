# SPDX-License-Identifier: Apache-2.0
"""What a change of policies does to ordinary flows: a fixed grid of them is decided before and after.

The grid takes the places that the packs answer for, groups of data, and purposes; each flow is asked once with no
document at all, and once with an importer that is on a list, since lists carry designations. One end of each is a
place that the change is about; of those, and of the places at the other end, no more than some are tried, those with
most rules first. It shows what a change means, and proves nothing about flows that are not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeAlias

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.places import ORGANISATIONS, SETS, members

GROUPS = {
    "contact data": "personal_data.contact.email",
    "health data": "personal_data.sensitive.health",
    "financial data": "personal_data.financial",
    "precise location": "personal_data.location.precise",
}
PURPOSES = ("service_delivery", "ml_training", "sale_or_brokerage")
_MOST_PLACES = 4
# Places outside a set in which its law holds all the same: whoever shows the set has shown them (TFEU Art. 355).
_ALIKE = {"EEA30": SETS["EU_OUTERMOST"] | {"AX"}}
_LIST = "eu_us_dpf"
Decide: TypeAlias = Callable[[Policies, DataFlow], Decision]


@dataclass(frozen=True, slots=True, order=True)
class Consequence:
    """What changes alike for some flows of the grid.

    :param routes: from where to where.
    :param needs: the reasons of the new answer that the old one did not have.
    :param listed: whether the importer is on a list.
    """

    routes: tuple[tuple[str, str], ...]
    data: tuple[str, ...]
    purposes: tuple[str, ...]
    listed: bool
    before: str
    after: str
    needs: tuple[str, ...]

    def __str__(self) -> str:
        routes = ", ".join(f"{source} → {destination}" for source, destination in self.routes)
        purposes = "" if len(self.purposes) == len(PURPOSES) else f" for {', '.join(self.purposes)}"
        listed = f" to an importer on the list {_LIST}" if self.listed else ""
        answer = self.after if self.before == self.after else f"{self.after} instead of {self.before}"
        needs = f". {' '.join(self.needs)}" if self.needs else ""
        return f"{', '.join(self.data)} {routes}{purposes}{listed}: {answer}{needs}"


def find_consequences(old: Policies, new: Policies, decide: Decide) -> tuple[Consequence, ...]:
    """Decide the grid under both sets, and return what is different, grouped and sorted."""
    found: list[Consequence] = []
    changed = _changed(old, new)
    if not changed:
        return ()
    everywhere = _most_ruled({**_places(old), **_places(new)}, old, new)
    about = _about(old, new, changed, everywhere) or everywhere
    places = {**everywhere, **about}
    for (group, category), source, destination, purpose, listed in product(
        GROUPS.items(), sorted(places), sorted(places), PURPOSES, (False, True)
    ):
        if source not in about and destination not in about:
            continue
        flow = _flow((source, destination), category, purpose, listed)
        was, now = decide(old, flow), decide(new, flow)
        if (was.outcome, was.reasons) != (now.outcome, now.reasons):
            known = {reason.text for reason in was.reasons}
            needs = tuple(reason.text for reason in now.reasons if reason.text not in known)
            answers = was.outcome.value, now.outcome.value
            route = places[source], places[destination]
            found.append(Consequence((route,), (group,), (purpose,), listed, *answers, needs))
    plain = {replace(one, listed=True) for one in found if not one.listed}
    found = [one for one in found if not (one.listed and one in plain)]
    for field in ("purposes", "data", "routes"):
        found = _merged(found, field)
    return tuple(sorted(found))


def _merged(all_of: list[Consequence], field: str) -> list[Consequence]:
    """Put together what differs in one field only."""
    values: dict[Consequence, list[Any]] = {}
    for one in all_of:
        values.setdefault(_with(one, field, ()), []).extend(getattr(one, field))
    return [_with(one, field, tuple(dict.fromkeys(found))) for one, found in values.items()]


def _with(one: Consequence, field: str, values: tuple[Any, ...]) -> Consequence:
    changes: dict[str, Any] = {field: values}
    return replace(one, **changes)


def _about(
    old: Policies, new: Policies, changed: Container[str], everywhere: dict[str, str]
) -> dict[str, str]:
    """Return the places that a change of some packs is about: rules that no place is named for may hold anywhere."""
    places = {**_places(old, changed), **_places(new, changed)}
    packs = [pack for policies in (old, new) for pack in policies.packs() if pack.id in changed]
    if not places and any(pack.requirements for pack in packs):
        places = everywhere
    return {**_designating(old, new), **_most_ruled(places, old, new)}


def _designating(old: Policies, new: Policies) -> dict[str, str]:
    """Return who says something else than before in one set, and about what places: of a large set two."""
    rows = [{row.id: row for row in policies.designations} for policies in (old, new)]
    changed = [row for one, other in (rows, rows[::-1]) for row in one.values() if other.get(row.id) != row]
    places = {place for row in changed for place in sorted(row.places)[:2]} - ORGANISATIONS
    by = [_shown(members(row.by)) for row in sorted(changed, key=lambda row: row.id)[:_MOST_PLACES]]
    found = {place: place for place in sorted(places)[:_MOST_PLACES]}
    return {**found, **{place: name for shown in by for place, name in shown.items()}}


def _changed(old: Policies, new: Policies) -> set[str]:
    """Return the ids of the packs that are not the same in both."""
    one, other = ({str(row["pack"]): row for row in policies.documents} for policies in (old, new))
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def _most_ruled(places: dict[str, str], *sets: Policies) -> dict[str, str]:
    """Return the places for which there are most rules."""
    rules = Counter(
        {
            place: sum(
                len(pack.requirements)
                for policies in sets
                for pack in policies.packs()
                if place in pack.covers
            )
            for place in sorted(places)
        }
    )
    return {place: places[place] for place, _ in rules.most_common(_MOST_PLACES)}


def _places(policies: Policies, packs: Container[str] | None = None) -> dict[str, str]:
    """Return a place for each legal area that some packs answer for, with the area's name: of a set one country."""
    found: dict[str, str] = {}
    for head in policies.heads:
        if packs is None or head.id in packs:
            found.update(_shown(head.covers))
    return found


def _shown(area: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, places in sorted(SETS.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        if places <= area:
            found["DE" if "DE" in places else min(places)] = name
            area = area - places - _ALIKE.get(name, frozenset())
    return {**found, **{place: place for place in sorted(area)[:2]}}


_LISTED = {"framework": _LIST, "covers": ["hr", "non_hr"], "status": "active"}


def _flow(ends: tuple[str, str], category: str, purpose: str, listed: bool) -> DataFlow:
    source, destination = ends
    people = [source]
    return DataFlow.parse(
        {
            "source": _end(source),
            "destination": _end(destination),
            "data_categories": [category],
            "purpose": purpose,
            "collected_purposes": [purpose],
            "frequency": "repetitive",
            "exporter": {"country": source[:2], "role": "controller"},
            "importer": {
                "country": destination[:2], "role": "processor", "same_entity": False, "same_group": False,
                "owners": [], "listings": [_LISTED] if listed else [],
            },
            "subjects": {"countries": people, "collected_in": people, "us_persons": source[:2] == "US"},
        }
    )  # fmt: skip


def _end(place: str) -> dict[str, str]:
    return {"country": place[:2], "subdivision": place} if "-" in place else {"country": place}
