# SPDX-License-Identifier: Apache-2.0
"""``xborder decide``: the contract that outside programs rely on."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.cli.main import main

ALLOWED = {
    "source": {"country": "DE"},
    "destination": {"country": "FR"},
    "data_categories": ["personal_data.contact.email"],
}
DENIED = {
    "source": {"country": "DE"}, "destination": {"country": "US"}, "data_categories": ["personal_data.contact.email"],
    "importer": {"country": "US", "listings": [], "owners": []},
}  # fmt: skip
VOLATILE = ("decision_id", "evaluated_at")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def run(text: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code = main(["decide", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_an_email_from_germany_to_france_is_allowed_with_all_packs(ask: Any) -> None:
    code, out, _ = ask(json.dumps(ALLOWED), "--format", "json")
    decision = json.loads(out)
    assert (code, decision["outcome"], decision["simulated"]) == (0, "allow", False)


def test_a_denial_is_exit_1_with_reasons_and_remediations(ask: Any) -> None:
    code, out, _ = ask(json.dumps(DENIED), "--format", "json")
    decision = json.loads(out)
    assert (code, decision["outcome"]) == (1, "deny")
    assert decision["violations"][0]["citation"].startswith("GDPR Art. 4")
    assert all(entry["makes"] == "allow" for entry in decision["remediations"])
    assert decision["remediations"]


def test_json_lines_are_answered_in_order_and_a_bad_one_does_not_stop_the_rest(ask: Any) -> None:
    lines = [json.dumps(ALLOWED), "not json", json.dumps({"source": "DE"}), json.dumps(DENIED)]
    code, out, _ = ask("\n".join(lines), "--format", "json")
    first, second, third, fourth = map(json.loads, out.splitlines())
    assert code == 2
    assert (first["outcome"], fourth["outcome"]) == ("allow", "deny")
    assert (second["line"], second["error"]["code"]) == (2, "flow")
    assert third["error"]["message"] == "destination: missing"


def test_yaml_is_read_as_well(ask: Any) -> None:
    text = "source: DE\ndestination: NO\ndata_categories: [personal_data.contact.email]\n"
    assert ask(text)[0] == 0, "Norway is a country, not a Boolean"


def test_pretty_printed_json_is_one_flow(ask: Any) -> None:
    code, out, _ = ask(json.dumps(ALLOWED, indent=2), "--format", "json")
    assert (code, len(out.splitlines())) == (0, 1)


def test_as_of_beats_the_flows_own_and_marks_the_answer_simulated(ask: Any) -> None:
    flow = {**ALLOWED, "as_of": "2025-01-01T00:00:00Z"}
    own = json.loads(ask(json.dumps(flow), "--format", "json")[1])
    given = json.loads(ask(json.dumps(flow), "--format", "json", "--as-of", "2026-11-21")[1])
    assert (own["as_of"], own["simulated"]) == ("2025-01-01T00:00:00.000Z", True)
    assert (given["as_of"], given["simulated"]) == ("2026-11-21T00:00:00.000Z", True)


def test_with_packs_and_time_fixed_the_answer_is_the_same_bytes(ask: Any) -> None:
    answers = [
        json.loads(ask(json.dumps(DENIED), "--format", "json", "--as-of", "2026-11-21")[1]) for _ in range(2)
    ]
    for answer in answers:
        for name in VOLATILE:
            del answer[name]
    assert json.dumps(answers[0]) == json.dumps(answers[1])


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        pytest.param("", (), "no flow", id="empty"),
        pytest.param("{}", (), "missing", id="no-places"),
        pytest.param('{"source": {"region": "eu"}, "destination": "US"}', (), "country", id="region-without-catalog"),
        pytest.param('{"source": "UK", "destination": "US"}', (), "use GB", id="unknown-country"),
        pytest.param('{"source": "DE", "destination": "US", "purpse": "x"}', (), "did you mean `purpose`", id="misspelt"),
        pytest.param("a: [", (), "stdin", id="no-yaml"),
        pytest.param("{}", ("--packs", "eu.gdrp"), "did you mean `eu.gdpr`", id="unknown-pack"),
        pytest.param("{}", ("--as-of", "yesterday"), "2026-11-21T00:00:00Z", id="no-time"),
    ],
)  # fmt: skip
def test_bad_input_is_exit_2_with_the_fix(
    ask: Any, text: str, arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = ask(text, *arguments)
    assert code == 2
    assert words in err


def test_a_catalog_resolves_regions(ask: Any, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(
        'version: 1\nregions:\n  eu: {cloud: "aws:eu-central-1", aliases: [EU]}\n  fr: {country: FR}\n'
    )
    flow = {**ALLOWED, "source": {"region": "EU"}, "destination": {"region": "fr"}}
    assert ask(json.dumps(flow), "--catalog", str(catalog))[0] == 0


def test_it_starts_without_airflow() -> None:
    code = (
        "import sys; from airflow_xborder.cli.main import main; main(['decide', '/dev/null']); "
        "assert not [m for m in sys.modules if m == 'airflow' or m.startswith('airflow.')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


BEGUN = '{"source": {"country": "DE"}, "destination": {"country": "DE"}, '


@pytest.mark.parametrize(
    "text",
    [
        BEGUN + '"purpose": "analytics", "purpose": "service_delivery"}',
        BEGUN + '"retention_days": NaN}',
        BEGUN + '"retention_days": ' + "9" * 5000 + "}",
        BEGUN + '"flow_id": "\\ud800"}',
        BEGUN + '"\\ud800": 1}',
        BEGUN + '"places": {"inference": [null]}}',
        BEGUN + '"mechanisms": [null]}',
        BEGUN + '"exporter": {"legal_roles": {"us.hipaa": [1]}}}',
        BEGUN + '"as_of": "0001-01-01T00:00:00+14:00"}',
        "source: DE\ndestination: DE\nretention_days: " + "9" * 5000,
    ],
)
def test_nonsense_is_malformed_and_never_an_answer(ask: Any, text: str) -> None:
    code, out, _ = ask(text, "--format", "json")
    assert code == 2
    assert "error" in json.loads(out)


def test_lines_end_where_lines_end(ask: Any) -> None:
    flow = {**ALLOWED, "flow_id": "first", "exporter": {"party": "a\u2028b", "country": "DE"}}
    text = "\ufeff" + "\r\n".join(json.dumps(entry, ensure_ascii=False) for entry in (flow, ALLOWED))
    code, out, _ = ask(text, "--format", "json")
    first, second, rest = out.split("\n")
    assert (code, rest) == (0, "")
    assert (json.loads(first)["flow_id"], json.loads(second)["outcome"]) == ("first", "allow")


def test_a_line_that_is_not_utf8_does_not_stop_the_rest(
    ask: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps(ALLOWED).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line + b'\n{"flow_id": "\xff"}\n' + line)))
    assert main(["decide", "--format", "json"]) == 2
    first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["outcome"], third["outcome"]) == ("allow", "allow")
    assert (second["line"], second["error"]["message"]) == (2, "not UTF-8")


def test_a_document_that_is_not_utf8_is_malformed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "flow.yaml").write_bytes(b"source: \xff")
    assert main(["decide", str(tmp_path / "flow.yaml")]) == 2
    assert "is not UTF-8" in capsys.readouterr().err


def test_the_facts_of_a_flow_are_printed_and_nothing_decided(ask: Any) -> None:
    code, out, _ = ask(json.dumps(ALLOWED), "--format", "facts", "--as-of", "2026-11-21")
    document = json.loads(out)
    assert code == 0
    assert (document["complete"], document["as_of"]) == (True, "2026-11-21T00:00:00Z")
    assert document["days"]["Asia/Tokyo"] == "2026-11-21"
    assert document["values"]["source.country"] == ALLOWED["source"]["country"]


def test_a_flow_without_facts_is_told_in_its_place(ask: Any) -> None:
    code, out, _ = ask('{"source": 1}\n{"source": 2}', "--format", "facts")
    assert code == 2
    assert [json.loads(line)["line"] for line in out.splitlines()] == [1, 2]
