# SPDX-License-Identifier: Apache-2.0
"""Laws 3, 4, 5, 10 and 11 over the whole library, of flows that reach what its packs are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Outcome
from airflow_xborder.core.flow import DataFlow
from tests.factories import Exploding, decide, make_pack
from tests.library_flows import LibraryFlows
from tests.property.test_laws import restrictive
from tests.property.test_no_evasion import CATALOG, look

LIBRARY = load_policies()
DOCUMENTS = LIBRARY.documents
# A place of which no pack says anything, not even that nobody knows a rule of its own.
UNRULED = "FJ"
few = settings(max_examples=60)
questions = st.integers(0, 2**32).map(lambda seed: LibraryFlows(seed).question())
Question = tuple[DataFlow, datetime, bool]


@few
@given(questions)
def test_an_allow_rests_on_nothing_unknown(question: Question) -> None:
    flow, as_of, complete = question
    decision = decide(LIBRARY, flow, as_of=as_of, complete=complete)
    unknown = {entry.requirement_id for entry in decision.applicable if entry.status == "unknown"}
    rules = {rule.id: rule for pack in LIBRARY.packs() for rule in pack.requirements}
    asking = {name for name in unknown - {*decision.overridden} if rules[name].on_unmet.value != "track"}
    assert not (decision.allowed and asking)
    if decision.allowed:
        assert not decision.missing_facts
        assert not decision.reasons
    else:
        assert decision.reasons


@settings(max_examples=25)
@given(restrictive, questions)
def test_a_further_requirement_never_loosens(row: dict[str, Any], question: Question) -> None:
    flow, as_of, complete = question
    before = decide(LIBRARY, flow, as_of=as_of, complete=complete)
    more = [*DOCUMENTS, make_pack("extra", row, covers=[])]
    after = decide(more, flow, as_of=as_of, complete=complete)
    assert after.outcome.strictness >= before.outcome.strictness


@settings(max_examples=15)
@given(questions, st.randoms(use_true_random=False))
def test_the_order_of_packs_rules_and_designations_never_matters(question: Question, chance: Any) -> None:
    flow, as_of, complete = question
    shuffled = Policies(
        {key: chance.sample(value, len(value)) if key in ("requirements", "designations") else value
         for key, value in document.items()}
        for document in chance.sample(DOCUMENTS, len(DOCUMENTS))
    )  # fmt: skip
    one, other = (decide(these, flow, as_of=as_of, complete=complete) for these in (LIBRARY, shuffled))
    said = [{**decision.to_dict(), "policy_digest": "", "decision_key": ""} for decision in (one, other)]
    assert said[0] == said[1]


@few
@given(questions, st.sampled_from(["source", "destination", "exporter", "importer"]))
def test_a_place_without_rules_is_never_passed_over(question: Question, how: str) -> None:
    flow, as_of, complete = question
    touched = DataFlow.parse(
        {"source": "DE", "destination": "DE", how: {"country": UNRULED} if "porter" in how else UNRULED}
    )
    decision = decide(LIBRARY, replace(flow, **{how: getattr(touched, how)}), as_of=as_of, complete=complete)
    assert not decision.allowed
    gaps = [reason for reason in decision.reasons if reason.template == "gap_jurisdiction"]
    assert UNRULED in {dict(reason.parameters)["place"] for reason in gaps}


# A failure is told as it was found: every step of making it smaller would search again.
@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(questions)
def test_no_remediation_evades(question: Question) -> None:
    look(LIBRARY, question[0], {}, CATALOG)


@few
@given(questions, st.randoms(use_true_random=False), st.sampled_from(["when", "transfer"]))
def test_an_error_in_any_rule_denies_and_says_what_failed(question: Question, chance: Any, part: str) -> None:
    flow, as_of, complete = question
    asked = decide(LIBRARY, flow, as_of=as_of, complete=complete)
    rules = [entry.requirement_id for entry in asked.applicable]
    # Of a regime that was only brought along by a dependency, nobody asks what it calls a transfer.
    regimes = [regime.id for regime in asked.regimes if regime.is_transfer]
    names = rules if part == "when" else regimes
    assume(names)
    name = chance.choice(names)
    with broken(name, part):
        decision = decide(LIBRARY, flow, as_of=as_of, complete=complete)
    assert decision.outcome is Outcome.DENY
    assert any(reason.kind == "error" and "fell over" in reason.text for reason in decision.reasons)
    assert decide(LIBRARY, flow, as_of=as_of, complete=complete) == asked


@contextmanager
def broken(name: str, part: str) -> Iterator[None]:
    """Let the condition of one rule, or the question whether a pack calls a flow a transfer, fail meanwhile."""
    pack = LIBRARY.pack(LIBRARY.owners[name] if part == "when" else name)
    falling = Exploding("truth", ValueError("it fell over"))
    rules = [replace(rule, when=falling) if rule.id == name else rule for rule in pack.requirements]
    changed = {"requirements": tuple(rules)} if part == "when" else {"transfer": falling}
    LIBRARY._packs[pack.id] = replace(pack, **changed)
    try:
        yield
    finally:
        LIBRARY._packs[pack.id] = pack
