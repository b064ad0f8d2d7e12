# SPDX-License-Identifier: Apache-2.0
"""``xborder law``: the law in the packs as people read it, and what of it is due for a look.

An action is a module with ``register(commands)``, which adds its parser and sets ``run``.
"""

from __future__ import annotations

import argparse
import importlib

ACTIONS = ("pages", "stale")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    for name in ACTIONS:
        importlib.import_module(f"{__name__}.{name}").register(commands)
