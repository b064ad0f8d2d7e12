# SPDX-License-Identifier: Apache-2.0
"""TaskFlow decorators; Airflow finds them through the provider's metadata."""
