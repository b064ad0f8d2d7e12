# SPDX-License-Identifier: Apache-2.0
"""An extract for the model in the US: four columns, yesterday's rows replaced, with a fact that its author adds.

The answer is about the columns that are named and no others. What an author adds in ``flow`` may make it stricter
and never milder. Connections: ``pg_eu``, ``pg_us``.
"""

from __future__ import annotations

from airflow.sdk import dag

from airflow_xborder.operators import RegionalTransferOperator


@dag(schedule=None, catchup=False, tags=["xborder", "example"])
def example_regional_transfer():
    """Move what the model needs, and nothing else."""
    RegionalTransferOperator(
        task_id="transfer",
        source_conn_id="pg_eu",
        source_table="public.people",
        destination_conn_id="pg_us",
        destination_table="public.spending",
        columns=["person_id", "country", "monthly_spend", "visits"],
        purpose="model_inference",
        flow={"data_categories": ["personal_data.behaviour.purchase"], "retention_days": 30},
        replace=True,
    )


example_regional_transfer()
