# SPDX-License-Identifier: Apache-2.0
"""``xborder policy test``: what it prints, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.authoring.loading import shipped_folder, shipped_ids
from airflow_xborder.cli.main import main
from tests.factories import EMAIL, make_pack, make_row
from tests.shipped_cases import run_them_once, shipped_results

MET = {"case": "one", "flow": {"source": "DE", "destination": "FR", "data_categories": [EMAIL], "evidence": ["tia"]}, "expect": {"outcome": "allow", "requirements": {"t.rule": "met"}}}  # fmt: skip


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Return a case file beside its pack, with one case of the two that its rule needs."""
    ground = {
        "any_of": [
            {"id": "t.tia", "needs": {"evidence": "tia"}},
            {"id": "t.dpia", "needs": {"evidence": "dpia"}},
        ]
    }
    pack = make_pack("t", make_row(constraints=[ground]), covers=[])
    (tmp_path / "own.json").write_text(json.dumps(pack))
    path = tmp_path / "own.cases.yaml"
    path.write_text(json.dumps({"as_of": "2026-11-21", "cases": [MET]}))
    return path


@pytest.mark.limit(300)
def test_the_shipped_cases_pass_and_reach_all_that_is_required(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_them_once(monkeypatch)
    assert main(["policy", "test", "--require-coverage", "requirements"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    table = printed.out.splitlines()
    assert table[0].split() == ["cases", "reach", "requirements", "alternatives", "thresholds", "dates"]
    with_rules = [name for name in shipped_ids() if name != "world"]
    assert [row.split()[0] for row in table[1:-1]] == [*with_rules, "all"]
    assert table[-1] == f"{len(shipped_results())} passed, 0 failed, 0 requirements lack a case"


def test_cases_may_be_asked_to_reach_everything(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(shipped_folder() / f"{name}.cases.yaml") for name in ("jp.appi", "us.ccpa")]
    assert main(["policy", "test", *files, "--require-coverage", "all"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith("cases reach  requirements  alternatives  thresholds  dates\n")
    assert printed.out.endswith(" passed, 0 failed, 0 requirements lack a case\n")


def test_cases_of_ones_own_are_held_to_nothing_unless_asked(
    cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "test", str(cases)]) == 0
    assert capsys.readouterr().out == (
        "cases reach  requirements  alternatives  thresholds  dates\n"
        "t            1 of 2        1 of 2        -           0 of 2\n"
        "1 passed, 0 failed, 1 requirements lack a case\n"
    )


@pytest.mark.parametrize(
    ("what", "code", "told"),
    [
        ("none", 0, ""),
        ("requirements", 1, "t.rule: no case reaches `unmet`\n"),
        ("all", 1, "t.rule: no case reaches `unmet`\nt.dpia: no case reaches `met`\n"),
    ],
)
def test_what_is_required_is_told_where_it_lacks(
    cases: Path, what: str, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "test", str(cases), "--require-coverage", what]) == code
    assert capsys.readouterr().err == told


def test_the_details_name_everything(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "test", str(cases.parent), "--coverage"]) == 0
    assert capsys.readouterr().out.split("\n")[:4] == [
        "t.rule: no case reaches `unmet`",
        "t.dpia: no case reaches `met`",
        "t.rule: no case reaches `the day before 2019-12-31`",
        "t.rule: no case reaches `the first day 2020-01-01`",
    ]


def test_programs_read_the_same(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "test", str(cases), "--format", "json", "--require-coverage", "all"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(case["case"], case["passed"], case["outcome"]) for case in found["cases"]] == [
        ("one", True, "allow")
    ]
    lacking = [(row["kind"], row["of"], row["side"]) for row in found["coverage"] if not row["reached"]]
    assert ("requirements", "t.rule", "unmet") in lacking and ("alternatives", "t.dpia", "met") in lacking


def test_a_case_that_fails_is_told_with_its_place(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases.write_text(cases.read_text().replace('"allow"', '"deny"'))
    assert main(["policy", "test", str(cases)]) == 1
    assert capsys.readouterr().err.startswith(f"{cases}:1: one: expected deny, got allow")


def test_a_claim_about_a_rule_that_there_is_not(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases.write_text(cases.read_text().replace('"t.rule"', '"t.rul"'))
    assert main(["policy", "test", str(cases)]) == 2
    assert "unknown requirement `t.rul`\nhint: did you mean `t.rule`?" in capsys.readouterr().err


def test_no_cases_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "test", str(tmp_path)]) == 2
    assert "case files are called `*.cases.yaml`" in capsys.readouterr().err
