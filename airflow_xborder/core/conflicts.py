# SPDX-License-Identifier: Apache-2.0
"""Conflicts between requirements, found in the law itself, before any flow meets them (law 6).

*Declared*: one names the other under ``conflicts``. *Derived*: what the two demand points in opposite directions. A
conflict is real where both can apply to one flow on one day: the flows and the days are told with it. A declared pair
that can never meet is told too, since one of the two is then not as its author thinks. What a decision does with a
conflict is in ``precedence.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.demands import NOTHING, Demands, opposed
from airflow_xborder.core.narrowing import Voice
from airflow_xborder.core.overlap import Overlap, Period, Side, overlap
from airflow_xborder.core.pack import Pack
from airflow_xborder.core.precedence import leaves_open
from airflow_xborder.core.requirement import Requirement

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two requirements that cannot both be obeyed.

    :param kinds: ``declared``, ``retention``, ``storage``, ``disclosure``.
    :param between: ``sovereigns`` (two legal orders), ``equals``, or ``levels`` of one order.
    :param prevails: the id of the one that stands above the other; absent where a person decides.
    :param overlap: the flows to which both apply; ``None`` if there are none.
    :param period: the days on which both are law; ``None`` if there are none.
    """

    first: str
    second: str
    kinds: tuple[str, ...]
    between: str
    prevails: str | None
    overlap: Overlap | None
    period: Period | None

    @property
    def is_real(self) -> bool:
        """Whether both can apply to one flow."""
        return self.overlap is not None and self.period is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conflict that a requirement declares with one that is not loaded."""

    requirement: str
    other: str


@dataclass(frozen=True, slots=True)
class ConflictReport:
    """All conflicts, ordered by ids, and those that wait for a pack."""

    conflicts: tuple[Conflict, ...]
    waiting: tuple[Waiting, ...]


def find_conflicts(policies: Policies, since: date | None = None) -> ConflictReport:
    """Find the conflicts of a policy set.

    :param since: leaves out what is over before this day; default: whatever was ever law counts.
    """
    return _Finder(policies, Period(since) if since else Period()).report()


class _Finder:
    def __init__(self, policies: Policies, window: Period) -> None:
        self.policies = policies
        self.window = window
        self.rules: dict[str, tuple[Requirement, Pack]] = {
            rule.id: (rule, pack) for pack in policies.packs() for rule in pack.requirements
        }
        self._needed = {
            name
            for rule, pack in self.rules.values()
            for name in rule.dependencies
            if name in self.rules and self.rules[name][1] is not pack
        }

    def report(self) -> ConflictReport:
        """Compare what can clash, and only that."""
        declared, waiting = set[Pair](), set[Waiting]()
        for name, (rule, _) in self.rules.items():
            for other in rule.conflicts:
                if other in self.rules:
                    declared.add(_pair(name, other))
                else:
                    waiting.add(Waiting(name, other))
        derived = self._derived()
        found = [
            self._conflict(pair, pair in declared, derived.get(pair, ()))
            for pair in sorted(declared | derived.keys())
            if not leaves_open(self.rules[pair[0]][0], self.rules[pair[1]][0], self.policies.legal_orders)
        ]
        kept = (conflict for conflict in found if conflict.is_real or "declared" in conflict.kinds)
        ordered = sorted(waiting, key=lambda entry: (entry.requirement, entry.other))
        return ConflictReport(tuple(kept), tuple(ordered))

    def _derived(self) -> Mapping[Pair, tuple[str, ...]]:
        found: dict[Pair, tuple[str, ...]] = {}
        for ones, others in _sides((rule.demands, name) for name, (rule, _) in self.rules.items()):
            for one in ones:
                for other in others:
                    if one == other or _pair(one, other) in found:
                        continue
                    kinds = opposed(self.rules[one][0].demands, self.rules[other][0].demands)
                    if kinds:
                        found[_pair(one, other)] = kinds
        return found

    def _conflict(self, pair: Pair, declared: bool, derived: tuple[str, ...]) -> Conflict:
        (one, one_pack), (other, other_pack) = self.rules[pair[0]], self.rules[pair[1]]
        period = self._period(one, one_pack).meet(self._period(other, other_pack))
        period = period and period.meet(self.window)
        shared = None
        if period is not None:
            sides = self._side(one, one_pack), self._side(other, other_pack)
            shared = overlap(*sides, self.policies.designations, period)
        if period is not None and shared is not None and shared.since is not None:
            period = period.meet(Period(shared.since))
        prevails = self._prevailing(one, other)
        same = self.policies.legal_orders.same(one.jurisdiction, other.jurisdiction)
        return Conflict(
            *pair,
            kinds=(*(["declared"] if declared else ()), *derived),
            between="sovereigns" if not same else "levels" if prevails else "equals",
            prevails=prevails,
            overlap=shared,
            period=period,
        )

    def _prevailing(self, one: Requirement, other: Requirement) -> str | None:
        stands = [(rule.jurisdiction, rule.level.value) for rule in (one, other)]
        if self.policies.legal_orders.prevails(*stands):
            return one.id
        return other.id if self.policies.legal_orders.prevails(*stands[::-1]) else None

    def _side(self, rule: Requirement, pack: Pack) -> Side:
        own = (rule.when, Voice(pack.time_zone, frozenset(rule.not_cured_by)))
        # What a rule of another pack rests on is asked even where nothing ties the flow to its own pack.
        if rule.id in self._needed:
            return Side((own,))
        return Side(((pack.connects, Voice(pack.time_zone, connecting=True)), own))

    def _period(self, rule: Requirement, pack: Pack) -> Period:
        newer = [
            other.effective_date - timedelta(days=1)
            for other in pack.requirements
            if rule.id in other.supersedes and other.expires is None
        ]
        ends = [*newer, *([rule.expires] if rule.expires else ())]
        return Period(rule.effective_date, min(ends, default=None))


def _pair(one: str, other: str) -> Pair:
    return min(one, other), max(one, other)


def _sides(demands: Iterable[tuple[Demands, str]]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield, for each kind of opposition, who could be on its two sides."""
    by: dict[str, list[str]] = defaultdict(list)
    for demand, name in demands:
        if demand is not NOTHING:
            for key in ("keep_days", "erase_days", "store_in", "copy_in", "keep_out_of"):
                if getattr(demand, key) is not None:
                    by[key].append(name)
            if demand.disclosure is not None:
                by[demand.disclosure].append(name)
    yield by["keep_days"], by["erase_days"]
    yield by["store_in"], [*by["store_in"], *by["copy_in"]]
    yield [*by["store_in"], *by["copy_in"]], by["keep_out_of"]
    yield by["disclose"], by["withhold"]
