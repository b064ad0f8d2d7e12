# SPDX-License-Identifier: Apache-2.0
"""Duties that point in opposite directions are seen in the demands alone."""

from __future__ import annotations

import pytest

from airflow_xborder.core.demands import NOTHING, Demands, opposed

RU, DE, BOTH = frozenset({"RU"}), frozenset({"DE"}), frozenset({"RU", "DE"})


@pytest.mark.parametrize(
    ("a", "b", "kinds"),
    [
        (Demands(keep_days=10), Demands(erase_days=9), ("retention",)),
        (Demands(keep_days=10), Demands(erase_days=10), ()),
        (Demands(keep_days=10), Demands(keep_days=3), ()),
        (Demands(keep_days=1), Demands(erase_days=0), ("retention",)),
        (Demands(store_in=RU), Demands(store_in=DE), ("storage",)),
        (Demands(store_in=RU), Demands(store_in=BOTH), ()),
        (Demands(store_in=DE), Demands(copy_in=RU), ("storage",)),
        (Demands(store_in=BOTH), Demands(copy_in=RU), ()),
        (Demands(copy_in=RU), Demands(copy_in=DE), ()),
        (Demands(keep_out_of=RU), Demands(copy_in=RU), ("storage",)),
        (Demands(keep_out_of=RU), Demands(store_in=RU), ("storage",)),
        (Demands(keep_out_of=RU), Demands(store_in=BOTH), ()),
        (Demands(disclosure="disclose"), Demands(disclosure="withhold"), ("disclosure",)),
        (Demands(disclosure="withhold"), Demands(disclosure="withhold"), ()),
        (Demands(keep_days=9, disclosure="disclose"), Demands(erase_days=1, disclosure="withhold"), ("disclosure", "retention")),
        (NOTHING, Demands(keep_days=10, store_in=RU, disclosure="disclose"), ()),
    ],
)  # fmt: skip
def test_opposition_is_found_whichever_comes_first(a: Demands, b: Demands, kinds: tuple[str, ...]) -> None:
    assert opposed(a, b) == kinds
    assert opposed(b, a) == kinds
