"""Brings the tab up to date with the ledger: statuses, and cleared edits of what was confirmed.

The ledger is the truth and the tab a view of it, so this may fail, be interrupted and be repeated.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC

from sheetsync.core import fields
from sheetsync.core.amounts import to_cell
from sheetsync.core.diff import Baseline, Book, Interpreted, Suspect, interpret, scan
from sheetsync.core.edits import is_blank
from sheetsync.core.states import UNPROVEN, OperationState, RowStatus, row_status
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.ports import OperationRecord

TRIES = 5
"""How often rows are looked up again that a person changed between our read and our write."""


@dataclass(frozen=True, slots=True)
class Told:
    """A status that replaces what the operation's state alone would show."""

    status: RowStatus
    message: str


def show(desk: Desk, told: Mapping[str, Told] | None = None) -> int:
    """Write what the tab does not show yet; return how many rows were written.

    Args:
        desk: the connection.
        told: operation key → status of rows whose operation was withdrawn for a reason of its own.

    Raises:
        SheetError, LayoutError: the tab could not be written; the ledger keeps what is to be shown.
    """
    written = 0
    for _ in range(TRIES):
        if not desk.ledger.operations.unshown(desk.name):
            break
        tab = desk.sheet.read()
        # only now: what another process settles and shows after this, changes the tab under our write
        records = desk.ledger.operations.unshown(desk.name)
        patches, keys = _patches(desk, tab, records, told or {})
        outcome = desk.sheet.write(patches)
        written += len(outcome.applied)
        moved = outcome.otherwise
        done = {key for account_id, found in keys.items() if account_id not in moved for key in found}
        states = {record.key: record.state for record in records if record.key in done}
        desk.ledger.operations.mark_shown(states)
    return written


def unspoken(cells: Mapping[str, CellValue], formulas: Collection[str] = ()) -> dict[str, CellValue]:
    """Return what a row must still say for a status to be written: nothing newer by another process.

    A push, a verify and a preview may show their results in one tab at the same time.
    """
    said = (fields.STATUS, fields.MESSAGE, fields.KEY)
    return {name: cells[name] for name in said if name in cells and name not in formulas}


def _patches(
    desk: Desk, tab: Tab, records: Iterable[OperationRecord], told: Mapping[str, Told]
) -> tuple[list[Patch], dict[str, list[str]]]:
    """Return patches, and account id → keys that they show."""
    by_account: dict[str, list[OperationRecord]] = defaultdict(list)
    for record in records:
        by_account[record.account_id].append(record)
    book = desk.book(set(by_account))
    suspects = _rows(tab, book, by_account)
    history = desk.ledger.accounts.history(desk.system, set(by_account))
    lines = desk.ledger.lines.of_accounts(desk.system, set(by_account))
    rows = [
        interpret(suspect, book, history.get(account_id, {}), lines.get(account_id, ()))
        for account_id in by_account
        for suspect in suspects.get(account_id, [])
    ]
    beside = _beside(desk, rows, by_account)
    patches = []
    for row in rows:
        account_id = row.suspect.account_id
        found, baseline = by_account[account_id], book.baselines[account_id]
        patches.append(_patch(desk, row, _Said(found, beside.get(account_id, []), told), baseline))
    return patches, {account_id: [each.key for each in found] for account_id, found in by_account.items()}


def _rows(tab: Tab, book: Book, account_ids: Collection[str]) -> dict[str, list[Suspect]]:
    found: dict[str, list[Suspect]] = defaultdict(list)
    for suspect in scan(tab, book, marked=account_ids).suspects:
        if suspect.account_id in account_ids:
            found[suspect.account_id].append(suspect)
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """What a row is to say.

    Attributes:
        records: operations that the tab does not show yet, oldest first.
        beside: further ones of the account that are not settled, or that the row still asks for.
        told: operation key → status that replaces what its state would show.
    """

    records: list[OperationRecord]
    beside: list[OperationRecord]
    told: Mapping[str, Told]

    @property
    def speaker(self) -> OperationRecord:
        """The least settled of each unit's newest operation."""
        newest = {unit.unit: each for each in (*self.beside, *self.records) for unit in each.units}
        return min(reversed(newest.values()), key=lambda each: _RANK.get(each.state, 2))


_RANK = dict.fromkeys(UNPROVEN, 0) | {OperationState.QUEUED: 1, OperationState.CONFIRMED: 3}
"""State → how settled it is; whatever did not count stands between what waits and what counted."""


def _beside(
    desk: Desk, rows: Iterable[Interpreted], shown: Mapping[str, list[OperationRecord]]
) -> dict[str, list[OperationRecord]]:
    """Return account id → operations beside those to be shown, where each unit is an operation of its own."""
    if desk.rules.capabilities.one_request:
        return {}
    wanted = {wanted.key for row in rows for wanted in row.wanted}
    unsettled = [each for each in desk.ledger.operations.unsettled(desk.system) if each.account_id in shown]
    found = {each.key: each for each in (*desk.ledger.operations.by_key(wanted).values(), *unsettled)}
    beside: dict[str, list[OperationRecord]] = defaultdict(list)
    for record in sorted(found.values(), key=lambda each: each.created_at):
        known = {each.key for each in shown.get(record.account_id, ())}
        if record.key not in known:
            beside[record.account_id].append(record)
    return beside


def _patch(desk: Desk, row: Interpreted, said: _Said, baseline: Baseline) -> Patch:
    """Return what one row is to show: the least settled operation decides, confirmed edits are cleared."""
    records = said.records
    unproven = [each for each in (*said.beside, *records) if each.state in UNPROVEN]
    suspect = row.suspect
    cells = status_cells(desk, *_words(said.speaker, said.told))
    holding = {wanted.key for wanted in row.wanted}
    confirmed = [record for record in records if record.state is OperationState.CONFIRMED]
    cleared = [record for record in confirmed if record.key in holding]
    if cleared and len(cleared) == len(row.wanted):
        cells |= cleared_cells(desk, row, cleared[-1], baseline)
    elif cleared:
        cells |= _cleared_units(desk, row, cleared, baseline)
    elif confirmed and not unproven:
        cells |= _kept_cells(desk, row, confirmed[-1], baseline, cells)
    return Patch(
        account_id=baseline.account_id,
        row=suspect.number,
        cells=cells,
        only_if=dict(suspect.cells) if confirmed else unspoken(suspect.cells, suspect.formulas),
    )


def _words(record: OperationRecord, told: Mapping[str, Told]) -> tuple[RowStatus, str]:
    if record.key in told:
        return told[record.key].status, told[record.key].message
    return row_status(record.state), record.message


def status_cells(desk: Desk, status: RowStatus, message: str) -> dict[str, CellValue]:
    """Return the cells that say what a row is in."""
    return {
        fields.STATUS: status.label or None,
        fields.MESSAGE: message or None,
        fields.CHECKED_AT: desk.clock.now().astimezone(UTC),
    }


def cleared_cells(
    desk: Desk, row: Interpreted, record: OperationRecord, baseline: Baseline
) -> dict[str, CellValue]:
    """Return the cells of a row whose edit has counted: edit cleared, new balances, new Key.

    A reason or note that was changed since is the start of something new and stays.
    """
    sent = {fields.REASON: record.reason, fields.NOTE: record.note}
    cells: dict[str, CellValue] = {}
    for name in fields.typed(desk.units):
        value = row.suspect.cells.get(name)
        if name in row.suspect.cells and not (name in sent and _text(value) != sent[name]):
            cells[name] = None
    if fields.INVOICE_PREVIEW in row.suspect.cells:
        cells[fields.INVOICE_PREVIEW] = None
    return cells | balance_cells(desk, baseline) | {fields.KEY: baseline.key}


def _cleared_units(
    desk: Desk, row: Interpreted, records: Iterable[OperationRecord], baseline: Baseline
) -> dict[str, CellValue]:
    """Return the cells of confirmed units alone: action and Key stay for what the row still asks for."""
    cells: dict[str, CellValue] = {}
    units = {each.unit for record in records for each in record.units}
    for unit in desk.units:
        if unit.code in units:
            cells |= {fields.amount(unit, desk.units): None}
            cells |= {fields.balance(unit): to_cell(baseline.balances.get(unit.code), unit)}
    return {name: value for name, value in cells.items() if name in row.suspect.cells}


def balance_cells(desk: Desk, baseline: Baseline) -> dict[str, CellValue]:
    """Return the balances as cells."""
    return {fields.balance(unit): to_cell(baseline.balances.get(unit.code), unit) for unit in desk.units}


def holds_edit(desk: Desk, row: Interpreted) -> bool:
    """Whether any cell that a person fills in holds something."""
    typed = fields.typed(desk.units)
    return any(not is_blank(row.suspect.cells.get(name)) for name in typed) or row.edit is not None


def _kept_cells(
    desk: Desk,
    row: Interpreted,
    record: OperationRecord,
    baseline: Baseline,
    cells: Mapping[str, CellValue],
) -> dict[str, CellValue]:
    if not holds_edit(desk, row) and not row.problem:
        return balance_cells(desk, baseline) | {fields.KEY: baseline.key}
    if not holds_edit(desk, row):
        return {}
    deed, said = telling.deed(desk, record), str(cells[fields.MESSAGE]).rstrip(".")
    message = (
        f"{said}. What stands in this row now is not what was sent ({deed}) and comes "
        "on top: clear it, pull, and type it again to send it."
    )
    return {fields.MESSAGE: message}


def _text(value: CellValue) -> str:
    return "" if value is None else str(value).strip()
