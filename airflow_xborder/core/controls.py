# SPDX-License-Identifier: Apache-2.0
"""Controls: the changes that a company may make to a flow, each with its words, its price and its effect.

A control leaves columns out, lets a person decide, attaches what a rule asks for, or moves the data or a part of
it (``relocation.py``). None touches counts, purposes, roles, ownership or consent, and none splits a volume
(law 10). Which are open to a flow is in ``offers.py``; which make it lawful, in ``optimisation.py``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from airflow_xborder.core.flow import AutomatedDecision, DataFlow, Evidence, Mechanism
from airflow_xborder.core.grounds import SCC_MODULES
from airflow_xborder.core.records import dataclass

PROPOSED = "proposed"


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
        return without(flow, self.category)

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


def without(flow: DataFlow, category: str) -> DataFlow:
    """Return the flow without the columns of a category."""
    rest = tuple(other for other in flow.data_categories or () if other != category)
    return flow if flow.data_categories is None else replace(flow, data_categories=rest)


def residents(flow: DataFlow) -> tuple[str, ...]:
    """Return the places whose residents the data is about, as far as the flow names them."""
    return (flow.subjects.countries if flow.subjects else None) or ()


def scope(control: Control, flow: DataFlow) -> tuple[str, ...] | None:
    """Return what a control holds for beyond one flow, so that it is paid once; ``None`` if for this flow alone.

    A document is between two named parties and, as clauses have modules, for their roles; a safeguard is on the
    store that the data leaves. ``flow`` is the changed flow.
    """
    if not isinstance(control, Attach):
        return None
    if control.kind == "safeguard":
        store = flow.source.store
        return None if store is None else (control.id, store)
    parties = [party for party in (flow.exporter, flow.importer) if party is not None and party.party]
    if len(parties) < 2:
        return None
    roles = [party.role or "?" for party in parties]
    return (control.id, *(party.party or "" for party in parties), *roles, flow.destination.country or "?")
