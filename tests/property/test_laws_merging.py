# SPDX-License-Identifier: Apache-2.0
"""Answers merge by strictness (laws 1, 4): in any order and grouping, and nothing that any of them says is lost."""

from __future__ import annotations

from functools import reduce
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.decision import Decision, strictest
from airflow_xborder.services.merging import merge
from tests.factories import decide
from tests.generators import flows, packs

SHIPPED = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])
few = settings(max_examples=80)
answers = st.one_of(
    flows.map(lambda flow: decide(SHIPPED, flow)),
    st.builds(lambda documents, flow: decide(documents, flow), packs(), flows),
)
several = st.lists(answers, min_size=1, max_size=4)
# Of some digests that of a digest is another one; everything else is the same however answers are grouped.
DIGESTS = frozenset({"decision_key", "facts_digest"})
NAMED = {
    "regimes": lambda entry: entry.id,
    "applicable": lambda entry: entry.requirement_id,
    "duties": lambda entry: (entry.type, entry.because),
    "partitions": lambda entry: entry[0],
}
LISTED = (
    "violations", "reasons", "missing_facts", "conflicts", "overridden", "obligations", "origin_regimes", "restrictions", "warnings",
)  # fmt: skip


def told(decision: Decision, *without: str) -> dict[str, Any]:
    """Return all that a decision says, lists as sets; the name of the flow is that of the first."""
    names = [name for name in decision.__dataclass_fields__ if name not in {"flow_id", *without}]
    values = {name: getattr(decision, name) for name in names}
    return {name: frozenset(value) if isinstance(value, tuple) else value for name, value in values.items()}


@few
@given(several, st.randoms(use_true_random=False))
def test_the_order_is_nothing(decisions: list[Decision], chance: Any) -> None:
    shuffled = chance.sample(decisions, len(decisions))
    assert told(merge(shuffled, "d")) == told(merge(decisions, "d"))


@few
@given(several)
def test_nor_is_how_they_are_grouped(decisions: list[Decision]) -> None:
    by_twos = reduce(lambda one, other: merge([one, other], "d"), decisions)
    at_once = merge(decisions, "d")
    if len(decisions) > 1:
        assert told(by_twos, *DIGESTS) == told(at_once, *DIGESTS)


@few
@given(several)
def test_hearing_it_twice_changes_nothing(decisions: list[Decision]) -> None:
    once = merge(decisions, "d")
    assert told(merge([*decisions, *decisions], "d")) == told(once)
    assert told(merge([once, once], "d")) == told(once)


@few
@given(several)
def test_the_strictest_stands_and_nothing_is_lost(decisions: list[Decision]) -> None:
    merged = merge(decisions, "d")
    assert merged.outcome is strictest(decision.outcome for decision in decisions)
    for decision in decisions:
        for name in LISTED:
            assert set(getattr(decision, name)) <= set(getattr(merged, name)), name
        for name, key in NAMED.items():
            kept = {key(entry): entry for entry in getattr(merged, name)}
            for entry in getattr(decision, name):
                assert key(entry) in kept, name
                if hasattr(entry, "outcome"):
                    assert kept[key(entry)].outcome.strictness >= entry.outcome.strictness
        considered = {entry.id for entry in merged.regimes}
        assert {regime for regime, _ in decision.not_considered} <= considered | {
            regime for regime, _ in merged.not_considered
        }
        assert decision.valid_until is None or (
            merged.valid_until is not None and merged.valid_until <= decision.valid_until
        )
        assert merged.is_transfer >= decision.is_transfer


@few
@given(several)
def test_each_thing_is_said_once(decisions: list[Decision]) -> None:
    merged = merge(decisions, "d")
    for name, key in NAMED.items():
        keys = [key(entry) for entry in getattr(merged, name)]
        assert len(keys) == len(set(keys)), name
