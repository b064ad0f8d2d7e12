# SPDX-License-Identifier: Apache-2.0
"""The tree of errors is the one that is drawn, and each leaf has a place in every table."""

import inspect
import pickle
import re

import pytest

from airflow_xborder import errors
from airflow_xborder.cli.output import EXIT_CODES
from airflow_xborder.errors import XborderError
from airflow_xborder.outcomes import OUTCOMES

CLASSES = [
    kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, XborderError) and not name.startswith("_")
]
LEAVES = [
    kind for kind in CLASSES if not any(other is not kind and issubclass(other, kind) for other in CLASSES)
]


def drawn_tree() -> dict[str, str | None]:
    """Read the drawing in the module's docstring: each class and the one it stands below."""
    tree: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for indent, name in re.findall(r"^( +)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE):
        above = [(depth, parent) for depth, parent in above if depth < len(indent)]
        tree[name] = above[-1][1] if above else None
        above.append((len(indent), name))
    return tree


def real_parent(kind: type[XborderError]) -> str | None:
    """Return the nearest public class above."""
    return next((base.__name__ for base in kind.__mro__[1:] if base in CLASSES), None)


def test_the_tree_is_drawn_as_it_is():
    assert drawn_tree() == {kind.__name__: real_parent(kind) for kind in CLASSES}


def test_each_class_has_a_code_of_its_own():
    codes = [kind.code for kind in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda kind: kind.code)
class TestLeaves:
    def test_it_has_an_exit_code(self, leaf):
        rows = [
            code
            for kind, code in dict(EXIT_CODES).items()
            if issubclass(leaf, kind) and kind is not XborderError
        ]
        assert rows
        assert set(rows) <= {1, 2, 3, 4}

    def test_it_has_an_airflow_outcome(self, leaf):
        assert any(issubclass(leaf, kind) for kind in OUTCOMES if kind is not XborderError)

    def test_it_survives_the_way_between_processes(self, leaf):
        options = {"decision": "a decision"} if "decision" in inspect.signature(leaf).parameters else {}
        error = pickle.loads(pickle.dumps(leaf("it went wrong", hint="mend it", **options)))
        assert type(error) is leaf
        assert (error.message, error.hint, str(error)) == (
            "it went wrong",
            "mend it",
            "it went wrong (hint: mend it)",
        )
