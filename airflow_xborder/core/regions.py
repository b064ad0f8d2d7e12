# SPDX-License-Identifier: Apache-2.0
"""A region as a deployment names it, and where it lies: as its cloud region says, or as officers say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_xborder.core.places import require_country, require_subdivision
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import checked
from airflow_xborder.errors import FlowError

if TYPE_CHECKING:
    from airflow_xborder.core.cloud_regions import CloudLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A place that the deployment knows. ``party`` is who acts there unless a flow says otherwise."""

    cloud: str | None = None
    country: str | None = checked(require_country)
    subdivision: str | None = checked(require_subdivision)
    aliases: tuple[str, ...] | None = None
    connections: Mapping[str, Any] | None = None
    ledger: str | None = None
    queue: str | None = None
    party: str | None = None

    def __post_init__(self) -> None:
        if self.cloud is not None:
            self._lie_in(self.cloud)
        elif self.country is None:
            raise FlowError("a region needs `cloud` or `country`")
        if self.subdivision is not None and self.subdivision[:2] != self.country:
            where = f"country `{self.country}`" if self.country else f"one country, as `{self.cloud}` is not"
            raise FlowError(f"subdivision `{self.subdivision}` is not in {where}")

    def _lie_in(self, cloud: str) -> None:
        from airflow_xborder.core.cloud_regions import locate_cloud_region

        located = locate_cloud_region(cloud)
        if self.country is not None and not _may_lie(self.country, located):
            told = located.country or ", ".join(sorted(located.members)) or "no country by itself"
            raise FlowError(f"`{cloud}` is in {told}, not in {self.country}")
        object.__setattr__(self, "country", self.country or located.country)
        if self.subdivision is None:
            object.__setattr__(self, "subdivision", located.subdivision)

    @property
    def spread(self) -> frozenset[str]:
        """The places that it may mean, where it means no one country: empty for anywhere, and for one country."""
        if self.cloud is None or self.country is not None:
            return frozenset()
        from airflow_xborder.core.cloud_regions import locate_cloud_region

        return locate_cloud_region(self.cloud).members


def _may_lie(country: str, located: CloudLocation) -> bool:
    """Tell whether an officer may say so: only what leaves the country open, but no other, can be told more closely."""
    return located.country == country or located.members == {country}
