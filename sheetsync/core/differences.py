"""What ledger, credit system and tab say differently of one account, and the likely cause. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from sheetsync.core import fields, words
from sheetsync.core.accounts import Account, Balances, Transaction, Unit
from sheetsync.core.amounts import format_amount
from sheetsync.core.book import Baseline, Book, History
from sheetsync.core.cells import is_blank, shows, text_of
from sheetsync.core.diff import Interpreted, Trouble
from sheetsync.core.evidence import key_of


class Cause(StrEnum):
    """Why two of them differ, as far as can be told."""

    SPENT = "spent"
    CHANGED_BY_OTHERS = "changed_by_others"
    CHANGE_GONE = "change_gone"
    ANOTHER_LEDGER = "another_ledger"
    OPERATION_UNSETTLED = "operation_unsettled"
    ACCOUNT_NEW = "account_new"
    ACCOUNT_GONE = "account_gone"
    ACCOUNT_BACK = "account_back"
    RENAMED = "renamed"
    TAB_OLDER = "tab_older"
    BALANCE_OVERTYPED = "balance_overtyped"
    EDIT_OUTDATED = "edit_outdated"
    ROW_MISSING = "row_missing"
    ROW_DOUBLED = "row_doubled"
    ROW_SHUFFLED = "row_shuffled"
    ROW_UNKNOWN = "row_unknown"
    KEY_DAMAGED = "key_damaged"
    LEDGER_RESTORED = "ledger_restored"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two of them say differently.

    Attributes:
        unit: unit code; empty where it is not about an amount.
        system, ledger, tab: what each says of it, in words; empty where it is not asked.
        row: in the tab.
        message: what it likely is, and what to do.
    """

    account_id: str
    cause: Cause
    message: str
    email: str = ""
    unit: str = ""
    system: str = ""
    ledger: str = ""
    tab: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An operation that is not settled: what it would leave behind, and its key."""

    key: str
    expected: Balances


PULL = "A pull brings ledger and tab up to date."


def of_identity(account: Account, known: Baseline | None, units: Sequence[Unit]) -> Iterator[Difference]:
    """Yield what the credit system says of who the account is."""
    if known is None:
        held = words.holdings(account.balances, units)
        message = f"New since the last pull, with {held}. {PULL}"
        yield Difference(account.account_id, Cause.ACCOUNT_NEW, message, account.email, system=held)
        return
    if known.missing:
        message = f"It was gone at the last pull, and is there again. {PULL}"
        yield Difference(account.account_id, Cause.ACCOUNT_BACK, message, account.email)
    for now, then in ((account.email, known.email), (account.name, known.name)):
        if now and now != then:
            message = f"Renamed in the credit system. {PULL}"
            yield Difference(account.account_id, Cause.RENAMED, message, known.email, system=now, ledger=then)


def moved_units(now: Balances, known: Baseline, units: Sequence[Unit]) -> list[Unit]:
    """Return the units whose balance is another one than the ledger's."""
    return [unit for unit in units if unit.code in now and now[unit.code] != known.balances.get(unit.code)]


def explained(listed: Sequence[Transaction], unit: str, moved: int) -> Sequence[Transaction]:
    """Return the newest transactions that add up to what a balance moved, oldest first; none if none do."""
    newest = [each for each in reversed(listed) if each.changes.get(unit)]
    for count, total in enumerate(accumulate(each.changes[unit] for each in newest), start=1):
        if total == moved:
            return newest[:count][::-1]
    return ()


NAMED = 5
"""Transactions that a message names."""


def of_balance(
    known: Baseline,
    unit: Unit,
    now: int | None,
    *,
    waiting: Waiting | None,
    before_last: tuple[str, int | None] | None,
    transactions: Sequence[Transaction] = (),
    ours: Mapping[str, bool] | None = None,
) -> Difference:
    """Return a balance that moved, with its likely cause.

    Args:
        known: the account.
        unit: whose balance.
        now: what the credit system says.
        waiting: the operation of this unit that is not settled.
        before_last: key of the newest confirmed operation on it, and the balance before that.
        transactions: that add up to the movement, if any do.
        ours: operation key → whether this ledger has it, of those that the transactions name.
    """
    then = known.balances.get(unit.code)
    moved = (now or 0) - (then or 0)
    cause, message = _why(moved, now, unit, waiting, before_last)
    keys = [key for each in transactions if (key := key_of(each.note)) is not None]
    strangers = [key for key in keys if not (ours or {}).get(key)]
    if strangers:
        cause = Cause.ANOTHER_LEDGER
        message = (
            f"Changed by Sheetsync with another ledger, or before this one was restored: operation "
            f"{', '.join(strangers[:NAMED])}. Pull, and look for who else works on this system."
        )
    elif transactions:
        named = [
            f"{each.transaction_id} ({words.signed(each.changes[unit.code], unit)})" for each in transactions
        ]
        more = " and more" if len(named) > NAMED else ""
        message = f"{message} It is transaction {', '.join(named[:NAMED])}{more}."
    return Difference(
        known.account_id,
        cause,
        message,
        known.email,
        unit.code,
        system=words.amount(now, unit),
        ledger=words.amount(then, unit),
    )


def _why(
    moved: int,
    now: int | None,
    unit: Unit,
    waiting: Waiting | None,
    before_last: tuple[str, int | None] | None,
) -> tuple[Cause, str]:
    by = words.signed(moved, unit)
    if waiting is not None:
        seems = "seems to have" if now == waiting.expected.get(unit.code) else "may have"
        return (
            Cause.OPERATION_UNSETTLED,
            f"Moved by {by}. Operation {waiting.key} is not proven yet, and {seems} counted: verify.",
        )
    if before_last is not None and before_last[1] == now:
        message = (
            f"Moved by {by}, to the balance before operation {before_last[0]}: somebody took it back in the "
            f"credit system, or that was restored from a backup. {PULL}"
        )
        return Cause.CHANGE_GONE, message
    if moved < 0:
        return Cause.SPENT, f"Moved by {by} since it was read: most likely spent by the customer. {PULL}"
    return (
        Cause.CHANGED_BY_OTHERS,
        f"Moved by {by} since it was read: bought, or changed in the credit system itself. {PULL}",
    )


def of_row(row: Interpreted, book: Book, history: History) -> Iterator[Difference]:
    """Yield what a row of the tab says otherwise than the ledger; an edit alone is no difference."""
    suspect, known = row.suspect, row.baseline
    if suspect.twins:
        yield _about(row, Cause.ROW_DOUBLED, row.problem)
        return
    if known is None:
        yield _about(
            row, Cause.ROW_UNKNOWN, "The ledger has no such user: typed by hand, or of another system."
        )
        return
    if known.missing:
        return
    trouble = _TROUBLES.get(row.trouble) if row.trouble is not None else None
    if trouble is not None:
        yield _about(row, trouble, row.problem)
        return
    if row.key is None:
        yield _about(row, Cause.KEY_DAMAGED, f"This row has no Key, or a damaged one. {PULL}")
        return
    if row.outdated:
        yield _about(
            row,
            Cause.EDIT_OUTDATED,
            "The edit in this row was typed before the last confirmed change of this user: preview says what "
            "became of it.",
        )
    for unit in book.units:
        found = _balance_cell(row, known, unit, past=history.get(unit.code, ()))
        if found is not None:
            yield found
    yield from _identity_cells(row, known)


_TROUBLES = {
    Trouble.KEY: Cause.KEY_DAMAGED,
    Trouble.SHUFFLED: Cause.ROW_SHUFFLED,
    Trouble.AHEAD: Cause.LEDGER_RESTORED,
}


def _about(row: Interpreted, cause: Cause, message: str) -> Difference:
    email = row.baseline.email if row.baseline else ""
    return Difference(row.suspect.account_id, cause, message, email, row=row.suspect.number)


def _balance_cell(
    row: Interpreted, known: Baseline, unit: Unit, *, past: Sequence[tuple[int, int | None]]
) -> Difference | None:
    name = fields.balance(unit)
    cell = row.suspect.cells.get(name)
    minor = known.balances.get(unit.code)
    if name not in row.suspect.cells or shows(cell, minor, unit):
        return None
    if any(shows(cell, then, unit) for _, then in past):
        cause = Cause.TAB_OLDER
        message = f"The row shows an earlier balance: the ledger was told of a newer one since. {PULL}"
    elif row.edit is not None and unit.code in row.edit.overtyped:
        cause = Cause.BALANCE_OVERTYPED
        message = "Somebody typed over the balance: preview shows the Reset that it asks for."
    else:
        cause = Cause.BALANCE_OVERTYPED
        message = "Somebody typed over the balance. A pull puts it right, unless the row asks for something."
    return Difference(
        known.account_id,
        cause,
        message,
        known.email,
        unit.code,
        ledger=format_amount(minor, unit) if minor is not None else "–",
        tab="–" if is_blank(cell) else text_of(cell),
        row=row.suspect.number,
    )


def _identity_cells(row: Interpreted, known: Baseline) -> Iterator[Difference]:
    for name, then in ((fields.EMAIL, known.email), (fields.NAME, known.name)):
        cell = text_of(row.suspect.cells.get(name))
        if name in row.suspect.cells and cell != then:
            yield Difference(
                known.account_id,
                Cause.TAB_OLDER,
                f"The row shows an earlier {name} of this user. {PULL}",
                known.email,
                ledger=then,
                tab=cell,
                row=row.suspect.number,
            )


def row_missing(known: Baseline) -> Difference:
    """Return that a user has no row."""
    message = (
        "No row in the tab: somebody deleted it, or the user was first read by another connection. That "
        f"changes no credit. {PULL}"
    )
    return Difference(known.account_id, Cause.ROW_MISSING, message, known.email)


def account_gone(known: Baseline) -> Difference:
    """Return that the credit system has a user no more."""
    message = f"The credit system no longer lists this user: deleted there, or hidden from us. {PULL}"
    return Difference(known.account_id, Cause.ACCOUNT_GONE, message, known.email)
