"""Brings a database to the newest schema with Alembic; importing Alembic is put off until it is needed."""

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from sheetsync.errors import LedgerError
from sheetsync.ledger.database import Database
from sheetsync.ledger.engines import sentence

HEAD = "0007"
"""The newest revision; a test compares it with the migrations folder."""

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x5EE7_5C
"""Number of the lock that lets one process migrate at a time on PostgreSQL; SQLite has its write lock."""


def bring_up_to_date(database: Database) -> None:
    """Create or migrate the schema, all of it or nothing.

    Raises:
        LedgerError: it cannot be opened, or it is newer than this program.
    """
    with database.read() as connection:
        found = revision(connection)
    if found == HEAD:
        return
    known = {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
    if found is not None and found not in known:
        raise LedgerError(
            f"The ledger's schema {found} is newer than this program knows ({HEAD}).",
            hint="Upgrade sheetsync, or use the ledger that belongs to this version.",
        )
    try:
        _upgrade(database)
    except SQLAlchemyError as error:
        raise sentence(error, database.url) from error


def revision(connection: Connection) -> str | None:
    """Return the database's revision, or None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()


def _upgrade(database: Database) -> None:
    from alembic import command  # noqa: PLC0415 - costs as much as the rest of a short command
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        if revision(connection) != HEAD:  # another process may have been quicker
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
