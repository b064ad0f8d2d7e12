# SPDX-License-Identifier: Apache-2.0
"""Factories for the tests of the ledger: valid defaults, keyword overrides."""

import hashlib
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger
from airflow_xborder.adapters.object_stores.memory import MemoryObjectStore
from airflow_xborder.adapters.signers.ed25519 import Ed25519Signer
from airflow_xborder.audit import layout
from airflow_xborder.audit.checkpoint import Checkpoint
from airflow_xborder.audit.event import Event, TaskKey
from airflow_xborder.audit.merkle import tree_root
from airflow_xborder.audit.note import sign_note
from airflow_xborder.audit.verification import verify_ledger
from airflow_xborder.services.sealing import seal

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def make_task(**overrides):
    return TaskKey(**{"dag_id": "users_to_us", "run_id": "manual__1", "task_id": "move", **overrides})


def make_event(**overrides):
    fields = {
        "kind": "decision",
        "phase": "decision",
        "region": "eu",
        "event_id": "event-1",
        "occurred_at": NOON,
        "task": make_task(),
        "decision_key": "ab" * 32,
        "decision_id": "decision-1",
        "body": {"outcome": "allow"},
    }
    return Event(**{**fields, **overrides})


def make_signer(seed=1):
    """Return the same key for the same seed, so that a failing example can be run again."""
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def is_signed_by(signer):
    verifier = signer.verifier
    return lambda note: note.is_signed(verifier.name, verifier.key_id, verifier.verify)


def append_events(store, count, first=0, region="eu"):
    """Append ``count`` events of one try, numbered without a hole; return their names."""
    ledger = ObjectLedger(store, region)
    return [
        ledger.append(
            make_event(
                region=region,
                event_id=f"event-{number}",
                occurred_at=NOON + timedelta(seconds=number),
                sequence=number + 1,
                decision_key=f"{number:064x}",
                body={"number": number},
            )
        ).name
        for number in range(first, first + count)
    ]


def make_ledger(batches=(3, 0, 4, 1), signer=None, location="memory://ledger"):
    """Return a store with a ledger that was sealed after each batch of events."""
    store, signer, total = MemoryObjectStore(location), signer or make_signer(), 0
    for number, count in enumerate(batches):
        append_events(store, count, first=total)
        total += count
        seal(store, signer, "eu", NOON + timedelta(hours=number + 1))
    return store


def add_checkpoint(store, signer=None, **overrides):
    """Sign and store a checkpoint that the sealer would not write."""
    signer = signer or make_signer()
    fields = {
        "region": "eu",
        "location": "memory://ledger",
        "size": 0,
        "root": tree_root([]),
        "number": 1,
        "previous": None,
        "segment": None,
        "sealed_at": NOON,
    }
    checkpoint = Checkpoint(**{**fields, **overrides})
    verifier = signer.verifier
    note = sign_note(checkpoint.to_text(), verifier.name, verifier.key_id, signer.sign)
    store.objects[layout.checkpoint_name(checkpoint.number)] = note
    return hashlib.sha256(note).hexdigest()


def findings(store, signer=None, **options):
    return verify_ledger(store, is_signed_by(signer or make_signer()), **options).findings


def kinds(store, signer=None, **options):
    return {finding.kind.value for finding in findings(store, signer, **options)}
