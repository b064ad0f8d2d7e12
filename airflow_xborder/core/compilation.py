# SPDX-License-Identifier: Apache-2.0
"""Policies: all packs of one release as an index that a decision can use.

A pack is read when a flow first may concern it: most flows touch few regimes, and every Airflow task is a new
process. Which packs those are is looked up by the places of the flow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any as Anything

from airflow_xborder.core.designations import Designations
from airflow_xborder.core.pack import Pack, read_pack
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import FlowError


class Policies:
    """An immutable set of packs.

    :param documents: validated pack documents as plain data, each with its ``pack`` id.
    """

    def __init__(self, documents: Iterable[Mapping[str, Anything]]) -> None:
        self._documents = {str(document["pack"]): document for document in documents}
        self._packs: dict[str, Pack] = {}

    @cached_property
    def digest(self) -> str:
        """SHA-256, as hex, over the documents; neither their order nor that of their keys matters."""
        ordered = [self._documents[pack_id] for pack_id in self.ids]
        return hashlib.sha256(json.dumps(ordered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The pack ids, sorted."""
        return tuple(sorted(self._documents))

    @property
    def documents(self) -> list[Mapping[str, Anything]]:
        """The documents, ordered by id."""
        return [self._documents[pack_id] for pack_id in self.ids]

    def pack(self, pack_id: str) -> Pack:
        """Return one pack, read on first use."""
        if pack_id not in self._packs:
            self._packs[pack_id] = read_pack(self._documents[pack_id])
        return self._packs[pack_id]

    def packs(self) -> list[Pack]:
        """Return all packs, ordered by id."""
        return [self.pack(pack_id) for pack_id in self.ids]

    @cached_property
    def designations(self) -> Designations:
        """The designations of all packs."""
        return Designations(row for pack in self.packs() for row in pack.designations)

    def require_declared(self, attributes: Iterable[str]) -> None:
        """Check that every attribute of a flow is one that a pack declares.

        :raises FlowError: naming the unknown one and the nearest known.
        """
        names = list(attributes)
        if not names:
            return
        known = {name for document in self.documents for name in document.get("attributes") or ()}
        for name in names:
            if name not in known:
                raise FlowError(f"attributes.{name}: no pack declares `{name}`", hint=suggest(name, known))
