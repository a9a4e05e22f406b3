"""Fill: sets the action of every row that holds an amount, or an overtyped balance, and no action."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sheetsync.core import fields
from sheetsync.core.accounts import Action
from sheetsync.core.amounts import format_amount
from sheetsync.core.diff import Interpreted, interpret, scan
from sheetsync.core.edits import is_blank
from sheetsync.core.plan import Totals
from sheetsync.core.tab import CellValue, Patch
from sheetsync.errors import UsageError
from sheetsync.jobs.desk import Desk

FILLABLE = (Action.RESET, Action.ADD, Action.ADJUST)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a fill would do.

    Attributes:
        rows: row number, account id, and what the row would then ask for.
        left: rows that would not be valid with this action: number, account id, why.
        totals: unit code → what the rows together would change, by the balances of the pull.
        hidden: rows that would fit, but that the tab's filter hides.
    """

    rows: tuple[Interpreted, ...]
    left: tuple[Interpreted, ...]
    totals: dict[str, Totals]
    hidden: int = 0


def fill(
    desk: Desk,
    action: Action,
    *,
    reason: str,
    agree: Callable[[dict[str, Any]], None],
    include_hidden: bool = False,
) -> dict[str, Any]:
    """Set the action, and a reason where there is none, after somebody agreed to number and totals.

    Args:
        desk: the connection.
        action: add, reset or adjust.
        reason: for rows without one; may be empty.
        agree: called with the JSON of the result before anything is written; raises to stop.
        include_hidden: also rows that the tab's filter hides.

    Raises:
        UsageError: the credit system has no such action, or nobody agreed.
    """
    if action not in FILLABLE or action not in desk.rules.capabilities.actions:
        raise UsageError(f"{action.label} cannot be filled in here.", hint="Use reset, add or adjust.")
    desk.sheet.ensure_writable()
    typed: dict[str, CellValue] = {fields.ACTION: action.label}
    found = _find(desk, typed, reason, include_hidden=include_hidden)
    result = _json(desk, action, found)
    if not found.rows:
        return result
    agree(result)
    written = desk.sheet.write([_patch(row, typed, reason) for row in found.rows])
    return {**result, "filled": len(written.applied)}


def _find(desk: Desk, typed: dict[str, CellValue], reason: str, *, include_hidden: bool) -> Filled:
    tab = desk.sheet.read()
    book = desk.book()
    suspects = [suspect for suspect in scan(tab, book).suspects if is_blank(suspect.cells.get(fields.ACTION))]
    history = desk.ledger.accounts.history(desk.system, {suspect.account_id for suspect in suspects})
    rows: list[Interpreted] = []
    left: list[Interpreted] = []
    hidden = 0
    for suspect in suspects:
        past = history.get(suspect.account_id, {})
        if not interpret(suspect, book, past).problem:
            continue  # nothing is typed here
        if suspect.hidden and not include_hidden:
            hidden += 1
            continue
        cells = {**suspect.cells, **typed}
        if reason and is_blank(cells.get(fields.REASON)):
            cells[fields.REASON] = reason
        row = interpret(replace(suspect, cells=cells), book, past)
        (left if row.problem else rows).append(row)
    return Filled(tuple(rows), tuple(left), _totals(rows), hidden)


def _totals(rows: list[Interpreted]) -> dict[str, Totals]:
    totals: dict[str, Totals] = {}
    for row in rows:
        for wanted in row.wanted:
            for change in wanted.changes:
                resets = row.edit is not None and row.edit.action is Action.RESET
                moved = change.amount - (wanted.at_pull.get(change.unit) or 0) if resets else change.amount
                totals[change.unit] = totals.get(change.unit, Totals()).plus(moved)
    return totals


def _patch(row: Interpreted, typed: dict[str, CellValue], reason: str) -> Patch:
    cells = dict(typed)
    if reason and row.suspect.cells.get(fields.REASON) == reason:
        cells[fields.REASON] = reason
    held = {name: value for name, value in row.suspect.cells.items() if name not in cells}
    return Patch(
        account_id=row.suspect.account_id,
        row=row.suspect.number,
        cells=cells,
        only_if={**held, fields.ACTION: None},
    )


def _json(desk: Desk, action: Action, found: Filled) -> dict[str, Any]:
    units = {unit.code: unit for unit in desk.units}
    return {
        "connection": desk.name,
        "environment": desk.environment,
        "action": action.value,
        "rows": len(found.rows),
        "filled": 0,
        "hidden": found.hidden,
        "totals": {
            code: {
                "added": format_amount(total.added, units[code]),
                "removed": format_amount(total.removed, units[code]),
                "net": format_amount(total.net, units[code]),
                "largest": format_amount(total.largest, units[code]),
            }
            for code, total in found.totals.items()
        },
        "left": [
            {"row": row.suspect.number, "account_id": row.suspect.account_id, "message": row.problem}
            for row in found.left
        ],
    }
