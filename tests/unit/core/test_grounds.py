# SPDX-License-Identifier: Apache-2.0
"""What a transfer can rest on: documents, consent, lists, owners, counts, designations."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from airflow_xborder.core.designations import Designation, Designations
from airflow_xborder.core.grounds import (
    Counted,
    Designated,
    HasConsent,
    HasEvidence,
    HasMechanism,
    HasSafeguard,
    Listed,
    OwnedBy,
)
from airflow_xborder.core.truth import Truth
from tests.factories import EMAIL, HEALTH, make_case

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
SCC = HasMechanism(frozenset({"scc_eu"}))
ROLES = {"exporter": {"role": "controller"}, "importer": {"role": "processor"}}


class TestMechanisms:
    @pytest.mark.parametrize(
        ("document", "more", "truth"),
        [
            ({"type": "scc_eu"}, {}, T),
            ({"type": "bcr_c"}, {}, F),
            ({"type": "scc_eu", "ground_for": "processing"}, {}, F),
            ({"type": "scc_eu", "valid_from": "2026-11-21"}, {}, T),
            ({"type": "scc_eu", "valid_from": "2026-11-22"}, {}, F),
            ({"type": "scc_eu", "valid_until": "2026-11-21"}, {}, T),
            ({"type": "scc_eu", "valid_until": "2026-11-20"}, {}, F),
            ({"type": "scc_eu", "module": 2}, ROLES, T),
            ({"type": "scc_eu", "module": 3}, ROLES, F),
            ({"type": "scc_eu", "module": 9}, ROLES, F),
            ({"type": "scc_eu"}, ROLES, U),
            ({"type": "scc_eu", "module": 3}, {"exporter": {"role": "controller"}}, T),
        ],
    )
    def test_type_ground_days_and_module_must_fit(
        self, document: dict[str, Any], more: dict[str, Any], truth: Truth
    ) -> None:
        assert SCC.truth(make_case(mechanisms=[document], **more)) is truth

    def test_one_that_nobody_attached_is_not_there(self) -> None:
        case = make_case()
        assert SCC.truth(case) is F
        assert list(SCC.unmet(case)) == ["mechanism scc_eu"]
        assert list(SCC.boundaries(case)) == []

    def test_what_is_lacking_names_the_ground_unless_it_is_a_transfer(self) -> None:
        lacking = HasMechanism(frozenset({"law", "care"}), "special_category").unmet(make_case())
        assert list(lacking) == ["mechanism care or law for special_category"]

    def test_a_known_party_without_a_role_lacks_that_too(self) -> None:
        parties = {"exporter": {"party": "a", "role": "controller"}, "importer": {"party": "b"}}
        assert list(SCC.unmet(make_case(**parties))) == ["mechanism scc_eu", "importer.role"]
        assert list(HasMechanism(frozenset({"bcr_c"})).unmet(make_case(**parties))) == ["mechanism bcr_c"]

    def test_which_module_it_is_may_be_missing(self) -> None:
        assert list(SCC.missing(make_case(mechanisms=["scc_eu"], **ROLES))) == ["mechanisms.module"]

    def test_its_days_turn_the_answer(self) -> None:
        dated = {"type": "scc_eu", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}
        case = make_case(mechanisms=[dated, {"type": "bcr_c", "valid_until": "2030-01-01"}])
        assert list(SCC.boundaries(case)) == [date(2026, 1, 1), date(2027, 1, 1)]
        assert list(SCC.unmet(case)) == []

    def test_the_last_day_there_is_has_no_day_after(self) -> None:
        case = make_case(mechanisms=[{"type": "scc_eu", "valid_until": "9999-12-31"}])
        assert list(SCC.boundaries(case)) == []


class TestEvidenceAndSafeguards:
    def test_evidence_is_valid_between_its_days(self) -> None:
        tia = HasEvidence("tia")
        dated = [{"type": "tia", "issued_at": "2026-01-01", "valid_until": "2026-12-31"}, {"type": "dpia"}]
        assert [
            tia.truth(make_case(on=day, evidence=dated)) for day in ("2025-12-31", "2026-12-31", "2027-01-01")
        ] == [F, T, F]
        assert list(tia.boundaries(make_case(evidence=dated))) == [date(2026, 1, 1), date(2027, 1, 1)]
        assert list(tia.unmet(make_case())) == ["evidence tia"]
        assert list(tia.unmet(make_case(evidence=dated))) == []

    def test_a_safeguard_counts_unless_it_cures_nothing(self) -> None:
        condition, case = HasSafeguard("anonymisation"), make_case(safeguards=["anonymisation"])
        assert condition.truth(case) is T
        assert condition.truth(case.where(uncured=frozenset({"anonymisation"}))) is F
        assert list(condition.unmet(case)) == []
        assert list(condition.unmet(make_case())) == ["safeguard anonymisation"]


class TestConsent:
    ASKED = HasConsent(frozenset({"consent_explicit"}), "special_category")

    def case(self, flow_purpose: str | None = None, /, **consent: Any) -> Any:
        """Return a case with a consent."""
        given = {"type": "consent_explicit", "ground_for": "special_category", **consent}
        return make_case(consent=given, purpose=flow_purpose)

    @pytest.mark.parametrize(
        ("consent", "purpose", "truth"),
        [
            ({}, None, T),
            ({"coverage": "0.01"}, None, T),
            ({"coverage": "0"}, None, F),
            ({"coverage": "0.000"}, None, F),
            ({"ground_for": "transfer"}, None, F),
            ({"type": "consent_separate"}, None, F),
            ({"purpose": "support"}, "support", T),
            ({"purpose": "support"}, "marketing", F),
            ({"purpose": "support"}, None, U),
        ],
    )
    def test_kind_ground_purpose_and_coverage_must_fit(
        self, consent: dict[str, Any], purpose: str | None, truth: Truth
    ) -> None:
        assert self.ASKED.truth(self.case(purpose, **consent)) is truth

    def test_a_purpose_that_is_not_told_may_be_another(self) -> None:
        case = make_case(
            consent={"type": "consent_explicit", "ground_for": "special_category", "purpose": "support"},
            collected_purposes=["support", "fraud"],
        )
        assert self.ASKED.truth(case) is U
        assert list(self.ASKED.missing(case)) == ["purpose"]

    ARTICLE_9 = {"type": "consent_explicit", "ground_for": "special_category", "purpose": "support"}
    ARTICLE_22 = {"type": "consent_explicit", "ground_for": "automated_decision", "coverage": "0.5"}

    def test_of_several_each_serves_its_own_ground(self) -> None:
        case = make_case(consent=[self.ARTICLE_9, self.ARTICLE_22], purpose="support")
        decided = HasConsent(frozenset({"consent_explicit"}), "automated_decision")
        sent = HasConsent(frozenset({"consent_explicit"}), "transfer")
        assert [condition.truth(case) for condition in (self.ASKED, decided, sent)] == [T, T, F]

    @pytest.mark.parametrize(
        ("other", "purposes"),
        [
            ({"coverage": "1"}, []),
            ({"coverage": "1", "ground_for": "automated_decision"}, ["support"]),
            ({"coverage": "1", "purpose": "marketing"}, ["support"]),
            ({"coverage": "0.2"}, ["support"]),
        ],
    )
    def test_rows_are_filtered_unless_everybody_gave_a_consent_that_fits(
        self, other: dict[str, Any], purposes: list[str]
    ) -> None:
        partial = {**self.ARTICLE_9, "coverage": "0.9"}
        case = make_case(consent=[partial, {**self.ARTICLE_9, **other}], purpose="support")
        assert [o.parameter_dict["purpose"] for o in self.ASKED.obligations(case)] == purposes

    def test_nobody_asked(self) -> None:
        assert self.ASKED.truth(make_case()) is F
        assert list(self.ASKED.unmet(make_case())) == ["consent consent_explicit"]
        assert list(self.ASKED.unmet(self.case())) == []

    @pytest.mark.parametrize(
        ("coverage", "filtered"), [(None, True), ("0.93", True), ("1", False), ("1.0", False)]
    )
    def test_where_not_all_agreed_only_their_rows_may_go(self, coverage: str | None, filtered: bool) -> None:
        owed = list(self.ASKED.obligations(self.case("support", coverage=coverage)))
        assert [entry.type for entry in owed] == (["filter_rows_by_consent"] if filtered else [])
        assert all(entry.parameter_dict == {"purpose": "support"} for entry in owed)


class TestLists:
    ASKED = Listed("eu_us_dpf")

    @pytest.mark.parametrize(
        ("importer", "more", "truth"),
        [
            (None, {}, U),
            ({}, {}, U),
            ({"listings": []}, {}, F),
            ({"listings": [{"framework": "other", "status": "active", "covers": ["hr"]}]}, {}, F),
            ({"listings": [{"framework": "eu_us_dpf", "status": "active", "covers": ["non_hr"]}]}, {}, T),
            ({"listings": [{"framework": "eu_us_dpf", "status": "lapsed", "covers": ["non_hr"]}]}, {}, F),
            ({"listings": [{"framework": "eu_us_dpf", "covers": ["non_hr"]}]}, {}, U),
            ({"listings": [{"framework": "eu_us_dpf", "status": "active"}]}, {}, U),
            ({"listings": [{"framework": "eu_us_dpf", "status": "active", "covers": ["non_hr"]}]}, {"subjects": {"groups": ["employee"]}}, F),
            ({"listings": [{"framework": "eu_us_dpf", "status": "active", "covers": ["non_hr"]}]}, {"subjects": {"groups": ["customer"]}}, T),
            ({"listings": [{"framework": "eu_us_dpf", "status": "active", "covers": ["hr"]}]}, {"data_categories": ["personal_data.employment"]}, T),
        ],
    )  # fmt: skip
    def test_status_and_coverage_must_fit(self, importer: Any, more: dict[str, Any], truth: Truth) -> None:
        assert self.ASKED.truth(make_case(importer=importer, **more)) is truth

    def test_whose_data_it_is_may_be_missing(self) -> None:
        from tests.factories import make_facts

        listing = {"framework": "eu_us_dpf", "status": "active", "covers": ["non_hr"]}
        case = make_case(make_facts(complete=False, importer={"listings": [listing]}))
        assert self.ASKED.truth(case) is U
        assert list(self.ASKED.missing(case)) == ["subjects.groups"]
        both = {**listing, "covers": ["hr", "non_hr"]}
        assert self.ASKED.truth(make_case(make_facts(complete=False, importer={"listings": [both]}))) is T

    def test_what_it_lacks(self) -> None:
        assert list(self.ASKED.missing(make_case())) == ["importer.listings"]
        assert list(self.ASKED.unmet(make_case(importer={"listings": []}))) == ["listing eu_us_dpf"]
        listing = {"framework": "eu_us_dpf", "status": "active", "covers": ["non_hr"]}
        assert list(self.ASKED.unmet(make_case(importer={"listings": [listing]}))) == []


class TestOwners:
    ASKED = OwnedBy(frozenset({"CN", "RU"}), "0.5")

    @pytest.mark.parametrize(
        ("shares", "truth"),
        [
            ({}, F),
            ({"CN": "0.5"}, T),
            ({"CN": "0.3", "RU": "0.2"}, T),
            ({"CN": "0.499999999"}, F),
            ({"DE": "1"}, F),
        ],
    )
    def test_shares_add_up(self, shares: dict[str, str], truth: Truth) -> None:
        owners = [{"country": country, "share": share} for country, share in shares.items()]
        assert self.ASKED.truth(make_case(importer={"owners": owners})) is truth

    def test_nobody_looked(self) -> None:
        for importer in (None, {}):
            assert self.ASKED.truth(make_case(importer=importer)) is U
        assert list(self.ASKED.missing(make_case())) == ["importer.owners"]


class TestCounts:
    BULK = Counted((HEALTH, "personal_data.financial"), more_than=10_000)

    def truth(
        self, *counts: tuple[str, int, str], categories: Any = (HEALTH,), unit: str = "persons"
    ) -> Truth:
        """Return whether a flow with these counts passes the threshold."""
        rows = [{"category": category, "n": n, "scope": scope, "unit": unit} for category, n, scope in counts]
        return self.BULK.truth(
            make_case(data_categories=list(categories) if categories else None, counts=rows or None)
        )

    def test_more_than_is_not_at_least(self) -> None:
        assert self.truth((HEALTH, 10_000, "window")) is F
        assert self.truth((HEALTH, 10_001, "window")) is T
        assert Counted((HEALTH,), at_least=5).bound == 5
        assert Counted((HEALTH,)).bound == 0

    def test_nobody_counted(self) -> None:
        assert self.truth() is U
        assert list(self.BULK.missing(make_case())) == ["counts"]
        assert list(self.BULK.missing(make_case(data_categories=None))) == ["data_categories"]

    def test_data_of_other_categories_needs_no_count(self) -> None:
        assert self.truth(categories=[EMAIL]) is F
        assert self.truth(categories=None) is U

    def test_one_flow_proves_that_it_is_reached_and_never_that_it_is_not(self) -> None:
        assert self.truth((HEALTH, 10_001, "this_flow")) is T
        assert self.truth((HEALTH, 5, "this_flow")) is U

    def test_other_units_prove_nothing(self) -> None:
        assert self.truth((HEALTH, 20_000, "window"), unit="devices") is U

    def test_a_total_of_a_wider_category_bounds_but_does_not_prove(self) -> None:
        assert self.truth(("personal_data", 10_000, "window")) is F
        assert self.truth(("personal_data", 20_000, "window")) is U

    def test_all_data_of_the_categories_must_be_counted(self) -> None:
        both = [HEALTH, "personal_data.financial.card"]
        assert self.truth((HEALTH, 10, "window"), categories=both) is U
        assert (
            self.truth((HEALTH, 10, "window"), ("personal_data.financial", 10, "window"), categories=both)
            is F
        )

    def test_totals_may_be_of_different_people(self) -> None:
        both = [HEALTH, "personal_data.financial.card"]
        counts = ((HEALTH, 6_000, "window"), ("personal_data.financial", 6_000, "window"))
        assert self.truth(*counts, categories=both) is U

    def test_the_least_total_that_covers_counts(self) -> None:
        assert self.truth(("personal_data", 90_000, "window"), (HEALTH, 10, "window")) is F

    def test_its_name_tells_both_bounds(self) -> None:
        assert self.BULK.name == f"{HEALTH} or personal_data.financial persons >= 10001 in 12_months"


def row(name: str, of: str, **more: Any) -> Designation:
    """Return a designation by the EU."""
    base: dict[str, Any] = {
        "by": "EU",
        "kind": "adequacy",
        "of": of,
        "places": frozenset({of}),
        "valid_from": date(2020, 1, 1),
    }
    return Designation(id=name, **{**base, **more})


class TestDesignations:
    ASKED = Designated("reach.countries", "EU", "adequacy", frozenset({"FR"}))

    def case(self, *rows: Designation, **fields: Any) -> Any:
        """Return a case with designations."""
        return make_case(designations=Designations(rows), **fields)

    def test_every_place_needs_one(self) -> None:
        asked = self.ASKED
        assert asked.truth(self.case(row("a", "JP"), destination="JP")) is T
        assert asked.truth(self.case(row("a", "JP"), destination="US")) is F
        assert asked.truth(self.case(row("a", "JP"), destination="JP", places={"logs": ["US"]})) is F
        assert asked.truth(self.case(destination="FR")) is T
        assert list(asked.unmet(self.case(destination="US"))) == ["adequacy"]
        assert list(asked.unmet(self.case(destination="FR"))) == []

    def test_a_place_that_is_not_named_has_none_that_is_known(self) -> None:
        case = self.case(destination="FR", places={"logs": [{"region": "any"}]})
        assert self.ASKED.truth(case) is U
        assert list(self.ASKED.missing(case)) == ["reach.countries"]

    def test_a_fact_that_is_unknown(self) -> None:
        asked = Designated("exporter.country", "EU", "adequacy")
        assert asked.truth(self.case()) is U
        assert list(asked.missing(self.case())) == ["exporter.country"]
        assert list(asked.boundaries(self.case())) == list(asked.warnings(self.case())) == []
        assert asked.truth(self.case(row("a", "JP"), exporter={"country": "JP"})) is T

    def test_a_scope_that_is_unknown_is_told(self) -> None:
        scoped = row("a", "US", scope=Listed("eu_us_dpf"), warning="careful")
        case = self.case(scoped, destination="US")
        assert self.ASKED.truth(case) is U
        assert list(self.ASKED.missing(case)) == ["importer.listings"]
        assert list(self.ASKED.warnings(case)) == []

    def test_a_scope_that_is_known_lacks_nothing(self) -> None:
        rows = (row("a", "US", scope=HasEvidence("tia")), row("b", "US"))
        case = self.case(*rows, destination="US")
        assert list(self.ASKED.missing(case)) == []
        assert list(self.ASKED.boundaries(case)) == [date(2020, 1, 1)] * 2

    def test_a_warning_is_said_where_it_decides(self) -> None:
        case = self.case(
            row("a", "JP", warning="careful"), row("b", "US", warning="unused"), destination="JP"
        )
        assert list(self.ASKED.warnings(case)) == ["careful"]

    def test_days_of_rows_their_suspensions_and_their_scopes_turn_the_answer(self) -> None:
        scoped = row("a", "JP", valid_until=date(2030, 12, 31), scope=HasEvidence("tia"))
        stop = row("s", "JP", suspends="a", valid_from=date(2027, 3, 1))
        case = self.case(
            scoped, stop, destination="JP", evidence=[{"type": "tia", "valid_until": "2028-12-31"}]
        )
        assert set(self.ASKED.boundaries(case)) == {
            date(2020, 1, 1),
            date(2031, 1, 1),
            date(2027, 3, 1),
            date(2029, 1, 1),
        }
        assert self.ASKED.truth(case) is T
