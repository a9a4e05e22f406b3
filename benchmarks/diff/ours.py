"""Sheetsync's own diff: every row's one status, from the tab, the ledger's baseline and live balances."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.diff.rows import HEADER, KEY, Row, lines
from sheetsync.core import fields
from sheetsync.core.accounts import Action, Capabilities, EvidenceKind, Unit
from sheetsync.core.book import Baselines, Book
from sheetsync.core.collector import collector_paused
from sheetsync.core.decide import Ledgered, decide, wants_live
from sheetsync.core.diff import Trouble, interpret, scan
from sheetsync.core.edits import Rules
from sheetsync.core.keys import KeyMaker
from sheetsync.core.states import RowStatus
from sheetsync.core.tab import CellValue, Tab

CREDITS = Unit("credits", "Credits", 0)
ACTIONS = (Action.ADD, Action.RESET, Action.ADJUST)
MAKER = KeyMaker("benchmark", (CREDITS.code,))
RULES = Rules(Capabilities((CREDITS,), ACTIONS, EvidenceKind.BALANCE), ())
READING = 1
COLUMNS = (
    fields.ACCOUNT_ID,
    fields.EMAIL,
    fields.NAME,
    fields.balance(CREDITS),
    fields.ACTION,
    fields.amount(CREDITS, (CREDITS,)),
    fields.KEY,
)
KEYED = (*HEADER, KEY)


def keyed(rows: Sequence[Row], known: frozenset[str] | None = None) -> list[Row]:
    """Return the rows with the Key cell that a pull writes, of accounts that were pulled."""
    return [
        [
            *row,
            MAKER.write((row[0], row[1], row[2]), [0], READING) if known is None or row[0] in known else "",
        ]
        for row in rows
    ]


def book_of(rows: Iterable[Row]) -> Book:
    """Return the ledger's side from keyed rows."""
    known = Baselines((CREDITS.code,))
    for account_id, email, name, balance, _action, _amount, key in rows:
        known.add((account_id, email, name), key, [(CREDITS.code, int(balance), 0, READING)])
    return Book(known, READING, MAKER.system, RULES, MAKER)


def tab_of(rows: Iterable[Row]) -> Tab:
    """Return keyed rows as the tab that an adapter would have read: balances and amounts are numbers."""
    values: list[Sequence[CellValue]] = [
        (row[0], row[1], row[2], int(row[3]), row[4] or None, _number(row[5]), row[6]) for row in rows
    ]
    return Tab(COLUMNS, values, range(2, len(values) + 2))


def _number(text: str) -> CellValue:
    if not text:
        return None
    return int(text) if text.isdigit() else text


Live = Callable[[str], int | None]
"""Account id → its balance now."""


def classify(tab: Tab, book: Book, live: Live) -> tuple[tuple[int, int, int], Counter[RowStatus]]:
    """Return changed, added and gone rows, and how many rows have each status."""
    nothing = Ledgered(known={}, unsettled={})
    statuses: Counter[RowStatus] = Counter()
    strangers = 0
    scanned = scan(tab, book)
    for suspect in scanned.suspects:
        row = interpret(suspect, book, {})
        strangers += row.trouble is Trouble.ACCOUNT
        now = {CREDITS.code: live(suspect.account_id)} if wants_live(row, nothing) else None
        result = decide(row, nothing, live=now, capabilities=RULES.capabilities, actor="benchmark")
        statuses[result.status] += 1
    met = scanned.rows - strangers
    return (len(scanned.suspects) - strangers, strangers, len(book.baselines) - met), statuses


def end_to_end(baseline: Path, tab: Path) -> tuple[int, int, int]:
    """Return changed, added and gone rows of two files of keyed rows; balances have not moved."""
    with collector_paused():  # as where the service reads its accounts
        book = book_of(lines(baseline))
        rows = tab_of(lines(tab))
    found, _ = classify(rows, book, lambda account_id: book.baselines[account_id].balances[CREDITS.code])
    return found
