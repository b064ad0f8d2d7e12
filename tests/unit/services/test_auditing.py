# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.adapters.signers.ed25519 import parse_verifier
from airflow_xborder.audit import layout
from airflow_xborder.services.auditing import audit_ledger
from tests.evidence import make_ledger, make_signer


def kinds(audit):
    return {finding.kind.value for finding in audit.verification.findings}


class TestTheAuditorsKey:
    def test_it_is_the_one_that_counts(self):
        signer = make_signer()
        audit = audit_ledger(make_ledger(), signer.verifier, parse_verifier)
        assert audit.verification.is_intact
        assert (audit.key_id, audit.is_own_key) == (signer.verifier.key_id.hex(), False)

    def test_a_ledger_rewritten_with_another_key_does_not_pass(self):
        forged = make_ledger(signer=make_signer(2))
        assert kinds(audit_ledger(forged, make_signer().verifier, parse_verifier)) == {"bad_signature"}


class TestTheLedgersKey:
    def test_it_is_used_when_there_is_no_other_and_says_so(self):
        audit = audit_ledger(make_ledger(), None, parse_verifier)
        assert audit.verification.is_intact
        assert (audit.key_id, audit.is_own_key) == (make_signer().verifier.key_id.hex(), True)

    @pytest.mark.parametrize(
        "data", [None, b"", b"\xff", b"no key"], ids=["missing", "empty", "bytes", "text"]
    )
    def test_without_one_nothing_passes(self, data):
        store = make_ledger()
        name = next(store.list(layout.KEYS))
        del store.objects[name]
        if data is not None:
            store.objects[name] = data
        audit = audit_ledger(store, None, parse_verifier)
        assert "bad_signature" in kinds(audit)
        assert audit.key_id is None

    def test_a_second_key_in_the_ledger_cannot_take_over(self):
        store = make_ledger(batches=(1, 0))
        other = make_signer(2)
        store.objects[layout.key_name(other.verifier.key_id)] = other.public_key.encode()
        forged = make_ledger(batches=(1, 0), signer=other)
        name = layout.checkpoint_name(2)
        store.objects[name] = forged.objects[name]
        assert "bad_signature" in kinds(audit_ledger(store, None, parse_verifier))

    def test_a_file_that_no_ledger_writes_is_not_taken_for_a_key(self):
        store = make_ledger()
        store.objects["log/keys/a b"] = make_signer(2).public_key.encode()
        assert kinds(audit_ledger(store, None, parse_verifier)) == {"insert"}

    def test_no_ledger_needs_no_key(self):
        audit = audit_ledger(MemoryObjectStore(), None, parse_verifier)
        assert audit.verification.is_empty
        assert audit.key_id is None


class TestPlaces:
    def test_a_bucket_must_be_the_one_that_was_sealed(self):
        store = make_ledger(location="s3://acme-eu")
        store.location = "s3://acme-us"
        assert kinds(audit_ledger(store, None, parse_verifier)) == {"moved"}

    def test_a_copy_in_a_folder_is_sound(self):
        store = make_ledger(location="s3://acme-eu")
        store.location = "/tmp/copy"
        assert audit_ledger(store, None, parse_verifier).verification.is_intact
