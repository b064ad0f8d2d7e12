# SPDX-License-Identifier: Apache-2.0
"""The embedded Rego engine with the sample policy, and with policies that are wrong in every way."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.adapters.engines import rego
from airflow_xborder.adapters.engines.rego import RegoEngine
from airflow_xborder.core.decision import Obligation, Outcome
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError, MissingDependencyError
from tests.engines import ALIASES, CONSENT, PARTIAL, REGO, make_question

pytest.importorskip("regorus", reason="the extra `rego` is not installed")


def sample(old_syntax: bool = False) -> RegoEngine:
    name = "crossborder_v0.rego" if old_syntax else "crossborder.rego"
    return RegoEngine([REGO / name], aliases=ALIASES, old_syntax=old_syntax)


def engine_with(folder: Path, text: str, path: str = "p/allow") -> RegoEngine:
    (folder / "p.rego").write_text(f"package p\nimport rego.v1\n{text}\n")
    return RegoEngine([folder / "p.rego"], path, ALIASES)


class TestSamplePolicy:
    @pytest.mark.parametrize("old_syntax", [False, True], ids=["new syntax", "old syntax"])
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
            ({"destination": {"store": "s3://somewhere"}}, Outcome.REVIEW),
        ],
        ids=["inference with consent", "without consent", "partial consent", "partial consent, filtered",
             "another purpose", "inside the region", "access from elsewhere", "nobody knows where"],
    )  # fmt: skip
    def test_it_answers_as_on_a_server(
        self, old_syntax: bool, changes: dict[str, Any], outcome: Outcome
    ) -> None:
        assert sample(old_syntax).decide(make_question(**changes)).outcome is outcome

    def test_filtered_rows_become_an_obligation_of_its_answer(self) -> None:
        decision = sample().decide(make_question(consent=PARTIAL, filters_rows=True))
        assert decision.obligations == (
            Obligation("filter_rows_by_consent", (("purpose", "ml_inference"),), ("rego/crossborder/allow",)),
        )

    def test_several_questions_get_their_own_answers(self) -> None:
        decisions = sample().decide_many([make_question(consent=CONSENT), make_question()])
        assert [decision.outcome for decision in decisions] == [Outcome.ALLOW, Outcome.DENY]

    def test_its_name_tells_the_policy_and_not_where_it_lies(self, tmp_path: Path) -> None:
        text = (REGO / "crossborder.rego").read_text()
        (tmp_path / "crossborder.rego").write_text(text)
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "crossborder.rego").write_text(f"{text}\n# changed\n")
        engines = [
            RegoEngine([file], aliases=ALIASES).decide(make_question()).engine
            for file in (
                REGO / "crossborder.rego",
                tmp_path / "crossborder.rego",
                tmp_path / "other" / "crossborder.rego",
            )
        ]
        assert engines[0].startswith("rego/crossborder/allow@")
        assert engines[0] == engines[1] != engines[2]


class TestFiles:
    def test_a_folder_is_all_its_policies_and_data_without_tests(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "a.rego").write_text("package p\nimport rego.v1\ndefault allow := false\n")
        (tmp_path / "deep" / "b.rego").write_text(
            "package p\nimport rego.v1\nallow if data.open[input.request.region_to]\n"
        )
        (tmp_path / "deep" / "open.json").write_text('{"open": {"US": true}}')
        (tmp_path / "a_test.rego").write_text("no rego at all")
        engine = RegoEngine([tmp_path], "p/allow", ALIASES)
        assert engine.decide(make_question()).allowed
        assert not engine.decide(make_question(destination={"region": "eu"})).allowed

    def test_a_change_after_the_start_changes_nothing_on_any_thread(self, tmp_path: Path) -> None:
        engine = engine_with(tmp_path, "allow := false")
        (tmp_path / "p.rego").write_text("package p\nallow := true\n")
        outcomes = [engine.decide(make_question()).outcome]
        thread = threading.Thread(target=lambda: outcomes.append(engine.decide(make_question()).outcome))
        thread.start()
        thread.join()
        assert outcomes == [Outcome.DENY, Outcome.DENY]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"package p\nallow { true }", r"p\.rego` cannot be used: .*`if` keyword is required"),
            (b"nothing", r"p\.rego` cannot be used"),
            (b"", r"p\.rego` cannot be used"),
            (b"package p\nallow := \xff", "it is not UTF-8"),
            (b"package q\nallow := true", r"no rule at `p/allow`.*data\.q"),
        ],
        ids=["old syntax", "no Rego", "empty", "not utf-8", "another package"],
    )
    def test_a_policy_that_cannot_be_used_is_refused_at_the_start(
        self, tmp_path: Path, content: bytes, message: str
    ) -> None:
        (tmp_path / "p.rego").write_bytes(content)
        with pytest.raises(ConfigurationError, match=message) as caught:
            RegoEngine([tmp_path / "p.rego"], "p/allow")
        assert "\n" not in str(caught.value)
        assert "backtrace" not in str(caught.value)

    @pytest.mark.parametrize(
        "call",
        ['http.send({"method": "get", "url": "http://x"}).body.blocked', 'http . send({})',
         'rand.intn("x", 9) > 3', 'net.lookup_ip_addr("x")', "opa.runtime().env.BLOCKED"],
    )  # fmt: skip
    def test_a_call_that_the_library_only_pretends_to_do_is_refused(self, tmp_path: Path, call: str) -> None:
        with pytest.raises(ConfigurationError, match="which the embedded Rego cannot"):
            engine_with(tmp_path, f"blocked if {call}\nallow if not blocked")

    def test_no_file_and_no_policy_are_errors(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"cannot read .*missing\.rego.*No such file"):
            RegoEngine([tmp_path / "missing.rego"])
        with pytest.raises(ConfigurationError, match="no Rego policy at"):
            RegoEngine([tmp_path])

    def test_data_that_contradicts_itself_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "p.rego").write_text("package p\nallow := true\n")
        (tmp_path / "a.json").write_text('{"x": 1}')
        (tmp_path / "b.json").write_text('{"x": 2}')
        with pytest.raises(ConfigurationError, match=r"b\.json` cannot be used"):
            RegoEngine([tmp_path], "p/allow")


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("allow if input.request.nothing", "no answer at `p/allow`"),
            ('allow := "true"', "neither true nor false"),
            ("allow := 1", "neither true nor false"),
            ('allow := "<undefined>"', "no answer"),
            ("allow := {true}", "neither true nor false"),
            ("allow := true if input.flow\nallow := false if input.flow", "cannot evaluate the policy"),
            ("allow := no.such_function(input.flow)", "cannot evaluate the policy"),
            ('allow if to_number(input.request.region_to) == 1', "cannot evaluate the policy"),
            ("allow contains 1 if input.flow.source", "neither true nor false"),
        ],
        ids=["undefined", "text", "number", "that text", "set", "conflict", "unknown function", "type", "partial"],
    )  # fmt: skip
    def test_nothing_but_a_boolean_is_an_answer(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(EngineUnavailableError, match=message) as caught:
            engine_with(tmp_path, text).decide(make_question())
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500

    def test_after_a_failure_it_answers_the_next_question_right(self, tmp_path: Path) -> None:
        engine = engine_with(
            tmp_path,
            'default allow := false\nallow if input.request.region_to == "US"\n'
            'allow := 1 if input.request.region_to == "EU"',
        )
        for _ in range(3):
            assert engine.decide(make_question()).allowed
            with pytest.raises(EngineUnavailableError):
                engine.decide(make_question(destination={"region": "eu"}))

    def test_an_interruption_is_not_taken_for_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = engine_with(tmp_path, "allow := true")

        def interrupted(*_: object) -> object:
            raise KeyboardInterrupt

        monkeypatch.setattr(rego.Evaluator, "value", interrupted)
        with pytest.raises(KeyboardInterrupt):
            engine.decide(make_question())


class TestThreadsAndProcesses:
    def test_threads_have_an_evaluator_each(self) -> None:
        engine = sample()
        questions = [make_question(consent=CONSENT), make_question()]
        wrong: list[object] = []

        def work() -> None:
            for _ in range(50):
                found = [engine.decide(question).outcome for question in questions]
                if found != [Outcome.ALLOW, Outcome.DENY]:
                    wrong.append(found)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []

    def test_a_forked_process_goes_on(self) -> None:
        engine = sample()
        assert engine.decide(make_question(consent=CONSENT)).allowed
        child = os.fork()
        if child == 0:
            os._exit(0 if engine.decide(make_question(consent=CONSENT)).allowed else 1)
        assert os.waitpid(child, 0)[1] == 0

    def test_its_start_takes_no_time_that_a_task_would_notice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sample()
        started = time.monotonic()
        sample()
        assert time.monotonic() - started < 0.5


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "regorus", None)
    with pytest.raises(MissingDependencyError) as caught:
        sample()
    assert caught.value.hint == "pip install 'airflow-provider-xborder[rego]'"


def test_a_library_that_evaluates_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = rego.Evaluator.value

    def wrong(self: Any, rule: str, asked: Any) -> object:
        numbers = {key: int(value) if isinstance(value, bool) else value for key, value in asked.items()}
        return real(self, rule, numbers)

    monkeypatch.setattr(rego.Evaluator, "value", wrong)
    with pytest.raises(ConfigurationError, match="does not evaluate as OPA does"):
        sample()
