# SPDX-License-Identifier: Apache-2.0
"""Places that keep a ledger's objects. ``open_store`` picks one by its location."""

from airflow_xborder.adapters.object_stores.opening import open_store

__all__ = ["open_store"]
