# SPDX-License-Identifier: Apache-2.0
"""What would make a flow lawful, cheapest first, each verified by deciding the changed flow.

Remediations never teach evasion (law 10): they attach documents, ask a list or move the processing; they never
touch counts, purposes, roles, ownership or consent. The decider is passed in, since only an engine may evaluate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from airflow_xborder.core.decision import Decision, Outcome, Remediation
from airflow_xborder.core.flow import DataFlow, End, Evidence, Mechanism
from airflow_xborder.core.grounds import SCC_MODULES

Decide = Callable[[DataFlow], Decision]

DEFAULT_PRICES: Mapping[str, int] = {"scc_eu": 3, "tia": 5, "bcr_c": 20, "bcr_p": 20, "move": 4, "fact": 1}
_DEFAULT_PRICE = 8
_MAX_TRIED = 12
# Mechanisms that a company can bring about by itself; the rest need an authority, a law or the people concerned.
_ATTAINABLE = frozenset(
    {"scc_eu", "baa", "service_provider_contract", "equivalent_system", "cisa_controls", "bcr_c", "bcr_p"}
)


def suggest_remediations(
    flow: DataFlow, decision: Decision, decide: Decide, prices: Mapping[str, int] | None = None
) -> tuple[Remediation, ...]:
    """Return the changes that improve the answer, the cheapest first.

    :param decide: answers a changed flow; nothing it answers authorises anything.
    :param prices: cost of each document or change, by its id.
    """
    prices = {**DEFAULT_PRICES, **(prices or {})}
    found: list[Remediation] = []
    for change, cost, changed in islice(_candidates(flow, decision, prices), _MAX_TRIED):
        makes = decide(changed).outcome
        if makes.strictness < decision.outcome.strictness and makes is Outcome.ALLOW:
            found.append(Remediation(change, makes, cost))
    return tuple(sorted(found, key=lambda entry: (entry.cost, entry.change)))


def _candidates(
    flow: DataFlow, decision: Decision, prices: Mapping[str, int]
) -> Iterator[tuple[str, int, DataFlow]]:
    mechanisms, evidence = _lacking(decision)
    for mechanism in [*mechanisms, *((None,) if evidence else ())]:
        documents = [mechanism, *evidence] if mechanism else evidence
        cost = sum(prices.get(document, _DEFAULT_PRICE) for document in documents)
        yield _sentence(flow, mechanism, evidence), cost, _attach(flow, mechanism, evidence)
    here = flow.source.region or flow.source.country
    if here:
        yield f"process in {'region ' if flow.source.region else ''}{here}", prices["move"], _stay(flow)


def _lacking(decision: Decision) -> tuple[list[str], list[str]]:
    unmet = {entry for violation in decision.violations for entry in violation.unmet}
    named = {
        word
        for entry in unmet
        if entry.startswith("mechanism ")
        for word in entry.split()[1:]
        if word != "or"
    }
    evidence = sorted(entry.split()[1] for entry in unmet if entry.startswith("evidence "))
    return sorted(named & _ATTAINABLE), evidence


def _module(flow: DataFlow) -> int | None:
    roles = (flow.exporter.role if flow.exporter else None, flow.importer.role if flow.importer else None)
    return next((module for module, pair in SCC_MODULES.items() if pair == roles), None)


def _sentence(flow: DataFlow, mechanism: str | None, evidence: list[str]) -> str:
    parts = []
    if mechanism:
        module = f" (module {_module(flow)})" if mechanism == "scc_eu" and _module(flow) else ""
        parts.append(f"mechanism {mechanism}{module}")
    if evidence:
        parts.append(f"evidence {', '.join(evidence)}")
    return f"attach {' and '.join(parts)}"


def _attach(flow: DataFlow, mechanism: str | None, evidence: list[str]) -> DataFlow:
    mechanisms = flow.mechanisms or ()
    if mechanism:
        module = _module(flow) if mechanism == "scc_eu" else None
        mechanisms = (*mechanisms, Mechanism(type=mechanism, module=module, reference="proposed"))
    documents = (*(flow.evidence or ()), *(Evidence(type=kind, reference="proposed") for kind in evidence))
    return replace(flow, mechanisms=mechanisms, evidence=documents)


def _stay(flow: DataFlow) -> DataFlow:
    here = End(region=flow.source.region, country=flow.source.country, subdivision=flow.source.subdivision)
    importer = (
        replace(flow.importer, country=flow.source.country, subprocessors=()) if flow.importer else None
    )
    return replace(flow, destination=here, importer=importer, places=None)
