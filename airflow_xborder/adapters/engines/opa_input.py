# SPDX-License-Identifier: Apache-2.0
"""What a flow is called in a company's own policy: the ``request`` beside the whole flow.

A request has ``region_from``, ``region_to``, ``purpose`` and ``consent`` in the policy's names. There is one for
each place that the flow reaches, since every place must be lawful. What is unknown is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from airflow_xborder.core.facts import REACHING_LEVELS
from airflow_xborder.core.flow import Consent, DataFlow, End
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import ConfigurationError

_KINDS = frozenset({"regions", "purposes"})


class Naming:
    """The policy's names for ours.

    :param aliases: ``{"regions": {"eu": "EU"}, "purposes": {"ml_inference": "model_inference"}}``. A region may be
        a region of the catalog, a subdivision or a country; what has no alias keeps its own name.
    :raises ConfigurationError: for a kind of alias that does not exist.
    """

    def __init__(self, aliases: Mapping[str, Mapping[str, str]]) -> None:
        for kind in aliases:
            if kind not in _KINDS:
                hint = suggest(kind, _KINDS) or f"the kinds are {', '.join(sorted(_KINDS))}"
                raise ConfigurationError(f"unknown kind of alias `{kind}`", hint=hint)
        self._regions: Mapping[str, str] = aliases.get("regions") or {}
        self._purposes: Mapping[str, str] = aliases.get("purposes") or {}

    def unnamed(self, flow: DataFlow) -> tuple[str, ...]:
        """Return where the flow starts or reaches a place that nobody can name."""
        return tuple(path for path, end in _ends(flow) if self._place(end, flow) is None)

    def requests(self, flow: DataFlow) -> list[dict[str, Any]]:
        """Return the requests of a flow whose places all have names, without ``consent``."""
        source = self._place(flow.source, flow)
        reached = dict.fromkeys(self._place(end, flow) for path, end in _ends(flow) if path != "source")
        purpose = self._purposes.get(flow.purpose, flow.purpose) if flow.purpose else None
        known = {"purpose": purpose} if purpose else {}
        return [{"region_from": source, "region_to": name, **known} for name in reached]

    def _place(self, end: End, flow: DataFlow) -> str | None:
        names = [name for name in (end.region, end.subdivision, end.country) if name]
        for name in names:
            if name in self._regions:
                return self._regions[name]
        if end.region is None and names:
            # A place by level names a country; where that is just an end's, it is called as that end is.
            for other in (flow.destination, flow.source):
                same = (other.country, other.subdivision) == (end.country, end.subdivision)
                if other.region is not None and same:
                    return self._place(other, flow)
        return names[0] if names else None


def _ends(flow: DataFlow) -> Iterator[tuple[str, End]]:
    yield "source", flow.source
    yield "destination", flow.destination
    for level in REACHING_LEVELS if flow.places else ():
        for number, end in enumerate(getattr(flow.places, level) or ()):
            yield f"places.{level}[{number}]", end


def everybody_agreed(flow: DataFlow) -> bool:
    """Tell whether the consent is for this purpose and everybody's: unknown coverage is not full coverage."""
    coverage = _coverage(flow)
    return coverage is not None and coverage == 1


def somebody_agreed(flow: DataFlow) -> bool:
    """Tell whether there is consent for this purpose, so that leaving out the rows without it leaves some."""
    return bool(_asked_for_this(flow)) and _coverage(flow) != 0


def _asked_for_this(flow: DataFlow) -> list[Consent]:
    return [consent for consent in flow.consents if consent.purpose in (None, flow.purpose)]


def _coverage(flow: DataFlow) -> Decimal | None:
    """Return the least that any consent for this purpose covers: which of them the policy means, it does not say."""
    stated = [consent.coverage for consent in _asked_for_this(flow)]
    known = [Decimal(coverage) for coverage in stated if coverage is not None]
    return min(known, default=None) if len(known) == len(stated) or 0 in known else None
