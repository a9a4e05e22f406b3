"""Reads the tab and says what every row means: the common first half of preview, push and pull."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sheetsync.core.accounts import Balances
from sheetsync.core.decide import Ledgered, RowResult, decide, wants_live
from sheetsync.core.diff import Book, Interpreted, Trouble, interpret, scan
from sheetsync.core.states import UNSETTLED, RowStatus
from sheetsync.core.tab import Tab
from sheetsync.errors import ProviderError, RejectedError, RetryableError
from sheetsync.jobs import telling
from sheetsync.jobs.desk import Desk
from sheetsync.ports import OperationRecord

Live = Callable[[Collection[str]], Mapping[str, "Balances | str"]]
"""Account ids → balances read now, or the sentence that says why they could not be read."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a tab means.

    Attributes:
        results: every row looked at, also those that turned out to ask for nothing.
        hidden: rows with edits left out because the tab's filter hides them.
        ignored: rows without a User ID.
        records: operations of the ledger that rows speak of, by key.
        ahead: some Key is newer than the ledger, in whatever row of the tab.
        rows: rows with a User ID in the whole tab.
    """

    book: Book
    results: tuple[RowResult, ...]
    hidden: int
    ignored: int
    records: Mapping[str, OperationRecord]
    ahead: bool = False
    rows: int = 0


def survey(
    desk: Desk,
    tab: Tab,
    *,
    live: Live,
    account_ids: Collection[str] | None = None,
    include_hidden: bool = False,
) -> Survey:
    """Return the meaning of every row in scope.

    Args:
        desk: the connection.
        tab: as read.
        live: reads balances.
        account_ids: only these rows, if given; doubles are looked for in the whole tab.
        include_hidden: also rows that the tab's filter hides.

    Raises:
        ProviderError: the credit system could not be reached.
    """
    book = desk.book()
    unsettled = desk.ledger.operations.unsettled(desk.system)
    scanned = scan(tab, book, marked={record.account_id for record in unsettled})
    suspects = scanned.suspects
    history = desk.ledger.accounts.history(desk.system, {suspect.account_id for suspect in suspects})
    lines = desk.ledger.lines.of_accounts(desk.system, {suspect.account_id for suspect in suspects})
    every = [
        interpret(suspect, book, history.get(suspect.account_id, {}), lines.get(suspect.account_id, ()))
        for suspect in suspects
    ]
    rows = [row for row in every if account_ids is None or row.suspect.account_id in account_ids]
    left_out = [row for row in rows if row.suspect.hidden and not include_hidden and _asks(row)]
    kept = [row for row in rows if include_hidden or not row.suspect.hidden or not _asks(row)]
    records = _records(desk, kept, unsettled)
    ledgered = ledger_of(desk, records)
    wanted = {row.suspect.account_id for row in kept if wants_live(row, ledgered)}
    balances = live(wanted) if wanted else {}
    return Survey(
        book=book,
        results=tuple(decided(desk, row, ledgered, balances.get(row.suspect.account_id)) for row in kept),
        hidden=len(left_out),
        ignored=scanned.ignored,
        records=records,
        ahead=any(row.trouble is Trouble.AHEAD for row in every),
        rows=scanned.rows,
    )


def _asks(row: Interpreted) -> bool:
    return row.edit is not None or bool(row.problem)


def _records(
    desk: Desk, rows: Iterable[Interpreted], unsettled: Iterable[OperationRecord]
) -> dict[str, OperationRecord]:
    keys = {wanted.key for row in rows for wanted in row.wanted}
    found = desk.ledger.operations.by_key(keys)
    return {**{record.key: record for record in unsettled}, **found}


def ledger_of(desk: Desk, records: Mapping[str, OperationRecord]) -> Ledgered:
    """Return the ledger's operations as rows are compared with them."""
    known = {key: telling.known(desk, record) for key, record in records.items()}
    unsettled = {
        (each.account_id, unit): each
        for each in known.values()
        if each.state in UNSETTLED
        for unit in each.units
    }
    return Ledgered(known=known, unsettled=unsettled)


def decided(desk: Desk, row: Interpreted, ledgered: Ledgered, live: Balances | str | None) -> RowResult:
    """Return the row's one status; where there are no balances to be had, the sentence that says why."""
    if isinstance(live, str):
        return RowResult(
            number=row.suspect.number,
            account_id=row.suspect.account_id,
            email=row.baseline.email if row.baseline else "",
            status=RowStatus.INVALID,
            action=row.edit.action if row.edit else None,
            message=live,
        )
    return decide(row, ledgered, live=live, capabilities=desk.rules.capabilities, actor=desk.actor)


def waiting_units(desk: Desk) -> dict[tuple[str, str], OperationRecord]:
    """Return (account id, unit) → the operation that is not settled; such a unit takes no other."""
    return {
        (record.account_id, unit.unit): record
        for record in desk.ledger.operations.unsettled(desk.system)
        for unit in record.units
    }


LIST_FROM = 30
"""Accounts from which one walk through the list may be cheaper than a request for each, where it has
balances."""


def list_is_cheaper(desk: Desk, wanted: int) -> bool:
    """Whether so many accounts are read by fewer requests from the list than one by one."""
    offered = desk.rules.capabilities
    if not offered.lists_balances or wanted < LIST_FROM:
        return False
    return desk.ledger.accounts.count(desk.system) / offered.page + 2 < wanted


def read_live(desk: Desk) -> Live:
    """Return a reader that asks the credit system, by as few requests as possible."""

    def read(account_ids: Collection[str]) -> dict[str, Balances | str]:
        found: dict[str, Balances | str] = {}
        if list_is_cheaper(desk, len(account_ids)):
            listed = desk.provider.accounts(lambda done, total: desk.report("Reading balances", done, total))
            found |= {each.account_id: each.balances for each in listed if each.account_id in account_ids}
        account_ids = set(account_ids) - found.keys()
        with ThreadPoolExecutor(desk.limits.parallel_requests) as pool:
            results = pool.map(lambda account_id: _read_one(desk, account_id), sorted(account_ids))
            for done, (account_id, balances) in enumerate(results, start=1):
                found[account_id] = balances
                desk.report("Reading balances", done, len(account_ids))
        return found

    return read


def _read_one(desk: Desk, account_id: str) -> tuple[str, Balances | str]:
    try:
        return account_id, desk.provider.account(account_id).balances
    except RejectedError as error:
        if error.everything:
            raise ProviderError(error.message, hint=error.hint) from error
        return account_id, f"The balance could not be read: {error.message} Nothing is sent."
    except RetryableError as error:
        if not error.reached:
            raise ProviderError(error.message, hint=error.hint) from error
        return account_id, f"The balance could not be read now: {error.message} Nothing is sent."


def from_book(book: Book) -> Live:
    """Return a reader that answers from the baseline, for rows that were pulled a moment ago."""

    def read(account_ids: Collection[str]) -> dict[str, Balances | str]:
        return {each: book.baselines[each].balances for each in account_ids}

    return read
