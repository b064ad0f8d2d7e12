# SPDX-License-Identifier: Apache-2.0
"""Why no plan helps: the smallest set of rules that cannot all be met with the controls there are.

Every set of controls that was tried was refused by some rules. A set of rules of which each try was refused by at
least one cannot be met; if it is minimal, then without any one of them some try would be lawful. The smallest
such *conflicting core* is a minimum hitting set of the refusals. What is no rule but stands against a flow all the
same (a place without rules, a conflict, an error) counts as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from airflow_xborder.core.decision import Decision, Outcome, Reason

_MAX_NODES = 50_000


@dataclass(frozen=True, slots=True, order=True)
class Blocker:
    """What stands against a flow: a requirement by its id, or another reason by its text."""

    id: str
    citation: str = ""
    text: str = ""


Refusal: TypeAlias = frozenset[Blocker]


@dataclass(frozen=True, slots=True)
class Core:
    """Blockers that no control resolves together, each of them needed for that.

    :param smallest: no other core has fewer, which is proven.
    """

    blockers: tuple[Blocker, ...]
    smallest: bool


def refusal_of(decisions: Iterable[Decision]) -> Refusal:
    """Return what stands against answers of which at least one is not ``allow``."""
    found: dict[str, Blocker] = {}
    for decision in decisions:
        if decision.outcome is Outcome.ALLOW:
            continue
        before = len(found)
        for blocker in _blockers(decision):
            found.setdefault(blocker.id, blocker)
        if len(found) == before and not decision.reasons:
            found.setdefault("answer", Blocker("answer", "", f"the answer is {decision.outcome.value}"))
    return frozenset(found.values())


def _blockers(decision: Decision) -> Iterable[Blocker]:
    told: set[str] = set()
    for entry in decision.applicable:
        if entry.outcome is not Outcome.ALLOW:
            told.add(entry.citation)
            texts = [reason.text for reason in decision.reasons if _citation(reason) == entry.citation]
            yield Blocker(entry.requirement_id, entry.citation, " ".join(dict.fromkeys(texts)))
    for reason in decision.reasons:
        if _citation(reason) not in told:
            yield Blocker(f"{reason.kind}: {reason.text}", "", reason.text)


def _citation(reason: Reason) -> str | None:
    return dict(reason.parameters).get("citation")


def conflicting_core(refusals: Sequence[Refusal]) -> Core:
    """Return the smallest set of blockers of which every refusal has one.

    :param refusals: of every set of controls there is, none of them empty.
    """
    texts = {blocker.id: blocker for refusal in reversed(refusals) for blocker in refusal}
    sets = _fewest([frozenset(blocker.id for blocker in refusal) for refusal in refusals])
    found = _Hitting(sets).smallest()
    chosen = found if found is not None else _reduced(sets)
    return Core(tuple(texts[name] for name in sorted(chosen)), found is not None)


def _fewest(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Leave out the sets that contain another: whatever hits that one hits them."""
    kept: list[frozenset[str]] = []
    for candidate in sorted(set(sets), key=lambda names: (len(names), sorted(names))):
        if not any(smaller <= candidate for smaller in kept):
            kept.append(candidate)
    return kept


def _reduced(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return a minimal hitting set that may not be the smallest: all names, less those that are not needed."""
    chosen = frozenset[str]().union(*sets)
    for name in sorted(chosen):
        if all(names & (chosen - {name}) for names in sets):
            chosen -= {name}
    return chosen


class _Hitting:
    """The smallest hitting set, by trying one size after the other; ``None`` when that takes too long."""

    def __init__(self, sets: Sequence[frozenset[str]]) -> None:
        self.sets = sets
        self.nodes = 0

    def smallest(self) -> frozenset[str] | None:
        for size in range(len(self.sets) + 1):
            found = self._of(frozenset(), size)
            if found is not None:
                return found
            if self.nodes > _MAX_NODES:
                return None
        return None

    def _of(self, chosen: frozenset[str], more: int) -> frozenset[str] | None:
        self.nodes += 1
        open_set = next((names for names in self.sets if not names & chosen), None)
        if open_set is None:
            return chosen
        if more == 0 or self.nodes > _MAX_NODES:
            return None
        for name in sorted(open_set):
            found = self._of(chosen | {name}, more - 1)
            if found is not None:
                return found
        return None
