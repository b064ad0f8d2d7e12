# SPDX-License-Identifier: Apache-2.0
"""What the ledger is told of a decision and of what followed, and which side of a border may hear which part.

Identifiers, categories and counts of rules only: never a value of a data subject, and no name of a member of
staff. Stores are named as the catalog does, since the name of an object, which a DAG's author or its data made up, may
name a person; other text of an author's is told only where it is an identifier. A crossing is written to both regions' ledgers under one random id; the far side hears neither the exact
store nor the counts of the near side, and each event lists what it does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_xborder.audit.event import Event, TaskKey
from airflow_xborder.core.decision import Decision, Reason
from airflow_xborder.core.flow import DataFlow, End
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.ports.ledger import Ledger, Receipt
from airflow_xborder.services.identifiers import new_id

if TYPE_CHECKING:
    from airflow_xborder.core.catalog import Catalog

LedgerOf = Callable[[str], Ledger]

UNTOLD = "untold"
"""Stands for text that is no identifier: free text of a DAG's author is not evidence."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}")
_FREE = frozenset({"stated", "restriction"})

FAR_SIDE_WITHHELD = ("flow.source.store", "flow.consent", "counts", "digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """The regions that hold evidence of one flow; ``far`` is ``None`` when it stays in one region."""

    near: str
    far: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is to be recorded: the kind of fact, the step it happened at, and what there is to say of it."""

    kind: str
    phase: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes events to the ledgers of a crossing, the near side always first."""

    ledger_of: LedgerOf
    now: Callable[[], datetime]

    def record(self, fact: Fact, crossing: Crossing, task: TaskKey | None, decision: Decision) -> Receipt:
        """Write one fact to every ledger of the crossing, durably, before anybody acts on it.

        Coming back to a fact that was recorded before gives the earlier telling.

        :raises LedgerUnavailableError: if either side could not be written; nothing may move then.
        """
        now, near = self.now(), self.ledger_of(crossing.near)
        event = Event(
            kind=fact.kind,
            phase=fact.phase,
            region=crossing.near,
            event_id=new_id(now),
            occurred_at=now,
            task=task,
            sequence=near.next_number(task),
            decision_key=decision.decision_key,
            decision_id=decision.decision_id,
            crossing_id=new_id(now) if crossing.far else None,
            body=fact.body,
        )
        receipt = near.append(event)
        if crossing.far is not None:
            self._record_far(crossing.far, receipt.event, fact.body)
        return receipt

    def _record_far(self, region: str, near: Event, body: Mapping[str, Any]) -> None:
        # The stored event is what counts: after a crash between the two sides its ids are the ones to share.
        shown, withheld = withhold(body)
        far = self.ledger_of(region)
        event = replace(
            near,
            region=region,
            event_id=new_id(self.now()),
            sequence=far.next_number(near.task),
            withheld=withheld,
            body=shown,
        )
        far.append(event)


def withhold(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what the far side may hear, and the names of what it may not."""
    withheld = tuple(path for path in FAR_SIDE_WITHHELD if _has(body, path.split(".")))
    return _without(body, [path.split(".") for path in withheld]), withheld


def _has(body: Any, path: list[str]) -> bool:
    return isinstance(body, Mapping) and path[0] in body and (len(path) == 1 or _has(body[path[0]], path[1:]))


def _without(body: Mapping[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in body.items():
        below = [path[1:] for path in paths if path[0] == key]
        if [] not in below:
            shown[key] = _without(value, below) if below else value
    return shown


def as_catalogued(flow: DataFlow, catalog: Catalog) -> DataFlow:
    """Return a flow with its stores as far as the catalog names them: what is recorded of it."""
    ends = {
        name: replace(end, store=_store_name(end.store, catalog))
        for name, end in (("source", flow.source), ("destination", flow.destination))
        if end.store is not None
    }
    return replace(flow, **ends)  # type: ignore[arg-type]


def _store_name(uri: str, catalog: Catalog) -> str:
    store, row = catalog.store_of(uri), catalog.dataset_of(uri)
    scheme, separator, rest = uri.partition("://")
    table = uri.partition("?")[0]
    if scheme == "postgres" and store is not None and _ID.fullmatch(table):
        return table  # its name is the schema's, not the data's
    if row is not None:
        return row.match
    if store is not None:
        return store[0]
    # Neither the path of an unknown place is told, nor the password that may stand before its host.
    return (
        f"{scheme}://{_identifier(rest.partition('/')[0].rpartition('@')[2])}"
        if separator
        else _identifier(uri)
    )


def _identifier(text: str) -> str:
    return text if _ID.fullmatch(text) else UNTOLD


def decision_body(flow: DataFlow, decision: Decision, point: str) -> dict[str, Any]:
    """Return what a decision event says: what was asked, what was answered, and on what that rests."""
    return {
        "point": point,
        "flow": _flow_body(flow),
        "decision": {
            "outcome": decision.outcome.value,
            "is_transfer": decision.is_transfer,
            "as_of": plain(decision.as_of),
            "evaluated_at": plain(decision.evaluated_at),
            "valid_until": plain(decision.valid_until),
            "policy_digest": decision.policy_digest,
            "facts_digest": decision.facts_digest,
            "engine": decision.engine,
            "regimes": [entry.id for entry in decision.regimes],
            "applied": [
                {"requirement": entry.requirement_id, "status": entry.status} for entry in decision.applicable
            ],
            "reasons": [
                {"kind": reason.kind, "template": reason.template, "parameters": _parameters(reason)}
                for reason in decision.reasons
            ],
            "obligations": [obligation.to_dict() for obligation in decision.obligations],
            "duties": [plain(duty) for duty in decision.duties],
            "warnings": list(decision.warnings),
            "carries": {
                "origin_regimes": [_identifier(name) for name in decision.origin_regimes],
                "restrictions": [_identifier(name) for name in decision.restrictions],
            },
            **decision.approvals_dict(),
        },
    }


def _parameters(reason: Reason) -> dict[str, str]:
    return {
        name: _identifier(value) if name in _FREE else value
        for name, value in dict(reason.parameters).items()
    }


def _flow_body(flow: DataFlow) -> dict[str, Any]:
    told = {
        "access_mode": flow.access_mode,
        "source": _end_body(flow.source),
        "destination": _end_body(flow.destination),
        "data_categories": list(flow.data_categories or ()),
        "purpose": flow.purpose,
        "exporter": flow.exporter.party if flow.exporter else None,
        "importer": flow.importer.party if flow.importer else None,
        "residence": list(flow.subjects.countries or ()) if flow.subjects else None,
        "retention_days": flow.retention_days,
        "mechanisms": sorted({entry.type for entry in flow.mechanisms or ()}),
        "evidence": sorted({entry.type for entry in flow.evidence or ()}),
        "consent": _consent_body(flow),
    }
    return {key: value for key, value in told.items() if value is not None}


def _consent_body(flow: DataFlow) -> Any:
    told = [{"type": consent.type, "purpose": consent.purpose} for consent in flow.consents]
    return told[0] if len(told) == 1 else told or None


def _end_body(end: End) -> dict[str, Any]:
    told = {"region": end.region, "country": end.country, "store": end.store}
    return {key: value for key, value in told.items() if value is not None}


def crossing_of(flow: DataFlow, with_ledger: Callable[[str], bool], fallback: str | None) -> Crossing:
    """Return whose ledgers hold the evidence of a flow: the source's region, and the destination's if it is another.

    :param with_ledger: tells whether a region has a ledger.
    :param fallback: the region of this worker, for a flow that starts outside the catalog.
    :raises ConfigurationError: if nobody's ledger can hold it.
    """
    near = flow.source.region or fallback
    if near is None or not with_ledger(near):
        raise ConfigurationError(
            f"no ledger for what leaves `{near or flow.source.store or 'an unknown place'}`",
            hint="give the region a `ledger` in the catalog, and set `[xborder] worker_region`",
        )
    far = flow.destination.region
    if far is None or far == near:
        return Crossing(near=near)
    if not with_ledger(far):
        raise ConfigurationError(
            f"no ledger for what arrives in `{far}`", hint="give the region a `ledger` in the catalog"
        )
    return Crossing(near=near, far=far)
