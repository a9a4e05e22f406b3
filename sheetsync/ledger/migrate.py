"""Brings a database to the newest schema with Alembic; importing Alembic is put off until it is needed."""

from pathlib import Path

from sqlalchemy import inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from sheetsync.errors import LedgerError
from sheetsync.ledger.database import Database

HEAD = "0001"
"""The newest revision; a test compares it with the migrations folder."""

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database) -> None:
    """Create or migrate the schema.

    Raises:
        LedgerError: it cannot be opened, or it is newer than this program.
    """
    found = _revision(database)
    if found == HEAD:
        return
    known = {path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
    if found is not None and found not in known:
        raise LedgerError(
            f"The ledger's schema {found} is newer than this program knows ({HEAD}).",
            hint="Upgrade sheetsync, or use the ledger that belongs to this version.",
        )
    _upgrade(database)


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()


def _upgrade(database: Database) -> None:
    from alembic import command  # noqa: PLC0415 - costs as much as the rest of a short command
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        if _revision(database) == HEAD:
            return  # another process was quicker
        raise LedgerError(
            f"The ledger could not be brought up to date: {str(error).splitlines()[0]}",
            hint="Nothing was changed. Check the database and its permissions, then try again.",
        ) from error
