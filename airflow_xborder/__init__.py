# SPDX-License-Identifier: Apache-2.0
"""Airflow tasks that know the law: a compliance gate for data that crosses borders, with evidence.

Airflow imports this package before its configuration exists, so nothing happens here: the version, and the
function that Airflow asks for the provider's metadata.
"""

from airflow_xborder.provider_info import get_provider_info

__version__ = "0.1.0"
__all__ = ["__version__", "get_provider_info"]
