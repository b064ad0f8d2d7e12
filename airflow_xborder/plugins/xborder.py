# SPDX-License-Identifier: Apache-2.0
"""The plugin: what the package adds to every Airflow process. Importing it opens nothing and reads nothing."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from airflow_xborder.enforcement import backstop, preload
from airflow_xborder.listeners import audit
from airflow_xborder.listeners.lineage import LineageReader


class XBorderPlugin(AirflowPlugin):
    """Registers the listeners, and the reader that turns Airflow's hook lineage on."""

    name = "xborder"
    listeners = [backstop, audit, preload]
    hook_lineage_readers = [LineageReader]
