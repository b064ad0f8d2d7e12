# SPDX-License-Identifier: Apache-2.0
"""From one database in the EU to another: no border, no condition, and still a record.

Connections: ``pg_eu``, ``pg_eu_analytics``.
"""

from __future__ import annotations

from airflow.sdk import dag

from airflow_xborder.operators import RegionalTransferOperator


@dag(schedule=None, catchup=False, tags=["xborder", "example"])
def example_transfer_inside_eu():
    """Copy customers to the analytics database next door."""
    RegionalTransferOperator(
        task_id="transfer",
        source_conn_id="pg_eu",
        source_table="public.people",
        destination_conn_id="pg_eu_analytics",
        destination_table="public.people",
        purpose="analytics",
    )


example_transfer_inside_eu()
