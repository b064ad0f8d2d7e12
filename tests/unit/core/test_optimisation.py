# SPDX-License-Identifier: Apache-2.0
"""The search for the cheapest plans: what it finds, what it proves, and what it says when it was cut short."""

from __future__ import annotations

from typing import Any

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.optimisation import Bounds, Case, Part, Search, search
from tests.factories import EMAIL, HEALTH, decide, make_flow, make_pack, make_row

SHIPPED = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])
ALL = Bounds(plans=None)


def make_search_case(policies: Policies, *flows: DataFlow, prices: dict[str, int] | None = None) -> Case:
    """Return the question what would make flows lawful that are decided together."""
    parts = tuple(Part(flow, lambda changed: decide(policies, changed)) for flow in flows)
    answers = [part.decide(part.flow) for part in parts]
    strictest = max(answers, key=lambda answer: answer.outcome.strictness)
    violations = tuple(dict.fromkeys(entry for answer in answers for entry in answer.violations))
    return Case(parts=parts, decision=strictest.with_changes(violations=violations), prices=prices or {})


def run(
    rows: list[dict[str, Any]],
    bounds: Bounds | None = None,
    prices: dict[str, int] | None = None,
    **fields: Any,
) -> Search:
    policies = Policies([make_pack("t", *rows)])
    return search(make_search_case(policies, make_flow(**fields), prices=prices), bounds)


def told(found: Search) -> list[tuple[str, int]]:
    return [(plan.words, plan.cost) for plan in found.plans]


TIA_OR_DPIA = make_row("a", constraints=[{"any": [{"evidence": "tia"}, {"evidence": "dpia"}]}])
DPIA = make_row("b", constraints=[{"evidence": "dpia"}])


class TestCheapest:
    def test_one_document_for_two_rules_beats_the_cheaper_one_for_each(self) -> None:
        assert told(run([TIA_OR_DPIA, DPIA])) == [("attach evidence dpia", 8)]

    def test_what_attaching_brings_in_is_paid_for(self) -> None:
        rows = [
            make_row("a", constraints=[{"any": [{"evidence": "tia"}, {"evidence": "dpia"}]}]),
            make_row("b", when={"evidence": "tia"}, constraints=[{"safeguard": "minimise"}]),
        ]
        assert told(run(rows)) == [("attach evidence dpia", 8)]
        assert told(run(rows, prices={"minimise": 1})) == [("attach evidence tia and safeguard minimise", 6)]

    def test_a_document_may_make_another_rule_fall_away(self) -> None:
        rows = [
            make_row("a", constraints=[{"evidence": "dpia"}]),
            make_row("b", when={"not": {"evidence": "dpia"}}, constraints=[{"evidence": "audit_report"}]),
        ]
        assert told(run(rows)) == [("attach evidence dpia", 8)]

    def test_a_column_less_may_leave_less_to_attach(self) -> None:
        rows = [
            make_row("a", triggers=[EMAIL], constraints=[{"evidence": "tia"}]),
            make_row("b", triggers=[HEALTH], constraints=[{"mechanism": "law"}]),
        ]
        found = run(rows, data_categories=[EMAIL, HEALTH])
        assert told(found) == [(f"leave out {HEALTH}, then attach evidence tia", 7)]
        assert found.optimal

    def test_what_costs_nothing_is_no_reason_to_do_more(self) -> None:
        prices = {"dpia": 0, "tia": 0, "move": 0}
        assert told(run([TIA_OR_DPIA, DPIA], prices=prices)) == [("attach evidence dpia", 0)]


class TestProof:
    def test_the_cheapest_is_proven_and_the_rest_left(self) -> None:
        found = run([TIA_OR_DPIA, DPIA])
        assert (found.optimal, len(found.plans)) == (True, 1)

    def test_all_plans_are_found_and_none_contains_another(self) -> None:
        found = run([TIA_OR_DPIA], ALL)
        assert told(found) == [("attach evidence tia", 5), ("attach evidence dpia", 8)]
        assert (found.optimal, found.exhausted) == (True, True)

    def test_cut_short_nothing_is_claimed(self) -> None:
        for decisions in range(1, 4):
            found = run([TIA_OR_DPIA, DPIA], Bounds(decisions=decisions))
            assert found.decided <= decisions
            assert not found.exhausted
            assert not found.optimal or found.plans

    def test_with_nothing_to_try_there_is_none_and_that_is_proven(self) -> None:
        found = run([make_row("a", constraints=[{"mechanism": "law"}])], source="DE", destination="DE")
        assert (found.plans, found.exhausted, found.optimal) == ((), True, False)
        assert [sorted(blocker.id for blocker in refusal) for refusal in found.refusals] == [["a"]]

    def test_the_same_question_is_searched_alike(self) -> None:
        flow = make_flow(
            "DE",
            "US-VA",
            data_categories=[EMAIL, HEALTH],
            importer={"listings": []},
            subjects={"countries": ["DE", "US"]},
        )
        assert told(search(make_search_case(SHIPPED, flow), ALL)) == told(
            search(make_search_case(SHIPPED, flow), ALL)
        )

    def test_what_is_skipped_is_not_decided(self) -> None:
        policies = Policies([make_pack("t", TIA_OR_DPIA)])
        case = make_search_case(policies, make_flow())
        found = search(case, ALL, lambda plan, best: best is not None and plan.cost > best)
        assert told(found) == [("attach evidence tia", 5)]


class TestTogether:
    def test_flows_that_are_decided_together_are_changed_together(self) -> None:
        policies = Policies(
            [
                make_pack(
                    "t",
                    make_row("a", triggers=[HEALTH], constraints=[{"mechanism": "law"}]),
                    make_row("b", constraints=[{"evidence": "tia"}]),
                )
            ]
        )
        flows = (make_flow(), make_flow(data_categories=[EMAIL, HEALTH]))
        found = search(make_search_case(policies, *flows))
        assert told(found) == [(f"leave out {HEALTH}, then attach evidence tia", 7)]
        assert len(found.plans[0].flows) == 2

    def test_a_data_set_of_which_nothing_is_left_does_not_go(self) -> None:
        policies = Policies(
            [make_pack("t", make_row("a", triggers=[HEALTH], constraints=[{"mechanism": "law"}]))]
        )
        found = search(make_search_case(policies, make_flow(), make_flow(data_categories=[HEALTH])))
        assert told(found) == [(f"leave out {HEALTH}", 2)]
        assert len(found.plans[0].flows) == 1

    def test_an_answer_may_rest_on_more_than_the_flows(self) -> None:
        # What a gate knows beside the flow (its `known` flow, an engine) can deny what the flow by itself is allowed.
        policies = Policies([make_pack("t")])
        case = make_search_case(policies, make_flow())
        denied = Case(parts=case.parts, decision=decide([make_pack("t", make_row("a"))]))
        assert all(plan.controls for plan in search(denied, ALL).plans)
