"""Backup and restore as docs/deploy has them: while a push runs, on both databases, checked afterwards."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.databases import PostgresqlServer
from tests.deploy.kit import DEPLOY, be_patient, use_database
from tests.e2e.harness import Office
from tests.e2e.site import Site, Weather


def script(name: str, *arguments: object, env: dict[str, str] | None = None, code: int = 0) -> str:
    """Run a script of docs/deploy; return the last line that it printed."""
    done = subprocess.run(
        [DEPLOY / name, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHON": sys.executable} | (env or {}),
    )
    assert code == done.returncode, done.stdout + done.stderr
    return (done.stdout + done.stderr).strip().rpartition("\n")[2]


def push_halfway(office: Office, site: Site) -> tuple[threading.Event, "subprocess.Popen[str]"]:
    """Begin a push that stands in its first request until the event is set."""
    office.run("pull", "shop")
    office.add({"7": 5})
    gate = threading.Event()
    site.weather("7", Weather(gate=gate))
    pushing = office.start("push", "shop", "--yes", "--json")
    site.wait_for_writes(1)
    return gate, pushing


def test_sqlite_while_a_push_runs(office: Office, site: Site) -> None:
    """The backup is whole, sound, and closed to others; restored, it knows that something was under way."""
    be_patient(office)
    gate, pushing = push_halfway(office, site)
    backup = Path(script("backup.sh", "sqlite", office.folder / "ledger.db", office.folder / "backups"))
    gate.set()
    office.finish(pushing)
    assert [backup] == list(backup.parent.iterdir())
    assert 0o600 == backup.stat().st_mode & 0o777
    assert "confirmed" == office.history()[0]["status"]
    script("restore.sh", "sqlite", backup, office.folder / "ledger.db")
    office.sound()
    assert "confirmation_required" == office.history()[0]["status"]
    kept = [path.name for path in office.folder.glob("ledger.db.before-*")]
    assert kept, "the newer ledger is gone"


def test_old_backups_go_and_others_stay(office: Office) -> None:
    """After KEEP_DAYS; what is not ours is never touched."""
    office.run("pull", "shop")
    folder = office.folder / "backups"
    folder.mkdir()
    for name in ("sheetsync-20200101T000000Z.db", "letter.txt"):
        (folder / name).touch()
        os.utime(folder / name, (0, 0))
    made = Path(script("backup.sh", "sqlite", office.folder / "ledger.db", folder))
    assert {made.name, "letter.txt"} == {path.name for path in folder.iterdir()}


def test_a_backup_that_fails_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    """A missing ledger, and a kind that there is not."""
    script("backup.sh", "sqlite", tmp_path / "none.db", tmp_path / "backups", code=1)
    script("backup.sh", "mysql", "x", tmp_path / "backups", code=2)
    script("restore.sh", "sqlite", tmp_path / "none.db", tmp_path / "ledger.db", code=2)
    assert [] == list((tmp_path / "backups").glob("*.db"))
    assert not (tmp_path / "ledger.db").exists()


@pytest.fixture
def postgresql_env(postgresql_server: PostgresqlServer) -> dict[str, str]:
    """Return how libpq's programs reach the server; they are its own."""
    programs = postgresql_server._find_programs() / "bin"
    assert shutil.which("pg_dump", path=str(programs))
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": str(postgresql_server.folder),
        "PGUSER": "tests",
    }


def test_postgresql(
    office: Office,
    empty_postgresql_url: str,
    postgresql_server: PostgresqlServer,
    postgresql_env: dict[str, str],
) -> None:
    """Into an empty database, all of it; into one that holds a ledger, nothing."""
    use_database(office, empty_postgresql_url)
    office.run("pull", "shop")
    office.add({"7": 5})
    office.run("push", "shop", "--yes")
    before = office.history()
    database = str(make_url(empty_postgresql_url).database)
    backup = script("backup.sh", "postgresql", database, office.folder / "backups", env=postgresql_env)
    script("restore.sh", "postgresql", backup, database, env=postgresql_env, code=1)
    office.sound()
    empty = postgresql_server.create()
    script("restore.sh", "postgresql", backup, empty, env=postgresql_env)
    office.configure()
    use_database(office, postgresql_server.url(empty))
    office.sound()
    assert before == office.history()
    postgresql_server.drop(empty)
