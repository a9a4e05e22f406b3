"""Pull: read all accounts, store them as the baseline, merge them into the tab. Never destroys an edit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sheetsync.core import fields
from sheetsync.core.accounts import Account
from sheetsync.core.amounts import format_amount, to_cell
from sheetsync.core.decide import RowResult
from sheetsync.core.diff import Baseline, Interpreted, Suspect, Trouble, interpret
from sheetsync.core.edits import is_blank
from sheetsync.core.keys import DamagedKeyError
from sheetsync.core.states import OperationState, RowStatus
from sheetsync.core.tab import CellValue, Patch, Tab
from sheetsync.errors import ProviderError, RejectedError, RetryableError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.driving import settle_dead_owner
from sheetsync.jobs.outcome import finish_showing, sheet_requests
from sheetsync.jobs.proving import Proving, is_proven_by_transaction
from sheetsync.jobs.resuming import begun_reading, known_since
from sheetsync.jobs.running import running
from sheetsync.jobs.showing import balance_cells, cleared_cells, holds_edit, unspoken
from sheetsync.jobs.survey import Live, Survey, from_book, survey
from sheetsync.jobs.verify import VERIFIABLE, judge
from sheetsync.ports import OperationRecord, Progress, Run

BATCH = 500
"""Accounts recorded in one transaction: bounded memory, few commits."""

RECORD_EVERY_S = 2.0
"""Seconds after which fewer are recorded, too: what a slow site took long to tell is not asked twice."""

GONE = "The credit system no longer has this user; the row is kept."


@dataclass(slots=True)
class Found:
    """What a pull read.

    Attributes:
        order: account ids as the system lists them.
        read_at: before the first request, so that every balance is newer.
        watched: accounts with an operation to be settled.
    """

    reading: int
    read_at: datetime
    order: list[str] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    watched: dict[str, Account] = field(default_factory=dict)


def pull(
    desk: Desk,
    *,
    account_ids: Collection[str] | None = None,
    run: Run | None = None,
    filters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Pull all accounts, or refresh those named; return the JSON of ``pull``.

    Args:
        desk: the connection.
        account_ids: only these accounts, if given.
        run: the waiting or interrupted run that this process has claimed, as it was before that.
        filters: that the credit system was given; kept for whoever goes on with the run.

    Raises:
        ProviderError: the list could not be read to its end; the tab is as it was.
        SheetError, SheetUnsafeError, LayoutError: the tab could not be written.
    """
    desk.sheet.ensure_writable()
    settle_dead_owner(desk)
    begun = begun_reading(desk, run) if account_ids is None else None
    params = {"account_ids": sorted(account_ids or ()), "filters": dict(filters or {})}
    with running(desk, "pull", run=None if run is None else run.run, params=params) as now:
        now.result = _pull(now.desk, now.run, account_ids, begun=begun)
    return now.result


def _pull(desk: Desk, run: str, account_ids: Collection[str] | None, *, begun: int | None) -> dict[str, Any]:
    unsettled = [each for each in desk.ledger.operations.unsettled(desk.system) if each.state in VERIFIABLE]
    watched = {each.account_id for each in unsettled}
    kind = "pull" if account_ids is None else "refresh"
    reading = desk.ledger.accounts.next_reading(desk.system, actor=desk.actor, run=run, kind=kind)
    desk.ledger.runs.keep(run, {"reading": reading if begun is None else begun})
    found = Found(reading=reading, read_at=desk.clock.now())
    known = {} if begun is None else known_since(desk, begun, but=watched)
    if account_ids is None:
        source: Iterable[Account] = desk.provider.accounts(_progress(desk), known)
    else:
        source = _named(desk, account_ids)
    _record(desk, found, source, watched=watched)
    _settle(desk, found, unsettled, run=run)
    if account_ids is None:
        if not desk.provider.filtered:
            desk.ledger.accounts.mark_missing(desk.system, set(found.order), reading=reading)
        desk.ledger.accounts.finish_pull(desk.name, desk.system, run=run, reading=reading)
    desk.sheet.create(rows=len(found.order))
    warnings = finish_showing(desk)
    merged = _merge(desk, found, settled={each.account_id for each in unsettled}, scope=account_ids)
    desk.report("Writing the tab", merged.written, merged.written)
    still_open = desk.ledger.operations.unsettled(desk.system)
    return {
        "run": run,
        "connection": desk.name,
        "environment": desk.environment,
        "accounts": len(found.order),
        "resumed": len(known),
        "written": merged.written,
        "kept_edits": merged.kept_edits,
        "missing": merged.missing,
        "unsettled": len(still_open),
        "totals": {unit.code: format_amount(found.totals[unit.code], unit) for unit in desk.units},
        "warnings": warnings,
        **sheet_requests(desk),
    }


def _progress(desk: Desk) -> Progress:
    return lambda done, total: desk.report("Reading accounts", done, total)


def _named(desk: Desk, account_ids: Collection[str]) -> Iterable[Account]:
    """Read the accounts named, one request each; identities come from the baseline."""
    known = desk.ledger.accounts.baselines(desk.system, desk.maker, account_ids)
    for done, account_id in enumerate(sorted(account_ids), start=1):
        try:
            account = desk.provider.account(account_id)
        except (RejectedError, RetryableError) as error:
            raise ProviderError(
                f"User {account_id} could not be read: {error.message}", hint=error.hint
            ) from error
        baseline = known.get(account_id)
        email = account.email or (baseline.email if baseline else "")
        name = account.name or (baseline.name if baseline else "")
        desk.report("Reading accounts", done, len(account_ids))
        yield Account(account_id, email, name, account.balances, account.details)


def _record(desk: Desk, found: Found, source: Iterable[Account], *, watched: Collection[str]) -> None:
    """Write down what is read, as it comes: whoever goes on after an interruption has it already."""
    batch: list[Account] = []
    recorded_s = desk.processes.uptime_s()
    try:
        for account in source:
            batch.append(account)
            found.order.append(account.account_id)
            for code, amount in account.balances.items():
                found.totals[code] += amount or 0
            if account.account_id in watched:
                found.watched[account.account_id] = account
            if len(batch) == BATCH or desk.processes.uptime_s() - recorded_s >= RECORD_EVERY_S:
                desk.ledger.accounts.record(desk.system, found.reading, batch)
                batch, recorded_s = [], desk.processes.uptime_s()
    finally:
        desk.ledger.accounts.record(desk.system, found.reading, batch)


def _settle(desk: Desk, found: Found, unsettled: Iterable[OperationRecord], *, run: str) -> None:
    """A pull is itself a re-read: settle what it can prove, by transactions where these are the proof."""
    read = {account_id: (found.read_at, account) for account_id, account in found.watched.items()}
    by_transaction = []
    for record in unsettled:
        if record.account_id not in read:
            continue
        if is_proven_by_transaction(record):
            by_transaction.append(record)
        else:
            judge(desk, record, read[record.account_id][1], read_at=found.read_at, reading=found.reading)
    Proving(desk, run, found.reading, read).prove(by_transaction)


@dataclass(slots=True)
class Merged:
    """Counts of a merge, and its patches."""

    written: int = 0
    kept_edits: int = 0
    missing: int = 0
    patches: list[Patch] = field(default_factory=list)
    appended: list[dict[str, CellValue]] = field(default_factory=list)


def _merge(desk: Desk, found: Found, *, settled: Collection[str], scope: Collection[str] | None) -> Merged:
    """Merge the baseline into the tab; rows that a person changes meanwhile are looked at again."""
    merged = Merged()
    for _ in range(3):
        tab = desk.sheet.read()
        _adopt_newer_keys(desk, tab, found)
        merged = _patches(desk, tab, found, settled=settled, scope=scope)
        outcome = desk.sheet.write(merged.patches, append=merged.appended)
        if not outcome.otherwise:
            break
    return merged


def _patches(
    desk: Desk, tab: Tab, found: Found, *, settled: Collection[str], scope: Collection[str] | None
) -> Merged:
    meant = survey(desk, tab, live=_from_ledger(desk), account_ids=scope, include_hidden=True)
    results = {result.number: result for result in meant.results}
    ids = {result.account_id for result in meant.results}
    history = desk.ledger.accounts.history(desk.system, ids)
    lines = desk.ledger.lines.of_accounts(desk.system, ids)
    merged = Merged()
    present = set()
    for suspect in _rows(tab):
        baseline = meant.book.baselines.get(suspect.account_id)
        present.add(suspect.account_id)
        if baseline is None or (scope is not None and suspect.account_id not in scope):
            continue
        result = results.get(suspect.number)
        past, put = history.get(suspect.account_id, {}), lines.get(suspect.account_id, ())
        row = interpret(suspect, meant.book, past, put) if result else None
        _merge_row(desk, merged, suspect, baseline, _Meaning(row, result, meant, settled))
    for account_id in found.order:
        if account_id not in present:
            merged.appended.append(_fresh_cells(desk, meant.book.baselines[account_id], found.read_at))
    merged.written = len(found.order)
    return merged


def _adopt_newer_keys(desk: Desk, tab: Tab, found: Found) -> None:
    """After a restored backup, let the ledger's epochs grow past the tab's, so that no key is used twice.

    Edits typed against a lost epoch become outdated: a person looks at them and types them again.
    """
    known = set(found.order)
    newer = []
    for suspect in _rows(tab):
        if suspect.account_id not in known:
            continue
        try:
            key = desk.maker.read(str(suspect.cells.get(fields.KEY) or ""))
        except DamagedKeyError:
            continue
        newer.append((suspect.account_id, key))
    desk.ledger.accounts.adopt(desk.system, newer, units=desk.maker.units, actor=desk.actor)


def _from_ledger(desk: Desk) -> Live:
    return lambda account_ids: from_book(desk.book(set(account_ids)))(account_ids)


def _rows(tab: Tab) -> Iterable[Suspect]:
    at = tab.fields.index(fields.ACCOUNT_ID)
    for number, values in zip(tab.numbers, tab.values, strict=True):
        if not is_blank(values[at]):
            yield Suspect(
                number=number,
                account_id=str(values[at]),
                cells=dict(zip(tab.fields, values, strict=True)),
                formulas=tab.unread_formulas(number),
                hidden=number in tab.hidden,
            )


@dataclass(frozen=True, slots=True)
class _Meaning:
    row: Interpreted | None
    result: RowResult | None
    survey: Survey
    settled: Collection[str]


def _merge_row(desk: Desk, merged: Merged, suspect: Suspect, baseline: Baseline, meaning: _Meaning) -> None:
    """Write one existing row, leaving what a person typed."""
    merged.missing += baseline.missing
    done = _counted(meaning)
    if not done and _keeps(desk, meaning):
        merged.kept_edits += 1
        cells = _beside_edit(desk, baseline, meaning)
    else:
        cells = _fresh_cells(desk, baseline, desk.clock.now()) | _status(suspect, baseline, meaning)
        if done and meaning.row is not None and meaning.result is not None:
            record = meaning.survey.records[meaning.result.keys[-1]]
            cells |= cleared_cells(desk, meaning.row, record, baseline)
            cells |= {fields.STATUS: None, fields.MESSAGE: None}  # nothing is pending any more
    watched = (*fields.typed(desk.units), *(fields.balance(unit) for unit in desk.units))
    held = {name: suspect.cells[name] for name in watched if name in suspect.cells}
    merged.patches.append(
        Patch(
            account_id=suspect.account_id,
            row=suspect.number,
            cells={name: value for name, value in cells.items() if name in suspect.cells},
            # the cells that decide what the row means: if one changes under us, it is looked at again
            only_if=held | unspoken(suspect.cells, suspect.formulas),
        )
    )


def _keeps(desk: Desk, meaning: _Meaning) -> bool:
    """Whether the row holds something that a person typed and that did not count yet."""
    row = meaning.row
    if row is None:
        return False
    return holds_edit(desk, row) or row.trouble in (Trouble.EDIT, Trouble.KEY)


def _counted(meaning: _Meaning) -> bool:
    """Whether the row's edit is known to have counted, so that it is cleared."""
    result = meaning.result
    if result is None or result.status is not RowStatus.ALREADY_SENT:
        return False
    return all(meaning.survey.records[key].state is OperationState.CONFIRMED for key in result.keys)


def _fresh_cells(desk: Desk, baseline: Baseline, read_at: datetime) -> dict[str, CellValue]:
    return {
        fields.ACCOUNT_ID: baseline.account_id,
        fields.EMAIL: baseline.email,
        fields.NAME: baseline.name,
        **_detail_cells(desk, baseline),
        **balance_cells(desk, baseline),
        fields.KEY: baseline.key,
        fields.CHECKED_AT: read_at.astimezone(UTC),
    }


def _detail_cells(desk: Desk, baseline: Baseline) -> dict[str, CellValue]:
    """Return what else is shown of an account; a time that can be read is one in the tab, too."""
    cells: dict[str, CellValue] = {name: baseline.details.get(name) or None for name in desk.details}
    if moment := cells.get(fields.LAST_ACTIVITY):
        with suppress(ValueError):
            found = datetime.fromisoformat(str(moment))
            cells[fields.LAST_ACTIVITY] = found if found.tzinfo else found.replace(tzinfo=UTC)
    return cells


def _status(suspect: Suspect, baseline: Baseline, meaning: _Meaning) -> dict[str, CellValue]:
    """Return status and message of a row without an edit: blank unless something is pending."""
    result = meaning.result
    if baseline.missing:
        return {fields.STATUS: None, fields.MESSAGE: GONE}
    just_settled = suspect.account_id in meaning.settled
    if just_settled and suspect.cells.get(fields.STATUS) == RowStatus.CONFIRMED.label:
        return {}
    mended = meaning.row is not None and meaning.row.trouble in (Trouble.SHUFFLED, Trouble.AHEAD)
    if result is None or (mended and result.status is RowStatus.INVALID):
        return {fields.STATUS: None, fields.MESSAGE: None}
    return {fields.STATUS: result.status.label or None, fields.MESSAGE: result.message or None}


def _beside_edit(desk: Desk, baseline: Baseline, meaning: _Meaning) -> dict[str, CellValue]:
    """Return cells to write beside an edit: status and, where nobody typed over it, the new balance.

    Never Key or identity: they say against what the edit was typed.
    """
    row, result = meaning.row, meaning.result
    cells: dict[str, CellValue] = {fields.CHECKED_AT: desk.clock.now().astimezone(UTC)}
    cells |= _detail_cells(desk, baseline)
    if result is not None:
        cells |= {fields.STATUS: result.status.label or None, fields.MESSAGE: result.message or None}
    if row is None or row.problem:
        return cells
    overtyped = row.edit.overtyped if row.edit is not None else frozenset()
    for unit in desk.units:
        if unit.code not in overtyped:
            cells[fields.balance(unit)] = to_cell(baseline.balances.get(unit.code), unit)
    return cells
