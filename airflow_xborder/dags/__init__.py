# SPDX-License-Identifier: Apache-2.0
"""DAGs to import into a DAG folder: ``from airflow_xborder.dags import audit_export``."""

from airflow_xborder.dags.audit_export import audit_export

__all__ = ["audit_export"]
