"""Lines of imported files, by the operation key that each has for ever."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import delete, insert, select

from sheetsync.core.accounts import Action, Change
from sheetsync.core.lines import Imported
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.schema import lines
from sheetsync.ports import LineRecord


class LineStore:
    """Which lines were put into rows or plans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, records: Sequence[LineRecord]) -> None:
        """Note lines before they are put anywhere; one that was noted before counts from now on as new."""

        def work(transaction: Transaction) -> None:
            for system in sorted({record.system for record in records}):
                transaction.chain.lock(system)  # of two that import the same, the second sees the first
            for chunk in chunks(records):
                keys = [record.imported.key for record in chunk]
                transaction.connection.execute(delete(lines).where(lines.c.key.in_(keys)))
                transaction.connection.execute(
                    insert(lines), [_values(record, transaction) for record in chunk]
                )

        self._database.write(work)

    def by_key(self, keys: Iterable[str]) -> dict[str, LineRecord]:
        """Return the lines with these keys."""
        with self._database.read() as connection:
            return {
                row.key: _record(row)
                for chunk in chunks(keys)
                for row in connection.execute(select(lines).where(lines.c.key.in_(chunk)))
            }

    def references(self, system: str, digest: str) -> frozenset[str]:
        """Return the references under which lines of a file were noted."""
        with self._database.read() as connection:
            where = (lines.c.system == system, lines.c.digest == digest)
            return frozenset(connection.execute(select(lines.c.reference).where(*where).distinct()).scalars())

    def of_accounts(self, system: str, account_ids: Collection[str]) -> dict[str, list[Imported]]:
        """Return account id → every line that was put into its row."""
        found: dict[str, list[Imported]] = {}
        with self._database.read() as connection:
            for chunk in chunks(sorted(account_ids)):
                where = (lines.c.system == system, lines.c.account_id.in_(chunk))
                for row in connection.execute(select(lines).where(*where).order_by(lines.c.at.desc())):
                    found.setdefault(row.account_id, []).append(_record(row).imported)
        return found


def _values(record: LineRecord, transaction: Transaction) -> dict[str, object]:
    imported = record.imported
    return {
        "key": imported.key,
        "system": record.system,
        "connection": record.connection,
        "account_id": record.account_id,
        "action": imported.action.value,
        "changes": [[change.unit, change.amount] for change in imported.changes],
        "epochs": dict(imported.epochs),
        "reference": record.reference,
        "file": record.file,
        "digest": record.digest,
        "line": record.line,
        "run": record.run,
        "actor": record.actor,
        "at": transaction.now,
    }


def _record(row: object) -> LineRecord:
    values = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - how SQLAlchemy names it
    imported = Imported(
        key=values["key"],
        action=Action(values["action"]),
        changes=tuple(Change(unit, amount) for unit, amount in values["changes"]),
        epochs=values["epochs"],
    )
    names = (
        "system",
        "connection",
        "account_id",
        "reference",
        "file",
        "digest",
        "line",
        "run",
        "actor",
        "at",
    )
    return LineRecord(imported=imported, **{name: values[name] for name in names})
