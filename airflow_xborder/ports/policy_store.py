# SPDX-License-Identifier: Apache-2.0
"""PolicyStore: where the policies and the catalog in force come from."""

from __future__ import annotations

from typing import Protocol

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.core.compilation import Policies


class PolicySet(Protocol):
    """Packs and catalog that belong together, under one digest (SHA-256, hex)."""

    @property
    def digest(self) -> str:
        """The digest of all of it."""

    @property
    def policies(self) -> Policies:
        """The packs."""

    @property
    def catalog(self) -> Catalog:
        """The catalog."""


class PolicyStore(Protocol):
    """Gives the policy set in force; any thread may ask. Something newer is seen without a restart."""

    @property
    def problem(self) -> str | None:
        """What is wrong with what should be in force, while the last good set stands in for it."""

    def current(self) -> PolicySet:
        """Return what is in force now.

        :raises EvaluationError: if the place does not answer and the last known release is too old to stand.
        :raises PolicyError: if what is there is no release, or not one of the trusted key.
        """
