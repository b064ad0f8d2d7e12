# SPDX-License-Identifier: Apache-2.0
"""The bundle answers as the native engine does: ten thousand flows, asked of a real OPA, over the whole library, parts of it, and
drawn packs."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airflow_xborder.adapters.engines.native import NativeEngine
from airflow_xborder.authoring.loading import load_policies, shipped_folder, shipped_ids
from airflow_xborder.cli.main import main
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.facts import Facts, normalise
from airflow_xborder.core.facts_document import to_document
from airflow_xborder.core.rego_model import rego_model
from airflow_xborder.demo.processes import Command, Supervisor, free_port, wait_until_ready
from airflow_xborder.ports.policy_engine import Question
from tests import generators
from tests.factories import make_frame
from tests.library_flows import LibraryFlows
from tests.random_flows import Flows
from tests.tools import programs
from tests.tools.servers import OpaServer, start_opa

WHOLE, OF_CASES, PARTS, OF_EACH, SETS, EACH, BATCH = 2000, 1800, 10, 400, 50, 80, 50
Asked: TypeAlias = "tuple[Facts, datetime]"
# A server without the bundle takes them one by one, and so in the order of what they use.
ORDER = (
    "facts",
    "lookups",
    "questions",
    "conditions",
    "requirements",
    "gaps",
    "parts",
    "precedence",
    "answer",
)
GENERIC = [shipped_folder().parent / "rego" / "xborder" / f"{name}.rego" for name in ORDER]


@pytest.fixture(scope="module")
def opa(supervisor: Supervisor) -> OpaServer:
    """An OPA with the generic Rego, and no data yet."""
    server = _real(supervisor) or start_opa(supervisor, GENERIC, name="opa-bundle")
    if isinstance(server, str):
        pytest.skip(f"{server}: run `make servers`")
    return server


def _real(supervisor: Supervisor) -> OpaServer | None:
    program = programs.find(programs.OPA)
    if program is None:
        return None
    port = free_port()
    address = ["--addr", f"127.0.0.1:{port}", "--log-level", "error", "--skip-version-check"]
    argv = [str(program), "run", "--server", *address, "--optimize-store-for-read-speed", *map(str, GENERIC)]
    # Collecting garbage less often is what one would set for a server that has the memory.
    server = supervisor.start(Command(name="opa-bundle", argv=argv, env={"GOGC": "400"}))
    url = f"http://127.0.0.1:{port}"
    wait_until_ready(server, lambda: requests.get(f"{url}/health", timeout=5).status_code == 200)
    return OpaServer(url=url, is_real=True, server=server)


def asked(flows: Flows, number: int) -> list[Asked]:
    """Return facts with the moment of the question; of some the catalog's row is not complete."""
    return [(normalise(flows.flow(), complete=flows.flag(0.7)), flows.moment()) for _ in range(number)]


def of_opa(server: OpaServer, policies: Policies, questions: list[Asked]) -> list[dict[str, Any]]:
    """Return OPA's answers, in batches over two connections."""
    model = rego_model(policies)
    server.put_data("xborder/model", model)
    documents = [to_document(facts, moment, model["zones"]) for facts, moment in questions]

    def ask(batch: list[Any]) -> list[dict[str, Any]]:
        answer = requests.post(
            f"{server.url}/v1/data/xborder/answers", json={"input": {"batch": batch}}, timeout=120
        )
        assert "result" in answer.json(), answer.text
        return answer.json()["result"]  # type: ignore[no-any-return]

    batches = [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]
    with ThreadPoolExecutor(2) as pool:
        return [answer for answers in pool.map(ask, batches) for answer in answers]


def of_native(policies: Policies, questions: list[Asked]) -> Iterator[Decision]:
    engine = NativeEngine()
    for facts, moment in questions:
        yield engine.decide(Question(facts=facts, policies=policies, frame=make_frame(moment)))


def compared(decision: Decision) -> dict[str, Any]:
    """Return what must be alike, of the native engine."""
    said = decision.to_dict()
    return {
        "outcome": said["outcome"],
        "is_transfer": said["is_transfer"],
        "applicable": {row["requirement_id"]: row["status"] for row in said["applicable"]},
        "outcomes": {row.requirement_id: row.outcome.value for row in decision.applicable},
        "violations": [row["requirement_id"] for row in said["violations"]],
        "regimes": sorted((row["id"], row["is_transfer"], row["outcome"]) for row in said["regimes"]),
        "not_considered": [row["id"] for row in said["not_considered"]],
        "conflicts": [row["between"] for row in said["conflicts"]],
        "overridden": said["overridden"],
        "missing_facts": said["missing_facts"],
        "restrictions": said["carries"]["restrictions"],
        "obligations": said["obligations"],
        "warnings": sorted(said["warnings"]),
    }


def compared_with(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same of OPA."""
    if answer["errors"]:
        return {"errors": answer["errors"]}
    same = ("outcome", "is_transfer", "not_considered", "conflicts", "overridden", "missing_facts", "restrictions", "obligations", "warnings")  # fmt: skip
    return {
        **{key: answer[key] for key in same},
        "applicable": {row["requirement_id"]: row["status"] for row in answer["applicable"]},
        "outcomes": {row["requirement_id"]: row["outcome"] for row in answer["applicable"]},
        "violations": [row["requirement_id"] for row in answer["violations"]],
        "regimes": sorted((row["id"], row["is_transfer"], row["outcome"]) for row in answer["regimes"]),
    }


def require_alike(server: OpaServer, policies: Policies, questions: list[Asked]) -> list[Decision]:
    """Assert that both say the same of every question."""
    decisions = list(of_native(policies, questions))
    answers = of_opa(server, policies, questions)
    assert len(answers) == len(decisions)
    for decision, answer, (facts, moment) in zip(decisions, answers, questions, strict=True):
        assert compared_with(answer) == compared(decision), to_document(facts, moment)
    return decisions


def of_library(seed: int, number: int, packs: Collection[str] | None = None) -> list[Asked]:
    """Return questions that reach what the packs are about."""
    flows = LibraryFlows(seed, packs)
    drawn = islice(chain(flows.telling(), iter(flows.question, None)), number)
    return [(normalise(flow, complete=complete), moment) for flow, moment, complete in drawn]


def require_all_seen(statuses: Counter[tuple[str, str]]) -> None:
    """Assert that every shipped requirement was seen applying, and nearly every one in more than one status."""
    seen = {name for name, _ in statuses}
    assert seen == set(load_policies().owners)
    assert len(statuses) > 2 * len(seen)


def statuses_of(decisions: Iterable[Decision]) -> Counter[tuple[str, str]]:
    """Return how often each requirement had each status."""
    return Counter((row.requirement_id, row.status) for decision in decisions for row in decision.applicable)


@pytest.mark.limit(900)
def test_the_whole_library_answers_alike(opa: OpaServer) -> None:
    questions = [*of_library(20261121, OF_CASES), *asked(Flows(20261121), WHOLE - OF_CASES)]
    decisions = require_alike(opa, load_policies(), questions)
    outcomes = Counter(decision.outcome.value for decision in decisions)
    statuses = statuses_of(decisions)
    print(f"\nanswered alike: {len(decisions)} {dict(outcomes)}")
    print(f"requirements by status: {dict(Counter(status for _, status in statuses))}")
    assert min(outcomes[name] for name in ("allow", "review", "deny")) > 0.15 * WHOLE
    require_all_seen(statuses)


@pytest.mark.limit(900)
def test_parts_of_the_library_answer_alike(opa: OpaServer) -> None:
    """Other packs around them are other answers: what no pack covers is a gap, what none displaces stands."""
    statuses: Counter[tuple[str, str]] = Counter()
    for number, packs in enumerate(drawn_parts()):
        questions = of_library(number, OF_EACH, packs)
        statuses += statuses_of(require_alike(opa, load_policies(packs), questions))
    require_all_seen(statuses)


def drawn_parts() -> list[list[str]]:
    """Return the shipped packs in a few lots; what rests on another pack is in its lot."""
    lots: dict[str, set[str]] = {name: {name} for name in shipped_ids()}
    owners = load_policies().owners
    for pack in load_policies().packs():
        for name in {owners[other] for rule in pack.requirements for other in rule.dependencies} - {"base"}:
            joined = lots[pack.id] | lots[name]
            lots |= dict.fromkeys(joined, joined)
    apart = sorted({min(lot): sorted(lot) for lot in lots.values()}.values())
    Random(1121).shuffle(apart)
    return [[name for lot in apart[start::PARTS] for name in lot] for start in range(PARTS)]


@pytest.mark.limit(900)
def test_drawn_packs_answer_alike(opa: OpaServer) -> None:
    statuses: Counter[str] = Counter()
    conflicts = 0

    @settings(
        max_examples=SETS, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(generators.packs(), st.integers(0, 2**32))
    def answer_alike(packs: list[dict[str, Any]], seed: int) -> None:
        nonlocal conflicts
        decisions = require_alike(opa, Policies(packs), asked(Flows(seed), EACH))
        statuses.update(row.status for decision in decisions for row in decision.applicable)
        conflicts += sum(bool(decision.conflicts) for decision in decisions)

    answer_alike()
    print(f"\nstatuses: {dict(statuses)}; with conflicts: {conflicts}")
    assert min(statuses[name] for name in ("met", "unmet", "unknown")) > 100
    assert conflicts > 20


def test_what_is_no_facts_document_is_denied(opa: OpaServer) -> None:
    opa.put_data("xborder/model", rego_model(load_policies(None)))
    (facts, moment), *_ = asked(Flows(1), 1)
    good = to_document(facts, moment)
    bad: list[Any] = [
        {}, None, [], {**good, "format": 2}, {**good, "complete": "yes"}, {**good, "values": []},
        {**good, "as_of": "soon", "days": {}}, {**good, "values": {**good["values"], "purpose": "analytics"}},
        {**good, "values": {**good["values"], "data_categories": ["email"]}},
        {**good, "values": {**good["values"], "access_mode": None}}, {**good, "evidence": {"type": "tia"}},
    ]  # fmt: skip
    for document in bad:
        url = f"{opa.url}/v1/data/xborder/answer"
        answer = requests.post(url, json={"input": {"facts": document}}, timeout=30).json()["result"]
        assert (answer["outcome"], answer["allowed"]) == ("deny", False), document
        assert answer["errors"], document
        url = f"{opa.url}/v1/data/xborder/allow"
        assert requests.post(url, json={"input": {"facts": document}}, timeout=30).json() == {"result": False}


def test_the_archive_is_loaded_and_answers_with_rego_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = programs.find(programs.OPA)
    if program is None:
        pytest.skip("no `opa` on this machine: run `make servers`")
    monkeypatch.setenv("XBORDER_OPA", str(program))
    own = tmp_path / "rules"
    own.mkdir()
    (own / "allow.rego").write_text(OWN)
    (own / "allow_test.rego").write_text(OWN_TEST)
    archive = tmp_path / "acme.tar.gz"
    assert main(["policy", "bundle", "--rego", str(own), "--to", str(archive)]) == 0
    assert "opa test: passed PASS" in capsys.readouterr().out
    flow = tmp_path / "flow.json"
    flow.write_text(json.dumps(FLOW))
    assert main(["decide", "--format", "facts", "--as-of", "2026-11-21", str(flow)]) == 0
    asked = tmp_path / "input.json"
    asked.write_text(json.dumps({"facts": json.loads(capsys.readouterr().out)}))
    argv = [str(program), "eval", "--bundle", str(archive), "--input", str(asked), "--format", "values"]
    said = subprocess.run(
        [*argv, "[data.xborder.allow, data.acme.rules.allow]"], capture_output=True, text=True, timeout=60
    )
    assert json.loads(said.stdout) == [[True, False]]
    (own / "allow.rego").write_text(OWN.replace("false", "true"))
    assert main(["policy", "bundle", "--rego", str(own), "--to", str(tmp_path / "b.tar.gz")]) == 1
    assert "opa test: failed" in capsys.readouterr().err


OWN = """package acme.rules

import rego.v1

default allow := false

allow if {
	data.xborder.allow
	input.facts.values["importer.same_group"] == true
}
"""
OWN_TEST = """package acme.rules_test

import data.acme.rules
import rego.v1

test_not_outside_the_group if {
	not rules.allow with input as {"facts": {"values": {}}} with data.xborder.allow as true
}
"""
FLOW = {
    "source": {"country": "DE"},
    "destination": {"country": "FR"},
    "data_categories": ["personal_data.contact.email"],
}
