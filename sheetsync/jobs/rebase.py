"""Rebase: a person's choice on a Conflict. Keep the change on the new balance, or still go to the target."""

from typing import Any, Literal

from sheetsync.core import fields, words
from sheetsync.core.accounts import Account, Action, Change
from sheetsync.core.amounts import format_amount, to_cell
from sheetsync.core.diff import Interpreted, interpret, scan
from sheetsync.core.ids import ID_SHOWN, meant
from sheetsync.core.states import RowStatus
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.errors import ProviderError, RejectedError, RetryableError, UsageError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.running import running
from sheetsync.jobs.showing import balance_cells, status_cells
from sheetsync.jobs.survey import survey

Keep = Literal["change", "target"]


def rebase(desk: Desk, account_id: str, *, keep: Keep) -> dict[str, Any]:
    """Type a conflicting edit anew against the balance of this moment; sends nothing.

    Args:
        desk: the connection.
        account_id: whose row.
        keep: ``change`` puts the person's change on the new balance, ``target`` keeps the number to reach.

    Raises:
        UsageError: the row is not a Conflict, or the result would go below zero.
        ProviderError: the balance could not be read.
    """
    _refuse_unknown(desk, account_id)
    desk.sheet.ensure_writable()
    with running(desk, "rebase") as now:
        now.result = _rebase(now.desk, account_id, keep, now.run)
    return now.result


def _refuse_unknown(desk: Desk, account_id: str) -> None:
    """Refuse a user whom the credit system has not, before it is asked for a balance.

    Raises:
        UsageError: the last pull did not see the user, or the connection was never pulled.
    """
    known = desk.book({account_id}).baselines.get(account_id)
    if known is not None and not known.missing:
        return
    seen = "has no user" if known is None else "no longer has user"
    raise UsageError(
        f"The credit system {seen} “{account_id[:ID_SHOWN]}”, as far as the last pull of {desk.name} tells.",
        hint=meant(account_id, desk.book())
        or f"Look at the User ID in the tab, or pull: sheetsync pull {desk.name}",
    )


def _rebase(desk: Desk, account_id: str, keep: Keep, run: str) -> dict[str, Any]:
    if account_id not in desk.book({account_id}).baselines:
        raise UsageError(f"No pull of {desk.name} has seen a user {account_id}.", hint="Look at the User ID.")
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=run, kind="rebase")
    account = _read(desk, account_id)
    tab = desk.sheet.read()
    found = survey(desk, tab, live=lambda _ids: {account_id: account.balances}, account_ids={account_id})
    result = next((row for row in found.results if row.account_id == account_id), None)
    if result is None or result.status is not RowStatus.CONFLICT:
        state = (
            "nothing to decide"
            if result is None
            else f"{result.status.label or 'unchanged'}: {result.message}"
        )
        raise UsageError(f"The row of user {account_id} is not a Conflict ({state}).")
    row = _row(desk, tab, account_id)
    wanted = _wanted(desk, row, account, keep)
    desk.ledger.accounts.record(desk.system, reading, [_with_identity(desk, account)])
    return _write(desk, row, wanted)


def _read(desk: Desk, account_id: str) -> Account:
    try:
        return desk.provider.account(account_id)
    except (RejectedError, RetryableError) as error:
        if isinstance(error, RejectedError) and error.account_gone:
            raise UsageError(
                f"The credit system no longer has user {account_id}.", hint="Clear the edit and pull."
            ) from error
        raise ProviderError(
            f"User {account_id} could not be read: {error.message}", hint=error.hint
        ) from error


def _with_identity(desk: Desk, account: Account) -> Account:
    known = desk.ledger.accounts.baselines(desk.system, desk.maker, {account.account_id})[account.account_id]
    return Account(account.account_id, known.email, known.name, account.balances)


def _row(desk: Desk, tab: Tab, account_id: str) -> Interpreted:
    book = desk.book({account_id})
    history = desk.ledger.accounts.history(desk.system, {account_id})
    for suspect in scan(tab, book, marked={account_id}).suspects:
        if suspect.account_id == account_id:
            row = interpret(suspect, book, history.get(account_id, {}))
            if row.edit is not None:
                return row
    raise UsageError(f"The row of user {account_id} changed meanwhile: preview again.")


def _wanted(desk: Desk, row: Interpreted, account: Account, keep: Keep) -> dict[str, int]:
    """Return unit code → the amount to type against the balance of now.

    Raises:
        UsageError: it would go below zero, or nothing is left to change.
    """
    found = {}
    seen = {code: balance or 0 for wanted in row.wanted for code, balance in wanted.at_pull.items()}
    for wanted in row.wanted:
        for change in wanted.changes:
            unit = words.unit_of(change.unit, desk.units)
            now = account.balances.get(change.unit) or 0
            found[change.unit] = _amount(row, change, seen=seen[change.unit], now=now, keep=keep)
            if not _resets(row) and found[change.unit] == 0:
                raise UsageError(
                    f"{unit.header} already is what you wanted to reach, {format_amount(now, unit)}.",
                    hint="Nothing is left to do: clear the edit and pull.",
                )
            target = found[change.unit] + (0 if _resets(row) else now)
            if target < 0:
                raise UsageError(
                    f"{unit.header} would go below 0, to {format_amount(target, unit)}.",
                    hint="Clear the edit and type another one.",
                )
    return found


def _amount(row: Interpreted, change: Change, *, seen: int, now: int, keep: Keep) -> int:
    """Return a Reset's or an Adjust's amount for the new balance."""
    if _resets(row):
        return change.amount if keep == "target" else now + change.amount - seen
    return change.amount if keep == "change" else seen + change.amount - now


def _resets(row: Interpreted) -> bool:
    return row.edit is not None and row.edit.action is Action.RESET


def _write(desk: Desk, row: Interpreted, wanted: dict[str, int]) -> dict[str, Any]:
    account_id, suspect = row.suspect.account_id, row.suspect
    baseline = desk.ledger.accounts.baselines(desk.system, desk.maker, {account_id})[account_id]
    label = row.edit.action.label if row.edit else ""
    cells: dict[str, CellValue] = balance_cells(desk, baseline) | {fields.KEY: baseline.key}
    told = []
    for code, minor in wanted.items():
        unit = words.unit_of(code, desk.units)
        cells[fields.amount(unit, desk.units)] = to_cell(minor, unit)
        told.append(f"{label} {format_amount(minor, unit)}")
    now = words.moves({}, {code: baseline.balances.get(code) for code in wanted}, desk.units)
    message = f"{' and '.join(told)} against the balance of now ({now.partition('→')[2].strip()})."
    cells |= status_cells(desk, RowStatus.EDITED, message)
    only_if = {name: suspect.cells[name] for name in suspect.cells if name in cells or name == fields.ACTION}
    outcome = desk.sheet.write(
        [Patch(account_id=account_id, row=suspect.number, cells=cells, only_if=only_if)]
    )
    if not outcome.applied:
        raise UsageError(f"The row of user {account_id} changed meanwhile: preview again.")
    return {
        "connection": desk.name,
        "environment": desk.environment,
        "account_id": account_id,
        "status": RowStatus.EDITED.value,
        "message": message,
    }
