# SPDX-License-Identifier: Apache-2.0
"""What the demo runs, and what must come of it.

Each expectation is checked against the databases, the ledgers and Airflow's own record, not against what a task
says of itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_xborder.adapters.object_stores.directory import DirectoryObjectStore
from airflow_xborder.adapters.object_stores.opening import open_store
from airflow_xborder.adapters.signers.ed25519 import load_verifier, parse_verifier
from airflow_xborder.demo.airflow_client import AirflowClient
from airflow_xborder.demo.deployment import CLOUD_REGIONS, Deployment
from airflow_xborder.services.auditing import audit_ledger

FLOWS = {
    "example_eu_us_jp": "success",
    "example_transfer_with_obligations": "success",
    "example_transfer_blocked": "failed",
    "example_transfer_inside_eu": "success",
}
EXPORT = "xborder_audit_export"
_DIRECT_IDENTIFIERS = ("full_name", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One thing that must hold, with what was found."""

    name: str
    held: bool
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One task's decision, for the table at the end."""

    dag: str
    task: str
    state: str
    outcome: str
    why: str


@dataclass(slots=True)
class Scenario:
    """The runs of the demo and the checks on what they left behind."""

    deployment: Deployment
    client: AirflowClient
    say: Callable[[str], None]
    runs: dict[str, str] = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    def expect(self, name: str, held: bool, found: object) -> None:
        """Note whether something holds."""
        self.expectations.append(Expectation(name=name, held=bool(held), found=f"{found}"))

    def run(self) -> None:
        """Run all DAGs, then the export, and check what came of them."""
        self.expect(
            "every DAG file parses", not (errors := self.client.import_errors()), errors or "no import error"
        )
        for dag_id in (*FLOWS, EXPORT):
            self.client.wait_for_dag(dag_id)
        for dag_id in FLOWS:
            self.runs[dag_id] = self.client.trigger(dag_id)
        for dag_id, expected in FLOWS.items():
            state = self.client.wait_for_run(dag_id, self.runs[dag_id])
            self.say(f"  {dag_id}: {state}")
            self.expect(f"{dag_id} ends as {expected}", state == expected, state)
            self._collect(dag_id)
        self._check_tables()
        self._check_blocked()
        self._check_bypass()
        self._check_events()
        self._export()

    def _collect(self, dag_id: str) -> None:
        for task in self.client.task_instances(dag_id, self.runs[dag_id]):
            decision = self.client.xcom(dag_id, self.runs[dag_id], task["task_id"], "xborder_decision")
            if decision is None:
                continue
            answered = Answered(
                dag=dag_id,
                task=task["task_id"],
                state=str(task["state"]),
                outcome=decision["outcome"],
                why=_why(decision),
            )
            self.answers.append(answered)

    def decision(self, dag_id: str, task_id: str) -> dict[str, Any]:
        """Return the display copy of a task's decision."""
        return self.client.xcom(dag_id, self.runs[dag_id], task_id, "xborder_decision") or {}

    @contextlib.contextmanager
    def _ask(self, region: str, database: str) -> Iterator[Callable[[str], list[Any]]]:
        with self.deployment.databases[region].connect(database) as connection:
            yield lambda query: [row[0] for row in connection.execute(query.encode()).fetchall()]

    def _columns(self, region: str, database: str, table: str) -> list[str]:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = '{}' ORDER BY ordinal_position"
        with self._ask(region, database) as ask:
            return ask(query.format(table))

    def _check_tables(self) -> None:
        patients, people = self.deployment.patients, self.deployment.people
        with self._ask("us", "appdb") as ask:
            self._expect_count(
                "only patients who agreed reached the US",
                ask("SELECT count(*) FROM model_input"),
                patients.consented,
            )
            self._expect_count(
                "only customers who agreed reached the US",
                ask("SELECT count(*) FROM people"),
                people.consented,
            )
            raw = ask("SELECT count(*) FROM people WHERE person_id LIKE 'H-%'")[0]
            raw += ask("SELECT count(*) FROM model_input WHERE patient_id LIKE 'P-%'")[0]
            self.expect("no plain identifier reached the US", raw == 0, f"{raw} plain identifiers")
        landed = self._columns("us", "appdb", "people")
        leaked = sorted(set(landed) & set(_DIRECT_IDENTIFIERS))
        self.expect(
            "names and addresses stayed in the EU",
            bool(landed) and not leaked,
            f"columns {', '.join(landed)}",
        )
        with self._ask("jp", "appdb") as ask:
            self._expect_count(
                "the model's log is in Japan", ask("SELECT count(*) FROM inference_log"), patients.consented
            )
        with self._ask("eu", "analytics") as ask:
            self._expect_count(
                "inside the EU everything was copied", ask("SELECT count(*) FROM people"), people.rows
            )

    def _expect_count(self, name: str, found: list[Any], wanted: int) -> None:
        self.expect(name, found == [wanted], f"{found[0]} of {wanted} rows")

    def _check_blocked(self) -> None:
        decision = self.decision("example_transfer_blocked", "gate")
        citations = [entry["citation"] for entry in decision.get("violations", ())]
        cited = any(citation.startswith("GDPR Art. 44") for citation in citations)
        self.expect(
            "the partner's transfer is denied by GDPR Chapter V",
            decision.get("outcome") == "deny" and cited,
            citations,
        )
        offered = [entry["change"] for entry in decision.get("remediations", ())]
        self.expect(
            "the denial says what would make it lawful",
            bool(offered),
            "; ".join(offered) or "nothing offered",
        )
        gate = self._task("example_transfer_blocked", "gate")
        self.expect(
            "a denial is not retried",
            (gate["state"], gate["try_number"]) == ("failed", 1),
            f"{gate['state']} at try {gate['try_number']}",
        )

    def _task(self, dag_id: str, task_id: str) -> dict[str, Any]:
        tasks = self.client.task_instances(dag_id, self.runs[dag_id])
        return next(task for task in tasks if task["task_id"] == task_id)

    def _check_bypass(self) -> None:
        dag_id = "example_transfer_blocked"
        run_id = self.runs[dag_id]
        self.client.set_state(dag_id, run_id, "gate", "success")
        self.client.clear(dag_id, run_id, "transfer")
        state = self.client.wait_for_task(dag_id, run_id, "transfer", states=("failed", "success", "skipped"))
        self.expect(
            "a gate marked success by hand lets nothing through", state == "failed", f"transfer {state}"
        )
        tables = self._columns("us", "partnerdb", "people")
        self.expect("nothing reached the partner", not tables, tables or "no table")

    def _check_events(self) -> None:
        kinds: dict[str, set[str]] = {}
        for region in CLOUD_REGIONS:
            store = open_store(f"s3://acme-ledger-{region}/", self.deployment.ledger_options(region))
            names = list(store.list("events/"))
            kinds[region] = {name.rsplit(".", 3)[-3] for name in names}
        for region in ("eu", "us"):
            needed = {"decision-transfer", "started", "completed"}
            self.expect(
                f"the {region} ledger tells the whole story",
                needed <= kinds[region],
                ", ".join(sorted(kinds[region])),
            )
        self.expect(
            "japan's ledger has its side of the crossing",
            "decision-transfer" in kinds["jp"],
            ", ".join(sorted(kinds["jp"])),
        )

    def _export(self) -> None:
        run_id = self.runs[EXPORT] = self.client.trigger(EXPORT)
        state = self.client.wait_for_run(EXPORT, run_id)
        self.say(f"  {EXPORT}: {state}")
        self.expect("the audit export seals the ledgers", state == "success", state)


def _why(decision: dict[str, Any]) -> str:
    if decision["outcome"] == "allow":
        done = [entry["type"] for entry in decision["obligations"]]
        return f"with {', '.join(done)}" if done else "no condition"
    return "; ".join(dict.fromkeys(entry["citation"] for entry in decision["violations"])) or "; ".join(
        reason["text"] for reason in decision["reasons"]
    )


def copy_evidence(deployment: Deployment, target: Path) -> None:
    """Copy every ledger and its public key out of the buckets, to ``ledger/<region>/`` and ``keys/<region>.pub``."""
    keys = target / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    for region in CLOUD_REGIONS:
        source = open_store(f"s3://acme-ledger-{region}/", deployment.ledger_options(region))
        copy = DirectoryObjectStore(str(target / "ledger" / region))
        for name in source.list():
            data = source.get(name)
            if data is not None:
                copy.create(name, data)
        (keys / f"{region}.pub").write_bytes((deployment.keys / f"{region}.seal.pub").read_bytes())


def check_evidence(scenario: Scenario, target: Path) -> None:
    """Verify the copies with their keys, and that a changed byte is found."""
    for region in CLOUD_REGIONS:
        folder, key = target / "ledger" / region, load_verifier(target / "keys" / f"{region}.pub")
        state = audit_ledger(DirectoryObjectStore(str(folder)), key, parse_verifier).verification
        found = f"{state.size} sealed, {len(state.findings)} findings"
        scenario.expect(f"the {region} ledger verifies", state.is_intact and not state.findings, found)
        event = next(iter(sorted((folder / "events").rglob("*.json"))), None)
        if event is None:
            scenario.expect(f"the {region} ledger has events", False, "none")
            continue
        whole = event.read_bytes()
        event.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        changed = audit_ledger(DirectoryObjectStore(str(folder)), key, parse_verifier).verification
        event.write_bytes(whole)
        scenario.expect(
            f"a changed byte in the {region} ledger is found",
            bool(changed.findings),
            f"{len(changed.findings)} findings",
        )
