# SPDX-License-Identifier: Apache-2.0
"""Many flows together: what several need is paid once, and what nothing helps is told apart."""

from __future__ import annotations

from typing import Any

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.estate import EstatePlan, Member, plan_estate
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.optimisation import Bounds
from airflow_xborder.core.selection import Problem, Selection, select
from tests.factories import EMAIL, HEALTH, make_flow, make_pack, make_row
from tests.unit.core.test_optimisation import make_search_case

ABROAD = make_row(
    "a",
    triggers=[EMAIL],
    when={"crosses_border": True},
    constraints=[{"mechanism": "scc_eu"}, {"evidence": "tia"}],
)
BANNED = make_row("b", triggers=[HEALTH])
KEYED = make_row("c", triggers=["telemetry"], constraints=[{"safeguard": "key_in_origin"}])
POLICIES = Policies([make_pack("t", ABROAD, BANNED, KEYED)])


def flow(importer: str | None = "acme-inc", **fields: Any) -> DataFlow:
    party = {"party": importer, "country": "US", "role": "processor"} if importer else None
    return make_flow(
        "DE",
        "US",
        **{
            "exporter": {"party": "acme-gmbh", "country": "DE", "role": "controller"},
            "importer": party,
            **fields,
        },
    )


def plan(*flows: DataFlow, prices: dict[str, int] | None = None, bounds: Bounds | None = None) -> EstatePlan:
    members = [Member(f"f{n}", make_search_case(POLICIES, one, prices=prices)) for n, one in enumerate(flows)]
    return plan_estate(members, select, bounds)


def bought(found: EstatePlan) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(entry.control.id, entry.cost, entry.flows) for entry in found.purchases]


class TestSharing:
    def test_alone_each_stays_at_home_and_together_they_sign(self) -> None:
        assert bought(plan(flow())) == [("move home", 4, ("f0",))]
        found = plan(flow(), flow(), flow())
        everyone = ("f0", "f1", "f2")
        assert bought(found) == [("evidence tia", 5, everyone), ("mechanism scc_eu", 3, everyone)]
        assert (found.cost, found.optimal) == (8, True)

    def test_clauses_with_one_party_are_none_with_another(self) -> None:
        found = plan(flow(), flow("other-inc"))
        assert bought(found) == [("move home", 4, ("f0",)), ("move home", 4, ("f1",))]

    def test_clauses_of_nameless_parties_are_paid_each_time(self) -> None:
        found = plan(flow(None), flow(None), prices={"move": 100})
        assert found.cost == 16
        assert [entry.flows for entry in found.purchases] == [("f0",), ("f0",), ("f1",), ("f1",)]

    def test_a_safeguard_is_paid_once_for_a_store(self) -> None:
        fields: dict[str, Any] = {"data_categories": ["telemetry"]}
        stores = ["s3://a", "s3://a", "s3://b"]
        flows = [
            DataFlow.parse({"source": {"country": "DE", "store": store}, "destination": "FR", **fields})
            for store in stores
        ]
        found = plan(*flows)
        assert bought(found) == [
            ("safeguard key_in_origin", 6, ("f0", "f1")),
            ("safeguard key_in_origin", 6, ("f2",)),
        ]
        assert [entry.words for entry in found.purchases] == [
            "attach safeguard key_in_origin on s3://a",
            "attach safeguard key_in_origin on s3://b",
        ]

    def test_it_says_between_whom_a_document_is(self) -> None:
        assert [entry.words for entry in plan(flow(), flow(), flow()).purchases] == [
            "attach evidence tia between acme-gmbh and acme-inc",
            "attach mechanism scc_eu (module 2) between acme-gmbh and acme-inc",
        ]


class TestVerdicts:
    def test_each_flow_is_told_of(self) -> None:
        found = plan(
            flow(), flow(data_categories=[HEALTH]), make_flow("DE", "FR", data_categories=["non_personal"])
        )
        lawful, banned, allowed = found.verdicts
        assert lawful.plan is not None
        assert (banned.outcome, banned.plan) == (Outcome.DENY, None)
        assert banned.core is not None
        assert [blocker.id for blocker in banned.core.blockers] == ["b"]
        assert (allowed.outcome, allowed.plan and allowed.plan.controls) == (Outcome.ALLOW, ())
        assert found.optimal, "the flows that can be made lawful are, as cheaply as can be"

    def test_cut_short_nothing_is_proven(self) -> None:
        found = plan(flow(), flow(), bounds=Bounds(decisions=1))
        assert [(verdict.plan, verdict.core) for verdict in found.verdicts] == [(None, None), (None, None)]
        assert not found.optimal

    def test_a_choice_that_is_not_proven_is_not_told_as_proven(self) -> None:
        def careless(problem: Problem) -> Selection:
            chosen = (0,) * len(problem.groups)
            return Selection(chosen, problem.cost(chosen), False)

        members = [Member("f", make_search_case(POLICIES, flow()))]
        assert not plan_estate(members, careless).optimal

    def test_where_nothing_can_be_bought_nobody_is_asked(self) -> None:
        found = plan(flow(data_categories=[HEALTH]))
        assert (found.purchases, found.cost, found.optimal) == ((), 0, True)
