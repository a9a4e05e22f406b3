"""The ledger's schema: migrations make what the code expects, on both databases, from every older state."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, insert, text

from sheetsync.errors import LedgerError
from sheetsync.ledger.migrate import HEAD, MIGRATIONS
from sheetsync.ledger.schema import metadata
from sheetsync.ledger.store import SqlLedger
from tests.contract.ledger_suite import MAKER, SYSTEM
from tests.ledgers.__main__ import restore

OLD_LEDGERS = Path(__file__).parent.parent / "ledgers"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """Return the address of an empty database of either kind."""
    if request.param == "sqlite":
        return sqlite_url
    return str(request.getfixturevalue("empty_postgresql_url"))


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    """Open a new ledger."""
    ledger = SqlLedger(url)
    yield ledger
    ledger.close()


def test_head_is_the_newest_revision() -> None:
    """The constant that spares opening Alembic names the newest migration."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert [HEAD] == ScriptDirectory.from_config(config).get_heads()


def test_migrations_make_the_schema(ledger: SqlLedger) -> None:
    """Tables, columns, types and indexes are those of ``schema.metadata``."""
    with ledger.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opened_again(ledger: SqlLedger, url: str) -> None:
    """Opening a ledger that is up to date changes nothing."""
    ledger.accounts.next_reading("s", actor="a", run="R", kind="pull")
    again = SqlLedger(url)
    assert again.accounts.reading("s") == 1
    again.close()


def test_opened_by_many_at_once(url: str) -> None:
    """Several that open a new database at the same moment all find it migrated."""
    found: list[str] = []

    def opening() -> None:
        ledger = SqlLedger(url)
        found.append(ledger.check()["chain"])
        ledger.close()

    threads = [threading.Thread(target=opening) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["ok"] * 6 == found


def test_newer_schema(ledger: SqlLedger, url: str) -> None:
    """A ledger of a newer version is left alone."""
    with ledger.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="newer than this program"):
        SqlLedger(url)


def test_every_older_schema_is_kept() -> None:
    """A ledger of each schema that was stands in tests/ledgers; ``python -m tests.ledgers`` keeps one."""
    older = {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")} - {HEAD}
    assert older <= {path.stem for path in OLD_LEDGERS.glob("*.sql")}


@pytest.mark.parametrize("dump", sorted(OLD_LEDGERS.glob("*.sql")), ids=lambda path: path.stem)
def test_older_ledger(dump: Path, tmp_path: Path) -> None:
    """A ledger that an older version wrote is brought up to date, whole and sound."""
    path = tmp_path / "old.db"
    restore(dump, path)
    ledger = SqlLedger(f"sqlite:///{path}")
    assert {"events": 14, "chain": "ok", "sums": "ok"} == ledger.check()
    states = {record.key: record.state.value for record in ledger.operations.history(None)}
    assert {"DONE": "confirmed", "LOST": "unknown", "REFUSED": "rejected"} == states
    assert {"7", "8", "9"} == set(ledger.accounts.baselines(SYSTEM, MAKER))
    ledger.close()


@pytest.mark.parametrize("dump", sorted(OLD_LEDGERS.glob("*.sql")), ids=lambda path: path.stem)
def test_readings_of_an_older_ledger(dump: Path, tmp_path: Path) -> None:
    """When an older version read the credit system is known from its events."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text())
    opened = connection.execute("SELECT at FROM events WHERE kind = 'reading' ORDER BY number").fetchall()
    connection.close()
    ledger = SqlLedger(f"sqlite:///{path}")
    found = ledger.statements.readings(SYSTEM)
    assert [at for (at,) in opened] == [f"{each.at:%Y-%m-%dT%H:%M:%S.%fZ}" for each in found]
    assert list(range(1, len(opened) + 1)) == [each.number for each in found]
    assert found
    ledger.close()


@pytest.mark.parametrize("dump", sorted(OLD_LEDGERS.glob("*.sql")), ids=lambda path: path.stem)
def test_older_ledger_on_postgresql(dump: Path, tmp_path: Path, empty_postgresql_url: str) -> None:
    """The same rows, in PostgreSQL's tables of that version, come up to date there, too."""
    restore(dump, tmp_path / "old.db")
    old, new = create_engine(f"sqlite:///{tmp_path / 'old.db'}"), create_engine(empty_postgresql_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with old.connect() as source, new.begin() as target:
        config.attributes["connection"] = target
        command.upgrade(config, dump.stem)
        tables = MetaData()
        tables.reflect(target)
        for table in tables.sorted_tables:
            rows = source.execute(text(f"SELECT * FROM {table.name}")).mappings().all()  # noqa: S608 - ours
            if rows and table.name != "alembic_version":
                target.execute(insert(table), [dict(row) for row in rows])
    old.dispose()
    new.dispose()
    ledger = SqlLedger(empty_postgresql_url)
    assert {"events": 14, "chain": "ok", "sums": "ok"} == ledger.check()
    states = {record.key: record.state.value for record in ledger.operations.history(None)}
    assert {"DONE": "confirmed", "LOST": "unknown", "REFUSED": "rejected"} == states
    ledger.close()
