# SPDX-License-Identifier: Apache-2.0
"""Flows, facts, requirements, packs and decisions for tests: valid defaults, keyword overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from airflow_xborder.adapters.engines.native import NAME, NativeEngine
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Case, Condition
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.designations import Designations
from airflow_xborder.core.facts import Facts, normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.pack import read_requirement
from airflow_xborder.core.requirement import Requirement
from airflow_xborder.core.truth import Truth
from airflow_xborder.ports.policy_engine import Question

TODAY = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
EMAIL = "personal_data.contact.email"
HEALTH = "personal_data.sensitive.health"


def place(name: str) -> dict[str, str]:
    """Return an end of a flow from a country or a subdivision."""
    return {"country": name[:2], "subdivision": name} if "-" in name else {"country": name}


def make_flow(source: str = "DE", destination: str = "FR", **fields: Any) -> DataFlow:
    """Return a flow of e-mail addresses, from Germany to France unless said otherwise; ``None`` leaves a field out."""
    data = {"source": place(source), "destination": place(destination), "data_categories": [EMAIL], **fields}
    return DataFlow.parse({key: value for key, value in data.items() if value is not None})


def make_facts(flow: DataFlow | None = None, *, complete: bool = True, **fields: Any) -> Facts:
    """Return the facts of a flow, which ``fields`` describe unless one is given."""
    return normalise(flow or make_flow(**fields), complete=complete)


def make_case(
    facts: Facts | None = None,
    *,
    on: str = "2026-11-21",
    designations: Designations | None = None,
    connecting: bool = False,
    **fields: Any,
) -> Case:
    """Return a question about facts on a day."""
    day = datetime.fromisoformat(on).date()
    facts = facts or make_facts(**fields)
    return Case(facts=facts, on=day, designations=designations or Designations([]), connecting=connecting)


def make_row(requirement_id: str = "t.rule", **fields: Any) -> dict[str, Any]:
    """Return the document of a requirement that applies to personal data and forbids it."""
    return {
        "requirement_id": requirement_id,
        "jurisdiction": "EU",
        "description": "A rule of a test.",
        "effective_date": "2020-01-01",
        "triggers": ["personal_data"],
        **fields,
    }


def make_requirement(requirement_id: str = "t.rule", **fields: Any) -> Requirement:
    """Return a requirement; fields as in its document."""
    return read_requirement(make_row(requirement_id, **fields), (), "t")


def make_pack(pack: str = "t", *rows: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the document of a pack that covers the whole EEA, Japan and the United States, and always connects."""
    return {
        "pack": pack,
        "jurisdiction": "EU",
        "title": f"the law of {pack}",
        "version": "1",
        "last_checked": "2026-11-21",
        "notice": "Not legal advice.",
        "covers": ["EEA30", "JP", "US"],
        "requirements": list(rows),
        **fields,
    }


def make_frame(as_of: datetime = TODAY, on_gap: Outcome = Outcome.REVIEW) -> Frame:
    """Return the frame of a question."""
    return Frame(
        decision_id="d", as_of=as_of, evaluated_at=as_of, simulated=False, engine=NAME, on_gap=on_gap
    )


def decide(
    policies: Policies | Iterable[Mapping[str, Any]],
    flow: DataFlow | None = None,
    *,
    as_of: datetime = TODAY,
    complete: bool = True,
    **fields: Any,
) -> Decision:
    """Decide a flow with the native engine."""
    policies = policies if isinstance(policies, Policies) else Policies(policies)
    facts = make_facts(flow, complete=complete, **fields)
    return NativeEngine().decide(Question(facts=facts, policies=policies, frame=make_frame(as_of)))


class Exploding(Condition):
    """A condition that fails in one of its methods."""

    __slots__ = ("error", "method")

    def __init__(self, method: str, error: Exception) -> None:
        self.method = method
        self.error = error

    def truth(self, case: Case) -> Truth:
        if self.method == "truth":
            raise self.error
        return Truth.FALSE if self.method == "unmet" else Truth.TRUE

    def boundaries(self, case: Case) -> Any:
        if self.method == "boundaries":
            raise self.error
        return iter(())

    def unmet(self, case: Case) -> Any:
        raise self.error
