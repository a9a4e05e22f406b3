"""Reconcile: compares ledger, credit system and tab, and lists every difference; changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sheetsync.core import fields
from sheetsync.core.accounts import Balances, EvidenceKind, Transaction
from sheetsync.core.book import Baseline, Book
from sheetsync.core.cells import text_of
from sheetsync.core.diff import interpret, scan
from sheetsync.core.differences import (
    Cause,
    Difference,
    Waiting,
    account_gone,
    explained,
    moved_units,
    of_balance,
    of_identity,
    of_row,
    row_missing,
)
from sheetsync.core.evidence import SEARCH_BEFORE, chronological, key_of
from sheetsync.core.states import OperationState
from sheetsync.core.tab import Tab
from sheetsync.errors import RejectedError, RetryableError
from sheetsync.jobs.desk import Desk
from sheetsync.jobs.running import running
from sheetsync.jobs.survey import waiting_units
from sheetsync.ports import OperationRecord

EXPLAINED_MOST = 500
"""Accounts whose movements are explained one by one, by transactions and by our own operations."""


@dataclass(slots=True)
class Reconciled:
    """What was compared.

    Attributes:
        accounts: that the credit system lists.
        rows: of the tab.
        notes: what could not be compared, and why.
    """

    run: str
    accounts: int = 0
    rows: int = 0
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def reconcile(desk: Desk, *, run: str | None = None, kept: int = 0) -> Reconciled:
    """Read the credit system and the tab, and compare them with the ledger.

    Writes nothing but its own run: neither the baseline nor the tab, nor anything in the credit system.

    Args:
        desk: the connection.
        run: the waiting run that this process goes on with.
        kept: differences that stay with the run, for whoever looks at it later.

    Raises:
        UsageError: never pulled.
        ProviderError: the list of users could not be read to its end.
        SheetError: the tab could not be read.
    """
    with running(desk, "reconcile", run=run) as now:
        found = Reconciled(now.run)
        tab = now.desk.sheet.read()
        book = now.desk.book()
        waiting = waiting_units(now.desk)
        listed = _compare_system(now.desk, found, book, waiting)
        _compare_tab(now.desk, found, book, tab, listed=listed)
        _name_unsettled(found, waiting)
        found.differences.sort(key=lambda each: (each.account_id, each.row or 0))
        told = reconciled_json(desk, found)
        now.result = {**told, "differences": told["differences"][:kept]}
    return found


def _compare_system(
    desk: Desk, found: Reconciled, book: Book, waiting: Mapping[tuple[str, str], OperationRecord]
) -> set[str]:
    """Compare the list of users, as it comes, with the ledger; return the ids that it has."""
    listed: set[str] = set()
    moved: dict[str, Balances] = {}
    source = desk.provider.accounts(lambda done, total: desk.report("Reading accounts", done, total))
    for account in source:
        listed.add(account.account_id)
        known = book.baselines.get(account.account_id)
        found.differences += of_identity(account, known, book.units)
        if known is not None and moved_units(account.balances, known, book.units):
            moved[account.account_id] = account.balances
    found.accounts = len(listed)
    if desk.provider.filtered:
        found.notes.append("A filter is set: users that it leaves out were compared with nothing.")
    else:
        gone = (known for each, known in book.baselines.items() if each not in listed and not known.missing)
        found.differences += map(account_gone, gone)
    found.differences += _balances(desk, found, book, moved, waiting=waiting)
    return listed


def _balances(
    desk: Desk,
    found: Reconciled,
    book: Book,
    moved: Mapping[str, Balances],
    *,
    waiting: Mapping[tuple[str, str], OperationRecord],
) -> Iterator[Difference]:
    """Yield balances that moved; what the ledger learned while we read is no difference."""
    fresh = desk.ledger.accounts.baselines(desk.system, desk.maker, moved)
    still = {
        each: now for each, now in moved.items() if fresh[each].balances == book.baselines[each].balances
    }
    explain = list(still)[:EXPLAINED_MOST]
    transactions = _transactions(desk, found, explain)
    latest = {each: _latest(desk, each) for each in explain}
    if len(still) > EXPLAINED_MOST:
        found.notes.append(f"Of {len(still)} balances that moved, {EXPLAINED_MOST} were looked into.")
    for account_id, now in still.items():
        known = fresh[account_id]
        for unit in moved_units(now, known, book.units):
            record = waiting.get((account_id, unit.code))
            amount = now.get(unit.code)
            change = (amount or 0) - (known.balances.get(unit.code) or 0)
            these = explained(transactions.get(account_id, ()), unit.code, change)
            yield of_balance(
                known,
                unit,
                amount,
                waiting=None if record is None else _waiting(record),
                before_last=latest.get(account_id, {}).get(unit.code),
                transactions=these,
                ours=_ours(desk, these),
            )


def _waiting(record: OperationRecord) -> Waiting:
    return Waiting(record.key, {unit.unit: unit.expected for unit in record.units})


def _latest(desk: Desk, account_id: str) -> dict[str, tuple[str, int | None]]:
    """Return unit code → key of the account's newest confirmed operation, and the balance before it."""
    found: dict[str, tuple[str, int | None]] = {}
    for record in desk.ledger.operations.history(None, account_id=account_id, limit=20):
        if record.system == desk.system and record.state is OperationState.CONFIRMED:
            for unit in record.units:
                found.setdefault(unit.unit, (record.key, unit.before))
    return found


def _transactions(
    desk: Desk, found: Reconciled, account_ids: Sequence[str]
) -> Mapping[str, Sequence[Transaction]]:
    """Return what the credit system lists of these accounts since the last pull, oldest first."""
    if not account_ids or desk.rules.capabilities.evidence is not EvidenceKind.TRANSACTION:
        return {}
    pulled = desk.ledger.accounts.last_pull(desk.name)
    since = (pulled.at if pulled else desk.clock.now() - timedelta(days=1)) - SEARCH_BEFORE
    listed: dict[str, list[Transaction]] = defaultdict(list)
    try:
        for each in desk.provider.transactions(set(account_ids), since):
            listed[each.account_id].append(each)
    except (RejectedError, RetryableError) as error:
        found.notes.append(f"The transactions could not be read, so causes are guesses. {error.message}")
        return {}
    return {account_id: chronological(each) for account_id, each in listed.items()}


def _ours(desk: Desk, transactions: Iterable[Transaction]) -> dict[str, bool]:
    keys = {key for each in transactions if (key := key_of(each.note)) is not None}
    return dict.fromkeys(desk.ledger.operations.by_key(keys), True) if keys else {}


def _compare_tab(desk: Desk, found: Reconciled, book: Book, tab: Tab, *, listed: set[str]) -> None:
    scanned = scan(tab, book)
    found.rows = scanned.rows
    ids = {suspect.account_id for suspect in scanned.suspects}
    history = desk.ledger.accounts.history(desk.system, ids)
    lines = desk.ledger.lines.of_accounts(desk.system, ids)
    for suspect in scanned.suspects:
        past, put = history.get(suspect.account_id, {}), lines.get(suspect.account_id, ())
        found.differences += of_row(interpret(suspect, book, past, put), book, past)
    if scanned.ignored:
        found.notes.append(f"{scanned.ignored} rows without a User ID were compared with nothing.")
    shown = _ids(tab)
    absent = (known for each, known in book.baselines.items() if _has_no_row(known, shown, listed, each))
    found.differences += map(row_missing, absent)


def _ids(tab: Tab) -> set[str]:
    at = tab.fields.index(fields.ACCOUNT_ID)
    return {text_of(row[at]) for row in tab.values}


def _has_no_row(known: Baseline, shown: set[str], listed: set[str], account_id: str) -> bool:
    return account_id not in shown and account_id in listed and not known.missing


def _name_unsettled(found: Reconciled, waiting: Mapping[tuple[str, str], OperationRecord]) -> None:
    """List what is not proven, also where no balance moved yet."""
    unsettled = (each for each in found.differences if each.cause is Cause.OPERATION_UNSETTLED)
    told = {(each.account_id, each.unit) for each in unsettled}
    for (account_id, unit), record in waiting.items():
        if (account_id, unit) not in told:
            message = f"Operation {record.key} is not settled: {record.state.value}. Verify, or resolve it."
            found.differences.append(
                Difference(account_id, Cause.OPERATION_UNSETTLED, message, record.email, unit)
            )


def reconciled_json(desk: Desk, found: Reconciled) -> dict[str, Any]:
    """Return the JSON of ``reconcile``."""
    return {
        "run": found.run,
        "connection": desk.name,
        "environment": desk.environment,
        "accounts": found.accounts,
        "rows": found.rows,
        "counts": dict(sorted(Counter(each.cause.value for each in found.differences).items())),
        "differences": [_difference_json(desk, each) for each in found.differences],
        "notes": found.notes,
    }


def _difference_json(desk: Desk, each: Difference) -> dict[str, Any]:
    return {
        "account_id": each.account_id,
        "email": each.email,
        "cause": each.cause.value,
        "unit": each.unit or None,
        "system": each.system or None,
        "ledger": each.ledger or None,
        "tab": each.tab or None,
        "row": each.row,
        "message": each.message,
        "user_url": desk.page(each.account_id),
    }


CSV_HEADER = ("account_id", "email", "cause", "unit", "system", "ledger", "tab", "row", "message")


def csv_rows(told: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Yield the rows of a CSV file."""
    for each in told["differences"]:
        yield [each[name] for name in CSV_HEADER]
