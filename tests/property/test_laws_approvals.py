# SPDX-License-Identifier: Apache-2.0
"""Law 9: an approval answers a named review and never a denial; what it rests on voids it, what passes does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from airflow_xborder.core.approvals import (
    Approval,
    apply_approvals,
    approval_key,
    reviews_of,
    standing_approvals,
)
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.facts import Facts, normalise
from airflow_xborder.core.flow import Count, DataFlow
from airflow_xborder.services.gate import GateRequest
from tests.deployment import NOW, PEOPLE, TARGET, Deployment
from tests.factories import EMAIL, decide, make_pack
from tests.generators import flows, packs, rows, some_of

few = settings(max_examples=80)
KEY = "0" * 64
RULE: dict[str, Any] = {
    "requirement_id": "test.judgement", "jurisdiction": "EU", "description": "A person judges it.", "citation": "Test Art. 3",
    "effect": "review", "when": "personal_data", "constraints": [{"evidence": "dpo_review"}], "effective_date": "2018-05-25",
}  # fmt: skip


def blanket(names: frozenset[str]) -> Approval:
    """Return an approval of everything that goes by one of these names."""
    return Approval(
        key=KEY, role="dpo", reference="A", reason="r", requirements=tuple(names) or ("t.none",),
        granted_at=date(2020, 1, 1), valid_until=date(2040, 1, 1),
    )  # fmt: skip


class TestWhatIsAnswered:
    def settle(self, decision: Decision, names: frozenset[str] | None = None) -> Decision:
        """Return the decision as an approval of all, or of some, of its reviews leaves it."""
        reviews = reviews_of([decision])
        return apply_approvals(decision, reviews, [blanket(reviews.names if names is None else names)])

    @few
    @given(packs(), flows)
    def test_no_approval_turns_a_denial(self, documents: list[dict[str, Any]], flow: DataFlow) -> None:
        decision = decide(documents, flow)
        settled = self.settle(decision)
        if decision.outcome is not Outcome.REVIEW:
            assert settled is decision

    @few
    @given(packs(), flows)
    def test_nor_stands_in_for_a_fact_nor_for_an_error(
        self, documents: list[dict[str, Any]], flow: DataFlow
    ) -> None:
        decision = decide(documents, flow)
        if {reason.kind for reason in decision.reasons} & {"missing_fact", "error", "restriction"}:
            assert self.settle(decision) is decision

    @few
    @given(st.data(), st.lists(rows("t.a", []), min_size=3, max_size=3), flows)
    def test_it_answers_what_it_names_and_nothing_besides(
        self, data: st.DataObject, rules: list[dict[str, Any]], flow: DataFlow
    ) -> None:
        asking = [
            {**row, "requirement_id": f"t.r{n}", "effect": "review", "on_unmet": "review", "conflicts": []}
            for n, row in enumerate(rules)
        ]
        decision = decide([make_pack("t", *asking)], flow)
        reviews = reviews_of([decision])
        assume(reviews.is_answerable)
        names = frozenset(data.draw(some_of(sorted(reviews.names), 3)))
        settled = self.settle(decision, names)
        assert settled.allowed == (names >= reviews.names)
        left = {entry.requirement_id for entry in settled.violations}
        assert left == {entry.requirement_id for entry in decision.violations} - names
        assert bool(settled.reasons) != settled.allowed


class TestKey:
    def key(self, facts: Facts) -> str:
        """Return the key of an approval of `test.judgement`."""
        reviews = reviews_of([decide([make_pack("test", RULE)], data_categories=[EMAIL])])
        assert reviews.names == {"test.judgement"}
        return approval_key(reviews, {"test.judgement": RULE}, [facts])

    @few
    @given(flows, st.integers(0, 10**9), st.text("abc", max_size=3), st.integers(0, 3000))
    def test_counts_ids_and_clocks_are_not_in_it(self, flow: DataFlow, n: int, name: str, hours: int) -> None:
        counts = tuple(Count(category=EMAIL, n=n, scope=scope) for scope in ("window", "this_flow"))
        moment = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=hours)
        other = replace(flow, counts=counts, flow_id=name, as_of=moment)
        one, two = normalise(flow, complete=True), normalise(other, complete=True)
        assert self.key(one) == self.key(two)

    @few
    @given(flows, flows, st.sampled_from(
        ["source", "destination", "access_mode", "places", "data_categories", "purpose", "collected_purposes", "frequency", "mechanisms",
         "evidence", "safeguards", "automated_decision", "provenance", "attributes", "exporter", "importer", "subjects", "consent"]
    ))  # fmt: skip
    def test_any_other_fact_that_changes_what_a_rule_can_see_is(
        self, flow: DataFlow, other: DataFlow, name: str
    ) -> None:
        changed = replace(flow, **{name: getattr(other, name)})
        one, two = normalise(flow, complete=True), normalise(changed, complete=True)
        if dict(one.values) != dict(two.values):
            assert self.key(one) != self.key(two)
        if self.documents(flow) != self.documents(changed):
            assert self.key(one) != self.key(two)

    def documents(self, flow: DataFlow) -> set[tuple[Any, ...]]:
        """Return the documents of a flow by what they are."""
        found: set[tuple[Any, ...]] = {("e", entry.type, entry.reference) for entry in flow.evidence or ()}
        found |= {("m", e.type, e.ground_for, e.module, e.reference) for e in flow.mechanisms or ()}
        return found | {("c", e.type, e.ground_for, e.purpose) for e in flow.consents}

    @few
    @given(st.lists(rows("t.other", []), max_size=1), st.sampled_from(sorted(RULE)))
    def test_the_deciding_rule_is_and_no_other(self, others: list[dict[str, Any]], name: str) -> None:
        reviews = reviews_of([decide([make_pack("test", RULE)], data_categories=[EMAIL])])
        facts = [normalise(DataFlow.parse({"source": "DE", "destination": "FR"}), complete=True)]
        key = approval_key(reviews, {"test.judgement": RULE}, facts)
        more = {row["requirement_id"]: row for row in others}
        assert approval_key(reviews, {"test.judgement": RULE, **more}, facts) == key
        changed = {"test.judgement": {**RULE, name: "changed"}}
        assert approval_key(reviews, changed, facts) != key


@few
@given(
    st.integers(-1, 12),
    st.one_of(st.none(), st.integers(0, 9)),
    st.lists(st.integers(0, 9), max_size=3),
    st.booleans(),
)
def test_it_counts_up_to_its_ceiling_and_on_its_days(
    days: int, ceiling: int | None, counts: list[int], counted: bool
) -> None:
    row = replace(
        blanket(frozenset({"t.r"})),
        granted_at=date(2026, 11, 2),
        valid_until=date(2026, 11, 9),
        max_count=ceiling,
    )
    now = datetime(2026, 11, 1, 12, tzinfo=timezone.utc) + timedelta(days=days)
    stands = bool(standing_approvals([row], KEY, counts if counted else None, now))
    small = ceiling is None or (counted and max(counts, default=0) <= ceiling)
    assert stands == (date(2026, 11, 2) <= now.date() <= date(2026, 11, 9) and small)
    assert not standing_approvals([row], "f" * 64, counts, now)


class TestAtTheGate:
    @settings(max_examples=25)
    @given(
        st.text("xyz", min_size=1, max_size=4),
        st.integers(0, 30 * 24),
        st.integers(0, 500),
        st.sampled_from(["gate", "hook"]),
    )
    def test_another_run_rests_on_the_same_approval(self, name: str, hours: int, n: int, point: str) -> None:
        assert self.run_again(name, hours, n, point).allowed
        assert self.run_again(name, hours, n + 501, point).outcome is Outcome.REVIEW
        assert self.run_again(name, hours + 24 * 40, n, point).outcome is not Outcome.ALLOW

    def run_again(self, name: str, hours: int, n: int, point: str) -> Decision:
        """Return the answer of a later run, of which an approval was given for up to 500 people until mid-December."""
        deployment = self.deployment()
        key = deployment.decide().decision.approval_key
        deployment.catalog["datasets"][0]["counts"][0]["n"] = n
        deployment.catalog["registers"]["approvals"] = [
            {"key": key, "requirements": ["test.judgement"], "role": "dpo", "reference": "A", "reason": "r",
             "granted_at": "2026-11-24", "valid_until": "2026-12-25", "max_count": 500}
        ]  # fmt: skip
        deployment.restart()
        deployment.clock.moment = NOW + timedelta(hours=hours)
        asked = {
            "source": {"store": PEOPLE},
            "destination": {"store": TARGET},
            "purpose": "analytics",
            "flow_id": name,
        }
        return deployment.gate.decide(GateRequest(flow=DataFlow.parse(asked), point=point)).decision

    def deployment(self) -> Deployment:
        """Return one whose only open question is a person's."""
        deployment = Deployment()
        deployment.pack["requirements"].append(RULE)
        deployment.catalog["reviewers"] = [{"jurisdiction": "EU", "role": "dpo", "users": ["dana"]}]
        deployment.catalog["datasets"][0]["counts"] = [{"category": "personal_data", "n": 12}]
        return deployment
