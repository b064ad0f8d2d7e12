# SPDX-License-Identifier: Apache-2.0
"""Published releases change under a running process: what is newer and good is taken, what is bad is outlived."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from airflow_xborder.adapters.policy_stores import standing
from airflow_xborder.adapters.policy_stores.published import PublishedPolicyStore
from airflow_xborder.adapters.signers.ed25519 import parse_verifier
from airflow_xborder.errors import EvaluationError, PolicyValidationError, XborderError
from airflow_xborder.services.release import (
    PUBLIC_KEY,
    Pointer,
    Release,
    parse_pointer,
    publish,
    release_name,
)
from tests.deployment import NOW
from tests.unit.adapters.policy_stores.test_published import Switch
from tests.unit.services.test_release import make_release, make_signer

MINUTE = 60.0


class Clocks:
    """The machine's two clocks, moved by the test."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_800_000_000.0, 1000.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def go_on(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(standing, "time", clocks)
    return clocks


class Place:
    """A location with a first release, and a process on this machine that knows it."""

    def __init__(self, cache: Path | None, clocks: Clocks) -> None:
        self.store, self.signer, self.clocks = Switch(), make_signer(), clocks
        self.cache = cache
        self.first = publish(self.store, make_release(), self.signer, NOW)
        self.process = self.start()
        assert self.process.current().digest == self.first.digest
        self.date_the_cache()

    def start(self) -> PublishedPolicyStore:
        key = self.signer.public_key
        return PublishedPolicyStore(self.store, self.cache, parse_verifier, key, max_staleness=10 * MINUTE)

    def date_the_cache(self) -> None:
        for pointer in self.cache.glob("*/pointer.json") if self.cache else ():
            os.utime(pointer, (self.clocks.wall, self.clocks.wall))

    def publish(self, version: str = "2") -> Pointer:
        return publish(self.store, make_release(version), self.signer, NOW)

    def put(self, name: str, data: bytes) -> None:
        self.store.objects[name] = data

    def digest_after(self, seconds: float) -> str:
        self.clocks.go_on(seconds)
        return self.process.current().digest


@pytest.fixture
def place(clocks: Clocks) -> Place:
    return Place(None, clocks)


def test_a_running_process_sees_a_new_release_within_half_a_minute(place: Place) -> None:
    second = place.publish()
    assert place.digest_after(29) == place.first.digest
    assert place.digest_after(1) == second.digest
    assert place.process.problem is None


def test_a_process_that_looks_more_rarely_than_it_may_looks_sooner(clocks: Clocks) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    process = PublishedPolicyStore(store, None, parse_verifier, max_staleness=5)
    process.current()
    second = publish(store, make_release("2"), signer, NOW)
    clocks.go_on(5)
    assert process.current().digest == second.digest


def unsigned(place: Place) -> None:
    stranger = make_signer()
    digest = publish(Switch(), make_release("evil"), stranger, NOW)
    place.put(release_name(digest.digest), make_release("evil").data)
    forged = parse_pointer(digest.to_bytes().replace(b'"number":1', b'"number":2'))
    place.put(forged.name, forged.to_bytes())


def renamed(place: Place) -> None:
    place.put("pointers/00000009.json", place.first.to_bytes())


def garbage(place: Place) -> None:
    place.put("pointers/00000002.json", b"\xff\x00 nothing")


def enormous(place: Place) -> None:
    place.put("pointers/00000002.json", b"x" * (1 << 26))


def without_artefact(place: Place) -> None:
    del place.store.objects[release_name(place.publish().digest)]


def spoilt_artefact(place: Place) -> None:
    name = release_name(place.publish().digest)
    place.put(name, place.store.objects[name].replace(b"tia", b"dpia"))


def of_another_format(place: Place) -> None:
    content = json.loads(make_release("2").data)
    content["packs"][0]["requirements"] = 7
    release: Release = _Unreadable(json.dumps(content).encode())
    publish(place.store, release, place.signer, NOW)


def gone(place: Place) -> None:
    del place.store.objects[place.first.name]


def out_of_reach(place: Place) -> None:
    place.store.off = True


class _Unreadable(Release):
    """A release that a newer program would have checked and published."""

    @property
    def policies(self) -> SimpleNamespace:  # type: ignore[override]
        return SimpleNamespace(packs=lambda: [])


TROUBLES = [
    unsigned, renamed, garbage, enormous, without_artefact, spoilt_artefact, of_another_format, gone, out_of_reach,
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
class TestTrouble:
    def test_the_last_good_release_stands_loudly_and_not_too_long(
        self, place: Place, trouble: Callable[[Place], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        place.digest_after(31)  # confirmed here for the last time
        trouble(place)
        with caplog.at_level(logging.INFO):
            for _ in range(4):
                assert place.digest_after(2 * MINUTE) == place.first.digest
            assert place.digest_after(2 * MINUTE) == place.first.digest
            errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
            assert len(errors) == 1
            assert place.process.problem
            assert "stands in for it" in place.process.problem
            with pytest.raises(EvaluationError, match="no policy set is recent enough"):
                place.digest_after(1)
            with pytest.raises(EvaluationError):
                place.process.current()

    def test_a_process_without_a_good_one_has_none(
        self, place: Place, trouble: Callable[[Place], None]
    ) -> None:
        trouble(place)
        with pytest.raises(XborderError) as caught:
            place.start().current()
        assert caught.value.code in {
            "policy_validation", "policy_not_found", "store_unavailable", "ledger_integrity",
        }  # fmt: skip

    def test_the_next_process_of_this_machine_has_the_same_time_and_no_more(
        self, clocks: Clocks, tmp_path: Path, trouble: Callable[[Place], None]
    ) -> None:
        place = Place(tmp_path, clocks)
        trouble(place)
        for _ in range(5):
            clocks.go_on(2 * MINUTE)
            assert place.start().current().digest == place.first.digest
        clocks.go_on(1)
        with pytest.raises(EvaluationError, match="no policy set is recent enough"):
            place.start().current()

    def test_when_it_is_over_the_right_release_is_in_force(
        self, place: Place, trouble: Callable[[Place], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        before = dict(place.store.objects)
        trouble(place)
        place.digest_after(MINUTE)
        place.store.objects, place.store.off = before, False
        second = place.publish("3")
        with caplog.at_level(logging.INFO):
            assert place.digest_after(30) == second.digest
        assert place.process.problem is None
        assert "as they should be again" in caplog.text


class TestWhoeverCanWriteAndHasNoKey:
    def test_cannot_freeze_old_law_by_spoiling_each_newer_release(self, place: Place) -> None:
        # A new release each minute, and each is spoilt at once.
        started = place.clocks.steady
        with pytest.raises(EvaluationError):
            for number in range(2, 60):
                pointer = place.publish(str(number))
                place.put(pointer.name, pointer.to_bytes().replace(b'"signature":"', b'"signature":"AA'))
                place.digest_after(MINUTE)
                place.store.objects[pointer.name] = pointer.to_bytes()  # so that the publisher can go on
        assert place.clocks.steady - started <= 11 * MINUTE

    def test_cannot_make_a_machine_that_saw_the_new_release_go_back(
        self, clocks: Clocks, tmp_path: Path
    ) -> None:
        place = Place(tmp_path, clocks)
        second = place.publish()
        assert place.digest_after(30) == second.digest
        place.date_the_cache()
        del place.store.objects[second.name]
        assert place.digest_after(5 * MINUTE) == second.digest
        assert place.start().current().digest == second.digest
        place.clocks.go_on(6 * MINUTE)
        for process in (place.process, place.start()):
            with pytest.raises(EvaluationError, match="went back from number 2 to 1"):
                process.current()

    def test_cannot_refresh_the_age_by_anything_but_the_release_in_force(self, place: Place) -> None:
        for _ in range(20):
            garbage(place)
            place.clocks.go_on(25)
            try:
                place.process.current()
            except EvaluationError:
                break
            place.put("pointers/00000002.json", place.first.to_bytes())
            place.clocks.go_on(25)
            try:
                place.process.current()
            except EvaluationError:
                break
        assert place.clocks.steady - 1000 <= 11 * MINUTE

    def test_cannot_put_another_key_there(self, clocks: Clocks) -> None:
        store, signer = Switch(), make_signer()
        first = publish(store, make_release(), signer, NOW)
        process = PublishedPolicyStore(store, None, parse_verifier, max_staleness=600)
        process.current()
        publish(store, make_release("2"), signer, NOW)
        store.objects[PUBLIC_KEY] = b"no key at all"
        clocks.go_on(60)
        assert process.current().digest == first.digest
        assert process.problem
        assert "is none: not a public key" in process.problem


class TestTheClocks:
    def test_a_machine_that_slept_counts_the_time(self, place: Place) -> None:
        place.store.off = True
        place.clocks.wall += 3600
        with pytest.raises(EvaluationError):
            place.process.current()

    @pytest.mark.parametrize("seconds", [-7200, -3600])
    def test_a_clock_that_is_set_back_wins_no_time(self, place: Place, seconds: float) -> None:
        place.store.off = True
        place.clocks.wall += seconds
        with pytest.raises(EvaluationError):
            place.process.current()

    def test_a_small_correction_is_none(self, place: Place) -> None:
        place.store.off = True
        place.clocks.wall -= 5
        place.clocks.steady += 31
        assert place.process.current().digest == place.first.digest


class TestThreads:
    def test_nobody_waits_for_the_one_that_fetches(self, clocks: Clocks) -> None:
        fetching, go_on = threading.Event(), threading.Event()

        class Slow(Switch):
            slow = False

            def list(self, prefix: str = "") -> Iterator[str]:
                if self.slow:
                    fetching.set()
                    assert go_on.wait(10)
                return super().list(prefix)

        store, signer = Slow(), make_signer()
        first = publish(store, make_release(), signer, NOW)
        process = PublishedPolicyStore(store, None, parse_verifier)
        process.current()
        second = publish(store, make_release("2"), signer, NOW)
        clocks.go_on(60)
        store.slow = True
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.append(process.current().digest))
        thread.start()
        assert fetching.wait(10)
        assert process.current().digest == first.digest
        go_on.set()
        thread.join(10)
        assert found == [second.digest]
        assert process.current().digest == second.digest

    def test_all_see_whole_releases_while_it_changes(self, place: Place) -> None:
        digests = {place.first.digest}
        wrong: list[object] = []
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                release = place.process.current()
                if release.digest not in digests or not release.policies.ids:
                    wrong.append(release.digest)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(2, 12):
            digests.add(make_release(str(number)).digest)
            place.publish(str(number))
            place.clocks.go_on(31)
        over.set()
        for thread in threads:
            thread.join(10)
        assert wrong == []
        assert place.digest_after(31) == make_release("11").digest


def test_a_spoilt_artefact_is_not_what_the_next_process_starts_with(clocks: Clocks, tmp_path: Path) -> None:
    place = Place(tmp_path, clocks)
    spoilt_artefact(place)
    place.digest_after(31)
    place.store.off = True
    assert place.start().current().digest == place.first.digest


def test_a_trouble_that_was_not_there_before_is_told(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        garbage(place)
        place.digest_after(31)
        place.put("pointers/00000003.json", b"{}")
        renamed(place)
        place.digest_after(31)
    assert len(caplog.records) == 2


def test_only_the_trusted_key_counts_for_a_pointer_with_a_known_number(place: Place) -> None:
    place.put(place.first.name, place.first.to_bytes().replace(b'"published_at":"', b'"published_at":"X'))
    assert place.digest_after(31) == place.first.digest
    assert place.process.problem
    with pytest.raises(PolicyValidationError, match="not signed by the trusted key"):
        place.start().current()
