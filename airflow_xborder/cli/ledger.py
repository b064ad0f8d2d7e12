# SPDX-License-Identifier: Apache-2.0
"""``xborder ledger``: verify a ledger, seal it, make the key that seals it."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timezone

from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.adapters.signers.ed25519 import (
    generate_signer,
    load_signer,
    load_verifier,
    parse_verifier,
    write_key_pair,
)
from airflow_xborder.audit.canonical import format_instant
from airflow_xborder.audit.findings import Verification
from airflow_xborder.cli.output import MALFORMED, OK, TAMPERED, printable
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.auditing import Audit, audit_ledger
from airflow_xborder.services.sealing import seal

_SHOWN = 50


def register(parser: argparse.ArgumentParser) -> None:
    """Add the commands of ``xborder ledger``."""
    commands = parser.add_subparsers(dest="ledger_command", required=True, metavar="command")
    verify = commands.add_parser("verify", help="check that sealed evidence is as it was sealed")
    verify.add_argument("location", help="a folder, or s3://bucket/prefix (credentials from AWS_*)")
    verify.add_argument(
        "--key", metavar="FILE", help="the public key; default: the one in the ledger, which proves less"
    )
    verify.add_argument("--format", choices=("text", "json"), default="text")
    verify.set_defaults(run=_verify)
    sealing = commands.add_parser("seal", help="sign all events that are not sealed yet")
    sealing.add_argument("location", help="a folder, or s3://bucket/prefix (credentials from AWS_*)")
    sealing.add_argument("--region", required=True, help="the region whose ledger it is")
    sealing.add_argument("--signing-key", metavar="FILE", required=True, help="the private key")
    sealing.set_defaults(run=_seal)
    keygen = commands.add_parser("keygen", help="make a new signing key")
    keygen.add_argument(
        "--out", metavar="FILE", required=True, help="the private key; the public one is FILE.pub"
    )
    keygen.set_defaults(run=_keygen)


def _verify(arguments: argparse.Namespace) -> int:
    key = load_verifier(arguments.key) if arguments.key else None
    store = open_store(arguments.location)
    audit = audit_ledger(store, key, parse_verifier)
    state = audit.verification
    if state.is_empty:
        raise ConfigurationError(f"there is no ledger at `{store.location}`, or it is empty")
    if arguments.format == "json":
        own = "ledger" if audit.is_own_key else "given"
        print(json.dumps({**state.to_json(), "key": {"id": audit.key_id, "from": own}}))
    else:
        _print_audit(audit)
    if state.findings:
        return TAMPERED
    # History that nobody sealed is not intact: there is nothing that could have shown a change.
    return OK if state.is_intact else MALFORMED


def _print_audit(audit: Audit) -> None:
    state = audit.verification
    if state.sealed_at is not None:
        print(
            f"region {state.region}: {state.size} sealed in {state.checkpoints} checkpoints, "
            f"the last at {format_instant(state.sealed_at)}, as `{state.location}`"
        )
    for finding in state.findings[:_SHOWN]:
        print(printable(f"{finding.kind.value}: {finding.name}: {finding.detail}"))
    if len(state.findings) > _SHOWN:
        print(f"and {len(state.findings) - _SHOWN} more findings (all of them with --format json)")
    since = state.unverified_since or state.sealed_at
    if since is not None:
        print(f"{state.unverified} unverified since {format_instant(since)}")
    if audit.is_own_key and audit.key_id:
        print(
            f"the key {audit.key_id} came from the ledger itself: give your own copy with --key to exclude a rewrite"
        )
    elif audit.key_id:
        print(f"checked with the key {audit.key_id}")
    print(_verdict(state))


def _verdict(state: Verification) -> str:
    if state.findings:
        return f"NOT INTACT: {len(state.findings)} findings"
    return "intact" if state.is_intact else "nothing is sealed yet"


def _seal(arguments: argparse.Namespace) -> int:
    store = open_store(arguments.location)
    report = seal(store, load_signer(arguments.signing_key), arguments.region, datetime.now(timezone.utc))
    checkpoint = report.checkpoint
    print(
        f"region {checkpoint.region}: checkpoint {checkpoint.number} seals {checkpoint.size} events, "
        f"{report.added} of them new, root {checkpoint.root.hex()}"
    )
    for name in report.foreign:
        print(printable(f"not sealed, no event of this ledger: {name}"))
    return TAMPERED if report.foreign else OK


def _keygen(arguments: argparse.Namespace) -> int:
    signer = generate_signer()
    public = write_key_pair(signer, arguments.out)
    print(f"{arguments.out}: private key, for the sealer alone")
    print(f"{public}: public key {signer.verifier.key_id.hex()}, for auditors: keep it away from the ledger")
    return OK
