# SPDX-License-Identifier: Apache-2.0
"""The controls that change where data goes or to whom: home, another region, another party, or a part that stays.

A party is one that the flow or the catalog knows, with its facts as they stand; nobody is given other ones. A flow
that is split by residence or category keeps its counts in each part, and the parts never meet at one recipient:
what stays is processed at home, so no threshold is passed in two halves (law 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from airflow_xborder.core.controls import Control, residents, without
from airflow_xborder.core.flow import DataFlow, End, Party, Places
from airflow_xborder.core.records import dataclass

# Levels that are no place of the data itself: moving the data does not move them.
_NOT_MOVED = ("key_custody",)


@dataclass(frozen=True, slots=True)
class StayHome(Control):
    """The data is processed where it is, by its exporter; by an importer who acts there if nobody named the exporter."""

    said: str

    slot = "place"

    @property
    def id(self) -> str:
        return "move home"

    @property
    def price_id(self) -> str:
        return "move"

    def apply(self, flow: DataFlow) -> DataFlow:
        return at_home(flow)

    def words(self, flow: DataFlow) -> str:
        return self.said


@dataclass(frozen=True, slots=True)
class Relocate(Control):
    """The data goes to another region of the catalog, to whoever acts there; ``party`` is that row as it stands."""

    region: str
    end: End
    party: Party

    slot = "place"

    @property
    def id(self) -> str:
        return f"move region {self.region}"

    @property
    def price_id(self) -> str:
        return "move"

    def apply(self, flow: DataFlow) -> DataFlow:
        moved = _elsewhere(flow, self.end)
        return replace(moved, importer=_meeting(flow.exporter, self.party))

    def words(self, flow: DataFlow) -> str:
        return f"process in region {self.region}"


@dataclass(frozen=True, slots=True)
class Engage(Control):
    """Another party of the catalog receives the data at the same place; ``party`` is its row as it stands."""

    party: Party

    slot = "place"

    @property
    def id(self) -> str:
        return f"party {self.party.party}"

    @property
    def price_id(self) -> str:
        return "party"

    def apply(self, flow: DataFlow) -> DataFlow:
        return replace(flow, importer=_meeting(flow.exporter, self.party))

    def words(self, flow: DataFlow) -> str:
        return (
            f"use {self.party.party} instead of {(flow.importer and flow.importer.party) or 'the importer'}"
        )


@dataclass(frozen=True, slots=True)
class KeepResidents(Control):
    """The rows about residents of one place are processed at home, apart; the other rows go."""

    place: str

    rank = 1
    slot = "place"

    @property
    def id(self) -> str:
        return f"split residence {self.place}"

    @property
    def price_id(self) -> str:
        return "split"

    def apply(self, flow: DataFlow) -> DataFlow:
        return _with_residents(flow, [place for place in residents(flow) if place != self.place])

    def apart(self, flow: DataFlow) -> DataFlow | None:
        return at_home(_with_residents(flow, [self.place])) if self.place in residents(flow) else None

    def words(self, flow: DataFlow) -> str:
        return f"split by residence: process the rows about {self.place} where they are"


@dataclass(frozen=True, slots=True)
class KeepCategory(Control):
    """The columns of one category are processed at home, apart; the other columns go."""

    category: str

    rank = 1
    slot = "place"

    @property
    def id(self) -> str:
        return f"split category {self.category}"

    @property
    def price_id(self) -> str:
        return "split"

    def apply(self, flow: DataFlow) -> DataFlow:
        return without(flow, self.category)

    def apart(self, flow: DataFlow) -> DataFlow | None:
        if self.category not in (flow.data_categories or ()):
            return None
        return at_home(replace(flow, data_categories=(self.category,)))

    def words(self, flow: DataFlow) -> str:
        return f"split by category: process {self.category} where it is"


def at_home(flow: DataFlow) -> DataFlow:
    """Return the flow as it is when the data stays where it is.

    A named exporter then processes it itself. Otherwise whoever would import acts at the source, and stays who
    it is: organised where it was, with its owners, lists and role.
    """
    moved, importer = _elsewhere(flow, replace(flow.source, store=None)), flow.importer
    if flow.exporter is not None and exporter_can_act(flow):
        return replace(moved, importer=replace(flow.exporter, same_entity=True, same_group=True))
    if importer is None:
        return moved
    organised_in = importer.organised_in or importer.country
    acting = replace(importer, country=flow.source.country, organised_in=organised_in, subprocessors=())
    return replace(moved, importer=acting)


def exporter_can_act(flow: DataFlow) -> bool:
    """Tell whether the exporter is somebody the flow names, who can process the data itself."""
    exporter = flow.exporter
    return exporter is not None and exporter.party is not None and exporter.role != "individual"


def _elsewhere(flow: DataFlow, end: End) -> DataFlow:
    """Return the flow with its destination, and every place of the data that it names, at ``end``."""
    places = flow.places
    if places is not None:
        named = [level.name for level in fields(Places) if getattr(places, level.name)]
        places = replace(places, **{name: (end,) for name in named if name not in _NOT_MOVED})
    return replace(flow, destination=end, places=places)


def _meeting(exporter: Party | None, importer: Party) -> Party:
    """Return an importer with what only meeting an exporter tells: whether it is the same one."""
    if exporter is None or exporter.party is None or importer.party is None:
        return importer
    same = exporter.party == importer.party
    return replace(importer, same_entity=same, same_group=True if same else importer.same_group)


def _with_residents(flow: DataFlow, places: Sequence[str]) -> DataFlow:
    # Residents that nobody named stay unknown: to say that there are none would be a fact.
    if flow.subjects is None or flow.subjects.countries is None:
        return flow
    return replace(flow, subjects=replace(flow.subjects, countries=tuple(places)))
