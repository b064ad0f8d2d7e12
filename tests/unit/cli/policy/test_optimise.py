# SPDX-License-Identifier: Apache-2.0
"""``xborder policy optimise``: plans for flows, cores for what nothing helps, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.adapters.solvers.highs import is_installed
from airflow_xborder.cli.main import main

GMBH = {"party": "acme-gmbh", "country": "DE", "role": "controller"}
INC = {"party": "acme-inc", "country": "US", "role": "processor", "listings": []}
USERS = {
    "flow_id": "users", "source": "DE", "destination": "US-VA", "exporter": GMBH, "importer": INC,
    "data_categories": ["personal_data.contact.email"],
}  # fmt: skip
VISITS = {**USERS, "flow_id": "visits", "data_categories": ["personal_data.behaviour"]}
PATIENTS = {
    "flow_id": "patients",
    "source": "DE",
    "destination": "FR",
    "data_categories": ["personal_data.sensitive.health"],
}
HOME = {"source": "DE", "destination": "FR", "data_categories": ["personal_data.contact.email"]}
CATALOG = """\
version: 1
regions:
  eu: {cloud: "aws:eu-central-1", party: acme-gmbh}
  us: {cloud: "aws:us-east-1", party: acme-inc}
  ca: {cloud: "aws:ca-central-1", party: acme-inc}
  eu2: {cloud: "aws:eu-west-1", party: acme-gmbh}
parties:
  acme-gmbh: {country: DE, role: controller}
  acme-inc: {country: US, role: processor, listings: []}
control_prices: {move: 20, tia: 6}
"""


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(flows: object, *arguments: str, name: str = "flows.jsonl") -> tuple[int, str, str]:
        file = tmp_path / name
        if isinstance(flows, str):
            file.write_text(flows)
        else:
            assert isinstance(flows, list)
            file.write_text("\n".join(map(json.dumps, flows)))
        code = main(["policy", "optimise", str(file), "--as-of", "2026-11-21", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


class TestText:
    def test_one_flow_gets_its_cheapest_plan(self, ask: Any) -> None:
        code, out, _ = ask([USERS])
        assert code == 0
        assert out.splitlines() == [
            "users: deny, allow with: process in DE (cost 4)",
            "all controls, cost 4 (proven the cheapest):",
            "     4  process in DE: users",
            "not legal advice",
        ]

    @pytest.mark.parametrize(
        "solver",
        [
            "exact",
            pytest.param(
                "highs", marks=pytest.mark.skipif(not is_installed(), reason="highspy is not installed")
            ),
        ],
    )
    def test_an_estate_pays_once_for_what_it_shares(self, ask: Any, tmp_path: Path, solver: str) -> None:
        prices = tmp_path / "prices.yaml"
        prices.write_text("move: 9\n")
        code, out, _ = ask([USERS, VISITS], "--prices", str(prices), "--solver", solver)
        assert code == 0
        assert out.splitlines()[-4:] == [
            "all controls, cost 8 (proven the cheapest):",
            "     5  attach evidence tia between acme-gmbh and acme-inc: users, visits",
            "     3  attach mechanism scc_eu (module 2) between acme-gmbh and acme-inc: users, visits",
            "not legal advice",
        ]

    def test_what_nothing_helps_is_told_with_its_core_and_citation(self, ask: Any) -> None:
        code, out, _ = ask([PATIENTS, HOME])
        assert code == 1
        first, reason, second, _ = out.splitlines()
        assert first == "patients: deny, and no control helps. These cannot be met together:"
        assert reason.startswith("  - GDPR Art. 9 is not met: ")
        assert second == "flow 2: allow as it is"

    def test_cut_short_it_is_left_open(self, ask: Any) -> None:
        code, out, _ = ask([USERS], "--limit", "1")
        assert code == 3
        assert "not all were made" in out

    def test_a_yaml_list_is_read_too(self, ask: Any) -> None:
        text = "- {source: DE, destination: FR, data_categories: [non_personal]}\n- {source: DE, destination: JP, data_categories: [non_personal]}\n"
        code, out, _ = ask(text, name="flows.yaml")
        assert (code, out.splitlines()[0]) == (0, "flow 1: allow as it is")
        assert "flow 2: allow as it is" in out

    def test_of_two_flows_with_one_name_each_is_told_apart(self, ask: Any) -> None:
        _, out, _ = ask([USERS, USERS])
        assert "users (2): deny" in out


class TestJson:
    def test_it_is_one_object_with_all_that_is_told(self, ask: Any) -> None:
        code, out, _ = ask([USERS, PATIENTS], "--format", "json", "--solver", "exact")
        answer = json.loads(out)
        assert (code, answer["cost"], answer["optimal"], answer["solver"]) == (1, 4, True, "exact")
        assert answer["controls"] == [
            {"control": "move home", "change": "process in DE", "cost": 4, "flows": ["users"]}
        ]
        users, patients = answer["flows"]
        assert (users["lawful"], users["controls"], users["core"]) == (True, ["move home"], [])
        assert (patients["lawful"], patients["cost"]) == (False, None)
        assert [entry["id"] for entry in patients["core"]] == ["eu.gdpr.a9"]
        assert patients["smallest"] is True

    def test_a_bad_flow_is_told_and_the_rest_go_on(self, ask: Any) -> None:
        code, out, _ = ask([USERS, {"source": "DE"}], "--format", "json")
        answer = json.loads(out)
        assert code == 2
        assert [entry["flow"] for entry in answer["errors"]] == ["flow 2"]
        assert answer["flows"][0]["lawful"] is True


class TestCatalog:
    def test_other_regions_are_offered_and_its_prices_count(self, ask: Any, tmp_path: Path) -> None:
        catalog = tmp_path / "catalog.yaml"
        catalog.write_text(CATALOG)
        named = {**USERS, "source": {"region": "eu"}, "destination": {"region": "us"}}
        code, out, _ = ask([named], "--catalog", str(catalog))
        assert code == 0
        assert out.splitlines()[0] == (
            "users: deny, allow with: attach mechanism scc_eu (module 2) and evidence tia (cost 9)"
        )
        prices = tmp_path / "prices.yaml"
        prices.write_text("tia: 60\nmove: 3\n")
        code, out, _ = ask([named], "--catalog", str(catalog), "--prices", str(prices))
        assert (code, out.splitlines()[0]) == (0, "users: deny, allow with: process in region eu (cost 3)")


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "message"),
        [("tai: 3\n", "nothing is called `tai`"), ("tia: -1\n", "prices.tia"), ("- 3\n", "expected a mapping"), ("counts: 1\n", "nothing is called `counts`")],
    )  # fmt: skip
    def test_prices_that_are_none(self, ask: Any, tmp_path: Path, text: str, message: str) -> None:
        prices = tmp_path / "prices.yaml"
        prices.write_text(text)
        code, _, err = ask([USERS], "--prices", str(prices))
        assert code == 2
        assert message in err

    def test_a_file_of_prices_that_is_not_there(self, ask: Any, tmp_path: Path) -> None:
        assert ask([USERS], "--prices", str(tmp_path / "none.yaml"))[0] == 2

    def test_no_flow(self, ask: Any) -> None:
        code, _, err = ask([])
        assert code == 2
        assert "no flow" in err

    def test_flows_that_are_none_are_told_by_number(self, ask: Any) -> None:
        code, _, err = ask([USERS, 3])
        assert code == 2
        assert "error in flow 2" in err

    @pytest.mark.parametrize("limit", ["0", "-3", "many"])
    def test_a_limit_that_is_none(self, ask: Any, limit: str) -> None:
        with pytest.raises(SystemExit) as caught:
            ask([USERS], "--limit", limit)
        assert caught.value.code == 2
