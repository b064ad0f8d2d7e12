# SPDX-License-Identifier: Apache-2.0
"""Short names for asking: a graph of the law of some places, a policy layer of your own, one question answered.

Takes an asker's word for facts and documents, as ``xborder decide`` does; needs no Airflow, records nothing and
authorises nothing. What may move is decided by the gate where data is touched.

>>> layer = PolicyLayer()
>>> request = {"region_from": "EU", "region_to": "US", "purpose": "model_inference", "consent": True}
>>> answer = layer.evaluate_request(request)
>>> answer.allowed, "data_categories" in answer.decision.missing_facts
(False, True)
>>> check_crossborder_policy({"input": {"request": request}})
False
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property, lru_cache
from typing import Any

from airflow_xborder.adapters.engines.native import NAME, NativeEngine
from airflow_xborder.authoring.loading import BASE_PACK, link, load_policies, shipped_ids, validate_pack
from airflow_xborder.authoring.source import parse_document
from airflow_xborder.core import graph as graphs
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision, Obligation, Outcome
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.places import members
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.vocabulary import KINDS, suggest
from airflow_xborder.errors import (
    FlowDeniedError,
    FlowError,
    PolicyNotFoundError,
    ReviewRequiredError,
    UnknownTermError,
)
from airflow_xborder.ports.policy_engine import Question
from airflow_xborder.services.identifiers import new_id
from airflow_xborder.services.merging import merge

__all__ = ["ComplianceDecision", "ComplianceGraph", "PolicyLayer", "check_crossborder_policy"]

ALIASES = {"model_inference": "ml_inference", "model_training": "ml_training"}
_SHORT = frozenset({"region_from", "region_to", "consent"})


@dataclass(frozen=True, slots=True)
class ComplianceDecision:
    """An answer in short; true where it is ``allow``.

    :param conditions: what has to be done for it to stand, one text each.
    :param violations: why it is not ``allow``, one sentence each.
    :param remediations: what would make it ``allow``, the cheapest first.
    :param decision: the whole answer.
    """

    allowed: bool
    conditions: tuple[str, ...]
    violations: tuple[str, ...]
    remediations: tuple[str, ...]
    decision: Decision = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.allowed


def _in_short(decision: Decision) -> ComplianceDecision:
    return ComplianceDecision(
        allowed=decision.allowed,
        conditions=tuple(map(_condition, decision.obligations)),
        violations=tuple(dict.fromkeys(reason.text for reason in decision.reasons)),
        remediations=tuple(remedy.change for remedy in decision.remediations),
        decision=decision,
    )


def _condition(obligation: Obligation) -> str:
    parameters = ", ".join(f"{name}={value}" for name, value in obligation.parameters)
    return f"{obligation.type} ({parameters})" if parameters else obligation.type


class PolicyLayer:
    """Policies that can be asked.

    >>> rule = {
    ...     "requirement_id": "acme.no_health_abroad", "jurisdiction": "EU", "effective_date": "2026-01-01",
    ...     "description": "Health data stays.", "triggers": ["personal_data.sensitive.health"],
    ... }
    >>> answer = PolicyLayer([rule]).evaluate_request(
    ...     {"region_from": "DE", "region_to": "US", "data_categories": ["personal_data.sensitive.health"]}
    ... )
    >>> answer.allowed, answer.decision.outcome.value
    (False, 'deny')
    >>> answer.violations[0]
    'acme.no_health_abroad forbids it: Health data stays.'

    :param policies: pack ids, whole packs and single requirements as plain data, or a set made already; all that are
        shipped if there are none. The base pack is always among them, and a shipped pack brings those on which its rules
        depend.
    :raises PolicyError: for what is wrong in them.
    """

    def __init__(self, policies: Policies | Iterable[Mapping[str, Any] | str] | None = None) -> None:
        self.policies = policies if isinstance(policies, Policies) else _read_policies(policies)

    def evaluate_request(
        self, request: Mapping[str, Any] | DataFlow, as_of: datetime | None = None
    ) -> ComplianceDecision:
        """Answer a request: a flow, or its short form with ``region_from``, ``region_to`` and ``consent``.

        A place may be a set such as ``EU``: the answer is the strictest of its members'. ``consent: true`` says that
        everybody agreed to the processing for this purpose; it is no ground for a transfer, for special categories or
        for a decision by a machine, which a flow names one by one.

        :raises FlowError: for what is no flow.
        """
        from airflow_xborder.core.optimisation import Part
        from airflow_xborder.core.remediation import suggest_for_parts

        flows = _flows(request)
        self.policies.require_known(flows[0])
        now = datetime.now(timezone.utc)
        asked_for = as_of or flows[0].as_of
        frame = Frame(
            decision_id=new_id(now),
            as_of=asked_for or now,
            evaluated_at=now,
            simulated=asked_for is not None,
            engine=NAME,
        )

        def ask(flow: DataFlow) -> Decision:
            facts = normalise(flow, complete=True)
            return NativeEngine().decide(Question(facts=facts, policies=self.policies, frame=frame))

        decision = merge([ask(flow) for flow in flows], self.policies.digest)
        if len(flows) == 1:
            remedies = suggest_for_parts([Part(flows[0], ask)], decision)
            decision = replace(decision, remediations=remedies)
        return _in_short(decision)


def _read_policies(given: Iterable[Mapping[str, Any] | str] | None) -> Policies:
    if given is None:
        return _shipped()
    given = list(given)
    shipped = load_policies([name for name in given if isinstance(name, str)])
    own = [
        validate_pack(parse_document(json.dumps(entry), f"policy {number}"))
        for number, entry in enumerate(given)
        if not isinstance(entry, str)
    ]
    return link([*shipped.documents, *own])


@lru_cache(maxsize=1)
def _shipped() -> Policies:
    return load_policies()


def _flows(request: Mapping[str, Any] | DataFlow) -> list[DataFlow]:
    """Return the flows that a request stands for: one for each pair of members of its places."""
    if isinstance(request, DataFlow):
        return [request]
    given = {name: value for name, value in request.items() if name not in _SHORT}
    purpose = given.get("purpose")
    if isinstance(purpose, str) and purpose not in KINDS["purpose"]:
        given["purpose"] = purpose = ALIASES.get(purpose, purpose)
    consent = request.get("consent")
    if consent is True:
        given["consent"] = {
            "type": "consent_explicit", "ground_for": "processing", "purpose": purpose, "coverage": "1",
        }  # fmt: skip
    elif consent not in (None, False):
        given["consent"] = consent
    sources = _ends(request, "region_from", "source")
    return [
        DataFlow.parse({**given, "source": source, "destination": destination})
        for source in sources
        for destination in _ends(request, "region_to", "destination")
    ]


def _ends(request: Mapping[str, Any], short: str, full: str) -> list[Any]:
    if (short in request) == (full in request):
        raise FlowError(f"expected one of `{short}` and `{full}`", hint=f"`{short}: EU`, or a whole `{full}`")
    if full in request:
        return [request[full]]
    name = request[short]
    if not isinstance(name, str):
        raise FlowError(f"{short}: expected text", hint="a country, a part of one, or a set such as EU")
    return sorted(_members(name))


def _members(name: str) -> frozenset[str]:
    try:
        return members(name)
    except UnknownTermError:
        return members(name.upper())  # regions are mostly called `eu`


@dataclass(frozen=True, slots=True)
class EnforceableRequirement:
    """One requirement of a graph, which can be held against a flow."""

    requirement: Requirement
    layer: PolicyLayer = field(repr=False)

    @property
    def id(self) -> str:
        """The requirement's id."""
        return self.requirement.id

    def enforce(self, context: Mapping[str, Any] | DataFlow) -> ComplianceDecision:
        """Return if this requirement, with what it rests on, lets a flow pass or does not apply.

        >>> graph = ComplianceGraph.load_for_jurisdiction("EU")
        >>> flow = {"region_from": "DE", "region_to": "US", "data_categories": ["personal_data"], "purpose": "analytics",
        ...         "importer": {"country": "US", "listings": []}}
        >>> graph.requirements["eu.gdpr.a22"].enforce(flow).allowed
        True
        >>> graph.requirements["eu.gdpr.a44"].enforce(flow)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        airflow_xborder.errors.FlowDeniedError: eu.gdpr.a44: ...

        :returns: the answer of this requirement; that of the whole graph may be stricter.
        :raises FlowDeniedError: if it does not.
        :raises ReviewRequiredError: if a person must decide.
        """
        whole = self.layer.evaluate_request(context).decision
        rests_on = graphs.ComplianceGraph(self.layer.policies).dependencies_of(self.id) | {self.id}
        own = [entry for entry in whole.applicable if entry.requirement_id in rests_on]
        outcomes = [entry.outcome for entry in own]
        told = {entry.regime for entry in whole.applicable}
        # A regime that may be concerned and has not been asked yet may have this rule apply.
        outcomes += [
            entry.outcome
            for entry in whole.regimes
            if entry.id == self.requirement.regime and entry.id not in told
        ]
        names = {entry.requirement_id for entry in own if entry.outcome is not Outcome.ALLOW}
        violations = tuple(entry for entry in whole.violations if entry.requirement_id in names)
        outcome = max(outcomes, key=lambda found: found.strictness, default=Outcome.ALLOW)
        decision = replace(
            whole, outcome=outcome, applicable=tuple(own), violations=violations, reasons=(), remediations=(),
            obligations=tuple(entry for entry in whole.obligations if rests_on & set(entry.because)),
        )  # fmt: skip
        message = f"{self.id}: {self.requirement.description.removesuffix('.')}"
        if outcome is Outcome.DENY:
            raise FlowDeniedError(message, decision=decision)
        if outcome is Outcome.REVIEW:
            raise ReviewRequiredError(message, decision=decision)
        return _in_short(decision)


class ComplianceGraph:
    """The requirements of some jurisdictions, with what they hang on.

    >>> graph = ComplianceGraph.load_for_jurisdiction("EU", "JP")
    >>> [name in graph.policies.ids for name in ("base", "eu.gdpr", "jp.appi", "us.dsp")]
    [True, True, True, False]
    >>> answer = graph.evaluate({"region_from": "DE", "region_to": "FR", "purpose": "analytics",
    ...                          "data_categories": ["personal_data.contact.email"]})
    >>> answer
    ComplianceDecision(allowed=True, conditions=(), violations=(), remediations=())
    """

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self._layer = PolicyLayer(policies)

    @classmethod
    def load_for_jurisdiction(cls, *jurisdictions: str) -> ComplianceGraph:
        """Load the shipped packs of some jurisdictions (``EU``, ``DE``, ``US``, ``US-CA``), and the base pack.

        A country brings the packs of its parts and of what it is a member of.

        :raises FlowError: for an unknown place.
        :raises PolicyNotFoundError: if there is no pack for one.
        """
        chosen = {name for jurisdiction in jurisdictions for name in _packs_of(jurisdiction)}
        if not chosen:
            raise PolicyNotFoundError("no jurisdiction named", hint="load_for_jurisdiction('EU')")
        return cls(load_policies(sorted(chosen)))

    @cached_property
    def graph(self) -> graphs.ComplianceGraph:
        """The graph itself: nodes, edges, dependencies, what a change affects."""
        return graphs.ComplianceGraph(self.policies)

    @cached_property
    def requirements(self) -> Mapping[str, EnforceableRequirement]:
        """The requirements by id, each of which can be enforced alone."""
        return {
            name: EnforceableRequirement(rule, self._layer) for name, rule in self.graph.requirements.items()
        }

    def __iter__(self) -> Iterator[EnforceableRequirement]:
        return iter(self.requirements.values())

    def evaluate(
        self, context: Mapping[str, Any] | DataFlow, as_of: datetime | None = None
    ) -> ComplianceDecision:
        """Answer a flow by all requirements of the graph, as :meth:`PolicyLayer.evaluate_request` does."""
        return self._layer.evaluate_request(context, as_of)


def _packs_of(jurisdiction: str) -> list[str]:
    countries = {place[:2] for place in members(jurisdiction)}
    heads = [
        head for head in _shipped().heads if head.jurisdiction != BASE_PACK
    ]  # principles are of no place
    found = [
        head.id
        for head in heads
        if head.jurisdiction == jurisdiction
        or head.jurisdiction.partition("-")[0] == jurisdiction
        or countries <= members(head.jurisdiction)
    ]
    if not found:
        known = {head.jurisdiction for head in heads}
        hint = suggest(jurisdiction, known) or f"there are packs for {', '.join(sorted(known))}"
        raise PolicyNotFoundError(f"no shipped pack is for `{jurisdiction}`", hint=hint)
    return [name for name in found if name in shipped_ids()]


def check_crossborder_policy(payload: Mapping[str, Any]) -> bool:
    """Tell whether the shipped packs allow a request, with nothing left to do for whoever asks.

    >>> flow = {"region_from": "DE", "region_to": "FR", "purpose": "analytics",
    ...         "data_categories": ["personal_data.contact.email"]}
    >>> check_crossborder_policy(flow), check_crossborder_policy({"request": {**flow, "region_to": "CN"}})
    (True, False)

    :param payload: the request, or ``{"request": …}``, or ``{"input": {"request": …}}`` as an OPA server takes it.
    :raises FlowError: for what is no request.
    """
    for envelope in ("input", "request"):
        if set(payload) == {envelope}:
            payload = payload[envelope]
            if not isinstance(payload, Mapping):
                raise FlowError(
                    f"{envelope}: expected a mapping", hint='{"request": {"region_from": "EU", …}}'
                )
    answer = PolicyLayer().evaluate_request(payload)
    # A yes or no has no room for conditions, nor for another day than today: who ignores either is not allowed.
    return answer.allowed and not answer.conditions and not answer.decision.simulated
