# SPDX-License-Identifier: Apache-2.0
"""``xborder catalog``: check a catalog's document, and look up what it knows of an object."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_xborder.cli.output import OK, REFUSED

if TYPE_CHECKING:
    from airflow_xborder.core.catalog import Region


def register(parser: argparse.ArgumentParser) -> None:
    """Add the sub-commands."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    lint = commands.add_parser("lint", help="check a catalog's document, with file, line and column")
    lint.add_argument("catalog", metavar="FILE")
    lint.set_defaults(run=_lint)
    show = commands.add_parser("show", help="what the catalog knows of an object's URI")
    show.add_argument("catalog", metavar="FILE")
    show.add_argument("uri", metavar="URI")
    show.set_defaults(run=_show)


def _lint(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.catalog import load_catalog
    from airflow_xborder.core.catalog import Catalog

    catalog = Catalog(load_catalog(Path(arguments.catalog)))
    for name, region in catalog.regions.items():
        note = _note(region)
        if note:
            print(f"note: regions.{name}: `{region.cloud}` {note}")
    print(f"{len(catalog.regions)} regions, {len(catalog.stores)} stores, {len(catalog.datasets)} data sets")
    return OK


def _note(region: Region) -> str | None:
    """Return what an officer should know of a cloud region: that it is not one place, or not confirmed."""
    from airflow_xborder.core.cloud_regions import locate_cloud_region

    if region.cloud is None:
        return None
    located = locate_cloud_region(region.cloud)
    if region.country is None:
        reached = f"any of {', '.join(sorted(located.members))}" if located.members else "anywhere"
        return f"may be {reached}: what starts or ends there is a review"
    return None if located.confirmed else "is not confirmed to be there: look at your provider's own list"


def _show(arguments: argparse.Namespace) -> int:
    from airflow_xborder.authoring.catalog import load_catalog
    from airflow_xborder.core.catalog import Catalog

    catalog = Catalog(load_catalog(Path(arguments.catalog)))
    found, dataset = catalog.store_of(arguments.uri), catalog.dataset_of(arguments.uri)
    if found is None:
        print(f"no store of the catalog holds {arguments.uri}: what moves from or to it is never allowed")
        return REFUSED
    region = catalog.regions[found[1].region]
    print(
        f"store {found[0]} in region {found[1].region} ({region.country or 'no one country'}{_also(region.subdivision)})"
    )
    if dataset is None:
        print("no data set matches: its data counts as not categorised")
        return REFUSED
    for column, term in dataset.categories.items():
        print(f"  {column}: {term}")
    return OK


def _also(subdivision: str | None) -> str:
    return f", {subdivision}" if subdivision else ""
