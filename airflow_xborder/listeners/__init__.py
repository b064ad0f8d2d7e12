# SPDX-License-Identifier: Apache-2.0
"""What is told to the ledger of a task's life; observers only, since Airflow lets no listener stop a task."""
