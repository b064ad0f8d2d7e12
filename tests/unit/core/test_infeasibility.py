# SPDX-License-Identifier: Apache-2.0
"""The smallest set of rules that nothing meets together."""

from __future__ import annotations

import pytest

from airflow_xborder.core import infeasibility
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.infeasibility import Blocker, Refusal, conflicting_core, refusal_of
from tests.factories import decide, make_flow, make_pack, make_row


def refusal(names: str) -> Refusal:
    return frozenset(Blocker(name, f"Art. {name}", f"{name} says no") for name in names)


def core(*refusals: str) -> str:
    return "".join(
        blocker.id for blocker in conflicting_core([refusal(names) for names in refusals]).blockers
    )


class TestCore:
    def test_what_refuses_every_try_is_all_of_it(self) -> None:
        assert core("ab", "bc", "bd") == "b"

    def test_else_the_fewest_that_refuse_each_one(self) -> None:
        # Without either, some try would do: the first with what meets b, the second with what meets a.
        assert core("a", "b") == "ab"
        assert core("ab", "bc", "ac", "c") == "ac"

    def test_greed_would_find_more(self) -> None:
        # x is in most refusals, and is in no smallest set.
        assert core("xa", "xb", "ac", "bd", "xab") in ("ab", "xb", "xa")
        assert len(core("xap", "xaq", "xbr", "xbs", "ac", "bd")) == 2

    def test_it_keeps_citation_and_text(self) -> None:
        (only,) = conflicting_core([refusal("a")]).blockers
        assert (only.citation, only.text) == ("Art. a", "a says no")

    def test_the_order_of_tries_never_matters(self) -> None:
        assert core("ab", "cd", "ac", "bd") == core("bd", "ac", "cd", "ab")

    def test_one_that_takes_too_long_is_minimal_if_not_the_smallest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(infeasibility, "_MAX_NODES", 2)
        refusals = [refusal(names) for names in ("ab", "cd", "ac", "bd", "ef")]
        found = conflicting_core(refusals)
        chosen = frozenset(found.blockers)
        assert not found.smallest
        assert all(names & chosen for names in refusals)
        assert all(any(not names & (chosen - {one}) for names in refusals) for one in chosen)


class TestRefusals:
    def test_each_rule_that_is_not_met_is_one(self) -> None:
        rows = [
            make_row("a", constraints=[{"evidence": "tia"}]),
            make_row("b", effect="review"),
            make_row("c", on_unmet="track"),
        ]
        found = refusal_of([decide([make_pack("t", *rows)])])
        assert sorted(blocker.id for blocker in found) == ["a", "b"]
        assert all(blocker.text for blocker in found)

    def test_a_missing_fact_stands_against_it_by_its_rule(self) -> None:
        (only,) = refusal_of([decide([make_pack("t", make_row("a", when={"importer.same_group": True}))])])
        assert only.id == "a"
        assert "importer.same_group" in only.text

    def test_so_does_a_place_without_rules(self) -> None:
        (only,) = refusal_of([decide([make_pack("t", covers=["DE"])])])
        assert only.id.startswith("gap: ")
        assert "FR" in only.text

    def test_a_conflict_is_one_of_its_own(self) -> None:
        rows = [
            make_row("a", constraints=["personal_data"], conflicts=["b"]),
            make_row("b", constraints=["personal_data"]),
        ]
        found = refusal_of([decide([make_pack("t", *rows)])])
        assert [blocker.id for blocker in found if blocker.id.startswith("conflict")]

    def test_of_several_parts_all_count_and_an_allowed_one_adds_nothing(self) -> None:
        policies = Policies(
            [
                make_pack(
                    "t",
                    make_row("a", triggers=[], when={"reach.countries": "FR"}),
                    make_row("b", triggers=[], when={"reach.countries": "JP"}),
                )
            ]
        )
        decisions = [decide(policies, make_flow("DE", place)) for place in ("FR", "JP", "DE")]
        assert sorted(blocker.id for blocker in refusal_of(decisions)) == ["a", "b"]

    def test_an_answer_without_a_reason_is_still_no_allow(self) -> None:
        bare = decide([make_pack("t")]).with_changes(outcome=Outcome.DENY)
        assert [blocker.text for blocker in refusal_of([bare])] == ["the answer is deny"]
        assert refusal_of([decide([make_pack("t")])]) == frozenset()
