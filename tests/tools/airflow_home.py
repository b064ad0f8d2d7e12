# SPDX-License-Identifier: Apache-2.0
"""One Airflow home for the whole test process, set before anything imports Airflow.

Airflow reads its configuration at import, and makes a home folder when it has none: without this the first test
that imports an operator would make one in the user's own home.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from airflow_xborder.demo.airflow import AirflowSettings, make_environment

OPTIONS = {"catalog": "catalog.yaml"}


def configure() -> AirflowSettings:
    """Make an empty home in a temporary folder, with a folder of DAGs, and point this process at it."""
    home = Path(tempfile.mkdtemp(prefix="xborder-airflow-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    dags = home / "dags"
    dags.mkdir()
    options = {name: str(home / value) for name, value in OPTIONS.items()}
    settings = AirflowSettings(home=home, bundles={"dags-folder": dags}, options=options)
    os.environ.update(make_environment(settings))
    return settings
