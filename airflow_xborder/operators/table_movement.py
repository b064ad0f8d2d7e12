# SPDX-License-Identifier: Apache-2.0
"""One movement of one table between two PostgreSQL stores: asked, recorded, carried out, recorded.

The order is what guarantees rest on: where both stores are, what the table has, the decision, the start on both
ledgers, the rows with the obligations carried out, the outcome. The decision is asked for again when it runs out
while rows move, and before they are committed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_xborder import runtime
from airflow_xborder.core.flow import DataFlow, End
from airflow_xborder.errors import FlowError, ObligationError
from airflow_xborder.hooks.asking import is_standing
from airflow_xborder.hooks.postgres import RegionalPostgresHook
from airflow_xborder.operators.movement_records import MovementRecords
from airflow_xborder.outcomes import refusal
from airflow_xborder.services.gate import GateRequest, Ruling
from airflow_xborder.services.obligations import DISCHARGED, ConsentSpec, CopyPlan, plan
from airflow_xborder.services.resolution import Measured
from airflow_xborder.services.scopes import open_scope
from airflow_xborder.services.tables import TableName, TableSpec, parse_table

if TYPE_CHECKING:
    from airflow_xborder.adapters.transfers.postgres import CopyProgress, CopyResult
    from airflow_xborder.core.catalog import Catalog, ConsentTable
    from airflow_xborder.operators.transfer import RegionalTransferOperator

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One end: the hook that reaches it, the table, and its URI."""

    hook: RegionalPostgresHook
    table: TableName

    @property
    def uri(self) -> str:
        """The table as the catalog names it."""
        return f"{self.hook.target.store}.{self.table}"

    @property
    def region(self) -> str:
        """The catalog's name of where it is."""
        return self.hook.target.region


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMovement:
    """A movement that is ready to be asked about."""

    source: Place
    destination: Place
    table: TableSpec
    columns: tuple[str, ...]
    request: GateRequest
    replace: bool

    @classmethod
    def prepare(cls, operator: RegionalTransferOperator, context: Any) -> TableMovement:
        """Find out what a task is about to move: the stores, where they really are, and the table's columns.

        :raises RegionMismatchError: if a store is not where the catalog says.
        :raises StoreUnavailableError: if one cannot be reached; retry.
        :raises FlowError: if the task's flow is about other stores or another purpose, or goes where it starts.
        """
        source = _place(operator.source_conn_id, operator.source_table)
        destination = _place(operator.destination_conn_id, operator.destination_table)
        if source.uri == destination.uri:
            # Replaced by what may leave it, the origin would lose the rest.
            raise FlowError(f"`{source.uri}` cannot be copied to itself", hint="name another destination")
        source.hook.require_place()
        destination.hook.require_place()
        table = source.hook.describe_table(source.table)
        columns = table.names if operator.columns is None else tuple(operator.columns)
        request = GateRequest(
            flow=_flow(operator, source, destination),
            point="transfer",
            task=runtime.task_key(context),
            discharges=DISCHARGED,
            measured=Measured(columns=columns, frequency=runtime.frequency(context)),
        )
        return cls(
            source=source,
            destination=destination,
            table=table,
            columns=columns,
            request=request,
            replace=operator.replace,
        )

    def decide(self) -> Ruling:
        """Ask the gate.

        :raises LedgerUnavailableError: if the decision could not be recorded on both sides; retry.
        """
        return runtime.gate().decide(self.request)

    def run(self, ruling: Ruling) -> CopyResult:
        """Move the rows under an ``allow``; return when they are committed and the outcome is recorded.

        :raises ObligationError: if an obligation could not be carried out; nothing has moved then.
        :raises LedgerUnavailableError: if the start could not be recorded; nothing has moved then, retry.
        :raises LedgerError: if the rows are there and that could not be recorded.
        """
        with ExitStack() as scopes:
            course = _Course(self, ruling, scopes)
            records = MovementRecords(runtime.gate(), self.source.uri, self.destination.uri)
            records.started(ruling, course.plan)
            with records.failure(lambda: course.ruling):
                result = course.copy()
            records.completed(course.ruling, course.plan, result)
        return result

    @property
    def idempotency_key(self) -> str:
        """What stays the same from try to try, and is another for every other movement."""
        task = self.request.task
        instance = [task.dag_id, task.run_id, task.task_id, task.map_index] if task else []
        text = json.dumps([*instance, self.source.uri, self.destination.uri], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class _Course:
    """A movement on its way: the ruling in force, and the scope that it has opened."""

    def __init__(self, movement: TableMovement, ruling: Ruling, scopes: ExitStack) -> None:
        self._movement = movement
        self._scopes = scopes
        self._asked_again = 0
        self.ruling = ruling
        self.plan = _plan(movement, ruling)
        self._open()

    def copy(self) -> CopyResult:
        from airflow_xborder.adapters.transfers.postgres import CopyJob, copy_table

        source, destination = self._movement.source, self._movement.destination
        job = CopyJob(
            destination=destination.table,
            idempotency_key=self._movement.idempotency_key,
            secret=runtime.key_file(source.region, "pseudonym").read_bytes(),
            replace=self._movement.replace,
        )
        with (
            closing(source.hook.connect_in_scope(source.uri)) as sending,
            closing(destination.hook.connect_in_scope(destination.uri)) as taking,
        ):
            return copy_table(sending, taking, self.plan, job, self._still_allowed)

    def _open(self) -> None:
        stores = frozenset({self._movement.source.uri, self._movement.destination.uri})
        self._scopes.enter_context(open_scope(self.ruling.decision, stores))

    def _still_allowed(self, progress: CopyProgress) -> None:
        if is_standing(self.ruling.decision, runtime.gate().policy_set.digest):
            return
        self._asked_again += 1
        request = replace(self._movement.request, step=f"again-{self._asked_again}")
        ruling = runtime.gate().decide(request)
        error = refusal(ruling)
        if error is not None:
            raise error
        carried_out = {(entry.type, entry.parameters) for entry in self.plan.discharged}
        for entry in ruling.decision.obligations:
            if (entry.type, entry.parameters) not in carried_out:
                raise ObligationError(
                    f"the obligation `{entry.type}` was added while rows were moving",
                    hint="run the task again",
                )
        self.ruling = ruling
        self._open()


def _place(connection_id: str, table: str) -> Place:
    return Place(hook=RegionalPostgresHook(postgres_conn_id=connection_id), table=parse_table(table))


def _flow(operator: RegionalTransferOperator, source: Place, destination: Place) -> DataFlow:
    catalog = runtime.catalog()
    purpose = catalog.purpose(operator.purpose)
    claims = operator.flow or {}
    if not isinstance(claims, DataFlow):
        # The places are the connections' own; an author need not repeat them.
        own = {"source": {"store": source.uri}, "destination": {"store": destination.uri}, "purpose": purpose}
        claims = catalog.read_flow({**own, **claims})
    if claims.purpose not in (None, purpose):
        raise FlowError(f"the task's purpose is `{purpose}`, and its flow says `{claims.purpose}`")
    return replace(
        claims,
        source=_end(catalog, "source", claims.source, source),
        destination=_end(catalog, "destination", claims.destination, destination),
        purpose=purpose,
    )


def _end(catalog: Catalog, name: str, stated: End, place: Place) -> End:
    if stated.store is not None and catalog.store_uri(stated.store) != place.uri:
        raise FlowError(f"the task's {name} is `{place.uri}`, and its flow says `{stated.store}`")
    return replace(stated, store=place.uri)


def _plan(movement: TableMovement, ruling: Ruling) -> CopyPlan:
    catalog = runtime.catalog()
    row = catalog.dataset_of(movement.source.uri)
    categories = {} if row is None else {name: str(term) for name, term in row.categories.items()}
    consent = None
    if row is not None and row.consent is not None:
        kept = _in_this_store(row.consent, movement.source)
        consent = ConsentSpec.of(kept, catalog.aliases.get("purposes"))
    return plan(movement.table, ruling.decision.obligations, categories, consent, movement.columns)


def _in_this_store(kept: ConsentTable, place: Place) -> ConsentTable:
    if "://" not in kept.table:
        return kept
    prefix = f"{place.hook.target.store}."
    if not kept.table.startswith(prefix):
        raise ObligationError(
            f"consent for `{place.uri}` is kept in another store, `{kept.table}`",
            hint="keep it in the database of the data",
        )
    return replace(kept, table=kept.table.removeprefix(prefix))
