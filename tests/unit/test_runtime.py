# SPDX-License-Identifier: Apache-2.0
"""What this process is made of: read once, made when first needed, and wrong loudly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import airflow  # noqa: F401  (it loads our cluster policy)
import pytest
import yaml
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_xborder import runtime
from airflow_xborder.adapters.signers.ed25519 import generate_signer, write_key_pair
from airflow_xborder.core.catalog import Region
from airflow_xborder.errors import ConfigurationError, LedgerUnavailableError, UnknownRegionError
from airflow_xborder.provider_info import get_provider_info
from tests.deployment import CATALOG, PACK


def forget() -> None:
    for name in dir(runtime):
        clear = getattr(getattr(runtime, name), "cache_clear", None)
        if clear is not None:
            clear()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in get_provider_info()["config"]["xborder"]["options"]:
        monkeypatch.delenv(f"AIRFLOW__XBORDER__{name.upper()}", raising=False)
    monkeypatch.setenv("AIRFLOW__XBORDER__CACHE", str(tmp_path / "cache"))
    forget()
    yield
    monkeypatch.undo()
    forget()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A catalog and a pack on this machine, with ledgers in folders."""
    catalog = {**CATALOG, "regions": {name: dict(row) for name, row in CATALOG["regions"].items()}}
    for name in ("eu", "us"):
        catalog["regions"][name]["ledger"] = str(tmp_path / "ledgers" / name)
    pack = {**PACK, "notice": "Not legal advice."}
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    (tmp_path / "pack.yaml").write_text(yaml.safe_dump(pack))
    monkeypatch.setenv("AIRFLOW__XBORDER__CATALOG", str(tmp_path / "catalog.yaml"))
    monkeypatch.setenv("AIRFLOW__XBORDER__PACKS", str(tmp_path / "pack.yaml"))
    return tmp_path


class TestOptions:
    def test_they_are_read_once(self, monkeypatch):
        assert runtime.options().enforcement == runtime.enforcement() == "shadow"
        monkeypatch.setenv("AIRFLOW__XBORDER__ENFORCEMENT", "off")
        assert runtime.options().enforcement == runtime.enforcement() == "shadow"

    def test_asking_for_the_enforcement_settles_them_all(self, monkeypatch):
        runtime.enforcement()
        monkeypatch.setenv("AIRFLOW__XBORDER__TRUST_DAG_CLAIMS", "true")
        assert runtime.options().trust_dag_claims is False

    def test_a_wrong_one_stays_wrong(self, monkeypatch):
        monkeypatch.setenv("AIRFLOW__XBORDER__ON_GAP", "allow")
        assert runtime.enforcement() == "shadow"
        monkeypatch.setenv("AIRFLOW__XBORDER__ON_GAP", "review")
        with pytest.raises(ConfigurationError, match="on_gap"):
            runtime.options()

    def test_an_enforcement_that_cannot_be_read_enforces(self, monkeypatch):
        monkeypatch.setenv("AIRFLOW__XBORDER__ENFORCEMENT", "of")
        assert runtime.enforcement() == "enforce"
        with pytest.raises(ConfigurationError, match="unknown value `of`"):
            runtime.options()

    def test_nothing_named_is_nothing_configured(self, monkeypatch):
        assert not runtime.is_configured()
        with pytest.raises(ConfigurationError, match="neither"):
            runtime.policy_store()


class TestWiring:
    def test_the_catalog_of_this_machine_decides(self, configured):
        assert runtime.is_configured()
        assert "eu" in runtime.catalog().regions
        assert runtime.gate() is runtime.gate()

    def test_the_workers_region_is_the_catalogs_name_for_it(self, monkeypatch, configured):
        monkeypatch.setenv("AIRFLOW__XBORDER__WORKER_REGION", "EU")
        assert runtime.worker_region() == "eu"

    def test_a_region_that_the_catalog_does_not_have_is_an_error(self, monkeypatch, configured):
        monkeypatch.setenv("AIRFLOW__XBORDER__WORKER_REGION", "mars")
        with pytest.raises(UnknownRegionError, match="worker_region: unknown region `mars`"):
            runtime.worker_region()

    def test_a_ledger_lies_where_the_catalog_says(self, configured):
        assert runtime.ledger("us").location == str(configured / "ledgers" / "us")

    @pytest.mark.parametrize("region", ["dark", "mars"])
    def test_a_region_without_ledger_is_an_error(self, configured, region):
        with pytest.raises(ConfigurationError, match=f"region `{region}` has no `ledger`"):
            runtime.ledger(region)

    def test_a_further_engine_speaks_the_companys_names(self, monkeypatch, configured):
        monkeypatch.setenv("AIRFLOW__XBORDER__ENGINES", "native opa:http://o:8181/v1/data/crossborder/allow")
        native, opa = runtime._engines()
        assert native.name.startswith("native/")
        assert opa.name == "opa/crossborder/allow"
        assert runtime._aliases(runtime.catalog()) == {
            "regions": {"eu": "EU", "us": "US"},
            "purposes": {"ml_inference": "model_inference"},
        }

    def test_a_policy_on_this_machine_is_evaluated_in_the_process(self, monkeypatch, configured):
        pytest.importorskip("regorus", reason="the extra `rego` is not installed")
        folder = Path(__file__).parents[2] / "policies" / "rego"
        new, old = folder / "crossborder.rego", folder / "crossborder_v0.rego"
        monkeypatch.setenv("AIRFLOW__XBORDER__ENGINES", f"native,rego:{new}#crossborder/allow,rego-v0:{old}")
        assert [engine.name for engine in runtime._engines()[1:]] == ["rego/crossborder/allow"] * 2

    def test_only_what_the_packs_say_is_kept(self, monkeypatch, configured):
        monkeypatch.setenv("AIRFLOW__XBORDER__ENGINES", "opa:http://o:8181/v1/data/crossborder/allow")
        assert [(type(engine).__name__, engine.repeatable) for engine in runtime._engines()] == [
            ("CachedEngine", True),
            ("OpaEngine", False),
        ]

    @pytest.mark.parametrize("source", ["RELEASE", "CATALOG"])
    def test_the_last_good_policies_stand_as_long_as_configured(self, monkeypatch, configured, source):
        monkeypatch.setenv(f"AIRFLOW__XBORDER__{source}", str(configured / "catalog.yaml"))
        monkeypatch.setenv("AIRFLOW__XBORDER__MAX_STALENESS", "7")
        assert runtime.policy_store()._standing._max_staleness == 7.0

    def test_a_release_key_that_cannot_be_read_is_an_error(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AIRFLOW__XBORDER__RELEASE", str(tmp_path / "release"))
        monkeypatch.setenv("AIRFLOW__XBORDER__RELEASE_KEY", str(tmp_path / "none.pub"))
        with pytest.raises(ConfigurationError, match=r"cannot read the release key .*No such file"):
            runtime.policy_store()

    @pytest.mark.parametrize("engine", ["rego", "rego:", "rego:#a/b", "cedar:x", "opa:http://o:8181", "opa:"])
    def test_an_engine_that_there_is_not_is_an_error(self, monkeypatch, configured, engine):
        monkeypatch.setenv("AIRFLOW__XBORDER__ENGINES", engine)
        with pytest.raises(ConfigurationError, match=f"unknown engine `{engine}`"):
            runtime._engines()


class TestLedgerInABucket:
    @pytest.fixture(autouse=True)
    def bucket(self, monkeypatch):
        region = Region(
            country="DE", ledger="s3://acme-ledger-eu", connections={"s3": ["aws_eu", "aws_other"]}
        )
        monkeypatch.setattr(runtime, "catalog", lambda: SimpleNamespace(regions={"eu": region}))

    def test_its_connection_says_how_to_reach_it(self, monkeypatch):
        told = {
            "conn_type": "aws",
            "login": "id",
            "password": "secret",
            "extra": {"region_name": "eu-central-1", "endpoint_url": "http://127.0.0.1:1"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_AWS_EU", json.dumps(told))
        assert runtime._bucket_options("eu", "s3://acme-ledger-eu", {"s3": ["aws_eu"]}) == {
            "timeout": 10.0,
            "access_key_id": "id",
            "secret_access_key": "secret",
            "region": "eu-central-1",
            "endpoint": "http://127.0.0.1:1",
        }
        assert runtime.object_store("eu").location == "s3://acme-ledger-eu"

    def test_without_a_connection_the_machines_own_identity_reaches_it(self):
        assert runtime._bucket_options("eu", "s3://b", {}) == {"timeout": 10.0}

    def test_a_folder_needs_no_connection(self):
        assert runtime._bucket_options("eu", "ledgers/eu", {"s3": "aws_eu"}) is None

    def test_a_connection_that_there_is_not_is_an_error(self, monkeypatch):
        def missing(connection_id: str) -> Any:
            raise AirflowNotFoundException(connection_id)

        monkeypatch.setattr(Connection, "get", missing)
        with pytest.raises(ConfigurationError, match="needs the connection `aws_eu`"):
            runtime.ledger("eu")

    def test_a_secrets_backend_that_does_not_answer_is_retried(self, monkeypatch):
        def broken(connection_id: str) -> Any:
            raise OSError("no route")

        monkeypatch.setattr(Connection, "get", broken)
        with pytest.raises(LedgerUnavailableError, match="cannot be asked for"):
            runtime.ledger("eu")


class TestKeys:
    def test_without_a_folder_there_are_none(self):
        assert not runtime.has_key("eu", "seal")
        with pytest.raises(ConfigurationError, match="keys` is not set"):
            runtime.key_file("eu", "seal")

    def test_a_key_signs(self, monkeypatch, tmp_path):
        write_key_pair(generate_signer(), tmp_path / "eu.seal")
        monkeypatch.setenv("AIRFLOW__XBORDER__KEYS", str(tmp_path))
        assert runtime.has_key("eu", "seal")
        signer = runtime.signer("eu")
        assert signer.verifier.verify(b"message", signer.sign(b"message"))

    def test_one_that_is_elsewhere_is_an_error(self, monkeypatch, tmp_path):
        monkeypatch.setenv("AIRFLOW__XBORDER__KEYS", str(tmp_path))
        assert not runtime.has_key("us", "seal")
        with pytest.raises(ConfigurationError, match="region `us` has no seal key"):
            runtime.signer("us")


class TestRunWithin:
    def test_what_is_in_time_is_returned(self):
        assert runtime.run_within(5, lambda: None) is None
        assert runtime.run_within(5, lambda: 7) == 7

    def test_what_is_raised_is_raised(self):
        with pytest.raises(LookupError, match="gone"):
            runtime.run_within(5, self.fail)

    @staticmethod
    def fail() -> None:
        raise LookupError("gone")

    def test_what_takes_longer_is_not_waited_for(self):
        release = threading.Event()
        started = time.monotonic()
        with pytest.raises(TimeoutError, match=r"0\.05 seconds"):
            runtime.run_within(0.05, lambda: release.wait(10))
        release.set()
        assert time.monotonic() - started < 5

    def test_it_sees_the_context_of_its_caller(self):
        variable: ContextVar[str] = ContextVar("variable")
        variable.set("here")
        assert runtime.run_within(5, variable.get) == "here"


@pytest.mark.parametrize(
    ("schedule", "frequency"),
    [(None, None), ("@once", None), ("@daily", "repetitive"), ([object()], "repetitive")],
    ids=["by-hand", "once", "daily", "after-assets"],
)
def test_a_scheduled_dag_moves_repeatedly(schedule: Any, frequency: str | None) -> None:
    assert runtime.frequency({"dag": SimpleNamespace(schedule=schedule)}) == frequency


def test_a_task_without_map_index_is_the_whole_task():
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=None, try_number=2)
    key = runtime.task_key({"ti": ti})
    assert (key.dag_id, key.map_index, key.try_number) == ("d", -1, 2)
