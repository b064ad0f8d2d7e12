# SPDX-License-Identifier: Apache-2.0
"""An allowed answer is kept for exactly the same question, and for no longer than it would be given again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_xborder.adapters.engines.cached import CachedEngine
from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.facts import Facts
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError
from airflow_xborder.ports.policy_engine import Question
from tests.factories import TODAY, make_facts, make_flow, make_frame, make_pack, make_row

MINUTE = timedelta(minutes=1)
ALLOWING = Policies([make_pack()])


class CountingEngine:
    """The native engine, which counts what it is asked and may be told what to answer."""

    name = "native/1.0.0"

    def __init__(self, *, repeatable: bool = True, **changes: Any) -> None:
        self.repeatable = repeatable
        self.asked = 0
        self.changes = changes

    def decide(self, question: Question) -> Decision:
        self.asked += 1
        if self.changes.get("outcome") == "none":
            raise EngineUnavailableError("no answer")
        return replace(NativeEngine().decide(question), **self.changes)

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        return [self.decide(question) for question in questions]


class SetClock:
    def __init__(self, moment: datetime = TODAY) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Asked:
    """A cached engine on a clock that the test moves."""

    def __init__(self, limit: int = 8, **engine: Any) -> None:
        self.engine = CountingEngine(**engine)
        self.clock = SetClock()
        self.cached = CachedEngine(self.engine, self.clock, limit)

    def question(self, policies: Policies = ALLOWING, facts: Facts | None = None, **frame: Any) -> Question:
        as_of = frame.pop("as_of", self.clock.moment)
        framed = replace(make_frame(as_of), **frame)
        return Question(facts=facts or make_facts(), policies=policies, frame=framed)

    def ask(self, *args: Any, **kwargs: Any) -> Decision:
        return self.cached.decide(self.question(*args, **kwargs))


def test_the_same_question_is_asked_once_and_answered_in_its_own_frame() -> None:
    asked = Asked()
    first = asked.ask(facts=make_facts(flow_id="one"))
    asked.clock.moment += MINUTE
    second = asked.ask(facts=make_facts(flow_id="two"), decision_id="d-2", evaluated_at=TODAY + 2 * MINUTE)
    assert asked.engine.asked == 1
    assert (second.flow_id, second.decision_id) == ("two", "d-2")
    assert (second.as_of, second.evaluated_at) == (TODAY + MINUTE, TODAY + 2 * MINUTE)
    ours = {"flow_id": "", "decision_id": "", "as_of": TODAY, "evaluated_at": TODAY}
    assert replace(first, **ours) == replace(second, **ours)


class TestOnlyWhatIsAllowedIsKept:
    @pytest.mark.parametrize("outcome", [Outcome.REVIEW, Outcome.DENY])
    def test_another_answer_is_asked_for_again(self, outcome: Outcome) -> None:
        asked = Asked(outcome=outcome)
        assert [asked.ask().outcome, asked.ask().outcome] == [outcome, outcome]
        assert asked.engine.asked == 2

    def test_no_answer_is_none(self) -> None:
        asked = Asked(outcome="none")
        for _ in range(2):
            with pytest.raises(EngineUnavailableError):
                asked.ask()
        assert asked.engine.asked == 2

    def test_an_approval_cannot_be_kept(self) -> None:
        # The gate turns a `review` into an `allow` for a standing approval after the engines have answered. An engine
        # that saw approvals would keep that `allow` beyond the approval's withdrawal: so no question may carry one.
        assert {field.name for field in fields(Question)} == {"facts", "policies", "frame", "filters_rows"}
        assert {field.name for field in fields(Facts)} == {"values", "flow", "complete"}
        assert not [field.name for field in fields(DataFlow) if "approv" in field.name]
        asked = Asked(outcome=Outcome.REVIEW)
        asked.ask()
        asked.engine.changes["outcome"] = Outcome.DENY
        assert asked.ask().outcome is Outcome.DENY


class TestItsTime:
    @pytest.mark.parametrize(("later", "times"), [(MINUTE - timedelta(microseconds=1), 1), (MINUTE, 2), (2 * MINUTE, 2)],
                             ids=["before", "at", "after"])  # fmt: skip
    def test_it_stands_strictly_before_its_valid_until(self, later: timedelta, times: int) -> None:
        asked = Asked(valid_until=TODAY + MINUTE)
        asked.ask()
        asked.clock.moment += later
        asked.ask()
        assert asked.engine.asked == times

    def test_a_question_that_waited_until_after_it_is_asked_anew(self) -> None:
        asked = Asked(valid_until=TODAY + MINUTE)
        asked.ask()
        asked.clock.moment += MINUTE
        asked.ask(as_of=TODAY)
        assert asked.engine.asked == 2

    def test_a_clock_that_was_set_back_comes_to_a_time_without_an_answer(self) -> None:
        asked = Asked()
        asked.ask()
        asked.clock.moment -= MINUTE
        asked.ask()
        assert asked.engine.asked == 2

    def test_it_is_asked_for_again_each_quarter_of_an_hour(self) -> None:
        asked = Asked()
        asked.clock.moment += 14 * MINUTE
        asked.ask()
        asked.clock.moment += MINUTE
        asked.ask()
        assert asked.engine.asked == 2

    def test_what_is_simulated_is_neither_read_nor_written(self) -> None:
        asked = Asked()
        asked.ask(simulated=True)
        asked.ask()
        assert asked.engine.asked == 2
        assert asked.ask(simulated=True).simulated
        assert asked.engine.asked == 3

    def test_a_question_about_times_to_come_is_neither(self) -> None:
        asked = Asked()
        for _ in range(2):
            asked.ask(as_of=TODAY + MINUTE)
        assert asked.engine.asked == 2


class TestAnotherQuestion:
    CHANGES = {
        "a place": {"destination": "JP"},
        "a subdivision": {"destination": "US-IL"},
        "an explicit nothing": {"mechanisms": []},
        "a document": {"mechanisms": [{"type": "scc_eu", "module": 2}]},
        "its last day": {"mechanisms": [{"type": "scc_eu", "module": 2, "valid_until": "2027-01-01"}]},
        "its number": {"mechanisms": [{"type": "scc_eu", "module": 2, "reference": "S-1"}]},
        "evidence": {"evidence": ["tia"]},
        "a count": {"counts": [{"category": "personal_data", "unit": "persons", "n": 1, "scope": "window"}]},
        "another count": {
            "counts": [{"category": "personal_data", "unit": "persons", "n": 2, "scope": "window"}]
        },
        "consent": {"consent": {"type": "consent_explicit", "ground_for": "transfer", "coverage": "1"}},
        "its coverage": {
            "consent": {"type": "consent_explicit", "ground_for": "transfer", "coverage": "0.9"}
        },
        "a listing": {"importer": {"country": "FR", "listings": [{"framework": "eu_us_dpf"}]}},
        "true": {"attributes": {"cn.ciio": True}},
        "one": {"attributes": {"cn.ciio": 1}},
        "a store": {"source": "DE", "provenance": {"via": ["JP"]}},
    }

    def test_whatever_differs_in_the_flow_is_another_question(self) -> None:
        asked = Asked(limit=100, outcome=Outcome.ALLOW)
        flows = [make_flow(**fields) for fields in ({}, *self.CHANGES.values())]
        for flow in flows:
            asked.ask(facts=make_facts(flow))
        assert asked.engine.asked == len(flows)
        for flow in flows:
            asked.ask(facts=make_facts(DataFlow.parse(_written(flow))))
        assert asked.engine.asked == len(flows)

    def test_so_is_whatever_else_an_answer_rests_on(self) -> None:
        asked = Asked(limit=100, outcome=Outcome.ALLOW)
        plain = asked.question()
        others = [
            asked.question(facts=make_facts(complete=False)),
            asked.question(engine="native/2"),
            asked.question(on_gap=Outcome.DENY),
            replace(plain, filters_rows=True),
        ]
        for question in (plain, *others, plain, *others):
            asked.cached.decide(question)
        assert asked.engine.asked == 1 + len(others)

    def test_every_field_is_thought_of(self) -> None:
        # Whoever adds a field decides whether an answer rests on it, and puts it into the key or into the frame.
        assert {field.name for field in fields(Frame)} == {
            "decision_id", "as_of", "evaluated_at", "simulated", "engine", "on_gap",
        }  # fmt: skip


class TestReload:
    def test_other_policies_start_anew_and_nothing_of_the_old_ones_comes_back(self) -> None:
        asked = Asked()
        other = Policies([make_pack("t", make_row())])
        assert asked.ask().allowed
        assert not asked.ask(other).allowed
        assert asked.ask().allowed
        assert asked.engine.asked == 3
        assert len(asked.cached._kept) == 1

    def test_the_same_policies_read_again_are_the_same(self) -> None:
        asked = Asked()
        asked.ask()
        asked.ask(Policies([make_pack()]))
        assert asked.engine.asked == 1

    def test_an_answer_from_before_a_reload_is_not_kept_after_it(self) -> None:
        asked = Asked()
        inner = asked.engine.decide

        def slow(question: Question) -> Decision:
            decision = inner(question)
            asked.engine.decide = inner  # type: ignore[method-assign]
            asked.ask(Policies([make_pack("other")]))
            return decision

        asked.engine.decide = slow  # type: ignore[method-assign]
        asked.ask()
        assert {key[0] for key in asked.cached._kept} == {Policies([make_pack("other")]).digest}


class TestItsSize:
    def test_the_one_not_asked_for_longest_goes(self) -> None:
        asked = Asked(limit=2)
        one, two, three = (
            make_facts(purpose=name) for name in ("service_delivery", "analytics", "marketing")
        )
        for facts in (one, two, one, three, one):
            asked.ask(facts=facts)
        assert asked.engine.asked == 3
        asked.ask(facts=two)
        assert asked.engine.asked == 4
        assert len(asked.cached._kept) == 2

    def test_it_must_keep_something(self) -> None:
        with pytest.raises(ConfigurationError, match="at least one"):
            Asked(limit=0)


class TestTheEngine:
    def test_one_whose_answers_change_by_themselves_is_asked_every_time(self) -> None:
        asked = Asked(repeatable=False)
        for _ in range(2):
            asked.ask()
        asked.cached.decide_many([asked.question(), asked.question()])
        assert asked.engine.asked == 4
        assert asked.cached.repeatable is False

    def test_several_questions_are_answered_in_order(self) -> None:
        asked = Asked()
        questions = [asked.question(facts=make_facts(flow_id=name)) for name in ("a", "b", "c")]
        assert [decision.flow_id for decision in asked.cached.decide_many(questions)] == ["a", "b", "c"]
        assert asked.engine.asked == 1

    def test_threads_get_the_answers_to_their_own_questions(self) -> None:
        asked = Asked(limit=3)
        wrong: list[str | None] = []

        def work(name: str) -> None:
            for number in range(50):
                purpose = ("service_delivery", "analytics", "marketing", "ml_inference")[number % 4]
                facts = make_facts(flow_id=name, purpose=purpose)
                decision = asked.ask(facts=facts)
                if (decision.flow_id, decision.facts_digest) != (
                    name,
                    NativeEngine().decide(asked.question(facts=facts)).facts_digest,
                ):
                    wrong.append(decision.flow_id)

        threads = [threading.Thread(target=work, args=(f"flow-{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
        assert len(asked.cached._kept) == 3


def _written(flow: DataFlow) -> Any:
    from airflow_xborder.core.structure import plain

    return plain(flow)
