# SPDX-License-Identifier: Apache-2.0
"""The command ``xborder``: starts without Airflow, and imports only the module of the command that was asked for."""
