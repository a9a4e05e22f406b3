"""The baseline: every account as it was last read, and every balance that it was seen with."""

from collections.abc import Collection, Sequence
from functools import partial

from sqlalchemy import and_, bindparam, func, insert, select, update

from sheetsync.core.accounts import Account, Balances
from sheetsync.core.book import Baselines
from sheetsync.core.collector import collector_paused
from sheetsync.core.keys import KeyMaker, RowKey
from sheetsync.ledger.baseline import read_baselines, record_accounts
from sheetsync.ledger.chunks import chunks
from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event
from sheetsync.ledger.schema import accounts, balances, holdings, pulls, readings, systems
from sheetsync.ports import Pull


class AccountStore:
    """Accounts, balances and readings of all credit systems."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_reading(self, system: str, *, actor: str, run: str, kind: str) -> int:
        """Open a reading (a pull or a verify) and return its number; numbers grow in the order of opening."""

        def work(transaction: Transaction) -> int:
            transaction.chain.lock(system)
            statement = (
                update(systems)
                .where(systems.c.system == system)
                .values(reading=systems.c.reading + 1)
                .returning(systems.c.reading)
            )
            number = int(transaction.connection.execute(statement).scalar_one())
            opened = {"system": system, "reading": number, "kind": kind, "run": run, "at": transaction.now}
            transaction.connection.execute(insert(readings).values(opened))
            transaction.chain.append(
                Event(system, transaction.now, actor, "reading", None, run, {"reading": number, "kind": kind})
            )
            return number

        return self._database.write(work)

    def reading(self, system: str) -> int:
        """Return the number of the newest reading; 0 before the first."""
        with self._database.read() as connection:
            query = select(systems.c.reading).where(systems.c.system == system)
            return connection.execute(query).scalar_one_or_none() or 0

    def count(self, system: str) -> int:
        """Return how many accounts the baseline holds."""
        query = select(func.count()).select_from(accounts).where(accounts.c.system == system)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def record(self, system: str, reading: int, found: Sequence[Account]) -> None:
        """Move the baseline on to what a reading found; an older reading never overwrites a newer one."""
        for chunk in chunks(found):
            self._database.write(partial(record_accounts, system=system, reading=reading, found=chunk))

    def mark_missing(self, system: str, seen: Collection[str], *, reading: int) -> None:
        """Mark every account that a complete reading did not see; what a newer one saw stays as it is."""

        def work(transaction: Transaction) -> None:
            transaction.chain.lock(system)
            rows = transaction.connection.execute(
                select(accounts.c.account_id, accounts.c.missing).where(
                    accounts.c.system == system, accounts.c.reading <= reading
                )
            ).all()
            gone = {row.account_id for row in rows} - set(seen)
            changed = [row.account_id for row in rows if (row.account_id in gone) != row.missing]
            if changed:
                statement = (
                    update(accounts)
                    .where(accounts.c.system == system, accounts.c.account_id == bindparam("id"))
                    .values(missing=bindparam("gone"))
                )
                transaction.connection.execute(
                    statement, [{"id": each, "gone": each in gone} for each in changed]
                )

        self._database.write(work)

    def finish_pull(self, connection_name: str, system: str, *, run: str, reading: int) -> None:
        """Note that a connection was pulled completely."""

        def work(transaction: Transaction) -> None:
            transaction.chain.lock(system)
            values = {"system": system, "run": run, "reading": reading, "at": transaction.now}
            changed = transaction.connection.execute(
                update(pulls).where(pulls.c.connection == connection_name).values(values)
            )
            if not changed.rowcount:
                transaction.connection.execute(insert(pulls).values(connection=connection_name, **values))

        self._database.write(work)

    def last_pull(self, connection_name: str) -> Pull | None:
        """Return the connection's last complete pull."""
        with self._database.read() as connection:
            query = select(pulls).where(pulls.c.connection == connection_name)
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else Pull(**row)

    def baselines(
        self, system: str, maker: KeyMaker, account_ids: Collection[str] | None = None
    ) -> Baselines:
        """Return account id → baseline, of all accounts or of those named."""
        found = Baselines(maker.units)
        with self._database.read() as connection, collector_paused():
            if account_ids is None:
                read_baselines(connection, system, maker, found)
            else:
                for chunk in chunks(sorted(account_ids)):
                    read_baselines(connection, system, maker, found, account_ids=chunk)
        return found

    def seen_since(self, system: str, reading: int) -> dict[str, Balances]:
        """Return account id → balances of every account that this reading or a later one saw."""
        query = (
            select(holdings.c.account_id, holdings.c.unit, holdings.c.amount)
            .join(
                accounts,
                and_(accounts.c.system == holdings.c.system, accounts.c.account_id == holdings.c.account_id),
            )
            .where(holdings.c.system == system, accounts.c.reading >= reading, ~accounts.c.missing)
        )
        found: dict[str, dict[str, int | None]] = {}
        with self._database.read() as connection:
            for account_id, unit, amount in connection.execute(query):
                found.setdefault(account_id, {})[unit] = amount
        return dict(found)

    def history(
        self, system: str, account_ids: Collection[str]
    ) -> dict[str, dict[str, list[tuple[int, int | None]]]]:
        """Return account id → unit → (reading, amount), oldest first."""
        found: dict[str, dict[str, list[tuple[int, int | None]]]] = {}
        with self._database.read() as connection:
            for chunk in chunks(sorted(account_ids)):
                query = (
                    select(balances)
                    .where(balances.c.system == system, balances.c.account_id.in_(chunk))
                    .order_by(balances.c.reading)
                )
                for row in connection.execute(query):
                    units = found.setdefault(row.account_id, {})
                    units.setdefault(row.unit, []).append((row.reading, row.amount))
        return found

    def adopt(
        self, system: str, keys: Sequence[tuple[str, RowKey]], *, units: Sequence[str], actor: str
    ) -> int:
        """Let epochs and readings grow past those of keys that are newer than the ledger."""
        reading = self.reading(system)
        epochs = self._epochs(system)
        newer = [
            (account_id, key)
            for account_id, key in keys
            if key.basis > reading
            or any(
                epoch > epochs.get((account_id, unit), 0)
                for unit, epoch in zip(units, key.epochs, strict=True)
            )
        ]
        if newer:
            self._database.write(
                lambda transaction: _adopt(transaction, system, newer, units=units, actor=actor)
            )
        return len(newer)

    def _epochs(self, system: str) -> dict[tuple[str, str], int]:
        query = select(holdings.c.account_id, holdings.c.unit, holdings.c.epoch).where(
            holdings.c.system == system, holdings.c.epoch > 0
        )
        with self._database.read() as connection:
            return {(row.account_id, row.unit): row.epoch for row in connection.execute(query)}


def _adopt(
    transaction: Transaction,
    system: str,
    newer: Sequence[tuple[str, RowKey]],
    *,
    units: Sequence[str],
    actor: str,
) -> None:
    connection = transaction.connection
    transaction.chain.lock(system)
    highest = max(key.basis for _, key in newer)
    connection.execute(
        update(systems).where(systems.c.system == system, systems.c.reading < highest).values(reading=highest)
    )
    for account_id, key in newer:
        for unit, epoch in zip(units, key.epochs, strict=True):
            connection.execute(
                update(holdings)
                .where(
                    holdings.c.system == system,
                    holdings.c.account_id == account_id,
                    holdings.c.unit == unit,
                    holdings.c.epoch <= epoch,
                )
                .values(epoch=epoch + 1)
            )
        body = {"account_id": account_id, "epochs": list(key.epochs), "basis": key.basis}
        transaction.chain.append(Event(system, transaction.now, actor, "adopted", None, None, body))
