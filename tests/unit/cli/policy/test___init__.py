# SPDX-License-Identifier: Apache-2.0
"""Each action of ``xborder policy`` is a module that adds itself."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

from airflow_xborder.cli import policy


def test_every_module_is_an_action_or_what_actions_share() -> None:
    modules = {module.name for module in pkgutil.iter_modules(policy.__path__)}
    with_parser = {
        name for name in modules if hasattr(importlib.import_module(f"{policy.__name__}.{name}"), "register")
    }
    assert with_parser == set(policy.ACTIONS)


def test_each_adds_a_command_that_runs() -> None:
    parser = argparse.ArgumentParser()
    policy.register(parser)
    (group,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert len(group.choices) >= len(policy.ACTIONS)
    assert all(callable(command.get_default("run")) for command in group.choices.values())
