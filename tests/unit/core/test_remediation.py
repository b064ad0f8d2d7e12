# SPDX-License-Identifier: Apache-2.0
"""What would make a flow lawful: verified, cheapest first, never evasion."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision, Remediation
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.remediation import suggest_remediations
from tests.factories import EMAIL, HEALTH, decide, make_flow, make_pack, make_row

SHIPPED = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])
ABROAD: dict[str, Any] = {
    "source": "DE", "destination": "US-VA", "exporter": {"country": "DE", "role": "controller"},
    "importer": {"country": "US", "role": "processor", "listings": []},
}  # fmt: skip


def remedies(
    policies: Policies = SHIPPED, prices: dict[str, int] | None = None, **fields: Any
) -> list[tuple[str, int]]:
    """Return the changes that make a flow lawful, with their cost."""
    flow, asked = make_flow(**fields), []

    def again(changed: DataFlow) -> Decision:
        asked.append(changed)
        return decide(policies, changed)

    found = suggest_remediations(flow, decide(policies, flow), again, prices)
    for changed in asked:
        for name in (
            "counts",
            "purpose",
            "collected_purposes",
            "consent",
            "subjects",
            "attributes",
            "frequency",
        ):
            assert getattr(changed, name) == getattr(flow, name)
        if flow.importer is not None and changed.importer is not None:
            assert changed.importer.owners == flow.importer.owners
            assert changed.importer.role == flow.importer.role
    assert all(isinstance(entry, Remediation) and entry.makes.value == "allow" for entry in found)
    return [(entry.change, entry.cost) for entry in found]


class TestTransfers:
    def test_clauses_or_staying_the_cheapest_first(self) -> None:
        assert remedies(**ABROAD) == [
            ("process in DE", 4),
            ("attach mechanism scc_eu (module 2) and evidence tia", 8),
        ]

    def test_prices_come_from_the_file(self) -> None:
        assert remedies(prices={"scc_eu": 1, "tia": 1, "move": 50}, **ABROAD) == [
            ("attach mechanism scc_eu (module 2) and evidence tia", 2),
            ("process in DE", 50),
        ]

    def test_inside_a_group_its_rules_do_too(self) -> None:
        importer = {**ABROAD["importer"], "same_group": True}
        changes = [change for change, _ in remedies(**{**ABROAD, "importer": importer})]
        assert "attach mechanism bcr_c and evidence approval_decision, tia" in changes

    def test_a_region_is_called_by_its_name(self) -> None:
        flow = make_flow(**{**ABROAD, "source": "DE"})
        flow = DataFlow.parse(
            {
                "source": {"region": "eu", "country": "DE"},
                "destination": "US-VA",
                "data_categories": [EMAIL],
                "importer": {"listings": []},
            }
        )
        decision = decide(SHIPPED, flow)
        found = suggest_remediations(flow, decision, lambda changed: decide(SHIPPED, changed))
        assert [entry.change for entry in found] == [
            "process in region eu",
            "attach mechanism scc_eu (its module depends on exporter.role and importer.role, not stated)"
            " and evidence tia",
        ]

    def test_a_column_less(self) -> None:
        changes = remedies(source="DE", destination="FR", data_categories=[EMAIL, HEALTH])
        assert changes == [(f"leave out {HEALTH}", 2)]

    def test_a_safeguard(self) -> None:
        documents = [make_pack("t", make_row(constraints=[{"safeguard": "key_in_origin"}]))]
        assert ("attach safeguard key_in_origin", 6) in remedies(Policies(documents))

    def test_all_that_is_violated_at_once(self) -> None:
        rows = [
            make_row("a", constraints=[{"evidence": "tia"}]),
            make_row("b", constraints=[{"any_of": [{"evidence": "dpia"}, {"mechanism": "adequacy"}]}]),
        ]
        assert ("attach evidence dpia, tia", 13) in remedies(Policies([make_pack("t", *rows)]))


class TestWhatIsNotTaught:
    def test_nothing_for_what_is_allowed(self) -> None:
        assert remedies() == []

    @pytest.mark.parametrize(
        "constraint",
        [{"consent": {"type": "consent_explicit", "ground_for": "transfer"}}, {"importer.same_group": True}, {"mechanism": "law"}, {"not": "personal_data"}],
        ids=str,
    )  # fmt: skip
    def test_neither_consent_nor_roles_nor_what_only_others_can_give(
        self, constraint: dict[str, Any]
    ) -> None:
        documents = [make_pack("t", make_row(constraints=[constraint]))]
        assert remedies(Policies(documents), importer={"same_group": False}, purpose="support") == []

    def test_nothing_cures_a_ban(self) -> None:
        assert remedies(Policies([make_pack("t", make_row())])) == []

    def test_without_a_place_nobody_can_stay(self) -> None:
        flow = DataFlow.parse(
            {"source": {"store": "s3://x"}, "destination": "FR", "data_categories": [EMAIL]}
        )
        decision = decide(SHIPPED, flow)
        assert suggest_remediations(flow, decision, lambda changed: decide(SHIPPED, changed)) == ()

    def test_what_does_not_help_alone_is_named_with_what_it_needs(self) -> None:
        found = remedies(**{**ABROAD, "data_categories": [EMAIL, HEALTH]})
        assert found == [
            (f"process in DE, then leave out {HEALTH}", 6),
            (f"leave out {HEALTH}, then attach mechanism scc_eu (module 2) and evidence tia", 10),
        ]

    def test_to_move_nothing_is_no_remedy(self) -> None:
        documents = [make_pack("t", make_row(triggers=[], when={"crosses_border": True}))]
        assert remedies(Policies(documents), data_categories=[EMAIL, HEALTH]) == [("process in DE", 4)]
