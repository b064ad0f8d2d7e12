# SPDX-License-Identifier: Apache-2.0
"""The audit export: every hour, each region's ledger gets a signed checkpoint over all that was told it.

One mapped task a region, for the regions whose key is on this worker. Running it again, or twice at once, changes
nothing: a seal goes on from the last one. The catalog is read when the DAG runs, never when it is loaded.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, task

log = logging.getLogger(__name__)


@task(retries=3, retry_delay=timedelta(minutes=1))
def regions_to_seal() -> list[str]:
    """Return the regions that have a ledger, and whose key is here.

    :raises AirflowFailException: if there is no such region, so that a missing key does not pass for silence.
    """
    from airflow_xborder import runtime
    from airflow_xborder.errors import ConfigurationError
    from airflow_xborder.outcomes import airflow_outcome

    with airflow_outcome():
        found = [name for name, region in runtime.catalog().regions.items() if region.ledger is not None]
        sealed = [name for name in found if runtime.has_key(name, "seal")]
        for name in sorted(set(found) - set(sealed)):
            log.warning("the ledger of region `%s` is not sealed here: its key is on another machine", name)
        if not sealed:
            raise ConfigurationError(
                "no ledger can be sealed here", hint="put the regions' keys into the folder `[xborder] keys`"
            )
    return sorted(sealed)


@task(map_index_template="{{ region }}", retries=3, retry_delay=timedelta(minutes=1))
def seal_ledger(region: str) -> dict[str, Any]:
    """Seal one region's ledger, and return its checkpoint for display.

    :raises AirflowFailException: if the log so far does not hold, or was sealed with another key.
    :raises LedgerUnavailableError: if the ledger is out of reach; run again.
    """
    from airflow.sdk import get_current_context

    from airflow_xborder import runtime
    from airflow_xborder.outcomes import airflow_outcome
    from airflow_xborder.services.sealing import seal

    get_current_context()["region"] = region  # type: ignore[typeddict-unknown-key]
    with airflow_outcome():
        report = seal(
            runtime.object_store(region), runtime.signer(region), region, runtime.SystemClock().now()
        )
    checkpoint = report.checkpoint
    log.info("sealed %d events of region `%s`: %s", report.added, region, report.name)
    log.info("checkpoint:\n%s", checkpoint.to_text())
    for name in report.foreign:
        log.error("`%s` in the ledger of region `%s` is no event of it", name, region)
    return {
        "region": region,
        "number": checkpoint.number,
        "size": checkpoint.size,
        "added": report.added,
        "name": report.name,
        "foreign": len(report.foreign),
    }


def make_audit_export(dag_id: str = "xborder_audit_export", schedule: str = "@hourly") -> DAG:
    """Make the export DAG, for a deployment that wants another name or schedule."""
    with DAG(
        dag_id,
        description="Seals the compliance ledger of each region",
        schedule=schedule,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        max_active_runs=1,
        tags=["xborder", "compliance"],
        doc_md=__doc__,
    ) as dag:
        seal_ledger.expand(region=regions_to_seal())
    return dag


audit_export = make_audit_export()
