# SPDX-License-Identifier: Apache-2.0
"""``xborder law pages``: the law reference, a Markdown page for each regime and an index."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from airflow_xborder.cli.output import OK
from airflow_xborder.cli.policy.selection import add_packs, selected_policies


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("pages", help="write a page for each regime, and an index")
    parser.add_argument("--to", metavar="DIR", required=True, help="the folder; pages of no pack are removed")
    add_packs(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.core.law_pages import law_pages

    pages = law_pages(selected_policies(arguments))
    folder = Path(arguments.to)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    gone = [path for path in sorted(folder.glob("*.md")) if path.name not in pages and _is_made(path)]
    for path in gone:
        path.unlink()
    print(f"{len(pages)} pages written to {folder}{f', {len(gone)} removed' if gone else ''}")
    return OK


def _is_made(path: Path) -> bool:
    """Tell whether this command made a file: nobody's own page is ever removed."""
    from airflow_xborder.core.law_pages import MADE

    return MADE in path.read_text(encoding="utf-8", errors="replace")
