# SPDX-License-Identifier: Apache-2.0
"""Sentences from templates."""

from __future__ import annotations

from string import Formatter

import pytest

from airflow_xborder.core.decision import Outcome, Remediation
from airflow_xborder.core.explanation import TEMPLATES, explain, headline, render
from tests.factories import decide, make_pack, make_row

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


class TestHeadlines:
    def test_a_denial_names_its_article(self) -> None:
        assert headline(DENIED) == "deny: Art. 1"

    def test_a_gap_is_told_in_its_own_words(self) -> None:
        assert (
            headline(decide([], destination="DE"))
            == "review: No rules are loaded for DE, which this flow touches (source)."
        )

    def test_an_allow_needs_no_reason(self) -> None:
        assert headline(decide([make_pack("t")])) == "allow"


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
