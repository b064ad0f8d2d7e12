# SPDX-License-Identifier: Apache-2.0
"""Law 8: derived data is what it was made of, and origins and restrictions travel on every later hop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.flow import DataFlow, Provenance
from airflow_xborder.core.vocabulary import KINDS
from tests.factories import EMAIL, HEALTH, decide, make_flow
from tests.generators import CATEGORIES, flows, packs, some_of

SHIPPED = load_policies()
few = settings(max_examples=60)
DERIVED = sorted(term for term in KINDS["data category"] if term.startswith("derived."))
SOURCES = [name for name in CATEGORIES if name not in ("data.unknown", "derived.embedding", "anonymised")]
USES = ["copy", "remote_access", "infer", "process", "onward"]


def hop(policies: Any, flow: DataFlow, before: Decision) -> Decision:
    """Return the answer to a flow of data that an earlier one brought along."""
    carried = Provenance(origin_regimes=before.origin_regimes, restrictions=before.restrictions)
    return decide(policies, replace(flow, provenance=carried))


def made_of(flow: DataFlow, term: str, sources: list[str] | None) -> DataFlow:
    """Return a flow of what was derived from data of some categories."""
    attributes = {
        name: value for name, value in (flow.attributes or {}).items() if name != "source_categories"
    }
    if sources is not None:
        attributes["source_categories"] = sources
    return replace(flow, data_categories=(term,), attributes=attributes)


class TestDerivedData:
    @few
    @given(flows, st.sampled_from(DERIVED), some_of(SOURCES, 2, 1))
    def test_it_is_as_strictly_held_as_its_source(
        self, flow: DataFlow, term: str, sources: list[str]
    ) -> None:
        origin = decide(SHIPPED, replace(made_of(flow, term, None), data_categories=tuple(sources)))
        derived = decide(SHIPPED, made_of(flow, term, sources))
        assert derived.outcome.strictness >= origin.outcome.strictness

    @few
    @given(flows, st.sampled_from(DERIVED), some_of(SOURCES, 2, 1))
    def test_of_an_untold_source_it_is_never_allowed_where_a_source_would_not_be(
        self, flow: DataFlow, term: str, sources: list[str]
    ) -> None:
        untold = decide(SHIPPED, made_of(flow, term, None))
        if untold.allowed:
            assert decide(SHIPPED, made_of(flow, term, sources)).outcome is not Outcome.DENY

    def test_a_pseudonym_as_its_source_tells_nothing(self) -> None:
        flow = make_flow("US-VA", "DE")
        sources = ["personal_data.pseudonymised"]
        origin = decide(SHIPPED, replace(flow, data_categories=tuple(sources)))
        assert (
            origin.outcome
            is decide(SHIPPED, made_of(flow, "derived.embedding", sources)).outcome
            is Outcome.REVIEW
        )

    @pytest.mark.parametrize("term", DERIVED)
    def test_what_was_made_of_health_data_is_health_data(self, term: str) -> None:
        def asked(sources: list[str]) -> set[str]:
            flow = make_flow(data_categories=[term], attributes={"source_categories": sources})
            return {
                entry.requirement_id for entry in decide(SHIPPED, flow).applicable if entry.status == "unmet"
            }

        assert "eu.gdpr.a9" in asked([HEALTH])
        assert "eu.gdpr.a9" in asked([EMAIL, HEALTH])
        assert "eu.gdpr.a9" not in asked([EMAIL])


class TestHops:
    @few
    @given(st.lists(flows, min_size=2, max_size=4))
    def test_origins_and_restrictions_travel_and_only_add_up(self, path: list[DataFlow]) -> None:
        self.travel(SHIPPED, path)

    @few
    @given(packs(), st.lists(flows, min_size=2, max_size=4))
    def test_so_they_do_under_any_packs(self, documents: list[dict[str, Any]], path: list[DataFlow]) -> None:
        self.travel(documents, path)

    def travel(self, policies: Any, path: list[DataFlow]) -> None:
        """Assert that no hop of a path drops what an earlier one brought."""
        answer = decide(policies, path[0])
        for flow in path[1:]:
            later = hop(policies, flow, answer)
            assert set(answer.origin_regimes) <= set(later.origin_regimes)
            assert set(answer.restrictions) <= set(later.restrictions)
            answer = later

    @few
    @given(st.lists(flows, min_size=1, max_size=3), st.sampled_from(USES))
    def test_a_restriction_holds_on_every_hop_but_for_keeping(self, path: list[DataFlow], use: str) -> None:
        answer = decide(SHIPPED, replace(path[0], provenance=Provenance(restrictions=("case-1",))))
        for flow in path:
            answer = hop(SHIPPED, replace(flow, access_mode=use), answer)
            assert not answer.allowed
            assert "case-1" in answer.restrictions

    @few
    @given(
        st.sampled_from(["JP", "US-VA", "GB"]), st.sampled_from(["US-OR", "US-VA", "JP"]), st.integers(1, 3)
    )
    def test_a_regime_stays_concerned_wherever_its_data_has_got_to(
        self, via: str, to: str, hops: int
    ) -> None:
        answer = decide(SHIPPED, make_flow("DE", via, importer={"country": via[:2], "listings": []}))
        assert "eu.gdpr" in answer.origin_regimes
        here = via
        for _ in range(hops):
            flow = make_flow(here, to, importer={"country": to[:2], "listings": []})
            answer, here = hop(SHIPPED, flow, answer), to
            assert "eu.gdpr" in {entry.id for entry in answer.regimes}
            assert "eu.gdpr" in answer.origin_regimes
        assert "eu.gdpr" not in {entry.id for entry in decide(SHIPPED, make_flow(via, to)).regimes}

    @few
    @given(flows, st.sampled_from([("eu.gdpr",), ("jp.appi",), ("us.dsp",), ("eu.gdpr", "jp.appi")]))
    def test_where_data_comes_from_never_loosens(self, flow: DataFlow, regimes: tuple[str, ...]) -> None:
        fresh = decide(SHIPPED, replace(flow, provenance=Provenance(origin_regimes=())))
        brought = decide(SHIPPED, replace(flow, provenance=Provenance(origin_regimes=regimes)))
        now = {entry.requirement_id: entry for entry in brought.applicable}
        for entry in fresh.applicable:
            # Of a rule of which nobody could tell whether it applies, the origin may tell: then it may be met.
            outcome = now[entry.requirement_id].outcome
            assert entry.status == "unknown" or outcome.strictness >= entry.outcome.strictness
        untold = {reason.kind for reason in fresh.reasons} == {"missing_fact"}
        assert untold or brought.outcome.strictness >= fresh.outcome.strictness
