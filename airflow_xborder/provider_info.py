# SPDX-License-Identifier: Apache-2.0
"""The metadata that Airflow reads about this provider. Plain data: Airflow asks for it before anything is set up."""

from __future__ import annotations

from typing import Any

_INTEGRATION = "Cross-border compliance"


def _option(
    description: str, *, kind: str = "string", default: str | None = None, example: str | None = None
) -> dict[str, Any]:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": kind,
        "default": default,
        "example": example,
    }


_OPTIONS: dict[str, dict[str, Any]] = {
    "release": _option(
        "Where policy releases are published: a folder, or `s3://bucket/prefix`. Takes precedence over `catalog`.",
        example="s3://acme-xborder-release/",
    ),
    "release_key": _option(
        "File with the public key that releases must be signed with. Without it, the key at the release's own "
        "location is trusted, and whoever may write there may publish.",
        example="release.pub",
    ),
    "max_staleness": _option(
        "For how many seconds the last good policies stand after they were last confirmed, while their place is out "
        "of reach or what is newer there is bad; at most 604800, a week.",
        kind="float",
        default="3600",
        example="900",
    ),
    "catalog": _option(
        "A catalog file, or a folder of them, on this machine: development mode, in which the release is built "
        "from it on first use.",
        example="catalog.yaml",
    ),
    "packs": _option(
        "Ids and paths of the packs to use with `catalog`, separated by blanks or commas; by default all that "
        "are shipped. The base pack is always there, and a shipped pack brings those on which its rules depend.",
        example="eu.gdpr us.dsp",
    ),
    "enforcement": _option(
        "What the guard of all tasks does: `enforce` fails a task that may not run, `shadow` only records and "
        "logs, `off` leaves tasks alone. Gates, regional hooks and transfers always enforce.",
        default="shadow",
        example="enforce",
    ),
    "on_opaque": _option(
        "What the guard does about a task whose work it cannot see, such as a pod or a Spark job: `observe`, "
        "`review` or `deny`.",
        default="observe",
        example="review",
    ),
    "on_gap": _option(
        "The answer where no pack has rules for a place that a flow touches, or its data is not categorised: "
        "`review` or `deny`.",
        default="review",
        example="deny",
    ),
    "engines": _option(
        "Further policy engines to ask, separated by blanks or commas: an OPA server (`opa:`), or Rego in this "
        "process (`rego:`, or `rego-v0:` for the old syntax). The packs always count; another engine may only make "
        "an answer stricter.",
        default="native",
        example="native opa:http://opa:8181/v1/data/crossborder/allow",
    ),
    "ledger_timeout": _option(
        "Seconds to wait for a ledger's object store; at most 300.",
        kind="float",
        default="10",
        example="5",
    ),
    "trust_dag_claims": _option(
        "Whether a document that a DAG's author names counts without a row in the register. Decisions say so.",
        kind="boolean",
        default="false",
        example="true",
    ),
    "worker_region": _option(
        "The catalog's name for the region in which this worker runs. Set it differently on each region's "
        "workers; it says whose ledger hears of their tasks.",
        example="eu",
    ),
    "keys": _option(
        "Folder with the private keys of regions, `<region>.seal` and `<region>.pseudonym`, readable by their "
        "owner alone. Only the workers that seal or pseudonymise need it.",
        example="keys",
    ),
    "cache": _option(
        "Folder of this machine for verified policy releases; by default `xborder` in the user's cache folder.",
        example="xborder-cache",
    ),
}


def get_provider_info() -> dict[str, Any]:
    """Return the provider metadata (``airflow/provider_info.schema.json``)."""
    return {
        "package-name": "airflow-provider-xborder",
        "name": _INTEGRATION,
        "description": "Checks every movement of data against the law, obeys the answer and keeps evidence.",
        "integrations": [{"integration-name": _INTEGRATION, "tags": ["service"]}],
        "operators": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": ["airflow_xborder.operators.gate", "airflow_xborder.operators.transfer"],
            }
        ],
        "hooks": [
            {
                "integration-name": _INTEGRATION,
                "python-modules": ["airflow_xborder.hooks.postgres", "airflow_xborder.hooks.s3"],
            }
        ],
        "task-decorators": [
            {"name": "compliance_gate", "class-name": "airflow_xborder.decorators.gate.compliance_gate_task"}
        ],
        "config": {
            "xborder": {
                "description": "Compliance of data flows across borders. Read once a process, before any DAG.",
                "options": {name: dict(option) for name, option in _OPTIONS.items()},
            }
        },
    }
