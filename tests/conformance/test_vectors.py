# SPDX-License-Identifier: Apache-2.0
"""The published vectors: other people's answers, not ours."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airflow_xborder.adapters.signers.ed25519 import Ed25519Signer, parse_verifier
from airflow_xborder.audit import merkle
from airflow_xborder.audit.note import parse_note, sign_note

VECTORS = Path(__file__).parent / "vectors"
RFC6962 = json.loads((VECTORS / "rfc6962.json").read_text())
NOTE = json.loads((VECTORS / "signed_note.json").read_text())
LEAVES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in RFC6962["leaves"]]
ROOTS = [bytes.fromhex(root) for root in RFC6962["roots"]]


def proof_of(case):
    return tuple(bytes.fromhex(node) for node in case["proof"])


def test_the_empty_tree_has_the_published_root():
    assert merkle.tree_root([]).hex() == RFC6962["empty_root"]


@pytest.mark.parametrize("size", range(1, 9))
def test_every_tree_has_the_published_root(size):
    assert merkle.tree_root(LEAVES[:size]) == ROOTS[size - 1]


@pytest.mark.parametrize("case", RFC6962["inclusion"], ids=lambda case: f"{case['index']} in {case['size']}")
def test_inclusion_proofs_are_the_published_ones_and_verify(case):
    index, size = case["index"], case["size"]
    assert merkle.inclusion_proof(LEAVES[:size], index) == proof_of(case)
    assert merkle.verify_inclusion(
        proof_of(case), leaf=LEAVES[index], index=index, size=size, root=ROOTS[size - 1]
    )


@pytest.mark.parametrize(
    "case", RFC6962["consistency"], ids=lambda case: f"{case['old_size']} to {case['size']}"
)
def test_consistency_proofs_are_the_published_ones_and_verify(case):
    old, size = case["old_size"], case["size"]
    assert merkle.consistency_proof(LEAVES[:size], old) == proof_of(case)
    assert merkle.verify_consistency(
        proof_of(case), old_size=old, old_root=ROOTS[old - 1], size=size, root=ROOTS[size - 1]
    )


class TestSignedNote:
    def test_the_published_note_verifies_with_the_published_key(self):
        key = parse_verifier(NOTE["public_key"])
        note = parse_note(NOTE["note"].encode())
        assert note.text == NOTE["text"]
        assert note.is_signed(key.name, key.key_id, key.verify)

    def test_signing_gives_the_published_note(self):
        seed = base64.b64decode(NOTE["seed"])[1:]
        signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(seed), NOTE["name"])
        assert signer.public_key == NOTE["public_key"]
        assert (
            sign_note(NOTE["text"], NOTE["name"], signer.verifier.key_id, signer.sign).decode()
            == NOTE["note"]
        )
