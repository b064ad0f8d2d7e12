# SPDX-License-Identifier: Apache-2.0
"""What a task declares that it moves: one flow for each pair of an inlet and an outlet that the catalog knows.

Assets are matched by their URI alone. What an asset's ``extra`` says under ``xborder`` (a purpose, an access mode)
is the author's claim, which the gate weighs as such. A pair of which only one end is in the catalog is a flow to or
from an unknown place; a task with inlets alone brings data to this worker, one with outlets alone from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_xborder.core.catalog import CONNECTION_SCHEME
from airflow_xborder.core.flow import DataFlow, End, Places
from airflow_xborder.errors import FlowError

if TYPE_CHECKING:
    from airflow_xborder.core.catalog import Catalog

CLAIMS = "xborder"
# However its author spells it, a store that the catalog knows must be found: what is not is not asked about.
_SCHEMES = {"postgresql": "postgres", "s3a": "s3", "s3n": "s3"}


@dataclass(frozen=True, slots=True)
class Declared:
    """An inlet or outlet of a task. ``uri`` is written as the catalog does; ``None`` for one without a URI."""

    name: str
    uri: str | None
    is_known: bool
    claims: Mapping[str, Any] = field(default_factory=dict)


def declared(assets: Iterable[Any], catalog: Catalog) -> list[Declared]:
    """Return a task's inlets or outlets."""
    return [_declared(asset, catalog) for asset in assets]


def flows_of(
    inlets: list[Declared], outlets: list[Declared], catalog: Catalog, worker: str | None
) -> Iterator[DataFlow]:
    """Yield the flows to decide, in the order of the declarations.

    :param worker: the region of this worker, if it is known.
    :raises FlowError: for a claim that is none.
    """
    sources: list[Declared | None] = [*inlets] or [None]
    targets: list[Declared | None] = [*outlets] or [None]
    for source in sources:
        for target in targets:
            ends = [end for end in (source, target) if end is not None]
            if any(end.is_known for end in ends) and (len(ends) == 2 or worker is not None):
                yield _flow(source, target, catalog, worker)


def store_uri(uri: str) -> str:
    """Return an asset's URI as the catalog writes it (OpenLineage naming): ``db.schema.table`` for a SQL table.

    Who connects, and by which driver or protocol, is no part of it.
    """
    written, separator, rest = uri.strip().partition("://")
    scheme = written.lower().partition("+")[0]
    scheme = _SCHEMES.get(scheme, scheme)
    if not separator or scheme not in ("postgres", "s3"):
        return uri
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if scheme == "s3":
        return f"s3://{host}{slash}{path}"
    port = "" if ":" in host else ":5432"
    return f"postgres://{host}{port}/{path.partition('?')[0].strip('/').replace('/', '.')}"


def _declared(asset: Any, catalog: Catalog) -> Declared:
    name, uri = getattr(asset, "name", None), getattr(asset, "uri", None)
    if not isinstance(uri, str) or not uri:
        return Declared(str(name or asset), None, False)
    uri = _as_catalogued(store_uri(uri), catalog)
    is_known = catalog.store_of(uri) is not None or catalog.dataset_of(uri) is not None
    claims = (getattr(asset, "extra", None) or {}).get(CLAIMS) or {}
    if not isinstance(claims, Mapping):
        raise FlowError(f"asset `{name}`: `extra.{CLAIMS}` must be a mapping, got `{claims}`")
    if given := {"source", "destination", "as_of"} & claims.keys():
        raise FlowError(f"asset `{name}`: `{min(given)}` cannot be claimed", hint="the asset's URI says it")
    return Declared(str(name or uri), uri, is_known, claims)


def _as_catalogued(uri: str, catalog: Catalog) -> str:
    """Return a URI with its connection resolved and its host spelled as the catalog has them, if it has them."""
    scheme, separator, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    if uri.startswith(CONNECTION_SCHEME) and catalog.stores_of_connection(host):
        return catalog.store_uri(uri)
    lowered = f"{scheme}{separator}{host.lower()}{slash}{path}"
    return lowered if catalog.store_of(uri) is None and catalog.store_of(lowered) is not None else uri


def _flow(source: Declared | None, target: Declared | None, catalog: Catalog, worker: str | None) -> DataFlow:
    claims = {**(source.claims if source else {}), **(target.claims if target else {})}
    if target is None:
        claims.setdefault("access_mode", "process")
    flow = catalog.read_flow({**claims, "source": _end(source, worker), "destination": _end(target, worker)})
    return flow if worker is None else replace(flow, places=_with_worker(flow.places, End(region=worker)))


def _end(asset: Declared | None, worker: str | None) -> dict[str, Any]:
    return {"region": worker} if asset is None else {"store": asset.uri or asset.name}


def _with_worker(places: Places | None, here: End) -> Places:
    # Whatever else happens to the data, it passes through this process.
    places = places or Places()
    return replace(places, processing=(*(places.processing or ()), here))
