# SPDX-License-Identifier: Apache-2.0
"""Flows that reach what the library is about: the packs' own cases, with facts put in, exchanged and left out.

What is drawn at random (``tests/random_flows.py``) hardly ever says what a rule of one sector of one country asks for;
the cases of a pack say it, and a little change of them lies on the other side of some rule, or of several packs' rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from airflow_xborder.authoring.loading import shipped_folder, shipped_ids
from airflow_xborder.authoring.shipped import CASES_SUFFIX
from airflow_xborder.authoring.source import read_document
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.structure import instant
from tests.random_flows import Flows

# A flow, the moment at which it is asked about, and whether its row is complete.
Question: TypeAlias = "tuple[DataFlow, datetime, bool]"
# Of what a case says, this is more telling in part than altogether: two cases' facts of one are put together.
_MERGED = ("attributes", "importer", "exporter", "subjects")


class Example(NamedTuple):
    """The question of a case, and which requirements it says apply."""

    flow: dict[str, Any]
    moment: datetime
    complete: bool
    claims: frozenset[str]


@lru_cache(maxsize=256)
def examples_of(pack: str) -> tuple[Example, ...]:
    """Return the questions of the cases of a shipped pack."""
    data = read_document(shipped_folder() / f"{pack}{CASES_SUFFIX}").data
    return tuple(
        Example(
            case["flow"],
            instant(str(case.get("as_of", data["as_of"])), "as_of"),
            case.get("complete", True),
            frozenset(
                name
                for name, status in case["expect"].get("requirements", {}).items()
                if status != "not_applicable"
            ),
        )
        for case in data["cases"]
    )


class LibraryFlows(Flows):
    """A stream of questions that depends on nothing but its seed and the cases of some packs, of each in turn."""

    def __init__(self, seed: int, packs: Collection[str] | None = None) -> None:
        super().__init__(seed)
        self._examples = [one for pack in packs or shipped_ids() for one in examples_of(pack)]
        self._waiting: list[int] = []

    def telling(self) -> Iterator[Question]:
        """Yield questions of cases as they stand, few of them, to which together everything applies that cases name."""
        seen: set[str] = set()
        for one in self.random.sample(self._examples, len(self._examples)):
            if not one.claims <= seen:
                seen |= one.claims
                yield DataFlow.parse(one.flow), one.moment, one.complete

    def question(self) -> Question:
        """Return the question of a case, most often a changed one."""
        if not self._waiting:
            self._waiting = self.random.sample(range(len(self._examples)), len(self._examples))
        flow, moment, complete, _ = self._examples[self._waiting.pop()]
        if self.flag(0.8):
            flow = self._changed(flow)
        if self.flag(0.2):
            moment += timedelta(days=self.random.randint(-900, 900), hours=self.random.randint(-12, 12))
        return DataFlow.parse(flow), moment, complete if self.flag(0.8) else not complete

    def _changed(self, flow: dict[str, Any]) -> dict[str, Any]:
        other = self.random.choice(self._examples).flow
        for key in self.some([*other], 3):
            both = key in _MERGED and isinstance(flow.get(key), dict) and isinstance(other[key], dict)
            flow = {**flow, key: {**flow[key], **other[key]} if both else other[key]}
        left_out = self.some([key for key in flow if key not in ("source", "destination")], 1)
        return {key: value for key, value in flow.items() if key not in left_out}
