# SPDX-License-Identifier: Apache-2.0
"""RegionalTransferOperator: moves a table between regions as far as the law lets it, and records that it did.

It asks the gate itself, whatever a gate task before it said or was marked as. Cheap to import: what moves data
comes with the first move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_xborder.operators.gate import XCOM_DECISION
from airflow_xborder.outcomes import airflow_outcome, refusal

if TYPE_CHECKING:
    from airflow_xborder.core.flow import DataFlow
    from airflow_xborder.services.gate import Ruling


class RegionalTransferOperator(BaseOperator):
    """Copy a PostgreSQL table to another PostgreSQL, with the obligations of the answer carried out.

    ``deny`` and ``review`` fail the task, and no retry is used. What is allowed is recorded in the ledgers of both
    regions before the first row moves, and lands in one transaction: whole or not at all, and once a DAG run, however
    often the task is tried or cleared.

    :param source_conn_id: with ``destination_conn_id``, connections that the catalog maps to stores.
    :param source_table: with ``destination_table``, names as SQL writes them: ``schema.table``.
    :param purpose: what the data is for, as the catalog calls it.
    :param flow: further facts in the form of the flow contract: claims, which the catalog and the registers outweigh.
    :param columns: the columns to copy; all of them for ``None``.
    :param replace: whether the rows that the destination has are replaced rather than added to.
    """

    template_fields: Sequence[str] = (
        "source_conn_id",
        "source_table",
        "destination_conn_id",
        "destination_table",
        "purpose",
        "flow",
        "columns",
    )
    template_fields_renderers = {"flow": "json", "columns": "json"}
    ui_color = "#e4ecf5"
    xborder_enforces = True
    xborder_discharges = frozenset({"filter_rows_by_consent", "minimise_columns", "pseudonymise"})

    def __init__(
        self,
        *,
        source_conn_id: str,
        source_table: str,
        destination_conn_id: str,
        destination_table: str,
        purpose: str,
        flow: Mapping[str, Any] | DataFlow | None = None,
        columns: Sequence[str] | None = None,
        replace: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_conn_id = source_conn_id
        self.source_table = source_table
        self.destination_conn_id = destination_conn_id
        self.destination_table = destination_table
        self.purpose = purpose
        self.flow = flow
        self.columns = columns
        self.replace = replace

    def execute(self, context: Any) -> None:
        """Decide, then move what may be moved.

        Nothing is returned: exact counts of people's records stay in the origin's ledger.

        :raises AirflowFailException: for ``deny``, ``review``, and what a retry cannot mend.
        :raises XborderError: if the question could not be answered or recorded, or a store is out of reach; Airflow
            retries.
        """
        from airflow_xborder.operators.table_movement import TableMovement

        with airflow_outcome():
            movement = TableMovement.prepare(self, context)
            ruling = movement.decide()
            self._show(ruling, context)
            error = refusal(ruling)
            if error is not None:
                raise error
            movement.run(ruling)

    def _show(self, ruling: Ruling, context: Any) -> None:
        from airflow_xborder.core.explanation import explain

        decision = ruling.decision
        tell = self.log.info if decision.allowed else self.log.error
        tell("%s", explain(decision, ruling.flow))
        ledgers = " and ".join(filter(None, (ruling.crossing.near, ruling.crossing.far)))
        self.log.info("recorded as decision %s in the ledger of %s", decision.decision_id, ledgers)
        context["ti"].xcom_push(key=XCOM_DECISION, value=decision.to_dict())
