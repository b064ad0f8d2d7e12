# SPDX-License-Identifier: Apache-2.0
"""Controls: the changes that a company may make to a flow, each with its words, its price and its effect.

A control moves data to another place or party, keeps a part of it at home, leaves columns out, lets a person
decide, or attaches what a rule asks for. None touches counts, purposes, roles, ownership or consent, and none
splits a volume (law 10): a flow that is split by residence or category keeps its counts in each part, and the
parts never meet again at one recipient. Which controls make a flow lawful is answered in ``optimisation.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import ClassVar

from airflow_xborder.core.flow import (
    AutomatedDecision,
    DataFlow,
    End,
    Evidence,
    Mechanism,
    Party,
    Places,
)
from airflow_xborder.core.grounds import SCC_MODULES
from airflow_xborder.core.records import dataclass

PROPOSED = "proposed"
# Levels that are no place of the data itself: moving the data does not move them.
_NOT_MOVED = ("key_custody",)


class Control(ABC):
    """One change. Equal ids mean equal changes of one flow; ``price_id`` is what the price file calls it."""

    __slots__ = ()
    rank: ClassVar[int] = 0  # the order in which controls are applied, and told
    slot: ClassVar[str] = ""  # at most one control of a slot goes with a flow

    @property
    @abstractmethod
    def id(self) -> str:
        """The control's name within a flow, which sorts."""

    @property
    @abstractmethod
    def price_id(self) -> str:
        """The price file's name for it."""

    @abstractmethod
    def apply(self, flow: DataFlow) -> DataFlow:
        """Return the changed flow."""

    @abstractmethod
    def words(self, flow: DataFlow) -> str:
        """Say the change in words, of the changed flow."""

    def apart(self, flow: DataFlow) -> DataFlow | None:
        """Return the part of the flow that stays at home by itself, if the control splits it."""
        return None


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
        return _without(flow, self.category)

    def apart(self, flow: DataFlow) -> DataFlow | None:
        if self.category not in (flow.data_categories or ()):
            return None
        return at_home(replace(flow, data_categories=(self.category,)))

    def words(self, flow: DataFlow) -> str:
        return f"split by category: process {self.category} where it is"


@dataclass(frozen=True, slots=True)
class LeaveOut(Control):
    """The columns of one category do not go."""

    category: str

    rank = 2

    @property
    def id(self) -> str:
        return f"leave out {self.category}"

    @property
    def price_id(self) -> str:
        return "leave_out"

    def apply(self, flow: DataFlow) -> DataFlow:
        return _without(flow, self.category)

    def words(self, flow: DataFlow) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class HandOver(Control):
    """A person decides, or the decision is explained: what a rule on automated decisions asks for."""

    asked: str

    rank = 3
    WORDS: ClassVar[Mapping[str, str]] = {
        "human_review": "let a person decide",
        "explanation": "explain the decision to those it is about",
    }

    @property
    def id(self) -> str:
        return f"decision {self.asked}"

    @property
    def price_id(self) -> str:
        return self.asked

    def apply(self, flow: DataFlow) -> DataFlow:
        stated = flow.automated_decision or AutomatedDecision()
        if self.asked == "human_review":
            return replace(flow, automated_decision=replace(stated, human_review=True))
        return replace(flow, automated_decision=replace(stated, explanation=True))

    def words(self, flow: DataFlow) -> str:
        return self.WORDS[self.asked]


@dataclass(frozen=True, slots=True)
class Attach(Control):
    """A mechanism, a document or a safeguard is there. ``ground`` is what a mechanism is a ground for."""

    kind: str
    name: str
    ground: str = "transfer"

    rank = 4

    @property
    def id(self) -> str:
        return f"{self.kind} {self.name}" + (f" for {self.ground}" if self.ground != "transfer" else "")

    @property
    def price_id(self) -> str:
        return self.name

    def apply(self, flow: DataFlow) -> DataFlow:
        match self.kind:
            case "mechanism":
                module = scc_module(flow) if self.name == "scc_eu" else None
                made = Mechanism(type=self.name, ground_for=self.ground, module=module, reference=PROPOSED)
                return replace(flow, mechanisms=(*(flow.mechanisms or ()), made))
            case "evidence":
                document = Evidence(type=self.name, reference=PROPOSED)
                return replace(flow, evidence=(*(flow.evidence or ()), document))
            case _:
                kept = [name for name in flow.safeguards or () if name != self.name]
                return replace(flow, safeguards=(*kept, self.name))

    def words(self, flow: DataFlow) -> str:
        return f"attach {self.id}{self.note(flow)}"

    def note(self, flow: DataFlow) -> str:
        """Say what a reader needs to know beside the name: which module, or what it cannot be told without."""
        if self.id != "mechanism scc_eu":
            return ""
        module, unknown = scc_module(flow), unknown_roles(flow)
        if unknown:
            return f" (its module depends on {' and '.join(unknown)}, not stated)"
        return f" (module {module})" if module else ""


def scc_module(flow: DataFlow) -> int | None:
    """Return the module of the EU clauses that fits the roles of both sides; ``None`` if there is none."""
    roles = (flow.exporter.role if flow.exporter else None, flow.importer.role if flow.importer else None)
    return next((module for module, pair in SCC_MODULES.items() if pair == roles), None)


def unknown_roles(flow: DataFlow) -> list[str]:
    """Return the paths of the roles that nobody stated."""
    sides = (("exporter.role", flow.exporter), ("importer.role", flow.importer))
    return [path for path, party in sides if party is None or party.role is None]


@dataclass(frozen=True, slots=True)
class Changed:
    """What becomes of a flow: what still goes, ``None`` if nothing does, and the parts that stay at home."""

    going: DataFlow | None
    staying: tuple[DataFlow, ...] = ()

    @property
    def flows(self) -> tuple[DataFlow, ...]:
        """All that moves or is processed, to be decided."""
        return (self.going, *self.staying) if self.going is not None else self.staying


def changed(flow: DataFlow, controls: Iterable[Control]) -> Changed:
    """Apply controls to a flow, and to the part that one of them keeps at home.

    A part from which every category or resident is left out does not move.
    """
    going, staying = flow, list[DataFlow]()
    for control in in_order(controls):
        staying = [control.apply(part) for part in staying]
        apart = control.apart(going)
        staying += [apart] if apart is not None else []
        going = control.apply(going)
    kept = tuple(part for part in staying if not _is_emptied(part, flow))
    return Changed(None if _is_emptied(going, flow) else going, kept)


def _is_emptied(part: DataFlow, flow: DataFlow) -> bool:
    return (part.data_categories == () != flow.data_categories) or (
        not residents(part) and bool(residents(flow))
    )


def in_order(controls: Iterable[Control]) -> list[Control]:
    """Return controls in the order in which they are applied."""
    return sorted(controls, key=lambda control: (control.rank, control.id))


def sentence(controls: Collection[Control], flow: DataFlow) -> str:
    """Say several controls in one sentence.

    :param flow: the changed flow.
    """
    attached = [control for control in in_order(controls) if isinstance(control, Attach)]
    parts = [control.words(flow) for control in in_order(controls) if not isinstance(control, Attach)]
    if attached:
        parts.append(f"attach {' and '.join(_listed(attached, flow))}")
    return ", then ".join(parts)


def _listed(attached: Sequence[Attach], flow: DataFlow) -> list[str]:
    mechanisms = [f"{control.id}{control.note(flow)}" for control in attached if control.kind == "mechanism"]
    for kind in ("evidence", "safeguard"):
        names = [control.name for control in attached if control.kind == kind]
        mechanisms += [f"{kind} {', '.join(names)}"] if names else []
    return mechanisms


def at_home(flow: DataFlow) -> DataFlow:
    """Return the flow as it is when the data stays where it is.

    A named exporter then processes it itself. Otherwise whoever would import acts at the source, and stays who
    it is: organised where it was, with its owners, lists and role.
    """
    source = flow.source
    moved = _elsewhere(
        flow, End(region=source.region, country=source.country, subdivision=source.subdivision)
    )
    importer = flow.importer
    if flow.exporter is not None and exporter_can_act(flow):
        return replace(moved, importer=replace(flow.exporter, same_entity=True, same_group=True))
    if importer is None:
        return moved
    organised_in = importer.organised_in or importer.country
    acting = replace(importer, country=source.country, organised_in=organised_in, subprocessors=())
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


def _without(flow: DataFlow, category: str) -> DataFlow:
    rest = tuple(other for other in flow.data_categories or () if other != category)
    return flow if flow.data_categories is None else replace(flow, data_categories=rest)


def residents(flow: DataFlow) -> tuple[str, ...]:
    """Return the places whose residents the data is about, as far as the flow names them."""
    return (flow.subjects.countries if flow.subjects else None) or ()


def _with_residents(flow: DataFlow, places: Sequence[str]) -> DataFlow:
    return (
        flow
        if flow.subjects is None
        else replace(flow, subjects=replace(flow.subjects, countries=tuple(places)))
    )
