# SPDX-License-Identifier: Apache-2.0
"""The user's sample policy, old and new syntax, on a real OPA."""

import json
import subprocess

import pytest
import urllib3

from airflow_xborder.adapters.engines.opa import OpaEngine
from airflow_xborder.adapters.engines.opa_rest import Limits
from airflow_xborder.core.decision import Outcome
from airflow_xborder.errors import EngineUnavailableError
from tests.engines import ALIASES, CONSENT, REGO, make_question
from tests.tools import programs

pytestmark = pytest.mark.integration


@pytest.fixture(params=["new syntax", "old syntax"])
def server(request):
    old = request.param == "old syntax"
    server = request.getfixturevalue("opa_v0_server" if old else "opa_server")
    name = "crossborder_v0.rego" if old else "crossborder.rego"
    server.put_policy("crossborder", (REGO / name).read_text())
    return server


class TestSamplePolicy:
    def test_the_documented_call_answers_true(self, server):
        asked = {"region_from": "EU", "region_to": "US", "purpose": "model_inference", "consent": True}
        reply = urllib3.request(
            "POST", f"{server.url}/v1/data/crossborder/allow", json={"input": {"request": asked}}
        )
        assert (reply.status, json.loads(reply.data)) == (200, {"result": True})

    @pytest.mark.parametrize(
        ("changes", "outcome"),
        [
            ({"consent": CONSENT}, Outcome.ALLOW),
            ({}, Outcome.DENY),
            ({"consent": {**CONSENT, "coverage": "0.93"}}, Outcome.DENY),
            ({"consent": {**CONSENT, "coverage": "0.93"}, "filters_rows": True}, Outcome.ALLOW),
            ({"consent": CONSENT, "purpose": "marketing"}, Outcome.DENY),
            ({"destination": {"region": "eu"}}, Outcome.ALLOW),
            ({"destination": {"region": "eu"}, "places": {"access": [{"country": "IN"}]}}, Outcome.DENY),
            ({"source": {"region": "us"}, "destination": {"region": "eu"}, "consent": CONSENT}, Outcome.DENY),
        ],
        ids=[
            "consent of all", "no consent", "consent of some", "consent of some, filtered", "other purpose",
            "same region", "same region, access from elsewhere", "other direction",
        ],
    )  # fmt: skip
    def test_flows_in_our_names(self, server, changes, outcome):
        decision = OpaEngine(server.url, aliases=ALIASES).decide(make_question(**changes))
        assert decision.outcome is outcome

    def test_a_path_without_a_policy_is_no_answer(self, server):
        with pytest.raises(EngineUnavailableError, match="no answer at `nowhere/allow`"):
            OpaEngine(server.url, path="nowhere/allow").decide(make_question())


def test_an_error_inside_a_policy_is_no_answer(opa_server):
    opa_server.put_policy(
        "broken", "package broken\nallow := true if input.flow\nallow := false if input.flow"
    )
    with pytest.raises(EngineUnavailableError, match=r"status [45]00"):
        OpaEngine(opa_server.url, "broken/allow", limits=Limits(retries=1)).decide(make_question())


def test_a_policy_may_answer_with_reasons(opa_server):
    opa_server.put_policy(
        "spoken", 'package spoken\ndecision := {"allow": false, "reasons": ["ask the works council"]}'
    )
    decision = OpaEngine(opa_server.url, path="spoken/decision").decide(make_question())
    assert decision.outcome is Outcome.DENY
    assert "ask the works council" in decision.reasons[0].text


@pytest.mark.parametrize(
    ("options", "policy"),
    [((), "crossborder.rego"), (("--v0-compatible",), "crossborder_v0.rego")],
    ids=["new syntax", "old syntax"],
)
def test_the_shipped_rego_is_strictly_right_and_passes_its_own_tests(options, policy):
    opa = programs.find(programs.OPA)
    if opa is None:
        pytest.skip("no OPA on this machine: run `make servers`")
    files = [str(REGO / policy), str(REGO / "crossborder_test.rego")]
    for command in (["check", "--strict"], ["test", "--fail-on-empty"]):
        result = subprocess.run([opa, *command, *options, *files], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
