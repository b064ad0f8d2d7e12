# SPDX-License-Identifier: Apache-2.0
"""Sentences from templates."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.decision import Obligation, Outcome, Remediation
from airflow_xborder.core.explanation import TEMPLATES, between, explain, explain_to_lawyer, render
from airflow_xborder.core.flow import DataFlow, End
from tests.factories import decide, make_flow, make_pack, make_row

DENIED = decide(
    [make_pack("t", make_row(citation="Art. 1", constraints=[{"evidence": "tia"}]))], flow_id="users-to-us"
)


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_every_template_is_a_sentence(template: str) -> None:
    names = [name for _, name, _, _ in Formatter().parse(TEMPLATES[template]) if name]
    text = render(template, dict.fromkeys(names, "X"))
    assert "{" not in text
    assert text[0].isupper() or text.startswith("X")


def test_an_unknown_template_is_a_bug() -> None:
    with pytest.raises(KeyError):
        render("nothing", {})
    with pytest.raises(KeyError):
        render("unmet", {})


class TestExplanations:
    def test_a_denial(self) -> None:
        text = explain(
            DENIED.with_changes(remediations=(Remediation("attach evidence tia", Outcome.ALLOW, 5),))
        )
        assert text.splitlines() == [
            "DENY  users-to-us",
            "  - Art. 1 is not met: A rule of a test. Missing: evidence tia.",
            "  what would make it lawful:",
            "    attach evidence tia -> allow (cost 5)",
            "  not legal advice",
        ]

    def test_an_allow_with_strings_attached(self) -> None:
        row = make_row(
            constraints=["personal_data"], warnings=["careful"],
            obligations=["pseudonymise", {"type": "generalise", "parameters": {"k": 5}}],
        )  # fmt: skip
        assert explain(decide([make_pack("t", row)])).splitlines() == [
            "ALLOW  flow",
            "  obligations:",
            "    generalise (k=5)",
            "    pseudonymise",
            "  note: careful",
            "  not legal advice",
        ]

    def test_the_heading_says_what_was_asked(self) -> None:
        flow = DataFlow.parse(
            {
                "source": {"region": "eu", "country": "DE", "subdivision": "DE-HE"},
                "destination": {"country": "US"},
                "purpose": "analytics",
            }
        )
        allowed = decide([make_pack("t")])
        assert explain(allowed, flow).splitlines()[0] == "ALLOW  eu (DE-HE) → US, analytics"
        named = explain(DENIED, flow).splitlines()[0]
        assert named == "DENY  users-to-us, eu (DE-HE) → US, analytics"

    def test_a_place_that_nobody_knows_is_called_so(self) -> None:
        ends = (End(store="s3://nobody/x"), End(region="eu"))
        assert between(DataFlow(source=ends[0], destination=ends[1])) == "an unknown place → eu"

    def test_long_sentences_are_wrapped_and_their_words_kept(self) -> None:
        words = "word " * 60
        pack = make_pack(
            "t", make_row(citation="Art. 1", description=words, constraints=[{"evidence": "tia"}])
        )
        lines = explain(decide([pack])).splitlines()
        assert max(map(len, lines)) <= 100
        assert " ".join(" ".join(lines).split()).count("word") == 60

    def test_a_denial_lists_no_obligations_and_an_allow_does(self) -> None:
        duty = Obligation("minimise_columns", (("drop", "personal_data.contact"),))
        allowed = decide([make_pack("t")]).with_changes(obligations=(duty,))
        assert "    minimise_columns (drop=personal_data.contact)" in explain(allowed).splitlines()
        assert "minimise_columns" not in explain(DENIED.with_changes(obligations=(duty,)))


class TestForALawyer:
    """The answer laid out as an opinion, with the law it rests on."""

    POLICIES = load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"])

    def told(self, **fields: Any) -> str:
        """Return the text for a flow, in one line."""
        flow = make_flow(**fields)
        decision = decide(self.POLICIES, flow)
        return " ".join(explain_to_lawyer(decision, flow, self.POLICIES).split())

    def test_a_denial(self) -> None:
        text = self.told(destination="US-VA", importer={"country": "US", "listings": []})
        for part in (
            "Question: DE → US-VA",
            "Answer: The flow is not allowed.",
            "EU General Data Protection Regulation: deny, calls it a transfer",
            "GDPR Art. 44 (supranational law of EU) applies and is not met: Personal data may leave the EEA",
            "Our reading of it is mixed, to be checked. https://eur-lex.europa.eu/eli/reg/2016/679/oj",
            "erasure: open, by GDPR Art. 5(1)(e), 17, 19",
            "jp.appi: no connecting factor",
            "Not legal advice.",
        ):
            assert part in text, part

    def test_an_answer_that_will_change(self) -> None:
        text = self.told(destination="GB")
        assert "Answer: The flow needs a person's decision." in text
        assert "the answer could change at 2031-12-27 23:00 UTC." in text

    def test_an_answer_that_stands(self) -> None:
        text = self.told()
        assert "Answer: The flow is allowed." in text
        assert "Conflicts" not in text
