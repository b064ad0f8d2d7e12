# SPDX-License-Identifier: Apache-2.0
"""The hourly audit export of airflow_xborder, as a DAG of this folder."""

from airflow_xborder.dags import audit_export

__all__ = ["audit_export"]
