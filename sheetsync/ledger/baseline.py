"""How the baseline is written, moved on and read."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from sheetsync.core.accounts import Account
from sheetsync.core.book import Baselines, Held
from sheetsync.core.keys import KeyMaker
from sheetsync.ledger.database import Transaction
from sheetsync.ledger.schema import accounts, balances, holdings

_RENAME = (
    update(accounts)
    .where(accounts.c.system == bindparam("which_system"), accounts.c.account_id == bindparam("id"))
    .values(email=bindparam("new_email"), name=bindparam("new_name"), details=bindparam("new_details"))
)
_MOVE = (
    update(holdings)
    .where(
        holdings.c.system == bindparam("which_system"),
        holdings.c.account_id == bindparam("id"),
        holdings.c.unit == bindparam("which_unit"),
    )
    .values(amount=bindparam("new_amount"), basis=bindparam("new_basis"))
)


def record_accounts(
    transaction: Transaction, system: str, reading: int, found: Sequence[Account], *, identities: bool = True
) -> None:
    """Move the baseline on, inside a transaction; accounts that a newer reading saw stay as they are.

    Args:
        transaction: the transaction.
        system: the credit system.
        reading: number of the reading that found them.
        found: as the credit system reports them; an account that stands there twice counts as read last.
        identities: False where e-mail and name were not read.
    """
    transaction.chain.lock(system)
    connection = transaction.connection
    latest = {account.account_id: account for account in found}
    query = select(accounts).where(accounts.c.system == system, accounts.c.account_id.in_(list(latest)))
    known = {row.account_id: row for row in connection.execute(query)}
    newer = {account_id for account_id, row in known.items() if row.reading > reading}
    taken = [account for account_id, account in latest.items() if account_id not in newer]
    if identities:
        _add_and_rename(connection, system, reading, found=taken, known=known)
    seen = [account.account_id for account in taken if account.account_id in known]
    if seen:
        where = (accounts.c.system == system, accounts.c.account_id.in_(seen))
        connection.execute(update(accounts).where(*where).values(reading=reading, missing=False))
    _move_balances(connection, system, reading, found=taken)


def _add_and_rename(
    connection: Connection, system: str, reading: int, *, found: Sequence[Account], known: dict[str, Any]
) -> None:
    fresh, renamed = [], []
    for account in found:
        row = known.get(account.account_id)
        # a read that says nothing of the details leaves them as they are
        details = dict(account.details) or (row.details if row is not None else None)
        values = {"email": account.email, "name": account.name, "details": details}
        if row is None:
            key = {"system": system, "account_id": account.account_id}
            fresh.append({**key, **values, "missing": False, "reading": reading})
        elif any(getattr(row, name) != value for name, value in values.items()):
            key = {"which_system": system, "id": account.account_id}
            renamed.append({**key, **{f"new_{name}": value for name, value in values.items()}})
    if fresh:
        connection.execute(insert(accounts), fresh)
    if renamed:
        connection.execute(_RENAME, renamed)


def _move_balances(connection: Connection, system: str, reading: int, *, found: Sequence[Account]) -> None:
    ids = [account.account_id for account in found]
    query = select(holdings.c.account_id, holdings.c.unit, holdings.c.amount).where(
        holdings.c.system == system, holdings.c.account_id.in_(ids)
    )
    held = {(account_id, unit): amount for account_id, unit, amount in connection.execute(query)}
    fresh, moved, seen = [], [], []
    for account in found:
        for unit, amount in account.balances.items():
            place = (account.account_id, unit)
            if place in held and held[place] == amount:
                continue
            row = {"system": system, "account_id": account.account_id, "unit": unit, "amount": amount}
            seen.append({**row, "reading": reading})
            if place in held:
                key = {"which_system": system, "id": account.account_id, "which_unit": unit}
                moved.append({**key, "new_amount": amount, "new_basis": reading})
            else:
                fresh.append({**row, "basis": reading, "epoch": 0})
    if fresh:
        connection.execute(insert(holdings), fresh)
    if moved:
        connection.execute(_MOVE, moved)
    if seen:
        _keep(connection, system, reading, seen)


def _keep(connection: Connection, system: str, reading: int, seen: list[dict[str, Any]]) -> None:
    """Add to the history; a balance that moved twice within one reading stands there once, as read last."""
    ids = {row["account_id"] for row in seen}
    where = (balances.c.system == system, balances.c.reading == reading, balances.c.account_id.in_(ids))
    query = select(balances.c.account_id, balances.c.unit).where(*where)
    twice = {(account_id, unit) for account_id, unit in connection.execute(query)}
    again = [row for row in seen if (row["account_id"], row["unit"]) in twice]
    if again:
        same = (balances.c.account_id == bindparam("id"), balances.c.unit == bindparam("which_unit"))
        statement = update(balances).where(balances.c.system == system, balances.c.reading == reading, *same)
        connection.execute(
            statement.values(amount=bindparam("new_amount")),
            [{"id": r["account_id"], "which_unit": r["unit"], "new_amount": r["amount"]} for r in again],
        )
    rest = [row for row in seen if (row["account_id"], row["unit"]) not in twice]
    if rest:
        connection.execute(insert(balances), rest)


def read_baselines(
    connection: Connection,
    system: str,
    maker: KeyMaker,
    found: Baselines,
    *,
    account_ids: list[str] | None = None,
) -> None:
    """Add the baselines of all accounts, or of those named, to those found."""
    who = select(
        accounts.c.account_id, accounts.c.email, accounts.c.name, accounts.c.missing, accounts.c.details
    ).where(accounts.c.system == system)
    what = select(
        holdings.c.account_id, holdings.c.unit, holdings.c.amount, holdings.c.epoch, holdings.c.basis
    ).where(holdings.c.system == system)
    if account_ids is not None:
        who = who.where(accounts.c.account_id.in_(account_ids))
        what = what.where(holdings.c.account_id.in_(account_ids))
    held: dict[str, list[Held]] = defaultdict(list)
    for account_id, unit, amount, epoch, basis in connection.execute(what):
        held[account_id].append((unit, amount, epoch, basis))
    for account_id, email, name, missing, details in connection.execute(who):
        ours = held.pop(account_id, ())
        epochs, basis = (
            {unit: epoch for unit, _, epoch, _ in ours},
            max((each[3] for each in ours), default=0),
        )
        identity = (account_id, email, name)
        key = maker.write(identity, [epochs.get(unit, 0) for unit in maker.units], basis)
        found.add(identity, key, ours, missing=missing, details=details)
