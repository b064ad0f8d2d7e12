# SPDX-License-Identifier: Apache-2.0
"""ULIDs: 26 characters that sort by time."""

from __future__ import annotations

from datetime import timedelta

from airflow_xborder.services.identifiers import new_id
from tests.deployment import NOW


def test_later_ids_sort_later() -> None:
    assert new_id(NOW) < new_id(NOW + timedelta(milliseconds=1))


def test_ids_of_one_moment_differ() -> None:
    ids = {new_id(NOW) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(entry) == 26 and entry.isalnum() for entry in ids)
