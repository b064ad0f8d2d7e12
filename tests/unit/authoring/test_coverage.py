# SPDX-License-Identifier: Apache-2.0
"""What cases reach of a pack: both sides of rules and thresholds, every alternative, the days around each date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.authoring.cases import run_cases
from airflow_xborder.authoring.coverage import Side, coverage
from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.cli.policy.cases import decide
from tests.factories import EMAIL, make_pack, make_row

FLOW: dict[str, Any] = {"source": "DE", "destination": "FR", "data_categories": [EMAIL]}
COUNT = {"count": {"category": "personal_data", "more_than": 10, "window": "12_months"}}


def reached(folder: Path, pack: dict[str, Any], *cases: dict[str, Any]) -> dict[str, set[str]]:
    """Return, for each thing of a pack, the sides that cases reach; a case is a flow with what the rule `t.rule` is."""
    (folder / "t.yaml").write_text(json.dumps(pack))
    rows = [
        {
            "case": f"case {number}",
            **({"as_of": case.pop("as_of")} if "as_of" in case else {}),
            "expect": {"outcome": case.pop("outcome"), "requirements": {"t.rule": case.pop("rule")}},
            "flow": {**FLOW, **case},
        }
        for number, case in enumerate(map(dict, cases))
    ]
    path = folder / "t.cases.yaml"
    path.write_text(json.dumps({"as_of": "2026-11-21", "packs": ["eu.gdpr", "t.yaml"], "cases": rows}))
    found: dict[str, set[str]] = {}
    for side in sides(folder, path):
        found.setdefault(side.of, set()).update({side.side} if side.reached else ())
    return found


def sides(folder: Path, path: Path) -> tuple[Side, ...]:
    """Return all sides of the pack ``t``."""
    return coverage(load_policies(["eu.gdpr", str(folder / "t.yaml")]), ["t"], run_cases([path], decide))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the folder of the pack, so that cases can name it."""
    monkeypatch.chdir(tmp_path)


class TestRules:
    def test_each_has_two_sides(self, tmp_path: Path) -> None:
        pack = make_pack("t", make_row(constraints=[{"evidence": "tia"}]))
        met = {"outcome": "allow", "rule": "met", "evidence": ["tia"]}
        assert reached(tmp_path, pack, met)["t.rule"] == {"met"}
        unmet = {"outcome": "deny", "rule": "unmet"}
        assert reached(tmp_path, pack, met, unmet)["t.rule"] == {"met", "unmet"}

    def test_a_case_that_fails_reaches_nothing(self, tmp_path: Path) -> None:
        pack = make_pack("t", make_row(constraints=[{"evidence": "tia"}]))
        assert (
            reached(tmp_path, pack, {"outcome": "deny", "rule": "met", "evidence": ["tia"]})["t.rule"]
            == set()
        )


class TestAlternatives:
    PACK = make_pack(
        "t",
        make_row(
            constraints=[{"any_of": [{"id": "t.tia", "needs": {"evidence": "tia"}}, {"evidence": "dpia"}]}]
        ),
    )

    def test_a_case_reaches_the_ground_that_it_has(self, tmp_path: Path) -> None:
        case = {"outcome": "allow", "rule": "met", "evidence": ["tia"]}
        found = reached(tmp_path, self.PACK, case)
        assert (found["t.tia"], found["t.rule#2"]) == ({"met"}, set())
        found = reached(tmp_path, self.PACK, {**case, "evidence": ["dpia"]})
        assert (found["t.tia"], found["t.rule#2"]) == (set(), {"met"})

    def test_a_ground_of_a_rule_that_does_not_apply_is_not_reached(self, tmp_path: Path) -> None:
        case = {
            "outcome": "allow",
            "rule": "not_applicable",
            "evidence": ["tia"],
            "data_categories": ["non_personal"],
        }
        assert reached(tmp_path, self.PACK, case)["t.tia"] == set()


class TestThresholds:
    def counted(self, n: int, scope: str = "window") -> dict[str, Any]:
        """Return a count of people."""
        return {"counts": [{"category": "personal_data", "n": n, "scope": scope}]}

    @pytest.mark.parametrize(
        ("n", "outcome", "rule", "sides"),
        [(9, "allow", "not_applicable", set()), (10, "allow", "not_applicable", {"10 does not reach it"}), (11, "deny", "unmet", {"11 reaches it"}), (12, "deny", "unmet", set())],
    )  # fmt: skip
    def test_only_the_numbers_on_both_sides_count(
        self, tmp_path: Path, n: int, outcome: str, rule: str, sides: set[str]
    ) -> None:
        found = reached(
            tmp_path,
            make_pack("t", make_row(when=COUNT)),
            {"outcome": outcome, "rule": rule, **self.counted(n)},
        )
        assert found["personal_data persons >= 11 in 12_months"] == sides

    def test_a_count_that_proves_nothing_reaches_nothing(self, tmp_path: Path) -> None:
        case = {"outcome": "review", "rule": "unknown", **self.counted(10, "this_flow")}
        found = reached(tmp_path, make_pack("t", make_row(when=COUNT)), case)
        assert found["personal_data persons >= 11 in 12_months"] == set()

    def test_numbers_of_other_facts(self, tmp_path: Path) -> None:
        pack = make_pack("t", make_row(when={"retention_days": {"at_least": 30, "less_than": 90}}))
        allow = {"outcome": "allow", "rule": "not_applicable"}
        cases = [{**allow, "retention_days": 29}, {**allow, "retention_days": 90}]
        found = reached(tmp_path, pack, *cases, {"outcome": "deny", "rule": "unmet", "retention_days": 30})
        assert found["retention_days at_least 30"] == {"29 does not reach it", "30 reaches it"}
        assert found["retention_days less_than 90"] == {"90 does not reach it"}

    def test_shares(self, tmp_path: Path) -> None:
        pack = make_pack("t", make_row(when={"owned_by": {"countries": "US_PADFAA", "at_least": "0.2"}}))
        name = "owned by US_PADFAA >= 0.2"
        half = {
            "outcome": "deny",
            "rule": "unmet",
            "importer": {"country": "FR", "owners": [{"country": "RU", "share": "0.5"}]},
        }
        assert reached(tmp_path, pack, half)[name] == set()
        edge = {**half, "importer": {"country": "FR", "owners": [{"country": "RU", "share": "0.2"}]}}
        less = {
            "outcome": "allow",
            "rule": "not_applicable",
            "importer": {"country": "FR", "owners": [{"country": "RU", "share": "0.1"}]},
        }
        assert reached(tmp_path, pack, edge, less)[name] == {"0.2 reaches it", "less does not reach it"}


class TestDates:
    def test_the_days_around_a_beginning_and_an_end(self, tmp_path: Path) -> None:
        pack = make_pack("t", make_row(effective_date="2026-01-01", expires="2026-06-30"))
        never = {"outcome": "allow", "rule": "not_applicable"}
        always = {"outcome": "deny", "rule": "unmet"}
        found = reached(tmp_path, pack, {**never, "as_of": "2025-12-31"}, {**always, "as_of": "2026-01-01"})
        assert found["t.rule"] >= {"the day before 2025-12-31", "the first day 2026-01-01"}
        found = reached(tmp_path, pack, {**always, "as_of": "2026-06-30"}, {**never, "as_of": "2026-07-01"})
        assert found["t.rule"] >= {"the last day 2026-06-30", "the day after 2026-07-01"}

    def test_the_day_is_that_of_the_rules_calendar(self, tmp_path: Path) -> None:
        pack = make_pack("t", make_row(effective_date="2026-01-01"), time_zone="America/New_York")
        found = reached(tmp_path, pack, {"outcome": "allow", "rule": "not_applicable", "as_of": "2026-01-01"})
        assert "the day before 2025-12-31" in found["t.rule"]

    def test_a_designation_is_reached_by_flows_that_get_there(self, tmp_path: Path) -> None:
        row = {
            "id": "t.fr",
            "by": "GB",
            "kind": "adequacy",
            "of": "FR",
            "valid_from": "2026-01-01",
            "citation": "c",
        }
        pack = make_pack("t", make_row(), designations=[row])
        case = {"outcome": "deny", "rule": "unmet", "as_of": "2026-01-01"}
        assert reached(tmp_path, pack, case)["t.fr"] == {"the first day 2026-01-01"}
        assert reached(tmp_path, pack, {**case, "destination": "DE"})["t.fr"] == set()
