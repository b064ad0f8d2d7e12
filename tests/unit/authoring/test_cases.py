# SPDX-License-Identifier: Apache-2.0
"""Cases: that a right answer passes, that each kind of wrong expectation fails, and what a bad file gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.authoring.cases import CaseResult, Untested, run_cases, sides_of, untested
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.facts import Facts
from airflow_xborder.errors import PolicyNotFoundError, PolicyValidationError
from airflow_xborder.ports.policy_engine import Question
from tests.factories import make_pack, make_requirement, make_row

HEAD = "as_of: 2026-11-21\ncases:\n  - case: a case\n"
FLOW = "    flow: {source: DE, destination: US-VA, data_categories: [personal_data.contact.email], importer: {country: US, listings: []}}\n"


def decide(policies: Policies, facts: Facts, frame: Frame) -> Decision:
    """Decide with the native engine."""
    return NativeEngine().decide(Question(policies=policies, facts=facts, frame=frame))


def run(folder: Path, expect: str, flow: str = FLOW, head: str = HEAD) -> CaseResult:
    """Run one case from a file."""
    path = folder / "some.cases.yaml"
    path.write_text(f"{head}{flow}    expect: {{{expect}}}\n")
    (result,) = run_cases([path], decide)
    return result


class TestExpectations:
    def test_a_right_one_passes(self, tmp_path: Path) -> None:
        result = run(
            tmp_path,
            "outcome: deny, transfer: true, requirements: {eu.gdpr.a44: unmet, eu.gdpr.a9: not_applicable}, reasons: [unmet], citations: [GDPR Art. 44], "
            "duties: {eu.gdpr.erasure: open}, not_considered: [jp.appi], warnings: [cited text]",
        )
        assert result.passed and result.failures == ()
        assert (result.case, result.line, result.file) == ("a case", 3, str(tmp_path / "some.cases.yaml"))
        assert result.claims == (("eu.gdpr.a44", "unmet"), ("eu.gdpr.a9", "not_applicable"))

    @pytest.mark.parametrize(
        ("expect", "failure"),
        [
            ("outcome: allow", "expected allow, got deny: GDPR Art. 44 is not met"),
            ("outcome: deny, transfer: false", "expected is_transfer false, got true"),
            ("outcome: deny, requirements: {eu.gdpr.a44: met}", "expected eu.gdpr.a44 to be met, got unmet"),
            (
                "outcome: deny, requirements: {eu.gdpr.a9: unmet}",
                "expected eu.gdpr.a9 to be unmet, got not_applicable",
            ),
            ("outcome: deny, reasons: [gap]", "expected reasons of kind ['gap'], got ['unmet']"),
            ("outcome: deny, citations: [Art. 1]", "expected citation Art. 1, got ['GDPR Art. 44']"),
            ("outcome: deny, gaps: [US]", "expected gap US, got []"),
            ("outcome: deny, missing: [purpose]", "expected missing fact purpose, got []"),
            ("outcome: deny, obligations: [pseudonymise]", "expected obligation pseudonymise, got []"),
            (
                "outcome: deny, duties: {eu.gdpr.erasure: met}",
                "expected duty eu.gdpr.erasure to be met, got open",
            ),
            (
                "outcome: deny, duties: {us.dsp.records: met}",
                "expected duty us.dsp.records to be met, got none",
            ),
            ("outcome: deny, warnings: [litigation]", "expected a warning with `litigation`"),
            ("outcome: deny, not_considered: [eu.gdpr]", "expected not considered eu.gdpr, got"),
        ],
    )
    def test_a_wrong_one_fails_and_says_why(self, tmp_path: Path, expect: str, failure: str) -> None:
        result = run(tmp_path, expect)
        assert not result.passed
        assert [text.startswith(failure) for text in result.failures] == [True], result.failures

    def test_an_allow_that_should_not_be_has_nothing_against_it(self, tmp_path: Path) -> None:
        flow = "    flow: {source: DE, destination: FR, data_categories: [non_personal]}\n"
        assert run(tmp_path, "outcome: deny", flow).failures == (
            "expected deny, got allow: nothing speaks against it",
        )

    def test_a_case_may_have_a_day_and_a_row_of_its_own(self, tmp_path: Path) -> None:
        flow = "    as_of: 2018-01-01\n    complete: false\n" + FLOW
        result = run(
            tmp_path,
            "outcome: review, requirements: {eu.gdpr.a44: not_applicable}, missing: [subjects.countries]",
            flow,
        )
        assert result.passed, result.failures


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "message", "line"),
        [
            (f"{HEAD}{FLOW}    expect: {{outcome: maybe}}\n", "unknown `outcome`: `maybe`", 5),
            (f"{HEAD}{FLOW}    expct: {{outcome: deny}}\n", "unknown key `expct`", 5),
            (f"{HEAD}{FLOW}    expect: {{outcme: deny}}\n", "unknown key `outcme`", 5),
            (
                f"{HEAD}    flow: {{source: UK, destination: FR}}\n    expect: {{outcome: deny}}\n",
                "source.country: unknown country `UK`",
                4,
            ),
            (
                f"{HEAD}    flow: {{source: DE, destination: FR, attributes: {{x.y: 1}}}}\n    expect: {{outcome: deny}}\n",
                "attributes.x.y: no pack declares `x.y`",
                4,
            ),
            ("cases: []\n", "`as_of` is missing", 1),
            ("as_of: 2026-02-30\ncases: []\n", "as_of: expected a time with its offset, got `2026-02-30`", 1),
            (
                f"{HEAD}{FLOW}    expect: {{outcome: deny, requirements: {{eu.gdpr.a4: unmet}}}}\n",
                "unknown requirement `eu.gdpr.a4`",
                5,
            ),
        ],
    )
    def test_a_bad_one_is_told_with_its_place(
        self, tmp_path: Path, text: str, message: str, line: int
    ) -> None:
        path = tmp_path / "bad.cases.yaml"
        path.write_text(text)
        with pytest.raises(PolicyValidationError) as caught:
            run_cases([path], decide)
        assert (caught.value.message, caught.value.file, caught.value.line) == (message, str(path), line)

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PolicyNotFoundError):
            run_cases([tmp_path / "gone.cases.yaml"], decide)

    def test_a_pack_beside_is_loaded_with_the_shipped_ones(self, tmp_path: Path) -> None:
        import json

        rule = make_row("acme.stay", when={"reach": "US"}, effect="forbid")
        (tmp_path / "acme.yaml").write_text(json.dumps(make_pack("acme", rule, covers=[])))
        (tmp_path / "acme.cases.yaml").write_text(
            f"{HEAD}{FLOW}    expect: {{outcome: deny, requirements: {{acme.stay: unmet, eu.gdpr.a44: unmet}}}}\n"
        )
        (result,) = run_cases([tmp_path], decide)
        assert result.passed, result.failures

    def test_a_file_may_name_its_packs(self, tmp_path: Path) -> None:
        head = HEAD.replace("cases:", "packs: [us.dsp]\ncases:")
        result = run(
            tmp_path, "outcome: review, gaps: [DE], requirements: {eu.gdpr.a44: not_applicable}", head=head
        )
        assert result.passed, result.failures


class TestCoverage:
    def results(self, tmp_path: Path, **claims: Any) -> list[CaseResult]:
        """Return a result that claims something of requirements."""
        body = ", ".join(f"{name}: {status}" for name, status in claims.items())
        return [run(tmp_path, f"outcome: deny, requirements: {{{body}}}")]

    def test_a_rule_needs_both_sides(self, tmp_path: Path) -> None:
        policies = Policies(
            [
                make_pack(
                    "t", make_row("eu.gdpr.a44", constraints=[{"evidence": "tia"}]), make_row("eu.gdpr.a9")
                )
            ]
        )
        found = untested(
            policies, self.results(tmp_path, **{"eu.gdpr.a44": "unmet", "eu.gdpr.a9": "not_applicable"})
        )
        assert found == [Untested("eu.gdpr.a44", ("met",)), Untested("eu.gdpr.a9", ("unmet",))]

    def test_a_case_that_fails_proves_nothing(self, tmp_path: Path) -> None:
        policies = Policies([make_pack("t", make_row("eu.gdpr.a44", constraints=[{"evidence": "tia"}]))])
        found = untested(policies, self.results(tmp_path, **{"eu.gdpr.a44": "met"}))
        assert found == [Untested("eu.gdpr.a44", ("met", "unmet"))]

    @pytest.mark.parametrize(
        ("fields", "sides"),
        [
            ({}, ("not_applicable", "unmet")),
            ({"constraints": [{"evidence": "tia"}, {"obligation": "pseudonymise"}]}, ("met", "unmet")),
            (
                {"constraints": [{"obligation": "pseudonymise"}, {"obligation": "retain_until"}]},
                ("not_applicable", "met"),
            ),
        ],
    )
    def test_the_sides_are_those_that_a_rule_can_have(self, fields: Any, sides: tuple[str, str]) -> None:
        assert sides_of(make_requirement(**fields)) == sides
