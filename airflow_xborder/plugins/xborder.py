# SPDX-License-Identifier: Apache-2.0
"""The plugin that Airflow loads; listener and lineage reader follow."""

from airflow.plugins_manager import AirflowPlugin


class XBorderPlugin(AirflowPlugin):
    """Register what the package adds to every Airflow process."""

    name = "xborder"
