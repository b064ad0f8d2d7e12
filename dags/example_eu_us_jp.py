# SPDX-License-Identifier: Apache-2.0
"""People's measurements in the EU, a model in the US, its log in Japan: each hop checked, reduced and recorded.

The patients who agreed are copied to the US under pseudonyms, the model there scores them inside the database,
and the log of what it said goes to Japan. Connections: ``pg_eu``, ``pg_us``, ``pg_jp``.
"""

from __future__ import annotations

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import dag

from airflow_xborder.operators import RegionalTransferOperator

MEASUREMENTS = [
    f"mean_{name}"
    for name in (
        "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
        "symmetry", "fractal_dimension",
    )
]  # fmt: skip
SCORE = """
INSERT INTO inference_log
SELECT i.patient_id, CASE WHEN z.score > 0 THEN 'malignant' ELSE 'benign' END, 1 / (1 + exp(-z.score)),
       'wdbc-logit-1', now()
FROM model_input i
CROSS JOIN LATERAL (
    SELECT sum(w.weight * coalesce((to_jsonb(i) ->> w.feature)::double precision, 1)) AS score FROM model_weights w
) z
ON CONFLICT (patient_id) DO UPDATE SET predicted = excluded.predicted, probability = excluded.probability,
       predicted_at = excluded.predicted_at
"""


@dag(schedule=None, catchup=False, tags=["xborder", "example"])
def example_eu_us_jp():
    """Move input to the model, score it there, keep the log elsewhere."""
    input_to_us = RegionalTransferOperator(
        task_id="input_to_us",
        source_conn_id="pg_eu",
        source_table="public.patients",
        destination_conn_id="pg_us",
        destination_table="public.model_input",
        columns=["patient_id", *MEASUREMENTS],
        purpose="model_inference",
    )
    score = SQLExecuteQueryOperator(task_id="score", conn_id="pg_us", sql=SCORE)
    log_to_jp = RegionalTransferOperator(
        task_id="log_to_jp",
        source_conn_id="pg_us",
        source_table="public.inference_log",
        destination_conn_id="pg_jp",
        destination_table="public.inference_log",
        purpose="audit",
    )
    input_to_us >> score >> log_to_jp


example_eu_us_jp()
