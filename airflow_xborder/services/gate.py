# SPDX-License-Identifier: Apache-2.0
"""The spine: the one function that decides, for every enforcement point.

Facts, engines, approvals, obligations, ledger, answer, in this order. A caller hears ``allow`` only after the ledgers of
both sides have the decision; whatever fails on the way is an exception, and an exception is never ``allow``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from airflow_xborder.audit.event import TaskKey
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.decision import Decision, Obligation, Outcome, Reason, Remediation
from airflow_xborder.core.facts import Facts, normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.records import dataclass
from airflow_xborder.ports.ledger import Receipt
from airflow_xborder.ports.policy_engine import PolicyEngine, Question
from airflow_xborder.services.approving import approve
from airflow_xborder.services.identifiers import new_id
from airflow_xborder.services.merging import deny_for, merge
from airflow_xborder.services.recording import (
    Crossing,
    Fact,
    Recorder,
    as_catalogued,
    crossing_of,
    decision_body,
)
from airflow_xborder.services.resolution import Measured, Resolved, parts_of, resolve

if TYPE_CHECKING:
    from airflow_xborder.ports.clock import Clock
    from airflow_xborder.ports.ledger import Ledger
    from airflow_xborder.ports.policy_store import PolicySet, PolicyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """How a deployment wants its gates.

    :param on_gap: the outcome of a gap in the policies, ``review`` or ``deny``.
    :param trust_dag_claims: whether documents that a DAG's author names count without a register row.
    :param worker_region: the catalog's name for where this process runs.
    """

    on_gap: Outcome = Outcome.REVIEW
    trust_dag_claims: bool = False
    worker_region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """One question of an enforcement point.

    :param point: who asks, for the record (``gate``, ``hook``, ``transfer``, ``guard``).
    :param task: the task try on whose behalf, if any.
    :param step: tells several movements of one point and try apart, in the names of their records.
    :param discharges: the types of obligation that this point carries out itself.
    """

    flow: DataFlow
    point: str
    task: TaskKey | None = None
    step: str = ""
    discharges: frozenset[str] = frozenset()
    measured: Measured = field(default_factory=Measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A recorded decision, with the flow as the catalog knows it and the ledgers that hold its evidence."""

    decision: Decision
    flow: DataFlow
    crossing: Crossing
    request: GateRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posed:
    """A request with all that its answer rests on: the flow, and with it what else lies where it starts."""

    request: GateRequest
    parts: Sequence[Resolved]
    in_force: PolicySet
    frame: Frame


_TRUSTED = "documents that the DAG's author names count here without a register row (trust_dag_claims)"


class Gate:
    """Decides flows.

    :param engines: the native engine first; further ones may only make an answer stricter.
    :param ledger_of: gives the ledger of a region of the catalog.
    """

    def __init__(
        self,
        policies: PolicyStore,
        engines: Sequence[PolicyEngine],
        ledger_of: Callable[[str], Ledger],
        clock: Clock,
        options: GateOptions | None = None,
    ) -> None:
        self._policies = policies
        self._engines = tuple(engines)
        self._clock = clock
        self.options = options or GateOptions()
        self._recorder = Recorder(ledger_of, clock.now)

    @property
    def policy_set(self) -> PolicySet:
        """The packs and the catalog in force."""
        return self._policies.current()

    def read_flow(self, data: object) -> DataFlow:
        """Build a flow from what an author wrote, with the catalog's own names of purposes.

        :raises FlowError: for a malformed flow; unknown terms included.
        """
        return self.policy_set.catalog.read_flow(data)

    def decide(self, request: GateRequest) -> Ruling:
        """Decide a flow and record the decision.

        :returns: the ruling; its outcome may be ``deny`` or ``review``, which are answers, not errors.
        :raises FlowError: for a flow that contradicts the vocabulary.
        :raises ConfigurationError: for an unknown region, or a region without ledger.
        :raises EvaluationError: if an engine or the policy store did not answer; retry.
        :raises LedgerUnavailableError: if the decision could not be recorded on both sides; retry.
        """
        in_force = self.policy_set
        now = self._clock.now()
        in_force.policies.require_known(request.flow)
        parts = self._resolve(request, in_force, now)
        posed = _Posed(request=request, parts=parts, in_force=in_force, frame=self._frame(now))
        decision = self._answer(posed)
        flow = _joined([part.known for part in parts])
        crossing = crossing_of(flow, self._has_ledger(in_force), self.options.worker_region)
        decision = self._record(request, as_catalogued(flow, in_force.catalog), crossing, decision)
        return Ruling(decision=decision, flow=flow, crossing=crossing, request=request)

    def record(self, ruling: Ruling, kind: str, phase: str, body: dict[str, object]) -> Receipt:
        """Record what followed from a ruling, on both sides.

        :raises LedgerUnavailableError: if it could not be written.
        """
        fact = Fact(kind=kind, phase=phase, body=body)
        return self._recorder.record(fact, ruling.crossing, ruling.request.task, ruling.decision)

    def _resolve(self, request: GateRequest, in_force: PolicySet, now: datetime) -> list[Resolved]:
        catalog, trusts = in_force.catalog, self.options.trust_dag_claims
        today = now.astimezone(timezone.utc).date()
        return [
            resolve(part, catalog, today, request.measured, trust_claims=trusts)
            for part in parts_of(replace(request.flow, as_of=None), catalog)
        ]

    def _frame(self, now: datetime) -> Frame:
        return Frame(
            decision_id=new_id(now),
            as_of=now,
            evaluated_at=now,
            simulated=False,
            engine=self._engines[0].name,
            on_gap=self.options.on_gap,
        )

    def _has_ledger(self, in_force: PolicySet) -> Callable[[str], bool]:
        regions = in_force.catalog.regions
        return lambda name: name in regions and regions[name].ledger is not None

    def _answer(self, posed: _Posed) -> Decision:
        decision = self._settle(posed, posed.parts)
        if self.options.trust_dag_claims:
            decision = replace(decision, warnings=(*decision.warnings, _TRUSTED))
        if decision.allowed:
            return decision
        return replace(decision, remediations=self._remedies(posed, decision))

    def _remedies(self, posed: _Posed, decision: Decision) -> tuple[Remediation, ...]:
        # Imported here: most decisions allow, and every task is a new process.
        from airflow_xborder.core.optimisation import Part
        from airflow_xborder.core.remediation import suggest_for_parts

        catalog = posed.in_force.catalog
        parts = [Part(flow, partial(self._try, posed, part)) for part, flow in _flows(posed.parts)]
        return suggest_for_parts(parts, decision, catalog.control_prices, catalog)

    def _try(self, posed: _Posed, part: Resolved, flow: DataFlow) -> Decision:
        # A remedy is verified as the flow was decided: by every engine, and with this point's obligations.
        return self._settle(posed, [replace(part, known=flow, claimed=flow)])

    def _settle(self, posed: _Posed, parts: Sequence[Resolved]) -> Decision:
        asked = [normalise(flow, complete=part.complete) for part, flow in _flows(parts)]
        answers = [answer for facts in asked for answer in self._ask(posed, facts)]
        contradictions = [reason for part in parts for reason in part.contradictions]
        decision = deny_for(merge(answers, posed.in_force.digest), list(dict.fromkeys(contradictions)))
        decision = _until(decision, [part.until for part in parts])
        decision = approve(decision, answers, asked, posed.in_force)
        return deny_for(decision, _undischargeable(decision.obligations, posed.request.discharges))

    def _ask(self, posed: _Posed, facts: Facts) -> list[Decision]:
        question = Question(
            facts=facts,
            policies=posed.in_force.policies,
            frame=posed.frame,
            filters_rows="filter_rows_by_consent" in posed.request.discharges,
        )
        return [engine.decide(question) for engine in self._engines]

    def _record(
        self, request: GateRequest, flow: DataFlow, crossing: Crossing, decision: Decision
    ) -> Decision:
        body = decision_body(flow, decision, request.point)
        phase = "-".join(filter(None, ("decision", request.point, request.step)))
        fact = Fact(kind="decision", phase=phase, body=body)
        receipt = self._recorder.record(fact, crossing, request.task, decision)
        # A process that comes back after a crash meets its own decision, and goes on under the same id.
        return replace(decision, decision_id=receipt.event.decision_id or decision.decision_id)


def _flows(parts: Sequence[Resolved]) -> list[tuple[Resolved, DataFlow]]:
    """Return the flows that are decided of some parts: each as it is known and, where that differs, as claimed."""
    known = [(part, part.known) for part in parts]
    return known + [(part, part.claimed) for part in parts if part.claimed != part.known]


def _joined(flows: Sequence[DataFlow]) -> DataFlow:
    """Return the first flow, with the categories of all: what is recorded of it."""
    terms = sorted({term for flow in flows for term in flow.data_categories or ()})
    return flows[0] if len(flows) == 1 else replace(flows[0], data_categories=tuple(terms))


def _until(decision: Decision, turns: Iterable[datetime | None]) -> Decision:
    """Return a decision that stands no longer than until the first of some moments."""
    moments = [moment for moment in (decision.valid_until, *turns) if moment is not None]
    return replace(decision, valid_until=min(moments, default=None))


def _undischargeable(obligations: Iterable[Obligation], discharges: frozenset[str]) -> list[Reason]:
    # XACML 3.0, 7.18: an obligation that the enforcement point cannot carry out turns a permit into a deny.
    return [
        Reason(
            "unmet",
            "undischargeable",
            (("obligation", entry.type), ("citations", ", ".join(entry.because))),
        )
        for entry in obligations
        if entry.type not in discharges
    ]
