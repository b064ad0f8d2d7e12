# SPDX-License-Identifier: Apache-2.0
"""The policy release: one artefact, named by its digest, put in force by a signed pointer."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.adapters.signers.ed25519 import Ed25519Signer
from airflow_xborder.core.compilation import Policies
from airflow_xborder.errors import (
    ConfigurationError,
    LedgerConflictError,
    LedgerUnavailableError,
    PolicyNotFoundError,
    PolicyValidationError,
    UnknownTermError,
)
from airflow_xborder.services.release import (
    Pointer,
    Release,
    build_release,
    fetch_release,
    latest_pointer,
    parse_pointer,
    publish,
    release_name,
    verify_pointer,
)
from tests.deployment import CATALOG, NOW, PACK


def make_release(version: str = "1") -> Release:
    return build_release(Policies([{**deepcopy(PACK), "version": version}]), deepcopy(CATALOG))


def _pointer(**fields: Any) -> bytes:
    return json.dumps(
        {"number": 1, "digest": "0" * 64, "published_at": "", "signature": "", **fields}
    ).encode()


def make_signer() -> Ed25519Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519Signer(Ed25519PrivateKey.generate())


def test_the_same_sources_give_the_same_bytes() -> None:
    assert make_release().data == make_release().data
    assert make_release().digest != make_release("2").digest


def test_the_highest_pointer_is_in_force() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    publish(store, make_release(), signer, NOW)
    second = publish(store, make_release("2"), signer, NOW)
    assert latest_pointer(store) == second
    assert second.number == 2
    assert fetch_release(store, second.digest).digest == make_release("2").digest


def test_publishing_what_is_in_force_changes_nothing() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    first = publish(store, make_release(), signer, NOW)
    assert publish(store, make_release(), signer, NOW) == first
    assert len(list(store.list("pointers/"))) == 1


def test_an_older_release_can_be_put_in_force_again_and_it_shows() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    first = publish(store, make_release(), signer, NOW)
    publish(store, make_release("2"), signer, NOW)
    third = publish(store, make_release(), signer, NOW)
    assert (third.number, third.digest) == (3, first.digest)


def test_another_key_cannot_publish_at_a_place_that_has_one() -> None:
    store = MemoryObjectStore()
    publish(store, make_release(), make_signer(), NOW)
    with pytest.raises(ConfigurationError, match="another key publishes"):
        publish(store, make_release("2"), make_signer(), NOW)


def test_a_bad_source_is_never_put_in_force() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    good = publish(store, make_release(), signer, NOW)
    bad = deepcopy(CATALOG)
    bad["datasets"][0]["purposes"] = ["anylytics"]
    with pytest.raises(UnknownTermError, match="anylytics"):
        publish(store, build_release(Policies([deepcopy(PACK)]), bad), signer, NOW)
    assert latest_pointer(store) == good


def test_a_changed_pointer_does_not_verify() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    pointer = publish(store, make_release(), signer, NOW)
    assert verify_pointer(pointer, signer.verifier)
    forged = parse_pointer(pointer.to_bytes().replace(b'"number":1', b'"number":9'))
    assert not verify_pointer(forged, signer.verifier)
    assert not verify_pointer(pointer, make_signer().verifier)


def test_an_old_pointer_under_a_higher_name_does_not_bring_back_old_law() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    first = publish(store, make_release(), signer, NOW)
    publish(store, make_release("2"), signer, NOW)
    store.objects["pointers/00000003.json"] = first.to_bytes()
    with pytest.raises(PolicyValidationError, match="is the pointer of release 1"):
        latest_pointer(store)
    with pytest.raises(PolicyValidationError, match="is the pointer of release 1"):
        publish(store, make_release("3"), signer, NOW)


@pytest.mark.parametrize(
    "name", ["pointers/zz.json", "pointers/00000009.json.bak", "pointers/a b", "pointers"]
)
def test_other_files_beside_the_pointers_mean_nothing(name: str) -> None:
    store, signer = MemoryObjectStore(), make_signer()
    first = publish(store, make_release(), signer, NOW)
    store.objects[name] = first.to_bytes()
    assert latest_pointer(store) == first
    assert publish(store, make_release("2"), signer, NOW).number == 2


def test_an_unsigned_pointer_to_the_same_release_is_not_taken_for_published() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    forged = Pointer(
        number=1, digest=make_release().digest, published_at="2026-11-21T12:00:00Z", signature="AAAA"
    )
    store.objects[forged.name] = forged.to_bytes()
    assert publish(store, make_release(), signer, NOW).number == 2


@pytest.mark.parametrize("signature", ["", "é", "A", 5, None, []])
def test_a_signature_that_is_none_does_not_verify(signature: Any) -> None:
    pointer = Pointer(number=1, digest="0" * 64, published_at="", signature=signature)
    assert not verify_pointer(pointer, make_signer().verifier)


def test_a_publisher_that_always_loses_gives_up() -> None:
    class Taken(MemoryObjectStore):
        def create(self, name: str, data: bytes) -> None:
            if name.startswith("pointers/"):
                raise LedgerConflictError("taken")
            super().create(name, data)

    with pytest.raises(LedgerUnavailableError, match="were faster"):
        publish(Taken(), make_release(), make_signer(), NOW)


def test_a_changed_artefact_is_refused() -> None:
    store, signer = MemoryObjectStore(), make_signer()
    pointer = publish(store, make_release(), signer, NOW)
    name = release_name(pointer.digest)
    store.objects[name] = store.objects[name].replace(b"tia", b"dpia")
    with pytest.raises(PolicyValidationError, match="changed after it was published"):
        fetch_release(store, pointer.digest)


def test_a_missing_artefact_is_named() -> None:
    with pytest.raises(PolicyNotFoundError, match="is not at"):
        fetch_release(MemoryObjectStore(), "0" * 64)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"format": 9, "packs": [], "catalog": {}}', b"\xff", b"[" * 99_999]
)
def test_bytes_that_are_no_release_are_refused(data: bytes) -> None:
    with pytest.raises(PolicyValidationError):
        Release(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b'{"number": "x"}',
        b'{"a": 1}',
        b"[" * 99_999,
        _pointer(number=True),
        _pointer(digest="../" * 21 + "x"),
    ],
)
def test_bytes_that_are_no_pointer_are_refused(data: bytes) -> None:
    with pytest.raises(PolicyValidationError):
        parse_pointer(data)
