# SPDX-License-Identifier: Apache-2.0
"""A gate as a node of the graph, for a destination that is chosen when the DAG is triggered.

The flow is rendered like any template, and stores may be named by the connections that lead to them. With
``on_deny="skip"`` a denial skips the copy rather than failing the run; the transfer asks again in any case.
Connections: ``pg_eu``, and the one that is chosen.
"""

from __future__ import annotations

from airflow.sdk import Param, dag

from airflow_xborder.operators import ComplianceGateOperator, RegionalTransferOperator


@dag(
    schedule=None,
    catchup=False,
    tags=["xborder", "example"],
    params={"destination": Param("pg_us_partner", enum=["pg_us", "pg_us_partner"])},
)
def example_compliance_gate():
    """Copy customers' records to whichever destination may have them."""
    gate = ComplianceGateOperator(
        task_id="may_they_go_there",
        flow={
            "flow_id": "customers-to-{{ params.destination }}",
            "source": {"store": "conn://pg_eu/public.people"},
            "destination": {"store": "conn://{{ params.destination }}/public.people"},
            "purpose": "analytics",
        },
        on_deny="skip",
    )
    transfer = RegionalTransferOperator(
        task_id="copy_customers",
        source_conn_id="pg_eu",
        source_table="public.people",
        destination_conn_id="{{ params.destination }}",
        destination_table="public.people",
        purpose="analytics",
    )
    gate >> transfer


example_compliance_gate()
