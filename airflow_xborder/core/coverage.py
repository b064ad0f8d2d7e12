# SPDX-License-Identifier: Apache-2.0
"""What the packs of a policy set say of places: for which of them one answers, and what is known of the rest."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_xborder.core.pack import Coverage, Head


class CoverageMap:
    """The places of a policy set.

    ``covered`` are those that a pack answers for; ``about`` are the rows on the rest, by place; ``divided`` are the
    countries whose parts are told apart.
    """

    def __init__(self, heads: Iterable[Head]) -> None:
        heads = tuple(heads)
        self.covered = frozenset(place for head in heads for place in head.covers)
        self.rows = tuple(row for head in heads for row in head.coverage)
        self.about: dict[str, list[Coverage]] = {}
        for row in self.rows:
            for place in row.places:
                self.about.setdefault(place, []).append(row)
        self.divided = frozenset(place[:2] for place in {*self.covered, *self.about} if "-" in place)
