"""Moving a ledger to another database: everything, or nothing; the source is sealed afterwards."""

from sqlalchemy import Connection, Table, func, insert, select, text

from sheetsync.errors import LedgerError
from sheetsync.ledger.audit import audit
from sheetsync.ledger.database import Database
from sheetsync.ledger.schema import events, metadata, paces, seals, sessions, workers

BATCH = 1000
"""Rows in one insert."""

NOT_COPIED = frozenset({workers.name, paces.name, seals.name, sessions.name})
"""Tables that belong to the place, not to the ledger."""


def copy_ledger(source: Database, target: Database) -> dict[str, int]:
    """Copy every row into an empty, migrated database, check it, and seal the source.

    Args:
        source: the ledger; nothing else may write to it meanwhile, so its writers are locked out.
        target: brought to the same schema, empty.

    Returns:
        Table → rows copied.

    Raises:
        LedgerError: the target is not empty, or does not hold the same afterwards; it is empty then.
    """
    copied: dict[str, int] = {}
    with source.engine.begin() as reading, target.engine.begin() as writing:
        if not source.is_sqlite:  # a writer on SQLite holds the only lock there is
            names = ", ".join(each.name for each in metadata.sorted_tables if each.name not in NOT_COPIED)
            reading.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        for table in metadata.sorted_tables:
            if table.name in NOT_COPIED:
                continue
            if writing.execute(select(func.count()).select_from(table)).scalar_one():
                raise LedgerError(
                    f"The target already holds a ledger (table {table.name} is not empty).",
                    hint="Name an empty database.",
                )
            rows = reading.execute(select(table), execution_options={"yield_per": BATCH}).mappings()
            copied[table.name] = 0
            for part in rows.partitions(BATCH):
                writing.execute(insert(table), [dict(row) for row in part])
                copied[table.name] += len(part)
        _continue_numbers(target, writing, events)
        found, before = audit(writing), audit(reading)
        if found != before:
            raise LedgerError("The copy does not hold what the ledger holds; the target stays empty.")
        moved_to = target.url.render_as_string()
        reading.execute(insert(seals).values(moved_to=moved_to, at=source.now()))
    return copied


def _continue_numbers(target: Database, writing: Connection, table: Table) -> None:
    """Let PostgreSQL's own numbers go on after the copied ones."""
    if target.is_sqlite:
        return
    newest = select(func.coalesce(func.max(table.c.id), 1)).scalar_subquery()
    writing.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), newest)))


def refuse_sealed(database: Database) -> None:
    """Refuse a ledger that was moved: two living copies would each let the same edit through.

    Raises:
        LedgerError: says where it is now.
    """
    with database.read() as connection:
        row = connection.execute(select(seals)).first()
    if row is not None:
        raise LedgerError(
            f"This ledger was moved to {row.moved_to}.",
            hint="Set service.database_url to that address; this copy only rests here.",
        )
