# SPDX-License-Identifier: Apache-2.0
"""The published release as a process finds it: cached, checked, and never older than it may be."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.adapters.policy_stores.published import PublishedPolicyStore
from airflow_xborder.adapters.signers.ed25519 import parse_verifier
from airflow_xborder.errors import (
    EvaluationError,
    LedgerUnavailableError,
    PolicyNotFoundError,
    PolicyValidationError,
)
from airflow_xborder.services.release import parse_pointer, publish
from tests.deployment import NOW
from tests.unit.services.test_release import make_release, make_signer


class Switch(MemoryObjectStore):
    """A store that can be switched off, and counts what is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.off = False
        self.fetched: list[str] = []

    def get(self, name: str) -> bytes | None:
        if self.off:
            raise LedgerUnavailableError("switched off")
        self.fetched.append(name)
        return super().get(name)

    def list(self, prefix: str = "") -> Iterator[str]:
        if self.off:
            raise LedgerUnavailableError("switched off")
        return super().list(prefix)


def test_the_release_in_force_is_found(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    assert PublishedPolicyStore(store, tmp_path, parse_verifier).current().digest == make_release().digest


def test_the_next_process_fetches_the_pointer_alone(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    PublishedPolicyStore(store, tmp_path, parse_verifier).current()
    store.fetched.clear()
    PublishedPolicyStore(store, tmp_path, parse_verifier).current()
    assert store.fetched == ["pointers/00000001.json"]


def test_nothing_published_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PolicyNotFoundError) as caught:
        PublishedPolicyStore(Switch(), tmp_path, parse_verifier).current()
    assert "xborder policy publish" in str(caught.value)


def test_a_release_that_the_trusted_key_did_not_sign_is_refused(tmp_path: Path) -> None:
    store = Switch()
    publish(store, make_release(), make_signer(), NOW)
    with pytest.raises(PolicyValidationError, match="not signed by the trusted key"):
        PublishedPolicyStore(store, tmp_path, parse_verifier, make_signer().public_key).current()


def test_a_spoilt_cache_is_fetched_anew(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    PublishedPolicyStore(store, tmp_path, parse_verifier).current()
    (cached,) = tmp_path.glob("*/releases/*.json")
    cached.write_bytes(cached.read_bytes().replace(b"tia", b"dpia"))
    assert PublishedPolicyStore(store, tmp_path, parse_verifier).current().digest == make_release().digest


def test_during_an_outage_a_recent_copy_stands_and_an_old_one_does_not(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    PublishedPolicyStore(store, tmp_path, parse_verifier).current()
    store.off = True
    assert PublishedPolicyStore(store, tmp_path, parse_verifier).current().digest == make_release().digest
    (pointer,) = tmp_path.glob("*/pointer.json")
    os.utime(pointer, (time.time() - 7200, time.time() - 7200))
    with pytest.raises(EvaluationError, match="no policy set is recent enough"):
        PublishedPolicyStore(store, tmp_path, parse_verifier).current()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    assert (
        PublishedPolicyStore(store, tmp_path / "file", parse_verifier).current().digest
        == make_release().digest
    )


def test_a_spoilt_pointer_in_the_cache_is_asked_for_again(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    PublishedPolicyStore(store, tmp_path, parse_verifier).current()
    (pointer,) = tmp_path.glob("*/pointer.json")
    pointer.write_bytes(b"")
    assert PublishedPolicyStore(store, tmp_path, parse_verifier).current().digest == make_release().digest
    assert pointer.read_bytes() != b""


def test_a_copy_from_the_future_is_not_recent(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    PublishedPolicyStore(store, tmp_path, parse_verifier).current()
    (pointer,) = tmp_path.glob("*/pointer.json")
    os.utime(pointer, (time.time() + 7200, time.time() + 7200))
    store.off = True
    with pytest.raises(EvaluationError, match="no policy set is recent enough"):
        PublishedPolicyStore(store, tmp_path, parse_verifier).current()


def test_a_pointer_planted_in_a_cache_that_others_can_write_to_is_not_believed(tmp_path: Path) -> None:
    store, signer = Switch(), make_signer()
    publish(store, make_release(), signer, NOW)
    key = signer.public_key
    PublishedPolicyStore(store, tmp_path, parse_verifier, key).current()
    forged = parse_pointer(store.objects["pointers/00000001.json"].replace(b'"number":1', b'"number":2'))
    store.objects[forged.name] = forged.to_bytes()
    (cached,) = tmp_path.glob("*/pointer.json")
    cached.write_bytes(forged.to_bytes())
    cached.parent.chmod(0o777)
    with pytest.raises(PolicyValidationError, match="not signed by the trusted key"):
        PublishedPolicyStore(store, tmp_path, parse_verifier, key).current()
