# SPDX-License-Identifier: Apache-2.0
"""Every case of every shipped pack, and that each rule has one on both of its sides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_xborder.authoring.cases import CaseResult, untested
from airflow_xborder.authoring.loading import load_policies, shipped_folder, shipped_ids
from tests.shipped_cases import shipped_results

RESULTS = shipped_results()
POLICIES = load_policies()
CONFIDENT = {"confirmed"}


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: re.sub(r"[^\w]+", "-", result.case))
def test_the_case_gets_its_answer(result: CaseResult) -> None:
    assert result.passed, f"{result.file}:{result.line}: {'; '.join(result.failures)}"


def test_every_rule_has_a_case_that_meets_it_and_one_that_does_not() -> None:
    assert untested(POLICIES, RESULTS) == []


def golden_cases() -> dict[str, set[str]]:
    """Return beside which packs the page on the format says that each golden case is."""
    page = (shipped_folder().parent / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (G\d\d) \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE)
    return {name: set(re.findall(r"`([^`]+)`", where)) for name, where in rows}


def test_each_golden_scenario_is_a_case_beside_the_packs_that_the_page_names() -> None:
    told = golden_cases()
    assert sorted(told) == [f"G{number:02}" for number in range(1, 31)]
    named: dict[str, set[str]] = {}
    for result in RESULTS:
        if match := re.match(r"G\d\d", result.case):
            named.setdefault(match.group(), set()).add(Path(result.file).name.removesuffix(".cases.yaml"))
    assert named == told


@pytest.mark.parametrize("pack_id", shipped_ids())
class TestEachPack:
    """What every shipped pack says of itself."""

    def test_it_is_no_legal_advice_and_says_when_it_was_checked(self, pack_id: str) -> None:
        document = next(row for row in POLICIES.documents if row["pack"] == pack_id)
        assert document["notice"].startswith("Not legal advice")
        assert document["last_checked"] == "2026-11-24"

    def test_what_is_not_confirmed_asks_to_be_checked(self, pack_id: str) -> None:
        for rule in POLICIES.pack(pack_id).requirements:
            assert rule.review_required == (rule.confidence not in CONFIDENT), rule.id

    def test_every_rule_is_cited(self, pack_id: str) -> None:
        for rule in POLICIES.pack(pack_id).requirements:
            assert rule.citation != rule.id
            assert rule.description.endswith(".")
        assert all(row.citation for row in POLICIES.pack(pack_id).designations)
