# SPDX-License-Identifier: Apache-2.0
"""``xborder policy lint``: check packs."""

from __future__ import annotations

import argparse
from typing import Any

from airflow_xborder.cli.output import OK
from airflow_xborder.cli.policy.selection import add_packs, selected_policies


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("lint", help="check packs")
    add_packs(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    for pack in selected_policies(arguments).packs():
        print(f"{pack.id}: {len(pack.requirements)} requirements, {len(pack.designations)} designations")
    return OK
