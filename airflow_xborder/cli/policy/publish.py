# SPDX-License-Identifier: Apache-2.0
"""``xborder policy publish``: put packs and catalog in force, as a signed release."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from airflow_xborder.cli.output import OK
from airflow_xborder.cli.policy.selection import add_packs, selected_policies


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("publish", help="put packs and catalog in force")
    add_packs(parser)
    parser.add_argument("--catalog", required=True, metavar="FILE", help="a catalog file or a folder of them")
    parser.add_argument("--to", required=True, metavar="LOCATION", help="a folder or s3://bucket/prefix")
    parser.add_argument(
        "--signing-key", required=True, metavar="FILE", help="as `xborder ledger keygen` makes it"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from datetime import datetime, timezone

    from airflow_xborder.adapters.object_stores.opening import open_store
    from airflow_xborder.adapters.signers.ed25519 import load_signer
    from airflow_xborder.authoring.catalog import load_catalog
    from airflow_xborder.services.release import build_release, publish

    release = build_release(selected_policies(arguments), load_catalog(Path(arguments.catalog)))
    signer = load_signer(Path(arguments.signing_key))
    store = open_store(arguments.to)
    pointer = publish(store, release, signer, datetime.now(timezone.utc))
    print(f"release {pointer.number} in force at {store.location}")
    print(f"digest {pointer.digest}")
    print(f"packs {', '.join(release.policies.ids)}")
    return OK
