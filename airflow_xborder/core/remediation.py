# SPDX-License-Identifier: Apache-2.0
"""What would make a flow lawful, cheapest first, each verified by deciding the changed flow.

Remediations never teach evasion (law 10): what a control may change is fixed in ``controls.py``. This runs for
every answer that is not ``allow``, so the search is short: it names good ways out, and does not claim that there
are no others. The decider is passed in, since only an engine may evaluate.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.decision import Decision, Outcome, Remediation
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.offers import DEFAULT_PRICES, Prices
from airflow_xborder.core.optimisation import Bounds, Case, Decide, Part, search

QUICK = Bounds(decisions=40, plans=5)


def suggest_remediations(
    flow: DataFlow,
    decision: Decision,
    decide: Decide,
    prices: Prices | None = None,
    catalog: Catalog | None = None,
) -> tuple[Remediation, ...]:
    """Return changes that make the answer ``allow``, the cheapest first.

    :param decide: answers a changed flow; nothing it answers authorises anything.
    :param prices: cost of each document, safeguard or change, by its name in the price file.
    :param catalog: where else the data could go, and to whom.
    """
    return suggest_for_parts([Part(flow, decide)], decision, prices, catalog)


def suggest_for_parts(
    parts: Sequence[Part],
    decision: Decision,
    prices: Prices | None = None,
    catalog: Catalog | None = None,
) -> tuple[Remediation, ...]:
    """Return changes that make the answer to several flows ``allow``, where one decision is about all of them.

    :param parts: one for each flow that was decided: for each data set, as claimed and as known.
    :param decision: the answer to all of them.
    """
    if decision.allowed:
        return ()
    case = Case(
        parts=tuple(parts),
        decision=decision,
        prices={**DEFAULT_PRICES, **(prices or {})},
        catalog=catalog,
    )
    return tuple(Remediation(plan.words, Outcome.ALLOW, plan.cost) for plan in search(case, QUICK).plans)
