# SPDX-License-Identifier: Apache-2.0
"""The Airflow plugin; found through the ``airflow.plugins`` entry point."""
