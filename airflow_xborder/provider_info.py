# SPDX-License-Identifier: Apache-2.0
"""The metadata that Airflow reads about this provider."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return the provider metadata (``airflow/provider_info.schema.json``)."""
    return {
        "package-name": "airflow-provider-xborder",
        "name": "Cross-border compliance",
        "description": "Checks every movement of data against the law, obeys the answer and keeps evidence.",
    }
