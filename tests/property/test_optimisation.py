# SPDX-License-Identifier: Apache-2.0
"""The cheapest plan is the cheapest, cores are minimal, estates pay least: against trying everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.adapters.solvers.highs import HighsSolver, is_installed
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.controls import Attach, Control, HandOver, changed, scope
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.estate import Member, plan_estate
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.infeasibility import conflicting_core, refusal_of
from airflow_xborder.core.offers import asked, cost, open_changes, price
from airflow_xborder.core.optimisation import Bounds, Case, Part, search
from airflow_xborder.core.selection import Problem, Selection, select
from tests.factories import EMAIL, HEALTH, decide, make_flow, make_pack, make_row

ALL = Bounds(decisions=100_000, plans=None)
DOCUMENTS = [{"evidence": "tia"}, {"evidence": "dpia"}, {"mechanism": "scc_eu"}, {"safeguard": "minimise"}]
ATTACHED = [
    Attach("evidence", "tia"),
    Attach("evidence", "dpia"),
    Attach("mechanism", "scc_eu"),
    Attach("safeguard", "minimise"),
]
some = settings(max_examples=40)

documents = st.sampled_from(DOCUMENTS)
abroad = st.sampled_from(
    [EMAIL, HEALTH, {"crosses_border": True}, {"reach.countries": "US"}, {"subjects.countries": "FR"}]
)
alternatives = st.one_of(
    documents,
    st.lists(documents, min_size=2, max_size=2).map(lambda both: {"all": both}),
    st.lists(st.one_of(documents, st.just({"mechanism": "law"})), min_size=2, max_size=3).map(lambda many: {"any": many}),
)  # fmt: skip
prices = st.fixed_dictionaries(
    {name: st.integers(0, 9) for name in ("tia", "dpia", "scc_eu", "minimise", "move", "leave_out", "split")}
)


def rules(triggers: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return up to four rules that ask for documents, or forbid."""
    row = st.fixed_dictionaries(
        {"when": st.lists(triggers, min_size=1, max_size=2).map(lambda tests: {"all": tests})},
        optional={
            "constraints": st.lists(alternatives, min_size=1, max_size=2),
            "conflicts": st.just(["r0"]),
        },
    )
    return st.lists(row, min_size=1, max_size=4).map(
        lambda rows: [make_row(f"r{n}", **{"triggers": [], **fields}) for n, fields in enumerate(rows)]
    )


# Documents may only bring rules in: then what is lawful stays so in every larger set that brings in nothing new, and
# every lawful set can be built by meeting one rule after the other.
growing = rules(st.one_of(abroad, documents))
# A document may also make a rule fall away.
any_rules = rules(st.one_of(abroad, documents, documents.map(lambda document: {"not": document})))
flows = st.builds(
    lambda categories, people: make_flow("DE", "US-VA", data_categories=categories, subjects={"countries": people}),
    st.sampled_from([[EMAIL], [EMAIL, HEALTH]]), st.sampled_from([["DE"], ["DE", "FR"]]),
)  # fmt: skip


def make_case(rows: list[dict[str, Any]], flow: DataFlow, prices: dict[str, int]) -> Case:
    policies = Policies([make_pack("t", *rows)])
    return Case(
        parts=(Part(flow, lambda question: decide(policies, question)),),
        decision=decide(policies, flow),
        prices=prices,
    )


def subsets(controls: Sequence[Control]) -> Iterator[frozenset[Control]]:
    sizes = range(len(controls) + 1)
    return (
        frozenset(chosen) for chosen in chain.from_iterable(combinations(controls, size) for size in sizes)
    )


def answers(case: Case, chosen: frozenset[Control]) -> list[Decision] | None:
    """Return the answers to what a set of controls makes of the flow; none if nothing goes."""
    became = changed(case.parts[0].flow, chosen)
    return None if became.going is None else [case.parts[0].decide(flow) for flow in became.flows]


def is_lawful(decisions: Sequence[Decision] | None) -> bool:
    return decisions is not None and all(decision.outcome is Outcome.ALLOW for decision in decisions)


def slots_fit(chosen: frozenset[Control]) -> bool:
    slots = [control.slot for control in chosen if control.slot]
    return len(slots) == len(set(slots))


def smallest(sets: list[frozenset[Control]]) -> set[frozenset[Control]]:
    return {one for one in sets if not any(other < one for other in sets)}


def reachable(case: Case) -> Iterator[frozenset[Control]]:
    """Yield every set of a plan's kind: changes, and then what rules that are not met ask for, one after the other."""
    for changes in filter(slots_fit, subsets(open_changes([case.parts[0].flow]))):
        waiting, seen = [changes], {changes}
        while waiting:
            chosen = waiting.pop()
            decisions = answers(case, chosen)
            if decisions is None:
                continue
            yield chosen
            if is_lawful(decisions):
                continue
            for violation in chain.from_iterable(decision.violations for decision in decisions):
                for more in asked(violation.ways):
                    if chosen | more not in seen:
                        seen.add(chosen | more)
                        waiting.append(chosen | more)


class TestOneFlow:
    @some
    @given(growing, flows, prices)
    def test_the_plans_are_all_minimal_lawful_sets_of_all_there_are(
        self, rows: list[dict[str, Any]], flow: DataFlow, prices: dict[str, int]
    ) -> None:
        case = make_case(rows, flow, prices)
        controls = [*open_changes([flow]), *ATTACHED]
        lawful = [
            chosen for chosen in filter(slots_fit, subsets(controls)) if is_lawful(answers(case, chosen))
        ]
        found = search(case, ALL)
        assert found.exhausted
        assert {frozenset(plan.controls) for plan in found.plans} == smallest(lawful)
        assert [plan.cost for plan in found.plans] == sorted(
            cost(plan.controls, prices) for plan in found.plans
        )

    @some
    @given(any_rules, flows, prices)
    def test_so_they_are_where_documents_make_rules_fall_away(
        self, rows: list[dict[str, Any]], flow: DataFlow, prices: dict[str, int]
    ) -> None:
        case = make_case(rows, flow, prices)
        lawful = [chosen for chosen in reachable(case) if is_lawful(answers(case, chosen))]
        found = search(case, ALL)
        assert {frozenset(plan.controls) for plan in found.plans} == smallest(lawful)

    @some
    @given(any_rules, flows, prices, st.integers(1, 60))
    def test_what_is_said_to_be_the_cheapest_is_however_short_the_search(
        self, rows: list[dict[str, Any]], flow: DataFlow, prices: dict[str, int], decisions: int
    ) -> None:
        case = make_case(rows, flow, prices)
        whole, short = search(case, ALL), search(case, Bounds(decisions=decisions))
        assert all(is_lawful(answers(case, frozenset(plan.controls))) for plan in short.plans)
        if short.optimal:
            assert short.plans[0].cost == whole.plans[0].cost
        if short.exhausted and not short.plans:
            assert not whole.plans
        assert search(case).optimal == bool(whole.plans)


class TestCores:
    @some
    @given(any_rules, flows)
    def test_without_any_one_of_its_rules_something_helps_and_with_all_nothing_does(
        self, rows: list[dict[str, Any]], flow: DataFlow
    ) -> None:
        case = make_case(
            [*rows, make_row("ban", when={"any": [EMAIL, HEALTH]}, constraints=[{"mechanism": "law"}])],
            flow,
            {},
        )
        found = search(case, ALL)
        assert found.exhausted
        assert not found.plans
        core = conflicting_core(found.refusals)
        ids = frozenset(blocker.id for blocker in core.blockers)
        refusals = [
            frozenset(blocker.id for blocker in refusal_of(answers(case, chosen) or []))
            for chosen in reachable(case)
        ]
        assert all(refusal & ids for refusal in refusals)
        for one in ids:
            assert any(not refusal & (ids - {one}) for refusal in refusals)
        names = sorted(frozenset().union(*refusals))
        for fewer in chain.from_iterable(combinations(names, size) for size in range(len(ids))):
            assert any(not refusal & set(fewer) for refusal in refusals)

    @some
    @given(
        st.lists(st.sampled_from([[EMAIL], [HEALTH], [EMAIL, HEALTH]]), min_size=1, max_size=3),
        st.lists(alternatives, min_size=1, max_size=3),
    )
    def test_taking_a_rule_of_the_core_out_of_the_law_makes_the_rest_of_it_possible(
        self, triggers: list[list[str]], asked_for: list[Any]
    ) -> None:
        # The same, said with packs: the core's rules alone cannot be met, and all but any one of them can.
        rows = [
            make_row(f"r{n}", triggers=[], when={"any": names}, constraints=[{"mechanism": "law"}])
            for n, names in enumerate(triggers)
        ]
        rows += [
            make_row(f"s{n}", triggers=[], when={"any": [EMAIL, HEALTH]}, constraints=[constraint])
            for n, constraint in enumerate(asked_for)
        ]
        flow = make_flow("DE", "DE", data_categories=[EMAIL, HEALTH])
        found = search(make_case(rows, flow, {}), ALL)
        if found.plans:
            return
        core = {blocker.id for blocker in conflicting_core(found.refusals).blockers}

        def plans(names: set[str]) -> int:
            kept = [row for row in rows if row["requirement_id"] in names]
            return len(search(make_case(kept, flow, {}), ALL).plans)

        assert plans(core) == 0
        for one in core:
            assert plans(core - {one}) > 0


problems = st.integers(1, 7).flatmap(
    lambda items: st.builds(
        Problem,
        st.lists(
            st.lists(st.frozensets(st.integers(0, items - 1), max_size=3), min_size=1, max_size=4).map(tuple),
            max_size=5,
        ).map(tuple),
        st.lists(st.integers(0, 9), min_size=items, max_size=items).map(tuple),
    )
)


class TestSolvers:
    @settings(max_examples=300)
    @given(problems)
    def test_branch_and_bound_finds_what_trying_everything_does(self, problem: Problem) -> None:
        found = select(problem)
        assert found.optimal
        assert found.cost == problem.cost(found.chosen)
        assert found.cost == min(
            problem.cost(each) for each in product(*map(range, map(len, problem.groups)))
        )

    @settings(max_examples=100)
    @given(problems, st.integers(0, 10))
    def test_cut_short_it_is_no_cheaper_and_claims_nothing_wrong(self, problem: Problem, nodes: int) -> None:
        short, whole = select(problem, nodes), select(problem)
        assert short.cost == problem.cost(short.chosen)
        assert short.cost >= whole.cost
        assert not short.optimal or short.cost == whole.cost

    @pytest.mark.skipif(not is_installed(), reason="highspy is not installed")
    @settings(max_examples=15)
    @given(problems)
    def test_highs_finds_the_same_cost(self, problem: Problem) -> None:
        found = HighsSolver().select(problem)
        assert found.optimal
        assert (found.cost, problem.cost(found.chosen)) == (select(problem).cost, found.cost)


PARTIES = {name: {"party": name, "country": "US", "role": "processor"} for name in ("one-inc", "two-inc")}
members = st.lists(
    st.builds(
        lambda party, categories: make_flow(
            "DE", "US-VA", data_categories=categories, importer=PARTIES[party],
            exporter={"party": "acme-gmbh", "country": "DE", "role": "controller"},
        ),
        st.sampled_from(sorted(PARTIES)), st.sampled_from([[EMAIL], [HEALTH]]),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


class TestEstates:
    @some
    @given(any_rules, members, prices)
    def test_nothing_is_cheaper_for_as_many_flows(
        self, rows: list[dict[str, Any]], flows: list[DataFlow], prices: dict[str, int]
    ) -> None:
        cases = [make_case(rows, flow, prices) for flow in flows]
        found = plan_estate([Member(f"f{n}", case) for n, case in enumerate(cases)], select, ALL)
        lawful = [
            [chosen for chosen in reachable(case) if is_lawful(answers(case, chosen))] for case in cases
        ]
        assert [verdict.plan is not None for verdict in found.verdicts] == [bool(sets) for sets in lawful]
        assert found.optimal
        assert found.cost == self.cheapest(cases, [sets or [frozenset()] for sets in lawful], prices)
        assert found.cost == sum(purchase.cost for purchase in found.purchases)

    def cheapest(
        self, cases: list[Case], lawful: list[list[frozenset[Control]]], prices: dict[str, int]
    ) -> int:
        """Return the least that any choice of lawful sets costs together."""

        def total(choice: tuple[frozenset[Control], ...]) -> int:
            paid = {}
            for number, (case, chosen) in enumerate(zip(cases, choice, strict=True)):
                going = changed(case.parts[0].flow, chosen).going
                assert going is not None
                for control in chosen:
                    paid[scope(control, going) or (str(number), control.id)] = price(control, prices)
            return sum(paid.values())

        minimal = [
            sorted(smallest(sets), key=lambda chosen: sorted(one.id for one in chosen)) for sets in lawful
        ]
        return min(total(choice) for choice in product(*minimal))

    def test_a_choice_is_what_the_solver_says(self) -> None:
        asked_of: list[Problem] = []

        def choose(problem: Problem) -> Selection:
            asked_of.append(problem)
            return select(problem)

        rows = [make_row("a", constraints=[{"evidence": "tia"}])]
        cases = [make_case(rows, make_flow("DE", "US-VA"), {}) for _ in range(2)]
        plan_estate([Member(str(n), case) for n, case in enumerate(cases)], choose)
        (problem,) = asked_of
        assert len(problem.groups) == 2


def test_a_handover_is_asked_for_like_a_document() -> None:
    row = make_row(
        "a", when={"automated_decision.significant_effect": True}, constraints=["human_review_required"]
    )
    flow = make_flow(
        "DE",
        "DE",
        automated_decision={"significant_effect": True, "human_review": False, "explanation": False},
    )
    (plan,) = search(make_case([row], flow, {}), ALL).plans
    assert plan.controls == (HandOver("human_review"),)
