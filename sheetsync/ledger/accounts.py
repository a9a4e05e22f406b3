"""The baseline: every account as it was last read, and every balance that it was seen with."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from sheetsync.core.accounts import Account
from sheetsync.core.diff import Baseline
from sheetsync.core.keys import KeyMaker, RowKey
from sheetsync.ledger.database import Database, Transaction
from sheetsync.ledger.events import Event, lock_head
from sheetsync.ledger.schema import accounts, balances, holdings, pulls, systems
from sheetsync.ports import Pull

T = TypeVar("T")

CHUNK = 500
"""Ids in one query: below every database's limit of parameters."""


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Yield lists of at most ``size`` items."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


class AccountStore:
    """Accounts, balances and readings of all credit systems."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_reading(self, system: str, *, actor: str, run: str, kind: str) -> int:
        """Open a reading (a pull or a verify) and return its number; numbers grow in the order of opening."""

        def work(transaction: Transaction) -> int:
            connection = transaction.connection
            lock_head(connection, system)
            query = select(systems.c.reading).where(systems.c.system == system)
            number = int(connection.execute(query).scalar_one()) + 1
            connection.execute(update(systems).where(systems.c.system == system).values(reading=number))
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

    def record(self, system: str, reading: int, found: Sequence[Account]) -> None:
        """Move the baseline on to what a reading found; an older reading never overwrites a newer one."""
        for chunk in chunks(found):
            self._database.write(partial(record, system=system, reading=reading, found=chunk))

    def mark_missing(self, system: str, seen: Collection[str]) -> set[str]:
        """Mark every account that a complete reading did not see; return the ids of all that are missing."""

        def work(transaction: Transaction) -> set[str]:
            rows = transaction.connection.execute(
                select(accounts.c.account_id, accounts.c.missing).where(accounts.c.system == system)
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
            return gone

        return self._database.write(work)

    def finish_pull(self, connection_name: str, system: str, *, run: str, reading: int) -> None:
        """Note that a connection was pulled completely."""

        def work(transaction: Transaction) -> None:
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
            row = connection.execute(select(pulls).where(pulls.c.connection == connection_name)).one_or_none()
            return None if row is None else Pull(**row._mapping)

    def baselines(
        self, system: str, maker: KeyMaker, account_ids: Collection[str] | None = None
    ) -> dict[str, Baseline]:
        """Return account id → baseline, of all accounts or of those named."""
        with self._database.read() as connection:
            if account_ids is None:
                return _baselines(connection, system, maker, None)
            found: dict[str, Baseline] = {}
            for chunk in chunks(sorted(account_ids)):
                found |= _baselines(connection, system, maker, chunk)
            return found

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
            self._database.write(lambda transaction: _adopt(transaction, system, newer, units, actor))
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
    units: Sequence[str],
    actor: str,
) -> None:
    connection = transaction.connection
    lock_head(connection, system)
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


def record(transaction: Transaction, system: str, reading: int, found: Sequence[Account]) -> None:
    """Write identities and balances of these accounts, inside a transaction."""
    _record_identities(transaction.connection, system, found)
    record_balances(transaction, system, reading, found)


def record_balances(transaction: Transaction, system: str, reading: int, found: Sequence[Account]) -> None:
    """Write balances alone: a read of one account may come without e-mail and name."""
    connection = transaction.connection
    ids = [account.account_id for account in found]
    held = {
        (row.account_id, row.unit): row
        for row in connection.execute(
            select(holdings).where(holdings.c.system == system, holdings.c.account_id.in_(ids))
        )
    }
    fresh, moved = [], []
    for account in found:
        for unit, amount in account.balances.items():
            row = held.get((account.account_id, unit))
            values = {"account_id": account.account_id, "unit": unit, "amount": amount}
            if row is None:
                fresh.append(values)
            elif row.amount != amount and row.basis < reading:
                moved.append(values)
    if fresh:
        rows = [{**each, "system": system, "basis": reading, "epoch": 0} for each in fresh]
        connection.execute(insert(holdings), rows)
    if moved:
        statement = (
            update(holdings)
            .where(
                holdings.c.system == system,
                holdings.c.account_id == bindparam("id"),
                holdings.c.unit == bindparam("which"),
            )
            .values(amount=bindparam("now"), basis=reading)
        )
        rows = [{"id": each["account_id"], "which": each["unit"], "now": each["amount"]} for each in moved]
        connection.execute(statement, rows)
    if fresh or moved:
        rows = [{**each, "system": system, "reading": reading} for each in (*fresh, *moved)]
        connection.execute(insert(balances), rows)


def _record_identities(connection: Connection, system: str, found: Sequence[Account]) -> None:
    ids = [account.account_id for account in found]
    query = select(accounts).where(accounts.c.system == system, accounts.c.account_id.in_(ids))
    known = {row.account_id: row for row in connection.execute(query)}
    fresh, renamed = [], []
    for account in found:
        row = known.get(account.account_id)
        values = {"email": account.email, "name": account.name, "missing": False}
        if row is None:
            fresh.append({"system": system, "account_id": account.account_id, **values})
        elif (row.email, row.name, row.missing) != (account.email, account.name, False):
            renamed.append({"id": account.account_id, "new_email": account.email, "new_name": account.name})
    if fresh:
        connection.execute(insert(accounts), fresh)
    if renamed:
        statement = (
            update(accounts)
            .where(accounts.c.system == system, accounts.c.account_id == bindparam("id"))
            .values(email=bindparam("new_email"), name=bindparam("new_name"), missing=False)
        )
        connection.execute(statement, renamed)


def _baselines(
    connection: Connection, system: str, maker: KeyMaker, account_ids: list[str] | None
) -> dict[str, Baseline]:
    who = select(accounts).where(accounts.c.system == system)
    what = select(holdings).where(holdings.c.system == system)
    if account_ids is not None:
        who = who.where(accounts.c.account_id.in_(account_ids))
        what = what.where(holdings.c.account_id.in_(account_ids))
    held: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(what):
        held[row.account_id].append(row)
    return {row.account_id: _baseline(row, held[row.account_id], maker) for row in connection.execute(who)}


def _baseline(row: Any, held: list[Any], maker: KeyMaker) -> Baseline:  # noqa: ANN401 - database rows
    epochs = {each.unit: each.epoch for each in held}
    basis = max((each.basis for each in held), default=0)
    return Baseline(
        account_id=row.account_id,
        email=row.email,
        name=row.name,
        balances={each.unit: each.amount for each in held},
        epochs=epochs,
        basis=basis,
        key=maker.write(
            (row.account_id, row.email, row.name), [epochs.get(unit, 0) for unit in maker.units], basis
        ),
        missing=row.missing,
    )
