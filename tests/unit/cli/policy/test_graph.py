# SPDX-License-Identifier: Apache-2.0
"""``xborder policy graph``: the whole, what applies to a flow, what is around a node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.cli.main import main

FLOW = {"source": "JP", "destination": "US-OR", "data_categories": ["personal_data.contact.email"]}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep compiled packs to the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def drawn(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return the graph as JSON."""
    assert main(["policy", "graph", "--format", "json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def names(graph: Any) -> set[str]:
    """Return the names of a graph's nodes."""
    return {row["name"] for row in graph["nodes"]}


def test_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"requirement:eu.gdpr.a44", "requirement:us.padfaa", "designation:jp.equivalent.gb"} <= names(
        drawn(capsys)
    )


def test_what_applies_to_a_flow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(FLOW))
    found = {name for name in names(drawn(capsys, "--flow", str(path))) if name.startswith("requirement:")}
    assert "requirement:jp.appi.a28" in found and "requirement:eu.gdpr.a44" not in found
    assert drawn(capsys, "--flow", str(path), "--as-of", "2000-01-01")["edges"] == []


def test_what_is_around_a_node(capsys: pytest.CaptureFixture[str]) -> None:
    found = names(drawn(capsys, "--node", "eu.gdpr.a44"))
    assert "requirement:purpose_limitation" in found and "requirement:us.padfaa" not in found
    assert names(drawn(capsys, "--node", "designation:eu.adequacy.us")) >= {
        "jurisdiction:US",
        "jurisdiction:EU",
    }


@pytest.mark.parametrize(("style", "start"), [("dot", "digraph compliance {"), ("mermaid", "flowchart LR")])
def test_for_tools_that_draw(style: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "graph", "--packs", "jp.appi", "--format", style]) == 0
    assert capsys.readouterr().out.startswith(start)


def test_what_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "graph", "--node", "eu.gpdr.a44"]) == 2
    assert "hint: did you mean `eu.gdpr.a44`?" in capsys.readouterr().err
    path = tmp_path / "flows.jsonl"
    path.write_text(f"{json.dumps(FLOW)}\n{json.dumps(FLOW)}\n")
    assert main(["policy", "graph", "--flow", str(path)]) == 2
    assert "expected one flow, got 2" in capsys.readouterr().err
    path.write_text("{nonsense\n")
    assert main(["policy", "graph", "--flow", str(path)]) == 2
