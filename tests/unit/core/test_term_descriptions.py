# SPDX-License-Identifier: Apache-2.0
"""Every term has its meaning, and no meaning is of a term that there is not."""

from __future__ import annotations

import pytest

from airflow_xborder.core.term_descriptions import DESCRIPTIONS, describe
from airflow_xborder.core.vocabulary import KINDS


@pytest.mark.parametrize("kind", DESCRIPTIONS)
def test_every_term_is_described_once_in_one_short_line(kind: str) -> None:
    assert DESCRIPTIONS[kind].keys() == KINDS[kind]
    for text in DESCRIPTIONS[kind].values():
        assert 4 <= len(text) < 110 and not text.endswith(".") and text.isprintable()
    assert len(set(DESCRIPTIONS[kind].values())) == len(DESCRIPTIONS[kind])


def test_what_explains_itself_is_not_described() -> None:
    assert describe("frequency", "one_off") == ""
    assert describe("mechanism", "idta").startswith("the United Kingdom's")
