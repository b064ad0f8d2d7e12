# SPDX-License-Identifier: Apache-2.0
"""What the page on the document format says is true: its examples load and pass, and it leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_xborder.authoring.cases import ExpectationDocument, run_cases, untested
from airflow_xborder.authoring.documents import DesignationDocument, PackDocument, RequirementDocument
from airflow_xborder.authoring.loading import load_policies, shipped_folder
from airflow_xborder.cli.policy.cases import decide
from airflow_xborder.core.condition_syntax import _SPECIAL, NAMES
from airflow_xborder.core.requirement import Effect, Level, OnUnmet

PAGE = (shipped_folder().parent / "README.md").read_text(encoding="utf-8")
PACK, CASES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the page's pack and its cases."""
    (tmp_path / "acme.policy.yaml").write_text(PACK)
    (tmp_path / "acme.policy.cases.yaml").write_text(CASES)
    return tmp_path


def test_the_example_pack_loads(folder: Path) -> None:
    assert load_policies([str(folder)]).ids == ("acme.policy", "base")


def test_its_cases_get_their_answers_on_both_sides(folder: Path) -> None:
    results = run_cases([folder], decide)
    assert [failure for result in results for failure in result.failures] == []
    own = [
        entry
        for entry in untested(load_policies([str(folder)]), results)
        if entry.requirement_id.startswith("acme")
    ]
    assert own == []


@pytest.mark.parametrize(
    "word",
    sorted(
        {
            *PackDocument.model_fields, *RequirementDocument.model_fields, *DesignationDocument.model_fields,
            *ExpectationDocument.model_fields, *_SPECIAL, *NAMES, "within", "stated", "known", "is_a", "at_least",
            "less_than", "any_of", "complete", *(entry.value for kind in (Effect, Level, OnUnmet) for entry in kind),
        }
    ),
)  # fmt: skip
def test_no_word_of_the_format_is_left_out(word: str) -> None:
    assert re.search(rf"(?<![\w.]){word}(?![\w])", PAGE)
