# SPDX-License-Identifier: Apache-2.0
"""Which controls are open to a flow, and what each costs.

Some are open to any flow (leave out a category, stay at home) or come from the catalog (its other regions and
parties); documents and safeguards are open only where a rule that is not met asks for them. What an authority, a
law or the people concerned would have to give is no control of the company, and never offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from types import MappingProxyType

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.controls import Attach, Control, HandOver, LeaveOut, residents
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow, End, Party
from airflow_xborder.core.relocation import (
    Engage,
    KeepCategory,
    KeepResidents,
    Relocate,
    StayHome,
    at_home,
    exporter_can_act,
)
from airflow_xborder.core.vocabulary import KINDS, suggest
from airflow_xborder.errors import FlowError

Prices = Mapping[str, int]

DEFAULT_PRICES: Prices = MappingProxyType(
    {
        "scc_eu": 3, "tia": 5, "bcr_c": 20, "bcr_p": 20, "move": 4, "leave_out": 2, "cisa_controls": 30, "key_in_origin": 6,
        "pseudonymisation": 3, "split": 6, "party": 10, "human_review": 10, "explanation": 4,
    }
)  # fmt: skip
DEFAULT_PRICE = 8
CHANGES = frozenset({"move", "leave_out", "split", "party", "human_review", "explanation"})
# Mechanisms that a company can bring about by itself; the rest need an authority, a law or the people concerned.
ATTAINABLE = frozenset(
    {
        "scc_eu", "baa", "service_provider_contract", "equivalent_system", "cisa_controls", "bcr_c", "bcr_p",
        "no_onward_contract", "idta", "uk_addendum", "uk_bcr", "cn_scc", "gba_sc", "anpd_scc", "kvkk_sc", "sa_scc",
        "difc_scc", "adgm_scc", "ar_scc", "ripd_mcc", "asean_mcc",
    }
)  # fmt: skip
# What others say or decide, or only counts and looks: no company brings these about by attaching them (law 10).
_NOT_OURS = frozenset(
    {
        "consent_record", "separate_consent_record", "parental_consent", "filing_receipt",
        "volume_counter", "legal_hold_id", "ownership_check", "dpf_list_check", "cbpr_cert_check",
    }
)  # fmt: skip
_MAX_COMBINED = 200
_MAX_PRICE = 10**9  # a solver counts in floating point, exact for sums of these
_DECIDES = "automated_decision."
# What clauses lack beside themselves (``HasMechanism``). No control states a role; without it they may do, or not.
_ROLES = ("exporter.role", "importer.role")


def price(control: Control, prices: Prices) -> int:
    """Return what a control costs: as priced, else as shipped, else what any document costs."""
    return prices.get(control.price_id, DEFAULT_PRICES.get(control.price_id, DEFAULT_PRICE))


def cost(controls: Iterable[Control], prices: Prices) -> int:
    """Return what several controls cost together."""
    return sum(price(control, prices) for control in controls)


def require_prices(data: object) -> Prices:
    """Return prices from plain data.

    :raises FlowError: for a price that is no such number, or the price of nothing.
    """
    if not isinstance(data, Mapping):
        raise FlowError("prices: expected a mapping from names to whole numbers")
    known = KINDS["mechanism"] | KINDS["evidence"] | KINDS["safeguard"] | CHANGES
    for name, value in data.items():
        if name not in known:
            raise FlowError(f"prices: nothing is called `{name}`", hint=suggest(str(name), known))
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_PRICE:
            raise FlowError(f"prices.{name}: expected a whole number from 0 to {_MAX_PRICE}, got `{value}`")
    return data


def open_changes(flows: Sequence[DataFlow], catalog: Catalog | None = None) -> tuple[Control, ...]:
    """Return the changes that are open to flows which are decided together, whatever the rules ask.

    :param flows: one flow, or one from each of several data sets between the same ends.
    """
    found: dict[str, Control] = {}
    stays = (*_home(flows[0]), *_splits(flows)) if all(_can_stay(flow) for flow in flows) else ()
    for control in (*_columns(flows), *stays, *_elsewhere(flows[0], catalog)):
        found.setdefault(control.id, control)
    return tuple(sorted(found.values(), key=lambda control: control.id))


def _terms(flows: Sequence[DataFlow]) -> list[str]:
    return sorted({term for flow in flows for term in flow.data_categories or ()})


def _columns(flows: Sequence[DataFlow]) -> Iterator[Control]:
    terms = _terms(flows)
    if len(terms) > 1:
        yield from (LeaveOut(term) for term in terms)


def _splits(flows: Sequence[DataFlow]) -> Iterator[Control]:
    terms = _terms(flows)
    if len(terms) > 1:
        yield from (KeepCategory(term) for term in terms)
    places = sorted({place for flow in flows for place in residents(flow)})
    if len(places) > 1:
        yield from (KeepResidents(place) for place in places)


def _can_stay(flow: DataFlow) -> bool:
    """Tell whether staying is something else than going, and makes nobody somebody else.

    It is not where the data goes nowhere else and to nobody else: parts that stay and go would meet again.
    """
    if (flow.source.region or flow.source.country) is None or _becomes_us_person(flow):
        return False
    return _location(flow.source) != _location(flow.destination) or _is_with_somebody_else(flow)


def _is_with_somebody_else(flow: DataFlow) -> bool:
    importer = flow.importer.party if flow.importer else None
    return exporter_can_act(flow) and flow.exporter is not None and flow.exporter.party != importer


def _home(flow: DataFlow) -> Iterator[Control]:
    source = flow.source
    where = f"process in {'region ' if source.region else ''}{source.region or source.country}"
    stays = _location(source) == _location(flow.destination)
    yield StayHome(f"keep it with {flow.exporter.party}" if stays and flow.exporter else where)


def _location(end: End) -> tuple[str | None, ...]:
    return (end.region, end.country, end.subdivision)


def _becomes_us_person(flow: DataFlow) -> bool:
    """Tell whether acting at home would make somebody a US person: who they are is no control."""
    if flow.importer is None or exporter_can_act(flow):
        return False
    before, after = normalise(flow, complete=True), normalise(at_home(flow), complete=True)
    return before.values["importer.us_person"] != after.values["importer.us_person"]


def _elsewhere(flow: DataFlow, catalog: Catalog | None) -> Iterator[Control]:
    if catalog is None:
        return
    here = (flow.source.region, flow.destination.region)
    for name, region in sorted(catalog.regions.items()):
        end = End(region=name, country=region.country, subdivision=region.subdivision)
        party = catalog.parties.get(region.party or "") or Party(country=region.country)
        if (
            name not in here
            and _location(end)[1:] != _location(flow.destination)[1:]
            and _may_act(flow, party)
        ):
            yield Relocate(name, end, party)
    if flow.importer is None or _is_given(flow.destination, catalog):
        return
    for name, party in sorted(catalog.parties.items()):
        near = party.country is not None and party.country == flow.destination.country
        if near and name != flow.importer.party and _may_act(flow, party):
            yield Engage(party)


def _is_given(end: End, catalog: Catalog) -> bool:
    """Tell whether the catalog says who acts at an end: then nobody else can."""
    found = catalog.store_of(end.store) if end.store else None
    region = catalog.regions.get(end.region or "")
    return bool((found and found[1].party) or (region and region.party))


def _may_act(flow: DataFlow, party: Party) -> bool:
    """Tell whether a party does the same job as the importer; to give it another role would be no control."""
    if flow.exporter is not None and exporter_can_act(flow) and flow.exporter.party == party.party:
        return True
    acting = flow.importer or Party()
    return acting.role == party.role and (acting.legal_roles or {}) == (party.legal_roles or {})


def asked(ways: Iterable[tuple[str, ...]]) -> list[frozenset[Control]]:
    """Return the sets of controls that supply all that one of some ways of meeting a rule lacks, each set once."""
    found: dict[frozenset[Control], None] = {}
    for way in ways:
        choices = [_attainable(item) for item in way if not (item in _ROLES and _has_clauses(way))]
        if choices and all(choices):
            found.update(dict.fromkeys(map(frozenset, islice(product(*choices), _MAX_COMBINED))))
    return list(found)


def _has_clauses(way: tuple[str, ...]) -> bool:
    return any(item.startswith("mechanism ") and "scc_eu" in item.split() for item in way)


def _attainable(item: str) -> list[Control]:
    """Return the controls of which any supplies one lacking item, written as rules write them."""
    kind, _, names = item.partition(" ")
    if kind == "mechanism":
        names, _, ground = names.partition(" for ")
        wanted = [name for name in names.split(" or ") if name in ATTAINABLE]
        return [Attach("mechanism", name, ground or "transfer") for name in wanted]
    if kind in ("evidence", "safeguard"):
        return [] if names in _NOT_OURS else [Attach(kind, names)]
    fact = item.removeprefix(_DECIDES)
    return [HandOver(fact)] if item.startswith(_DECIDES) and fact in HandOver.WORDS else []
