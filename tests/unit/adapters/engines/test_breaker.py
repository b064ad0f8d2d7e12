# SPDX-License-Identifier: Apache-2.0
"""A server that keeps failing is left alone for a while, and says since when."""

from __future__ import annotations

import threading

import pytest

from airflow_xborder.adapters.engines.breaker import CircuitBreaker
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError


class Server:
    """A server behind a breaker, on a clock that the test moves."""

    def __init__(self, failures: int = 3, pause: float = 30.0) -> None:
        self.now = 100.0
        self.asked = 0
        self.breaker = CircuitBreaker(failures, pause, lambda: self.now)

    def ask(self, error: BaseException | None = None) -> None:
        with self.breaker.attempt("OPA"):
            self.asked += 1
            if error is not None:
                raise error

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(EngineUnavailableError, match="no answer"):
                self.ask(EngineUnavailableError("no answer"))


def test_failures_in_a_row_open_it_and_it_says_since_when() -> None:
    server = Server()
    server.fail()
    server.now += 5
    server.fail(2)
    server.now += 7.5
    with pytest.raises(EngineUnavailableError) as caught:
        server.ask()
    assert caught.value.message == "OPA has not answered for 12 s, 3 questions in a row: no answer"
    assert caught.value.hint == "it is asked again in 23 s"
    assert server.asked == 3


def test_an_answer_in_between_starts_the_count_anew() -> None:
    server = Server()
    server.fail(2)
    server.ask()
    server.fail(2)
    server.ask()
    assert server.asked == 6


def test_after_the_pause_one_probe_closes_it_or_opens_it_again() -> None:
    server = Server()
    server.fail(3)
    server.now += 30
    server.fail()
    with pytest.raises(EngineUnavailableError, match=r"4 questions in a row"):
        server.ask()
    server.now += 29.9
    with pytest.raises(EngineUnavailableError, match="in a row"):
        server.ask()
    server.now += 0.1
    server.ask()
    server.fail(2)
    server.ask()


def test_only_one_probes_at_a_time() -> None:
    server = Server()
    server.fail(3)
    server.now += 30
    with server.breaker.attempt("OPA"), pytest.raises(EngineUnavailableError, match="in a row"):
        server.ask()
    server.ask()


def test_a_probe_that_never_comes_back_blocks_nobody_for_good() -> None:
    server = Server()
    server.fail(3)
    server.now += 30
    server.breaker._enter("OPA")
    server.now += 29
    with pytest.raises(EngineUnavailableError, match="in a row"):
        server.ask()
    server.now += 1
    server.ask()


def test_an_interrupted_question_says_nothing_about_the_server() -> None:
    server = Server(failures=1)
    with pytest.raises(KeyboardInterrupt):
        server.ask(KeyboardInterrupt())
    server.fail()
    server.now += 30
    with pytest.raises(KeyboardInterrupt):
        server.ask(KeyboardInterrupt())
    server.ask()


def test_a_late_failure_of_a_question_from_before_does_not_prolong_it() -> None:
    server = Server(failures=1)
    with pytest.raises(EngineUnavailableError), server.breaker.attempt("OPA"):
        server.fail()
        server.now += 29
        raise EngineUnavailableError("late")
    server.now += 1
    server.ask()


def test_threads_let_through_one_probe_among_them() -> None:
    server = Server(failures=1)
    server.fail()
    server.now += 30
    start, entered, refused = threading.Barrier(16), [], []
    hold = threading.Event()

    def ask() -> None:
        start.wait(10)
        try:
            with server.breaker.attempt("OPA"):
                entered.append(1)
                hold.wait(10)
        except EngineUnavailableError:
            refused.append(1)
            if len(refused) == 15:
                hold.set()

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(entered), len(refused)) == (1, 15)


@pytest.mark.parametrize("limits", [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("inf")), (1, float("nan"))])
def test_limits_must_be_limits(limits: tuple[int, float]) -> None:
    with pytest.raises(ConfigurationError, match="circuit breaker"):
        CircuitBreaker(*limits)
