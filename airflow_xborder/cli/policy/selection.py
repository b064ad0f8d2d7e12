# SPDX-License-Identifier: Apache-2.0
"""The option ``--packs``, which many actions share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_xborder.core.compilation import Policies


def add_packs(parser: argparse.ArgumentParser) -> None:
    """Add ``--packs``."""
    parser.add_argument(
        "--packs", metavar="P,…", help="pack ids and paths of files or folders (default: all shipped)"
    )


def pack_names(arguments: argparse.Namespace) -> list[str] | None:
    """Return the ids and paths that ``--packs`` names, ``None`` for all shipped ones."""
    names: str | None = arguments.packs
    return [name for name in names.split(",") if name] if names is not None else None


def selected_policies(arguments: argparse.Namespace) -> Policies:
    """Load the packs that ``--packs`` names, or all shipped ones.

    :raises PolicyError: for a pack that is wrong or not there.
    """
    from airflow_xborder.authoring.loading import load_policies

    return load_policies(pack_names(arguments))
