# SPDX-License-Identifier: Apache-2.0
"""The engine against servers that answer anything at all: only a Boolean true from where we asked allows."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from airflow_xborder.adapters.engines.breaker import CircuitBreaker
from airflow_xborder.adapters.engines.opa import OpaEngine
from airflow_xborder.adapters.engines.opa_rest import Limits
from airflow_xborder.core.decision import Outcome
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError
from tests.engines import (
    ALIASES,
    CLOSE,
    DRIP,
    HANG,
    PARTIAL,
    ScriptedServer,
    answer,
    answers,
    make_question,
)

TWO_PLACES = {"places": {"processing": [{"country": "IN"}]}}


def engine_of(server, path="crossborder/allow", **limits):
    limits.setdefault("timeout", 0.5)
    limits.setdefault("retries", 0)
    return OpaEngine(server.url, path, ALIASES, Limits(**limits))


def ask(*steps, question=None, **limits):
    with ScriptedServer(*steps) as server:
        return engine_of(server, **limits).decide(question or make_question())


class TestOneCall:
    def test_one_place_is_a_call_of_the_data_api(self):
        with ScriptedServer(answer({"result": True})) as server:
            decision = engine_of(server).decide(make_question())
        assert decision.outcome is Outcome.ALLOW
        assert server.targets == ["/v1/data/crossborder/allow?provenance=true"]

    def test_the_revision_of_a_bundle_is_part_of_the_engine(self):
        provenance = {"bundles": {"main": {"revision": "r1"}, "empty": {}, "odd": "x"}}
        decision = ask(answer({"result": True, "provenance": provenance}))
        assert decision.engine == "opa/crossborder/allow@main:r1"


class TestOneQuery:
    def test_several_places_are_one_query(self):
        with ScriptedServer(answers(True, False, main="r1")) as server:
            decision = engine_of(server).decide(make_question(**TWO_PLACES))
        assert server.targets == ["/v1/query"]
        assert [request["region_to"] for request in server.requests] == ["US", "IN"]
        assert decision.outcome is Outcome.DENY
        assert decision.engine == "opa/crossborder/allow@main:r1"

    def test_both_readings_of_consent_are_one_query(self):
        question = make_question(filters_rows=True, consent=PARTIAL)
        with ScriptedServer(answers(False, True)) as server:
            decision = engine_of(server).decide(question)
        assert [request["consent"] for request in server.requests] == [False, True]
        assert len(server.bodies) == 1
        assert decision.allowed

    def test_many_questions_are_a_query_a_hundred_inputs(self):
        questions = [make_question(flow_id=str(number)) for number in range(250)]
        steps = [answers(*[True] * 100), answers(*[True] * 100), answers(*[True] * 50)]
        with ScriptedServer(*steps) as server:
            decisions = engine_of(server).decide_many(questions)
        assert [len(body["input"]) for body in server.bodies] == [100, 100, 50]
        assert [decision.flow_id for decision in decisions] == [str(number) for number in range(250)]

    def test_a_rule_that_is_undefined_for_one_input_is_no_answer(self):
        step = answer({"result": [{"answers": [[1, True]], "revisions": {}}]})
        with pytest.raises(EngineUnavailableError, match="no answer at `crossborder/allow`"):
            ask(step, question=make_question(**TWO_PLACES))

    @pytest.mark.parametrize(
        "result",
        [
            None, [], [{}], {}, "true", [{"answers": [[0, True], [1, True]]}],
            [{"answers": [[0, True], [0, True]], "revisions": {}}],
            [{"answers": [[0, True], [2, True]], "revisions": {}}],
            [{"answers": [[0, True], [-1, True]], "revisions": {}}],
            [{"answers": [[0, True], [True, True]], "revisions": {}}],
            [{"answers": [[0, True], ["1", True]], "revisions": {}}],
            [{"answers": [[0, True], [1]], "revisions": {}}],
            [{"answers": True, "revisions": {}}],
            [{"answers": [[0, True], [1, True]], "revisions": []}],
            [{"answers": [[0, True], [1, True]], "revisions": {}}] * 2,
        ],
        ids=str,
    )  # fmt: skip
    def test_what_is_no_answer_to_our_query_allows_nothing(self, result):
        with pytest.raises(EngineUnavailableError, match="does not answer as OPA does"):
            ask(answer({"result": result}), question=make_question(**TWO_PLACES))

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 501])
    def test_a_server_without_queries_is_asked_one_by_one_from_then_on(self, status):
        with ScriptedServer(answer({}, status), answer({"result": True})) as server:
            engine = engine_of(server)
            assert engine.decide(make_question(**TWO_PLACES)).allowed
            assert engine.decide(make_question(**TWO_PLACES)).allowed
        data = "/v1/data/crossborder/allow?provenance=true"
        assert server.targets == ["/v1/query", data, data, data, data]

    @pytest.mark.parametrize("status", [204, 307, 500, 503])
    def test_a_query_that_fails_is_not_asked_in_another_way(self, status):
        with ScriptedServer(answer({}, status)) as server, pytest.raises(EngineUnavailableError):
            engine_of(server).decide(make_question(**TWO_PLACES))
        assert server.targets == ["/v1/query"]


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
            OpaEngine(f"http://127.0.0.1:{port}", limits=Limits(retries=0)).decide(make_question())

    def test_a_redirect_is_not_followed(self):
        with ScriptedServer(answer({"result": True})) as elsewhere:
            step = answer({}, status=307, location=f"{elsewhere.url}/v1/data/crossborder/allow")
            with pytest.raises(EngineUnavailableError, match=r"status 307.*redirects are not followed"):
                ask(step, retries=2)
            assert elsewhere.bodies == []


class TestRetries:
    @pytest.mark.parametrize("trouble", [CLOSE, HANG, answer({}, 503)], ids="closed hangs busy".split())
    def test_passing_trouble_is_asked_again(self, trouble):
        assert ask(trouble, answer({"result": True}), retries=1).allowed

    @pytest.mark.parametrize("trouble", [CLOSE, answer({}, 500)], ids="closed error".split())
    def test_retries_are_bounded(self, trouble):
        with ScriptedServer(trouble) as server, pytest.raises(EngineUnavailableError):
            engine_of(server, retries=2).decide(make_question())
        assert len(server.bodies) == 3

    @pytest.mark.parametrize("status", [400, 401, 404])
    def test_a_refusal_is_not_asked_again(self, status):
        with ScriptedServer(answer({}, status)) as server, pytest.raises(EngineUnavailableError):
            engine_of(server, retries=2).decide(make_question())
        assert len(server.bodies) == 1

    def test_a_server_cannot_make_us_wait(self):
        started = time.monotonic()
        step = answer({}, 503, **{"retry-after": "30"})
        with pytest.raises(EngineUnavailableError):
            ask(step, retries=1)
        assert time.monotonic() - started < 5


class TestConnections:
    def test_one_connection_serves_many_questions(self):
        with ScriptedServer(answer({"result": True})) as server:
            engine = engine_of(server)
            for _ in range(20):
                assert engine.decide(make_question()).allowed
            assert (len(server.bodies), server.connections) == (20, 1)

    def test_a_connection_that_the_server_closed_meanwhile_is_replaced(self):
        with ScriptedServer(answer({"result": True}, connection="close"), answer({"result": True})) as server:
            engine = engine_of(server)
            assert engine.decide(make_question()).allowed
            assert engine.decide(make_question()).allowed
            assert server.connections == 2

    def test_a_forked_process_asks_on_a_connection_of_its_own(self):
        with ScriptedServer(answer({"result": True})) as server:
            engine = engine_of(server)
            engine.decide(make_question())
            child = os.fork()
            if child == 0:
                os._exit(0 if engine.decide(make_question()).allowed else 1)
            assert os.waitpid(child, 0)[1] == 0
            engine.decide(make_question())
            assert (len(server.bodies), server.connections) == (3, 2)

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

    @pytest.mark.parametrize(
        "changes", [{"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"retries": -1}]
    )
    def test_limits_must_be_limits(self, changes):
        with pytest.raises(ConfigurationError, match="positive time-out"):
            Limits(**changes)


class TestTheBreaker:
    @pytest.mark.parametrize("trouble", [CLOSE, HANG, answer({}, 500), answer(b"<html>"), answer({}, 404)],
                             ids="cut hangs error garbage missing".split())  # fmt: skip
    def test_a_server_that_keeps_failing_is_left_alone_until_it_answers(self, trouble):
        now = [0.0]
        with ScriptedServer(*[trouble] * 3, answer({"result": True})) as server:
            engine = engine_of(server, timeout=0.2, breaker=CircuitBreaker(3, 30, lambda: now[0]))
            for _ in range(3):
                with pytest.raises(EngineUnavailableError):
                    engine.decide(make_question())
            for _ in range(5):
                with pytest.raises(EngineUnavailableError, match="3 questions in a row"):
                    engine.decide(make_question())
            assert len(server.bodies) == 3
            now[0] = 30.0
            assert engine.decide(make_question()).allowed
            assert len(server.bodies) == 4

    def test_a_policy_without_an_answer_is_no_failure_of_the_server(self):
        with ScriptedServer(*[answer({})] * 3, answer({"result": True})) as server:
            engine = engine_of(server, breaker=CircuitBreaker(1))
            for _ in range(3):
                with pytest.raises(EngineUnavailableError, match="no answer"):
                    engine.decide(make_question())
            assert engine.decide(make_question()).allowed

    def test_a_server_without_queries_has_answered(self):
        with ScriptedServer(answer({}, 404), answer({"result": True})) as server:
            engine = engine_of(server, breaker=CircuitBreaker(1))
            assert engine.decide(make_question(**TWO_PLACES)).allowed

    def test_threads_share_connections(self):
        with ScriptedServer(answer({"result": True})) as server:
            engine = engine_of(server, timeout=5)
            outcomes = []

            def work():
                outcomes.extend(engine.decide(make_question()).allowed for _ in range(25))

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert outcomes == [True] * 100
            assert (len(server.bodies), server.connections <= 4) == (100, True)
