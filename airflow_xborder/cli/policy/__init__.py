# SPDX-License-Identifier: Apache-2.0
"""``xborder policy``: what is done with packs, one module for each action.

An action is a module with ``register(commands)``, which adds its parser and sets ``run``.
"""

from __future__ import annotations

import argparse
import importlib

ACTIONS = (
    "lint",
    "cases",
    "schema",
    "graph",
    "explain",
    "new",
    "conflicts",
    "impact",
    "diff",
    "optimise",
    "bundle",
    "publish",
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    for name in ACTIONS:
        importlib.import_module(f"{__name__}.{name}").register(commands)
