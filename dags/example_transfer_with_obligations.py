# SPDX-License-Identifier: Apache-2.0
"""One hundred thousand customers, of whom some agreed: only their rows go, without names, under pseudonyms.

The answer to this flow is ``allow`` with three obligations; the transfer carries them out inside the EU database.
Connections: ``pg_eu``, ``pg_us``.
"""

from __future__ import annotations

from airflow.sdk import dag

from airflow_xborder.operators import ComplianceGateOperator, RegionalTransferOperator


@dag(schedule=None, catchup=False, tags=["xborder", "example"])
def example_transfer_with_obligations():
    """Ask first, where everybody can see it, then move what may be moved."""
    gate = ComplianceGateOperator(
        task_id="gate",
        flow={
            "source": {"store": "conn://pg_eu/public.people"},
            "destination": {"store": "conn://pg_us/public.people"},
            "purpose": "model_inference",
        },
    )
    transfer = RegionalTransferOperator(
        task_id="transfer",
        source_conn_id="pg_eu",
        source_table="public.people",
        destination_conn_id="pg_us",
        destination_table="public.people",
        purpose="model_inference",
    )
    gate >> transfer


example_transfer_with_obligations()
