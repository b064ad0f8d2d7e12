# SPDX-License-Identifier: Apache-2.0
"""``xborder policy explain``: by name or by file, in two voices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_xborder.cli.main import main

FLOW = {"source": "DE", "destination": "US-VA", "data_categories": ["personal_data.contact.email"], "importer": {"country": "US", "listings": []}}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep compiled packs to the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is printed."""
    assert main(["policy", "explain", *arguments]) == 0
    return capsys.readouterr().out


def test_a_rule_by_its_own_id_and_by_that_of_a_ground(capsys: pytest.CaptureFixture[str]) -> None:
    rule = told(capsys, "eu.gdpr.a44")
    assert rule.startswith("eu.gdpr.a44: Personal data may leave the EEA") and "where it is said:" in rule
    assert told(capsys, "eu.gdpr.a46.scc") == rule
    assert "citation: GDPR Art. 44" in told(capsys, "eu.gdpr.a44", "--for", "lawyer")


def test_a_designation(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Decision 2003/821/EC" in told(capsys, "eu.adequacy.gg", "--for", "lawyer")


def test_flows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text(f"{json.dumps(FLOW)}\n{json.dumps({**FLOW, 'destination': 'FR'})}\n")
    text = told(capsys, str(path), "--as-of", "2026-11-21")
    assert text.startswith("DENY  DE → US-VA") and "what would make it lawful" in text
    lawyer = told(capsys, str(path), "--as-of", "2026-11-21", "--for", "lawyer")
    assert lawyer.count("Question: ") == 2
    assert lawyer.count("As of 2026-11-21 00:00 UTC") == 2


def test_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "eu.gdpr.a4"]) == 2
    assert (
        "error: no rule, designation or file `eu.gdpr.a4`\nhint: did you mean `eu.gdpr.a"
        in capsys.readouterr().err
    )


def test_a_flow_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flow.json"
    path.write_text('{"source": "UK", "destination": "FR"}')
    assert main(["policy", "explain", str(path)]) == 2
    assert "unknown country `UK`" in capsys.readouterr().err
