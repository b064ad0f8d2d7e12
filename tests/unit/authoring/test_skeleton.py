# SPDX-License-Identifier: Apache-2.0
"""A new pack loads, lints clean and passes its own cases, wherever its law is from."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from airflow_xborder.authoring.cases import run_cases
from airflow_xborder.authoring.coverage import coverage
from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.linting import lint
from airflow_xborder.authoring.loading import read_packs, shipped_ids, validate_pack
from airflow_xborder.authoring.skeleton import make_skeleton
from airflow_xborder.cli.policy.cases import decide
from airflow_xborder.errors import PolicyValidationError

NOW = datetime(2026, 11, 24, 23, 59, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "jurisdiction", ["BR", "DE", "FR", "JP", "US", "US-TX", "CA-QC", "EU", "EEA30", "CN"]
)
def test_it_is_right_as_it_stands(tmp_path: Path, jurisdiction: str) -> None:
    made = make_skeleton("new.law", jurisdiction, NOW, decide)
    path = tmp_path / "new.law.yaml"
    path.write_text(made.pack)
    (tmp_path / "new.law.cases.yaml").write_text(made.cases)
    sources = read_packs([*shipped_ids(), str(path)])
    policies = link([validate_pack(source) for source in sources], sources)
    assert (
        lint(policies, [source for source in sources if source.file == str(path)], NOW.date(), decide) == []
    )
    results = run_cases([tmp_path], decide)
    assert [failure for result in results for failure in result.failures] == []
    lacking = [side for side in coverage(policies, ["new.law"], results) if not side.reached]
    assert {side.kind for side in lacking} <= {"dates"}


@pytest.mark.parametrize(
    ("regime", "jurisdiction", "message"),
    [
        ("../x", "BR", "`regime` cannot be `../x`"),
        ("br.lgpd", "XX", "unknown jurisdiction `XX`"),
        ("br.lgpd", "UK", "unknown jurisdiction `UK`"),
        ("eu.gdpr", "EU", "`eu.gdpr` is a shipped pack"),
    ],
)
def test_what_cannot_be_a_pack(regime: str, jurisdiction: str, message: str) -> None:
    with pytest.raises(PolicyValidationError) as caught:
        make_skeleton(regime, jurisdiction, NOW, decide)
    assert caught.value.message == message
