# SPDX-License-Identifier: Apache-2.0
"""``xborder policy``: check packs, run their cases, and publish them with the catalog as the release in force."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_xborder.cli.output import OK, REFUSED
from airflow_xborder.errors import PolicyNotFoundError

if TYPE_CHECKING:
    from airflow_xborder.core.combining import Frame
    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.decision import Decision
    from airflow_xborder.core.facts import Facts


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    lint = commands.add_parser("lint", help="check packs")
    _packs(lint)
    lint.set_defaults(run=_lint)
    test = commands.add_parser("test", help="run the cases beside the packs")
    test.add_argument(
        "paths", nargs="*", metavar="PATH", help="case files, or folders of them (default: the shipped ones)"
    )
    test.set_defaults(run=_test)
    publish = commands.add_parser("publish", help="put packs and catalog in force")
    _packs(publish)
    publish.add_argument(
        "--catalog", required=True, metavar="FILE", help="a catalog file or a folder of them"
    )
    publish.add_argument("--to", required=True, metavar="LOCATION", help="a folder or s3://bucket/prefix")
    publish.add_argument(
        "--signing-key", required=True, metavar="FILE", help="as `xborder ledger keygen` makes it"
    )
    publish.set_defaults(run=_publish)


def _packs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--packs", metavar="P,…", help="pack ids and paths of files or folders (default: all shipped)"
    )


def _selection(arguments: argparse.Namespace) -> list[str] | None:
    return [name for name in arguments.packs.split(",") if name] if arguments.packs is not None else None


def _lint(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.loading import load_policies

    for pack in load_policies(_selection(arguments)).packs():
        print(f"{pack.id}: {len(pack.requirements)} requirements, {len(pack.designations)} designations")
    return OK


def _test(arguments: argparse.Namespace) -> int:
    from airflow_xborder.adapters.engines.native import NativeEngine
    from airflow_xborder.authoring.cases import run_cases, untested
    from airflow_xborder.authoring.loading import load_policies, shipped_folder
    from airflow_xborder.ports.policy_engine import Question

    def decide(policies: Policies, facts: Facts, frame: Frame) -> Decision:
        return NativeEngine().decide(Question(facts=facts, policies=policies, frame=frame))

    paths = [Path(path) for path in arguments.paths]
    results = run_cases(paths or [shipped_folder()], decide)
    if not results:
        raise PolicyNotFoundError(
            f"no cases in {', '.join(f'`{path}`' for path in paths)}",
            hint="case files are called `*.cases.yaml`",
        )
    failed = [result for result in results if not result.passed]
    for result in failed:
        print(f"{result.file}:{result.line}: {result.case}: {'; '.join(result.failures)}", file=sys.stderr)
    lacking = [] if paths else untested(load_policies(), results)
    for entry in lacking:
        print(f"{entry.requirement_id}: no case where it is {' or '.join(entry.lacks)}", file=sys.stderr)
    print(
        f"{len(results) - len(failed)} passed, {len(failed)} failed, {len(lacking)} requirements lack a case"
    )
    return REFUSED if failed or lacking else OK


def _publish(arguments: argparse.Namespace) -> int:
    from datetime import datetime, timezone

    from airflow_xborder.adapters.object_stores.opening import open_store
    from airflow_xborder.adapters.signers.ed25519 import load_signer
    from airflow_xborder.authoring.catalog import load_catalog
    from airflow_xborder.authoring.loading import load_policies
    from airflow_xborder.services.release import build_release, publish

    release = build_release(load_policies(_selection(arguments)), load_catalog(Path(arguments.catalog)))
    signer = load_signer(Path(arguments.signing_key))
    store = open_store(arguments.to)
    pointer = publish(store, release, signer, datetime.now(timezone.utc))
    print(f"release {pointer.number} in force at {store.location}")
    print(f"digest {pointer.digest}")
    print(f"packs {', '.join(release.policies.ids)}")
    return OK
