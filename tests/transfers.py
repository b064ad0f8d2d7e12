# SPDX-License-Identifier: Apache-2.0
"""Runs transfers of the regional deployment and reads what came of them."""

from __future__ import annotations

from typing import Any

from airflow_xborder.operators import RegionalTransferOperator
from tests.regional import Regional, make_context

STORY = ["decision-transfer", "started", "obligation-1-filter_rows_by_consent", "obligation-2-minimise_columns",
         "obligation-3-pseudonymise", "completed"]  # fmt: skip


def move(
    table: str = "public.patients", purpose: str = "model_inference", **options: Any
) -> RegionalTransferOperator:
    given = {
        "task_id": "move",
        "source_conn_id": "pg_eu",
        "source_table": table,
        "destination_conn_id": "pg_us",
        "destination_table": table,
        "purpose": purpose,
    }
    return RegionalTransferOperator(**{**given, **options})


def run(operator: RegionalTransferOperator, **context: Any) -> dict[str, Any]:
    told, pushed = make_context(operator, **context)
    assert operator.execute(told) is None
    return pushed


def phases(regional: Regional, region: str, try_number: int = 1) -> list[str]:
    return [
        event.phase for event in regional.events(region) if event.task and event.task.try_number == try_number
    ]


def landed(regional: Regional, table: str = "patients") -> int | None:
    if not regional.databases["us"].ask(f"select 1 from pg_tables where tablename = '{table}'"):
        return None
    return int(regional.databases["us"].ask(f"select count(*) from {table}")[0][0])
