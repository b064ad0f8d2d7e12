# SPDX-License-Identifier: Apache-2.0
"""Legal orders: inside which of them levels decide, and in which order the levels stand there.

An order is data of a pack. Between two orders, that is between sovereigns, no level decides anything (law 6).
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_xborder.core.records import dataclass

DEFAULT_LEVELS = ("constitutional", "treaty", "supranational", "national", "state", "industry", "company")


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalOrder:
    """One legal order: its ``members`` are jurisdictions, ``levels`` runs from the highest down."""

    id: str
    members: frozenset[str]
    levels: tuple[str, ...] = DEFAULT_LEVELS

    def rank(self, level: str) -> int:
        """Return how far down a level stands; one that the order does not name stands below all."""
        return self.levels.index(level) if level in self.levels else len(self.levels)


class LegalOrders:
    """The orders of a policy set. A jurisdiction that none names is an order of its own, with its subdivisions."""

    def __init__(self, orders: Iterable[LegalOrder]) -> None:
        self._of = {
            member: order
            for order in sorted(orders, key=lambda order: order.id)
            for member in (order.id, *sorted(order.members))
        }

    def of(self, jurisdiction: str) -> LegalOrder:
        """Return the order that a jurisdiction (``EU``, ``DE``, ``US-IL``) belongs to."""
        country = jurisdiction.partition("-")[0]
        found = self._of.get(jurisdiction) or self._of.get(country)
        return found or LegalOrder(id=country, members=frozenset({country}))

    def prevails(self, higher: tuple[str, str], lower: tuple[str, str]) -> bool:
        """Tell whether one rule stands above another, each given as its jurisdiction and level."""
        order = self.of(higher[0])
        return order.id == self.of(lower[0]).id and order.rank(higher[1]) < order.rank(lower[1])

    def same(self, one: str, other: str) -> bool:
        """Tell whether two jurisdictions belong to one order."""
        return self.of(one).id == self.of(other).id
