# SPDX-License-Identifier: Apache-2.0
"""The engine against servers that answer anything at all: only a Boolean true from where we asked allows."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone

import pytest

from airflow_xborder.adapters.engines.opa import OpaEngine
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Obligation, Outcome
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError
from airflow_xborder.ports.policy_engine import Question

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
ALIASES = {"regions": {"eu": "EU", "us": "US"}, "purposes": {"ml_inference": "model_inference"}}
PARTIAL = {"type": "consent_explicit", "ground_for": "transfer", "purpose": "ml_inference", "coverage": "0.5"}


def make_question(filters_rows=False, **changes):
    flow = {"source": {"region": "eu"}, "destination": {"region": "us"}, "purpose": "ml_inference", **changes}
    return Question(
        facts=normalise(DataFlow.parse(flow), complete=True),
        policies=Policies([]),
        frame=Frame(decision_id="d-1", as_of=NOON, evaluated_at=NOON, simulated=False, engine="native/1.0.0"),
        filters_rows=filters_rows,
    )


def answer(value, status=200, **headers):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {headers.pop('length', len(body))}"]
    lines += [f"{name.title()}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


CLOSE = object()
HANG = object()
DRIP = object()


class ScriptedServer:
    """Plays one step for each request it gets, and the last one again when there are no more."""

    def __init__(self, *steps):
        self._steps = list(steps)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.inputs, self.targets, self.connections = [], [], 0
        threading.Thread(target=self._accept, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer, peer.makefile("rb") as stream:
            while line := stream.readline():
                self.targets.append(line.decode().split()[1])
                length = 0
                while (header := stream.readline().strip()) != b"":
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.inputs.append(json.loads(stream.read(length))["input"])
                step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
                if not self._play(peer, step):
                    return

    def _play(self, peer, step):
        if step is HANG:
            self._over.wait(10)
        elif step is DRIP:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            with contextlib.suppress(OSError):
                while not self._over.wait(0.05):
                    peer.sendall(b" ")
        elif step is not CLOSE:
            peer.sendall(step)
            return b"Connection: close" not in step
        return False

    @property
    def requests(self):
        return [sent["request"] for sent in self.inputs]


def ask(*steps, question=None, retries=0, timeout=0.5):
    with ScriptedServer(*steps) as server:
        return OpaEngine(server.url, aliases=ALIASES, retries=retries, timeout=timeout).decide(
            question or make_question()
        )


class TestAnswers:
    def test_true_allows_and_asks_in_the_policys_names_beside_the_whole_flow(self):
        with ScriptedServer(answer({"result": True})) as server:
            decision = OpaEngine(server.url, aliases=ALIASES).decide(make_question(flow_id="f-1"))
        assert (decision.outcome, decision.reasons, decision.obligations) == (Outcome.ALLOW, (), ())
        assert server.targets == ["/v1/data/crossborder/allow?provenance=true"]
        assert server.requests == [
            {"region_from": "EU", "region_to": "US", "purpose": "model_inference", "consent": False}
        ]
        assert server.inputs[0]["flow"]["destination"] == {"region": "us"}
        assert (decision.flow_id, decision.decision_id, decision.as_of) == ("f-1", "d-1", NOON)
        assert decision.engine == "opa/crossborder/allow"

    def test_false_denies_and_says_about_what(self):
        decision = ask(answer({"result": False}))
        assert decision.outcome is Outcome.DENY
        assert [reason.text for reason in decision.reasons] == [
            "The policy engine opa/crossborder/allow answers deny: "
            "from EU to US, purpose model_inference, without consent."
        ]

    def test_an_object_may_give_its_reasons_as_one_line(self):
        said = {"allow": False, "reasons": ["no\ncontract\x1b[31m", "x" * 5000]}
        (reason,) = ask(answer({"result": said})).reasons
        detail = dict(reason.parameters)["detail"]
        assert detail.startswith("no contract [31m; xxx")
        assert len(detail) == 401
        assert ask(answer({"result": {"allow": True}})).outcome is Outcome.ALLOW

    def test_the_revision_of_a_bundle_is_part_of_the_engine_and_of_the_key(self):
        def at(revision):
            return answer({"result": True, "provenance": {"bundles": {"main": {"revision": revision}}}})

        first, second = ask(at("r1")), ask(at("r2"))
        assert first.engine == "opa/crossborder/allow@main:r1"
        assert first.decision_key != second.decision_key

    def test_one_place_that_is_refused_denies_the_flow(self):
        question = make_question(places={"processing": [{"country": "IN"}]})
        decision = ask(answer({"result": True}), answer({"result": False}), question=question)
        assert decision.outcome is Outcome.DENY
        assert "to IN" in decision.reasons[0].text

    def test_a_place_that_nobody_can_name_is_for_review_and_not_asked_about(self):
        with ScriptedServer(answer({"result": True})) as server:
            question = make_question(destination={"store": "s3://somewhere"})
            decision = OpaEngine(server.url).decide(question)
        assert (decision.outcome, decision.missing_facts) == (Outcome.REVIEW, ("destination",))
        assert server.inputs == []


class TestConsent:
    def test_partial_consent_counts_where_rows_are_filtered_and_becomes_an_obligation(self):
        question = make_question(filters_rows=True, consent=PARTIAL)
        with ScriptedServer(answer({"result": False}), answer({"result": True})) as server:
            decision = OpaEngine(server.url).decide(question)
        assert [request["consent"] for request in server.requests] == [False, True]
        assert decision.obligations == (
            Obligation("filter_rows_by_consent", (("purpose", "ml_inference"),), ("opa/crossborder/allow",)),
        )

    def test_rows_are_not_filtered_for_an_answer_that_does_not_need_it(self):
        question = make_question(filters_rows=True, consent=PARTIAL)
        decision = ask(answer({"result": True}), question=question)
        assert (decision.outcome, decision.obligations) == (Outcome.ALLOW, ())

    def test_partial_consent_is_none_where_rows_are_not_filtered(self):
        with ScriptedServer(answer({"result": False})) as server:
            assert OpaEngine(server.url).decide(make_question(consent=PARTIAL)).outcome is Outcome.DENY
        assert [request["consent"] for request in server.requests] == [False]

    def test_full_consent_is_stated_at_once(self):
        with ScriptedServer(answer({"result": True})) as server:
            question = make_question(consent={**PARTIAL, "coverage": 1})
            assert OpaEngine(server.url).decide(question).obligations == ()
        assert [request["consent"] for request in server.requests] == [True]


NONSENSE = {
    "undefined": answer({}),
    "null": answer({"result": None}),
    "text": answer({"result": "true"}),
    "number": answer({"result": 1}),
    "list": answer({"result": [True]}),
    "empty object": answer({"result": {}}),
    "object without a Boolean": answer({"result": {"allow": "yes"}}),
    "object with odd reasons": answer({"result": {"allow": True, "reasons": [1]}}),
    "reasons that are text": answer({"result": {"allow": True, "reasons": "none"}}),
    "bare true": answer(True),
    "html": answer(b"<html>true</html>"),
    "empty": answer(b""),
    "not utf-8": answer(b'{"result": true\xff}'),
    "deep": answer(b"[" * 200_000),
    "too long": answer(b'{"result": true' + b" " * (1 << 20) + b"}"),
    "cut short": answer(b'{"result": true}', length=5000) + b"",
    "status 204": answer(b"", status=204),
    "status 400": answer({"result": True}, status=400),
    "status 401": answer({"result": True}, status=401),
    "status 404": answer({"result": True}, status=404),
    "status 500": answer({"result": True}, status=500),
    "redirect": answer({"result": True}, status=307, location="http://127.0.0.1:1/v1/data/crossborder/allow"),
    "closed": CLOSE,
    "hangs": HANG,
    "drips": DRIP,
    "not http": b"true\r\n\r\n",
}


class TestNoAnswer:
    @pytest.mark.parametrize("step", NONSENSE.values(), ids=NONSENSE)
    def test_nothing_but_a_boolean_is_an_answer(self, step):
        started = time.monotonic()
        with pytest.raises(EngineUnavailableError) as caught:
            ask(step, timeout=0.3)
        assert time.monotonic() - started < 3
        assert "\n" not in str(caught.value)

    def test_a_server_that_is_not_there_does_not_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(EngineUnavailableError, match="connection refused"):
            OpaEngine(f"http://127.0.0.1:{port}", retries=0).decide(make_question())

    def test_a_redirect_is_not_followed(self):
        with ScriptedServer(answer({"result": True})) as elsewhere:
            step = answer({}, status=307, location=f"{elsewhere.url}/v1/data/crossborder/allow")
            with pytest.raises(EngineUnavailableError, match=r"status 307.*redirects are not followed"):
                ask(step, retries=2)
            assert elsewhere.inputs == []


class TestRetries:
    @pytest.mark.parametrize("trouble", [CLOSE, HANG, answer({}, 503)], ids="closed hangs busy".split())
    def test_passing_trouble_is_asked_again(self, trouble):
        assert ask(trouble, answer({"result": True}), retries=1).allowed

    @pytest.mark.parametrize("trouble", [CLOSE, answer({}, 500)], ids="closed error".split())
    def test_retries_are_bounded(self, trouble):
        with ScriptedServer(trouble) as server, pytest.raises(EngineUnavailableError):
            OpaEngine(server.url, retries=2).decide(make_question())
        assert len(server.inputs) == 3

    @pytest.mark.parametrize("status", [400, 401, 404])
    def test_a_refusal_is_not_asked_again(self, status):
        with ScriptedServer(answer({}, status)) as server, pytest.raises(EngineUnavailableError):
            OpaEngine(server.url, retries=2).decide(make_question())
        assert len(server.inputs) == 1

    def test_a_server_cannot_make_us_wait(self):
        started = time.monotonic()
        step = answer({}, 503, **{"retry-after": "30"})
        with pytest.raises(EngineUnavailableError):
            ask(step, retries=1)
        assert time.monotonic() - started < 5


class TestConnections:
    def test_one_connection_serves_many_questions(self):
        with ScriptedServer(answer({"result": True})) as server:
            engine = OpaEngine(server.url)
            for _ in range(20):
                assert engine.decide(make_question()).allowed
            assert (len(server.inputs), server.connections) == (20, 1)

    def test_a_connection_that_the_server_closed_meanwhile_is_replaced(self):
        with ScriptedServer(answer({"result": True}, connection="close"), answer({"result": True})) as server:
            engine = OpaEngine(server.url)
            assert engine.decide(make_question()).allowed
            assert engine.decide(make_question()).allowed
            assert server.connections == 2

    def test_a_forked_process_asks_on_a_connection_of_its_own(self):
        with ScriptedServer(answer({"result": True})) as server:
            engine = OpaEngine(server.url)
            engine.decide(make_question())
            child = os.fork()
            if child == 0:
                os._exit(0 if engine.decide(make_question()).allowed else 1)
            assert os.waitpid(child, 0)[1] == 0
            engine.decide(make_question())
            assert (len(server.inputs), server.connections) == (3, 2)

    def test_nothing_of_http_is_loaded_before_the_first_question(self):
        code = (
            "import sys; from airflow_xborder.adapters.engines.opa import OpaEngine; OpaEngine('http://opa:8181');"
            "print([name for name in ('urllib3', 'requests', 'http.client', 'ssl') if name in sys.modules])"
        )
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert result.stdout.strip() == "[]"


class TestConfiguration:
    @pytest.mark.parametrize(
        "url", ["opa:8181", "ftp://opa", "http://", "http://opa?x=1", "http://opa/#x", ""]
    )
    def test_an_address_must_be_one(self, url):
        with pytest.raises(ConfigurationError, match="not the address of an OPA server"):
            OpaEngine(url)

    @pytest.mark.parametrize("path", ["", "a//b", "a?b", "a b", "../x/%2e", "a\nb"])
    def test_a_path_must_be_one(self, path):
        with pytest.raises(ConfigurationError, match="not a path"):
            OpaEngine("http://opa", path)

    @pytest.mark.parametrize("changes", [{"timeout": 0}, {"timeout": -1}, {"retries": -1}])
    def test_limits_must_be_limits(self, changes):
        with pytest.raises(ConfigurationError, match="positive time-out"):
            OpaEngine("http://opa", **changes)
