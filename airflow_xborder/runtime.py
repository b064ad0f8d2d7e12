# SPDX-License-Identifier: Apache-2.0
"""The one place that wires things: from the options of this process to its gate, its ledgers and its keys.

Everything is made when it is first needed and kept for the life of the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_xborder.config import Options, read_enforcement, read_options
from airflow_xborder.errors import ConfigurationError, LedgerUnavailableError

if TYPE_CHECKING:
    from airflow_xborder.audit.event import TaskKey
    from airflow_xborder.core.catalog import Catalog
    from airflow_xborder.ports.ledger import Ledger
    from airflow_xborder.ports.object_store import ObjectStore
    from airflow_xborder.ports.policy_engine import PolicyEngine
    from airflow_xborder.ports.policy_store import PolicyStore
    from airflow_xborder.ports.signer import Signer, Verifier
    from airflow_xborder.services.gate import Gate

T = TypeVar("T")


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(timezone.utc)


@lru_cache(maxsize=1)
def _read() -> Options | ConfigurationError:
    try:
        return read_options()
    except ConfigurationError as error:
        return error  # kept too: what DAG code does to the environment later must not mend it


def options() -> Options:
    """Return this process's options, read once.

    :raises ConfigurationError: for a value that an option cannot have.
    """
    found = _read()
    if isinstance(found, ConfigurationError):
        raise found
    return found


@lru_cache(maxsize=1)
def enforcement() -> str:
    """Return what the guard of all tasks does: ``enforce``, ``shadow`` or ``off``; read once.

    Never raises, since the cluster policy asks it in every process, as the first of all; with it, every option is
    read. What cannot be read means ``enforce``: the guarded tasks then fail with the reason.
    """
    _read()
    try:
        return read_enforcement()
    except ConfigurationError:
        return "enforce"


def is_configured() -> bool:
    """Tell whether this deployment has named a release or a catalog at all.

    :raises ConfigurationError: for a value that an option cannot have.
    """
    chosen = options()
    return chosen.release is not None or chosen.catalog is not None


@lru_cache(maxsize=1)
def policy_store() -> PolicyStore:
    """Return where the policies in force come from.

    :raises ConfigurationError: if neither a release nor a catalog is configured.
    """
    chosen = options()
    if chosen.release is not None:
        from airflow_xborder.adapters.object_stores.opening import open_store
        from airflow_xborder.adapters.policy_stores.published import PublishedPolicyStore

        limits = {"timeout": chosen.ledger_timeout} if chosen.release.startswith("s3://") else None
        store = open_store(chosen.release, limits)
        key = _release_key(chosen.release_key)
        return PublishedPolicyStore(
            store, chosen.cache / "releases", _read_public_key, key, max_staleness=chosen.max_staleness
        )
    if chosen.catalog is not None:
        from airflow_xborder.adapters.policy_stores.sources import SourcePolicyStore

        return SourcePolicyStore(
            Path(chosen.catalog),
            chosen.cache / "releases",
            chosen.packs or None,
            max_staleness=chosen.max_staleness,
        )
    raise ConfigurationError(
        "neither `[xborder] release` nor `[xborder] catalog` is set",
        hint="publish one with `xborder policy publish`, or name a catalog file to start with",
    )


def _read_public_key(text: str) -> Verifier:
    # Needed only for a pointer that this machine has not seen before.
    from airflow_xborder.adapters.signers.ed25519 import parse_verifier

    return parse_verifier(text)


def _release_key(path: str | None) -> str | None:
    try:
        return Path(path).read_text("utf-8") if path else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot read the release key `{path}`: {getattr(error, 'strerror', None) or 'not text'}",
            hint="`[xborder] release_key` names the `.pub` file of the key that signs releases",
        ) from error


def catalog() -> Catalog:
    """Return the catalog in force."""
    return policy_store().current().catalog


@lru_cache(maxsize=1)
def gate() -> Gate:
    """Return this process's gate."""
    from airflow_xborder.core.decision import Outcome
    from airflow_xborder.services.gate import Gate, GateOptions

    chosen = options()
    return Gate(
        policies=policy_store(),
        engines=_engines(),
        ledger_of=ledger,
        clock=SystemClock(),
        options=GateOptions(
            on_gap=Outcome(chosen.on_gap),
            trust_dag_claims=chosen.trust_dag_claims,
            worker_region=worker_region(),
        ),
    )


def worker_region() -> str | None:
    """Return the catalog's name for the region that this process runs in, as configured."""
    name = options().worker_region
    return catalog().region_name(name, "[xborder] worker_region") if name is not None else None


def _engines() -> list[PolicyEngine]:
    from airflow_xborder.adapters.engines.cached import CachedEngine
    from airflow_xborder.adapters.engines.native import NativeEngine

    # The packs always count; another engine may only make the answer stricter.
    engines: list[PolicyEngine] = [CachedEngine(NativeEngine(), SystemClock())]
    return engines + [_engine(name) for name in options().engines if name != "native"]


def _engine(name: str) -> PolicyEngine:
    kind, _, where = name.partition(":")
    server, separator, path = where.partition("/v1/data/")
    if kind == "opa" and separator:
        from airflow_xborder.adapters.engines.opa import OpaEngine

        return OpaEngine(server, path, _aliases(catalog()))
    file, _, rule = where.partition("#")
    if kind in ("rego", "rego-v0") and file:
        from airflow_xborder.adapters.engines.rego import RegoEngine

        old = kind == "rego-v0"
        return RegoEngine([file], rule or "crossborder/allow", _aliases(catalog()), old_syntax=old)
    raise ConfigurationError(
        f"[xborder] engines: unknown engine `{name}`",
        hint="native, opa:http://host:8181/v1/data/crossborder/allow or rego:policy.rego#crossborder/allow",
    )


def _aliases(known: Catalog) -> dict[str, dict[str, str]]:
    """Return what a company's own policy calls our regions and purposes: the first alias of each."""
    regions = {name: region.aliases[0] for name, region in known.regions.items() if region.aliases}
    purposes: dict[str, str] = {}
    for alias, purpose in (known.aliases.get("purposes") or {}).items():
        purposes.setdefault(purpose, alias)
    return {"regions": regions, "purposes": purposes}


@lru_cache(maxsize=32)
def object_store(region: str) -> ObjectStore:
    """Return the store of a region's ledger.

    :raises ConfigurationError: if the catalog gives the region none, or its connection is missing.
    """
    from airflow_xborder.adapters.object_stores.opening import open_store

    known = catalog().regions.get(region)
    if known is None or known.ledger is None:
        raise ConfigurationError(f"region `{region}` has no `ledger` in the catalog")
    return open_store(known.ledger, _bucket_options(region, known.ledger, known.connections or {}))


def _bucket_options(region: str, location: str, connections: Any) -> dict[str, object] | None:
    if not location.startswith("s3://"):
        return None
    connection_id = connections.get("ledger") or connections.get("s3")
    if isinstance(connection_id, list):
        connection_id = connection_id[0]
    chosen: dict[str, object] = {"timeout": options().ledger_timeout}
    if connection_id is None:
        return chosen
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"the ledger of region `{region}` needs the connection `{connection_id}`",
            hint="add it to Airflow",
        ) from error
    except Exception as error:  # a secrets backend that does not answer raises whatever it likes
        raise LedgerUnavailableError(
            f"the connection `{connection_id}` of the ledger of region `{region}` cannot be asked for"
        ) from error
    extra = connection.extra_dejson
    pairs = {
        "access_key_id": connection.login,
        "secret_access_key": connection.password,
        "session_token": extra.get("aws_session_token"),
        "region": extra.get("region_name"),
        "endpoint": extra.get("endpoint_url"),
    }
    return chosen | {name: value for name, value in pairs.items() if value}


@lru_cache(maxsize=32)
def ledger(region: str) -> Ledger:
    """Return the ledger of a region.

    :raises ConfigurationError: if it has none.
    """
    from airflow_xborder.adapters.ledgers.object_ledger import ObjectLedger

    return ObjectLedger(object_store(region), region)


def key_file(region: str, use: str) -> Path:
    """Return the file of a region's key.

    :param use: ``seal`` or ``pseudonym``.
    :raises ConfigurationError: if no key folder is configured, or the key is not there.
    """
    folder = options().keys
    if folder is None:
        raise ConfigurationError("`[xborder] keys` is not set", hint="name the folder with the regions' keys")
    path = Path(folder) / f"{region}.{use}"
    if not path.is_file():
        raise ConfigurationError(
            f"region `{region}` has no {use} key at `{path}`", hint="xborder ledger keygen"
        )
    return path


def has_key(region: str, use: str) -> bool:
    """Tell whether a region's key is on this machine."""
    folder = options().keys
    return folder is not None and (Path(folder) / f"{region}.{use}").is_file()


def signer(region: str) -> Signer:
    """Return the key that seals a region's ledger.

    :raises ConfigurationError: if it is not on this machine.
    """
    from airflow_xborder.adapters.signers.ed25519 import load_signer

    return load_signer(key_file(region, "seal"))


def run_within(seconds: float, call: Callable[[], T]) -> T:
    """Return what ``call`` returns, or give up waiting for it; it may then still finish on its own.

    For what must never hold up a task: the listener and the guard's shadow mode. What guards never waits here.

    :raises TimeoutError: if it takes longer.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 (the caller gets it below)
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(work,), name="xborder", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return results[0]


def frequency(context: Any) -> str | None:
    """Return how often a DAG moves its data: a scheduled one repeatedly; of another nobody knows."""
    schedule = getattr(context["dag"], "schedule", None)
    return None if schedule in (None, "@once") else "repetitive"


def task_key(context: Any) -> TaskKey:
    """Return which task try a context belongs to."""
    from airflow_xborder.audit.event import TaskKey

    ti = context["ti"]
    return TaskKey(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=ti.map_index if ti.map_index is not None else -1,
        try_number=ti.try_number,
    )
