# SPDX-License-Identifier: Apache-2.0
"""Each action of ``xborder law`` is a module that adds itself."""

from __future__ import annotations

import argparse
import pkgutil

from airflow_xborder.cli import law


def test_every_module_is_an_action_that_runs() -> None:
    assert {module.name for module in pkgutil.iter_modules(law.__path__)} == set(law.ACTIONS)
    parser = argparse.ArgumentParser()
    law.register(parser)
    (group,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(group.choices) == set(law.ACTIONS)
    assert all(callable(command.get_default("run")) for command in group.choices.values())
