"""Rebase: a person's choice on a Conflict. Keep the change on the new balance, or still go to the target."""

from typing import Any, Literal

from sheetsync.core import fields, words
from sheetsync.core.accounts import Account, Action, Change
from sheetsync.core.amounts import format_amount, to_cell
from sheetsync.core.decide import RowResult
from sheetsync.core.diff import Suspect, interpret, scan
from sheetsync.core.edits import Edit
from sheetsync.core.states import RowStatus
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.errors import ProviderError, RejectedError, RetryableError, UsageError
from sheetsync.jobs.desk import Desk
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
    desk.sheet.ensure_writable()
    run = desk.ledger.runs.start("rebase", desk.name, desk.system, actor=desk.actor)
    try:
        result = _rebase(desk, account_id, keep, run)
    except BaseException:
        desk.ledger.runs.finish(run, "failed")
        raise
    desk.ledger.runs.finish(run, "done", result)
    return result


def _rebase(desk: Desk, account_id: str, keep: Keep, run: str) -> dict[str, Any]:
    account = _read(desk, account_id)
    tab = desk.sheet.read()
    found = survey(desk, tab, live=lambda _ids: {account_id: account.balances}, account_ids={account_id})
    result = next((row for row in found.results if row.account_id == account_id), None)
    if result is None or result.status is not RowStatus.CONFLICT:
        state = "nothing to decide" if result is None else f"{result.status.label or 'unchanged'}: {result.message}"
        raise UsageError(f"The row of user {account_id} is not a Conflict ({state}).")
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=run, kind="rebase")
    suspect, edit = _row(desk, tab, account_id)
    wanted = _wanted(desk, edit, result, account, keep)
    desk.ledger.accounts.record(desk.system, reading, [_with_identity(desk, account)])
    return _write(desk, suspect, edit, wanted, result)


def _read(desk: Desk, account_id: str) -> Account:
    try:
        return desk.provider.account(account_id)
    except (RejectedError, RetryableError) as error:
        raise ProviderError(f"User {account_id} could not be read: {error.message}", hint=error.hint) from error


def _with_identity(desk: Desk, account: Account) -> Account:
    known = desk.ledger.accounts.baselines(desk.system, desk.maker, {account.account_id})[account.account_id]
    return Account(account.account_id, known.email, known.name, account.balances)


def _row(desk: Desk, tab: Tab, account_id: str) -> tuple[Suspect, Edit]:
    book = desk.book({account_id})
    history = desk.ledger.accounts.history(desk.system, {account_id})
    for suspect in scan(tab, book, marked={account_id}).suspects:
        if suspect.account_id == account_id:
            row = interpret(suspect, book, history.get(account_id, {}))
            if row.edit is not None:
                return suspect, row.edit
    raise UsageError(f"The row of user {account_id} changed meanwhile: preview again.")


def _wanted(desk: Desk, edit: Edit, result: RowResult, account: Account, keep: Keep) -> dict[str, int]:
    """Return unit code → the amount to type; an Adjust keeps its change by itself.

    Raises:
        UsageError: it would go below zero.
    """
    amounts = {change.unit: change.amount for change in edit.changes}
    for change in edit.changes:
        unit = words.unit_of(change.unit, desk.units)
        now, seen = account.balances.get(change.unit) or 0, _seen(result, change)
        if edit.action is Action.RESET and keep == "change":
            amounts[change.unit] = now + (change.amount - seen)
        if edit.action is Action.ADJUST and keep == "target":
            amounts[change.unit] = seen + change.amount - now
        target = amounts[change.unit] + (now if edit.action is Action.ADJUST else 0)
        if target < 0:
            raise UsageError(
                f"{unit.header} would go below 0, to {format_amount(target, unit)}.",
                hint="Clear the edit and type another one.",
            )
    return amounts


def _seen(result: RowResult, change: Change) -> int:
    """Return the balance that the person saw at pull."""
    return result.seen.get(change.unit) or 0


def _write(
    desk: Desk, suspect: Suspect, edit: Edit, wanted: dict[str, int], result: RowResult
) -> dict[str, Any]:
    baseline = desk.ledger.accounts.baselines(desk.system, desk.maker, {result.account_id})[result.account_id]
    cells: dict[str, CellValue] = balance_cells(desk, baseline) | {fields.KEY: baseline.key}
    told = []
    for change in edit.changes:
        unit = words.unit_of(change.unit, desk.units)
        cells[fields.amount(unit, desk.units)] = to_cell(wanted[change.unit], unit)
        told.append(f"{edit.action.label} {format_amount(wanted[change.unit], unit)}")
    now = words.moves({}, {code: baseline.balances.get(code) for code in wanted}, desk.units)
    message = f"{' and '.join(told)} against the balance of now ({now.partition('→')[2].strip()})."
    cells |= status_cells(desk, RowStatus.EDITED, message)
    only_if = {name: suspect.cells[name] for name in suspect.cells if name in cells or name == fields.ACTION}
    outcome = desk.sheet.write(
        [Patch(account_id=result.account_id, row=suspect.number, cells=cells, only_if=only_if)]
    )
    if not outcome.applied:
        raise UsageError(f"The row of user {result.account_id} changed meanwhile: preview again.")
    return {"account_id": result.account_id, "status": RowStatus.EDITED.value, "message": message}
