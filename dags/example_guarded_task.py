# SPDX-License-Identifier: Apache-2.0
"""Nothing but inlets and outlets: the task guard derives the flow, and asks before the task runs.

No operator and no import of this package is needed. ``[xborder] enforcement`` says whether the guard fails a task
that may not run (``enforce``) or only records that (``shadow``). The function form of the gate is shown too.
"""

from airflow.sdk import Asset, dag, task

VISITS = Asset("eu_visits", uri="s3://acme-eu/visits/")
# What an asset's `extra` says under `xborder` is the author's claim: it may tighten the answer, never loosen it.
REPORT = Asset("eu_report", uri="s3://acme-eu/reports/visits/", extra={"xborder": {"purpose": "analytics"}})


@dag(schedule=None, tags=["xborder", "example"])
def example_guarded_task():
    """Count visits inside the EU; the guard has decided that before a line of it runs."""

    @task(inlets=[VISITS], outlets=[REPORT])
    def count_visits() -> None:
        """Read the visits and write the report."""

    @task.compliance_gate
    def may_the_report_go_to_the_us():
        """Return the flow to decide: a function can compute it."""
        return {
            "source": {"store": "s3://acme-eu/reports/visits/"},
            "destination": {"region": "us"},
            "purpose": "analytics",
        }

    count_visits() >> may_the_report_go_to_the_us()


example_guarded_task()
