# SPDX-License-Identifier: Apache-2.0
"""The flows of the made-up world: mostly by companies that have their papers in order, some by others.

Three in four state every fact that a rule may ask about. The rest come from incomplete catalog rows and leave out one
or two, so that a person must decide; and a few end in places whose law nobody wrote down.
"""

from __future__ import annotations

from random import Random
from typing import Any

from airflow_xborder.core.vocabulary_terms import PURPOSES
from tests.benchmarks.estate.places import JURISDICTIONS, LEAVES, SECTORS, Jurisdiction

Flow = dict[str, Any]
_STATES = ("US-CA", "US-TX", "US-VA", "US-OR", "US-NY")
_MODULES = {("controller", "controller"): 1, ("controller", "processor"): 2, ("processor", "processor"): 3}
_NATIONS = tuple(one for one in JURISDICTIONS if not one.is_state)
_PAPERS = ("approval_decision", "risk_assessment", "audit_report", "pia", "dpo_review", "filing_receipt", "dpia",
           "notice_published", "retention_schedule", "ropa_entry")  # fmt: skip
_HIDDEN = (
    "purpose",
    "subjects",
    "counts",
    "exporter.sector",
    "importer.owners",
    "importer.same_group",
    "importer",
)


def make_flows(count: int, seed: int = 1) -> list[Flow]:
    """Return flows as plain data; one whose row is incomplete has no ``frequency``."""
    random = Random(f"flows {seed}")
    return [_flow(random, number) for number in range(count)]


def _flow(random: Random, number: int) -> Flow:
    source, destination = _ends(random)
    categories = sorted(random.sample(LEAVES, random.choice((1, 1, 2, 3))))
    roles = random.choice(sorted(_MODULES))
    flow: Flow = {
        "flow_id": f"f{number}",
        "access_mode": random.choice(("copy", "copy", "copy", "process", "remote_access", "replicate", "train")),
        "source": _end(random, source),
        "destination": _end(random, destination),
        "exporter": {"country": source.country, "role": roles[0], "sector": [random.choice(SECTORS)]},
        "importer": _importer(random, destination, roles[1]),
        "subjects": _subjects(random, source),
        "counts": [
            {"category": name, "n": random.choice((40, 800, 5000, 200000)), "scope": "window"} for name in categories
        ],
        "data_categories": categories,
        "purpose": random.choice(sorted(PURPOSES)),
        "frequency": "repetitive",
        "automated_decision": {
            "significant_effect": random.random() < 0.3,
            "human_review": random.random() < 0.7,
            "explanation": random.random() < 0.7,
        },
        "provenance": {"origin_regimes": [], "restrictions": [], "via": []},
        "mechanisms": [],
        "evidence": [],
    }  # fmt: skip
    flow["collected_purposes"] = [flow["purpose"]] if random.random() < 0.97 else ["service_delivery"]
    _add_papers(random, flow, roles)
    if random.random() < 0.25:
        _hide(flow, random.sample(_HIDDEN, random.randint(1, 2)))
    return flow


def is_complete(flow: Flow) -> bool:
    """Tell whether the flow stands for a complete catalog row."""
    return "frequency" in flow


def _ends(random: Random) -> tuple[Jurisdiction, Jurisdiction]:
    weights = [6 if one.code in ("EU", "US") else 1 for one in _NATIONS]
    source, destination = random.choices(_NATIONS, weights, k=2)
    return source, source if random.random() < 0.15 else destination


def _end(random: Random, of: Jurisdiction) -> Flow:
    if random.random() < 0.01:
        return {"country": random.choice(("EG", "PE", "LK"))}
    if of.country == "US":
        return {"country": "US", "subdivision": random.choice(_STATES)}
    return {"country": random.choice(("DE", "FR", "IE", "NL")) if of.code == "EU" else of.country}


def _importer(random: Random, of: Jurisdiction, role: str) -> Flow:
    owners = [{"country": random.choice(("CN", "RU", "US", "JP")), "share": random.choice(("0.2", "0.6"))}]
    return {
        "country": of.country,
        "role": role,
        "same_entity": False,
        "same_group": random.random() < 0.4,
        "owners": owners if random.random() < 0.2 else [],
        "listings": [],
    }


def _subjects(random: Random, source: Jurisdiction) -> Flow:
    home = random.choice(("US", "US-CA", "US-TX")) if source.country == "US" else source.country
    away = [random.choice(_NATIONS).country] if random.random() < 0.15 else []
    group = random.choice(("customer", "customer", "prospect", "employee", "job_applicant", "patient"))
    return {"countries": sorted({home, *away}), "groups": [group], "us_persons": "US" in home}


def _add_papers(random: Random, flow: Flow, roles: tuple[str, str]) -> None:
    """Attach what makes most transfers lawful, where the company has its papers in order."""
    touched = {flow["source"]["country"], flow["exporter"]["country"], *flow["subjects"]["countries"]}
    touched |= {flow["destination"]["country"], flow["importer"]["country"]}
    tidy = random.random() < 0.85
    if tidy:
        types = {one.clauses for one in JURISDICTIONS if one.country in touched or one.code in touched}
        types |= {"scc_eu"} if touched & {"FR", "IE", "NL"} else set()
        flow["mechanisms"] = [_mechanism(name, roles) for name in sorted(types)]
        flow["evidence"] = [{"type": "tia", "issued_at": "2026-02-01", "valid_until": "2027-02-01"}]
    papers = random.sample(_PAPERS, random.randint(2, 8) if tidy else random.randint(0, 2))
    flow["evidence"] += [{"type": name, "issued_at": "2026-01-10"} for name in sorted(papers)]
    flow["safeguards"] = sorted(
        random.sample(("minimise", "pseudonymisation", "key_in_origin", "region_pin"), random.randint(0, 3))
    )
    if random.random() < 0.1:
        flow["consent"] = {"type": "consent_explicit", "ground_for": "transfer", "purpose": flow["purpose"], "coverage": "0.93"}  # fmt: skip


def _mechanism(name: str, roles: tuple[str, str]) -> Flow:
    dated = {"type": name, "ground_for": "transfer", "valid_from": "2025-01-01", "valid_until": "2028-12-31"}
    return {**dated, "module": _MODULES[roles]} if name == "scc_eu" else dated


def _hide(flow: Flow, paths: list[str]) -> None:
    for path in ("frequency", *paths):
        party, _, key = path.partition(".")
        if not key:
            flow.pop(party, None)
        elif party in flow:
            flow[party].pop(key, None)
