# SPDX-License-Identifier: Apache-2.0
"""``python -m airflow_xborder`` is the command ``xborder``."""

from airflow_xborder.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
