"""Puts lines into rows: one for each row, and never over what a person typed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sheetsync.core import fields
from sheetsync.core.amounts import to_cell
from sheetsync.core.diff import Interpreted, Trouble, interpret, scan
from sheetsync.core.lines import Imported
from sheetsync.core.states import RowStatus
from sheetsync.core.tab import CellValue, Patch
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.judging import Meant, Source, another, groups_of
from sheetsync.jobs.showing import holds_edit, status_cells, unspoken
from sheetsync.jobs.survey import waiting_units
from sheetsync.ports import LineRecord, OperationRecord


def alone_in_their_rows(meant: Sequence[Meant]) -> list[Meant]:
    """Refuse several lines for one account: a row takes one edit, and nothing is summed silently."""
    places: dict[str, list[int]] = defaultdict(list)
    for each in meant:
        if each.status is RowStatus.EDITED:
            places[each.account_id].append(each.line.number)
    told = []
    for each in meant:
        other = another(places[each.account_id], each.line.number)
        if each.status is RowStatus.EDITED and other is not None:
            sentence = (
                f"Line {other} also changes user {each.account_id}, and a row takes one change: import "
                "with --plan, or push the first before you import the second."
            )
            told.append(each.invalid(sentence))
        else:
            told.append(each)
    return told


def rows_of(desk: Desk, account_ids: set[str]) -> dict[str, Interpreted]:
    """Return account id → its row, as it stands now."""
    tab, book = desk.sheet.read(), desk.book()
    suspects = [
        each for each in scan(tab, book, marked=account_ids).suspects if each.account_id in account_ids
    ]
    history = desk.ledger.accounts.history(desk.system, account_ids)
    lines = desk.ledger.lines.of_accounts(desk.system, account_ids)
    return {
        each.account_id: interpret(
            each, book, history.get(each.account_id, {}), lines.get(each.account_id, ())
        )
        for each in suspects
    }


def against_row(desk: Desk, meant: Meant, rows: Mapping[str, Interpreted]) -> Meant:
    """Compare a line with its row: an edit that stands there is never overwritten."""
    if meant.status is not RowStatus.EDITED:
        return meant
    row = rows.get(meant.account_id)
    if row is None:
        return meant.invalid(f"User {meant.account_id} has no row in the tab: pull, then import again.")
    if row.wanted and tuple(each.key for each in row.wanted) == meant.keys:
        return replace(meant, message="It stands in the row already.")
    obstacle = _obstacle(desk, row)
    return meant.invalid(f"Row {row.suspect.number}{obstacle}") if obstacle else meant


def _obstacle(desk: Desk, row: Interpreted) -> str:
    """Return what keeps a row from taking an edit, or ""."""
    if row.problem and row.trouble is not Trouble.EDIT:
        return f": {row.problem}"
    if holds_edit(desk, row) or row.problem:
        return " holds an edit that was not sent, and it is not overwritten: push or clear it first."
    return "" if _is_current(desk, row) else " is older than the ledger: pull, then import again."


def _is_current(desk: Desk, row: Interpreted) -> bool:
    """Whether the row's Key says what the ledger says: an edit beside an older one would be refused."""
    if row.key is None or row.baseline is None:
        return False
    known = row.baseline.epochs
    return all(
        known.get(unit, 0) == epoch for unit, epoch in zip(desk.maker.units, row.key.epochs, strict=True)
    )


def put(
    desk: Desk, source: Source, meant: list[Meant], rows: dict[str, Interpreted], *, run: str
) -> list[Meant]:
    """Note the new lines, then write them into their rows.

    The dictionary is empty afterwards: to write 100,000 rows takes enough memory without it.
    """
    fresh = [each for each in meant if each.status is RowStatus.EDITED and not each.message]
    waiting = waiting_units(desk)
    blocked = {each.line.number: record for each in fresh if (record := _waits(each, waiting)) is not None}
    fresh = [each for each in fresh if each.line.number not in blocked]
    desk.ledger.lines.save(
        [record for each in fresh for record in _noted(desk, source, each, rows[each.account_id], run=run)]
    )
    patches = [_patch(desk, source, each, rows.pop(each.account_id)) for each in fresh]
    rows.clear()
    desk.report("Writing the tab", 0, len(patches))
    moved = desk.sheet.write(patches).otherwise if patches else frozenset()
    placed = {each.line.number for each in fresh}
    told = []
    for each in meant:
        if each.line.number in blocked:
            record = blocked[each.line.number]
            story = telling.known(desk, record).story
            told.append(
                each.invalid(
                    f"{story}, not proven yet: verify, or resolve operation {record.key}, then import again."
                )
            )
        elif each.line.number in placed and each.account_id in moved:
            told.append(each.invalid("The row changed while it was written: import again."))
        else:
            told.append(each)
    return told


def _waits(meant: Meant, waiting: Mapping[tuple[str, str], OperationRecord]) -> OperationRecord | None:
    changes = meant.edit.changes if meant.edit else ()
    found = (waiting.get((meant.account_id, change.unit)) for change in changes)
    return next((record for record in found if record is not None), None)


def _noted(desk: Desk, source: Source, meant: Meant, row: Interpreted, *, run: str) -> list[LineRecord]:
    if meant.edit is None or row.key is None:
        return []
    epochs = dict(zip(desk.maker.units, row.key.epochs, strict=True))
    return [
        LineRecord(
            imported=Imported(
                key=key,
                action=meant.edit.action,
                changes=group,
                epochs={change.unit: epochs[change.unit] for change in group},
            ),
            system=desk.system,
            connection=desk.name,
            account_id=meant.account_id,
            reference=meant.reference,
            file=source.name,
            digest=source.file.digest,
            line=meant.line.number,
            run=run,
            actor=desk.actor,
        )
        for key, group in zip(meant.keys, groups_of(desk, meant.edit.changes), strict=True)
    ]


def _patch(desk: Desk, source: Source, meant: Meant, row: Interpreted) -> Patch:
    edit, suspect = meant.edit, row.suspect
    if edit is None:
        raise AssertionError("a line without an edit is not put into a row")
    units = {unit.code: unit for unit in desk.units}
    cells: dict[str, CellValue] = {
        fields.ACTION: edit.action.label,
        fields.REASON: edit.reason or None,
        fields.NOTE: edit.note or None,
        **edit.extras,
    }
    for change in edit.changes:
        unit = units[change.unit]
        cells[fields.amount(unit, desk.units)] = to_cell(change.amount, unit)
    cells |= status_cells(desk, RowStatus.EDITED, f"From {source.name}, line {meant.line.number}.")
    held = {name: suspect.cells[name] for name in fields.typed(desk.units) if name in suspect.cells}
    return Patch(
        account_id=meant.account_id,
        row=suspect.number,
        cells={name: value for name, value in cells.items() if name in suspect.cells},
        only_if=held | unspoken(suspect.cells, suspect.formulas),
    )
