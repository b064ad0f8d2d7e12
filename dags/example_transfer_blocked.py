# SPDX-License-Identifier: Apache-2.0
"""A partner in the US with whom nobody signed anything: the gate fails, and so does the transfer behind it.

Marking the gate "success" by hand changes nothing: whoever touches data asks again. Connections: ``pg_eu``,
``pg_us_partner``.
"""

from __future__ import annotations

from airflow.sdk import dag

from airflow_xborder.operators import ComplianceGateOperator, RegionalTransferOperator


@dag(schedule=None, catchup=False, tags=["xborder", "example"])
def example_transfer_blocked():
    """Ask whether customers' data may go to a partner; it may not."""
    gate = ComplianceGateOperator(
        task_id="gate",
        flow={
            "source": {"store": "conn://pg_eu/public.people"},
            "destination": {"store": "conn://pg_us_partner/public.people"},
            "purpose": "analytics",
        },
    )
    transfer = RegionalTransferOperator(
        task_id="transfer",
        source_conn_id="pg_eu",
        source_table="public.people",
        destination_conn_id="pg_us_partner",
        destination_table="public.people",
        purpose="analytics",
    )
    gate >> transfer


example_transfer_blocked()
