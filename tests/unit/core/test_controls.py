# SPDX-License-Identifier: Apache-2.0
"""Controls: what each changes, says and holds for, and what several make of one flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_xborder.core.controls import (
    Attach,
    Control,
    HandOver,
    LeaveOut,
    changed,
    in_order,
    scc_module,
    scope,
    sentence,
    unknown_roles,
)
from airflow_xborder.core.flow import AutomatedDecision, DataFlow, Evidence, Mechanism
from airflow_xborder.core.relocation import KeepCategory, KeepResidents, StayHome
from tests.factories import EMAIL, HEALTH, make_flow

ENDS = {"source": "DE", "destination": "US-VA"}
GMBH: dict[str, Any] = {"party": "acme-gmbh", "country": "DE", "role": "controller"}
INC: dict[str, Any] = {"party": "acme-inc", "country": "US", "role": "processor"}


def abroad(**fields: Any) -> DataFlow:
    """Return a flow from Germany to Virginia between two named parties, with some fields replaced."""
    flow = make_flow("DE", "US-VA", exporter=GMBH, importer=INC)
    return replace(
        flow, **{name: getattr(DataFlow.parse({**ENDS, name: value}), name) for name, value in fields.items()}
    )


class TestAttach:
    def test_clauses_come_with_the_module_of_the_roles(self) -> None:
        flow = Attach("mechanism", "scc_eu").apply(abroad())
        assert flow.mechanisms == (Mechanism(type="scc_eu", module=2, reference="proposed"),)

    def test_other_mechanisms_serve_the_ground_that_was_asked_for(self) -> None:
        flow = Attach("mechanism", "baa", "processing").apply(abroad(mechanisms=["scc_eu"]))
        assert [(row.type, row.ground_for) for row in flow.mechanisms or ()] == [
            ("scc_eu", "transfer"),
            ("baa", "processing"),
        ]

    def test_a_document_stands_beside_an_expired_one(self) -> None:
        old = {"type": "tia", "valid_until": "2020-01-01"}
        flow = Attach("evidence", "tia").apply(abroad(evidence=[old]))
        assert flow.evidence is not None
        assert flow.evidence[1:] == (Evidence(type="tia", reference="proposed"),)

    def test_a_safeguard_is_there_once(self) -> None:
        flow = abroad(safeguards=["minimise", "key_in_origin"])
        assert Attach("safeguard", "minimise").apply(flow).safeguards == ("key_in_origin", "minimise")

    @pytest.mark.parametrize(
        ("exporter", "importer", "module", "unknown"),
        [
            ("controller", "processor", 2, []),
            ("controller", "individual", None, []),
            ("controller", None, None, ["importer.role"]),
            (None, None, None, ["exporter.role", "importer.role"]),
        ],
    )
    def test_what_the_module_hangs_on_is_said(
        self, exporter: str | None, importer: str | None, module: int | None, unknown: list[str]
    ) -> None:
        flow = abroad(exporter={**GMBH, "role": exporter}, importer={**INC, "role": importer})
        assert (scc_module(flow), unknown_roles(flow)) == (module, unknown)
        words = Attach("mechanism", "scc_eu").words(flow)
        assert all(path in words for path in unknown)
        assert ("(module 2)" in words) == (module == 2)


class TestHandOver:
    @pytest.mark.parametrize("asked", ["human_review", "explanation"])
    def test_a_person_decides_and_all_else_stands(self, asked: str) -> None:
        stated = {"significant_effect": True, "human_review": False, "explanation": False}
        after = HandOver(asked).apply(abroad(automated_decision=stated)).automated_decision
        assert after == AutomatedDecision(**{**stated, asked: True})

    def test_what_nobody_stated_stays_unknown(self) -> None:
        after = HandOver("human_review").apply(abroad()).automated_decision
        assert after == AutomatedDecision(human_review=True)


class TestChanged:
    def test_a_column_less(self) -> None:
        flow = abroad(data_categories=[EMAIL, HEALTH])
        assert changed(flow, [LeaveOut(HEALTH)]).flows == (abroad(),)

    def test_of_a_flow_without_columns_nothing_goes(self) -> None:
        became = changed(abroad(), [LeaveOut(EMAIL)])
        assert (became.going, became.flows) == (None, ())

    def test_unknown_columns_stay_unknown(self) -> None:
        flow = DataFlow.parse({"source": "DE", "destination": "FR"})
        assert changed(flow, [LeaveOut(EMAIL)]).flows == (flow,)

    def test_a_split_leaves_counts_as_they_are_in_both_parts(self) -> None:
        counts = [{"category": EMAIL, "n": 500}]
        flow = abroad(data_categories=[EMAIL, HEALTH], counts=counts)
        going, staying = changed(flow, [KeepCategory(HEALTH)]).flows
        assert (going.data_categories, staying.data_categories) == ((EMAIL,), (HEALTH,))
        assert going.counts == staying.counts == flow.counts
        assert staying.destination.country == "DE"

    def test_what_is_attached_is_there_for_both_parts(self) -> None:
        flow = abroad(subjects={"countries": ["DE", "FR"]})
        parts = changed(flow, [Attach("evidence", "tia"), KeepResidents("FR")]).flows
        assert [part.evidence and part.evidence[0].type for part in parts] == ["tia", "tia"]

    def test_if_all_that_would_go_is_left_out_nothing_goes(self) -> None:
        flow = abroad(data_categories=[EMAIL, HEALTH])
        assert changed(flow, [KeepCategory(HEALTH), LeaveOut(EMAIL)]).going is None

    def test_a_part_that_is_only_about_whom_it_keeps_goes_nowhere(self) -> None:
        became = changed(abroad(subjects={"countries": ["FR"]}), [KeepResidents("FR")])
        assert became.going is None
        assert [part.destination.country for part in became.staying] == ["DE"]

    def test_the_order_of_controls_never_matters(self) -> None:
        controls: list[Control] = [Attach("mechanism", "scc_eu"), LeaveOut(HEALTH), StayHome("at home")]
        assert in_order(controls) == in_order(controls[::-1])
        flow = abroad(data_categories=[EMAIL, HEALTH])
        assert changed(flow, controls) == changed(flow, controls[::-1])


class TestWords:
    def test_changes_come_first_then_documents_then_safeguards(self) -> None:
        controls = [
            Attach("safeguard", "key_in_origin"), Attach("evidence", "tia"), Attach("evidence", "dpia"),
            Attach("mechanism", "scc_eu"), LeaveOut(HEALTH), HandOver("human_review"),
        ]  # fmt: skip
        assert sentence(controls, abroad()) == (
            f"leave out {HEALTH}, then let a person decide, then attach mechanism scc_eu (module 2)"
            " and evidence dpia, tia and safeguard key_in_origin"
        )


class TestScope:
    def test_a_document_is_between_two_parties_for_their_roles(self) -> None:
        scc = Attach("mechanism", "scc_eu")
        assert scope(scc, abroad()) == scope(scc, abroad(data_categories=[HEALTH]))
        others = [
            abroad(importer={**INC, "party": "other"}),
            abroad(importer={**INC, "role": "controller"}),
            abroad(exporter={**GMBH, "party": "other"}),
            make_flow("DE", "GB", exporter=GMBH, importer=INC),
        ]
        assert len({scope(scc, flow) for flow in [abroad(), *others]}) == 5

    def test_between_nameless_parties_nothing_is_shared(self) -> None:
        assert scope(Attach("evidence", "tia"), abroad(importer={"country": "US"})) is None
        assert scope(Attach("evidence", "tia"), make_flow("DE", "US")) is None

    def test_a_safeguard_is_on_the_store_that_the_data_leaves(self) -> None:
        key = Attach("safeguard", "key_in_origin")
        flow = abroad(source={"country": "DE", "store": "s3://acme-eu/users"})
        assert scope(key, flow) == ("safeguard key_in_origin", "s3://acme-eu/users")
        assert scope(key, abroad()) is None

    @pytest.mark.parametrize(
        "control", [LeaveOut(EMAIL), HandOver("explanation"), StayHome("x")], ids=lambda c: c.id
    )
    def test_all_else_is_for_one_flow(self, control: Control) -> None:
        assert scope(control, abroad(source={"country": "DE", "store": "s3://acme-eu"})) is None
