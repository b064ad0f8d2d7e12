# SPDX-License-Identifier: Apache-2.0
"""A gate in front of a copy: the decision is a node of the graph, and says why."""

from airflow.sdk import dag, task

from airflow_xborder.operators.gate import ComplianceGateOperator


@dag(schedule=None, tags=["xborder", "example"])
def example_compliance_gate():
    """Copy customers' records from the EU to the US, if that is lawful."""
    gate = ComplianceGateOperator(
        task_id="may_customers_go_to_the_us",
        flow={
            "flow_id": "customers-to-us",
            "source": {"region": "eu"},
            "destination": {"region": "us"},
            "data_categories": ["personal_data.contact.email"],
            "purpose": "analytics",
        },
    )

    @task
    def copy_customers() -> None:
        """Copy them; a real DAG uses RegionalTransferOperator, which asks the gate again."""

    gate >> copy_customers()


example_compliance_gate()
