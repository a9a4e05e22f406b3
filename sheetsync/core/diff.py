"""Baseline × tab: which rows ask for something, and what exactly.

Two of the three steps of a diff, both pure: ``scan`` leaves out the rows that say nothing, and ``interpret``
reads what is left: a problem in words, or an edit with its operation keys. The third step, ``core.decide``,
needs the ledger's operations and the live balances.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from sheetsync.core import fields, ids
from sheetsync.core.accounts import Balances, Change, Unit
from sheetsync.core.book import Baseline, Book, History
from sheetsync.core.cells import is_blank, shows, text_of
from sheetsync.core.edits import Edit, EditProblem, read_edit
from sheetsync.core.keys import DamagedKeyError, RowKey, operation_key
from sheetsync.core.lines import Imported
from sheetsync.core.scan import NAMED_TWINS, Scan, Suspect, scan

__all__ = [
    "Baseline",
    "Book",
    "Edit",
    "History",
    "Interpreted",
    "Scan",
    "Suspect",
    "Trouble",
    "Wanted",
    "interpret",
    "scan",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One operation that a row asks for.

    Attributes:
        epochs: unit code → epoch that it was typed against.
        at_pull: unit code → balance that the person saw.
    """

    key: str
    changes: tuple[Change, ...]
    epochs: Mapping[str, int]
    basis: int
    at_pull: Balances

    def outdated(self, known: Baseline) -> bool:
        """Whether an operation of ours has counted since this was typed."""
        return any(epoch < known.epochs.get(code, 0) for code, epoch in self.epochs.items())


class Trouble(Enum):
    """What kind of problem a row has: a pull mends some kinds and leaves others to the person."""

    TWINS = auto()
    ACCOUNT = auto()
    KEY = auto()
    SHUFFLED = auto()
    AHEAD = auto()
    EDIT = auto()


@dataclass(frozen=True, slots=True)
class Interpreted:
    """What a row asks for.

    Attributes:
        problem: why it cannot be sent; "" if it can, or asks for nothing.
        trouble: the problem's kind.
        edit: None if it asks for nothing or has a problem.
        key: None where it is missing or damaged.
        outdated: it was typed against an epoch that has passed.
        units: of the credit system.
    """

    suspect: Suspect
    baseline: Baseline | None
    problem: str = ""
    trouble: Trouble | None = None
    edit: Edit | None = None
    wanted: tuple[Wanted, ...] = ()
    key: RowKey | None = None
    outdated: bool = False
    units: tuple[Unit, ...] = ()


def interpret(suspect: Suspect, book: Book, history: History, lines: Sequence[Imported] = ()) -> Interpreted:
    """Read one row: a problem in words, or an edit with its operation keys, or neither.

    Args:
        suspect: the row.
        book: the ledger's side.
        history: the account's balances since its Key was written; may hold older ones.
        lines: lines of files that were put into the row: where it still holds one, it has that one's key.
    """
    known = book.baselines.get(suspect.account_id)
    if suspect.twins:
        return Interpreted(suspect, known, problem=_twins_sentence(suspect), trouble=Trouble.TWINS)
    asks = any(not is_blank(suspect.cells.get(name)) for name in book.typed)
    if known is None or known.missing:
        return _without_account(suspect, known, book, asks=asks)
    try:
        key = book.maker.read(text_of(suspect.cells.get(fields.KEY)))
    except DamagedKeyError:
        return _without_key(suspect, known, book, asks=asks)
    if not _fits(suspect, key, book):
        return Interpreted(suspect, known, problem=SHUFFLED, trouble=Trouble.SHUFFLED)
    return _bound(_with_key(suspect, known, key, book, history), lines)


def _bound(row: Interpreted, lines: Sequence[Imported]) -> Interpreted:
    """Return the row with the key of the line that was put there, as long as it holds exactly that."""
    if row.edit is None or not lines:
        return row
    action = row.edit.action
    wanted = tuple(
        next(
            (replace(each, key=line.key) for line in lines if line.fits(action, each.changes, each.epochs)),
            each,
        )
        for each in row.wanted
    )
    return replace(row, wanted=wanted)


SHUFFLED = (
    "The rows look shuffled: this row's Key belongs to another User ID, Email or Name, as after sorting some "
    "columns without the rest. Undo the sort, or clear the edit and pull; nothing is sent."
)

AHEAD = (
    "This row's Key is newer than the ledger, as after restoring a backup: nothing is pushed before the "
    "accounts were pulled again."
)


def _twins_sentence(suspect: Suspect) -> str:
    named = [str(number) for number in suspect.twins[:NAMED_TWINS]]
    more = " and more" if len(suspect.twins) > NAMED_TWINS else ""
    rows = f"row {named[0]}" if len(named) == 1 else f"rows {', '.join(named[:-1])} and {named[-1]}"
    if more:
        rows = f"rows {', '.join(named)}{more}"
    return (
        f"User {suspect.account_id} also stands in {rows}: leave only one row for each user; "
        "nothing of them is sent."
    )


def _without_account(suspect: Suspect, known: Baseline | None, book: Book, *, asks: bool) -> Interpreted:
    if not asks:
        return Interpreted(suspect, known)
    if known is not None:
        sentence = (
            f"The credit system no longer has user {suspect.account_id}: nothing can be sent. Clear the edit."
        )
    else:
        what = ids.meant(suspect.account_id, book) or "Pull again, or correct the User ID."
        sentence = (
            f"There is no user “{suspect.account_id[: ids.ID_SHOWN]}” in the last pull. {what} "
            "No user is ever created, and nothing is sent."
        )
    return Interpreted(suspect, known, problem=sentence, trouble=Trouble.ACCOUNT)


def _without_key(suspect: Suspect, known: Baseline, book: Book, *, asks: bool) -> Interpreted:
    if not asks and not _overtyped(suspect, known, book):
        return Interpreted(suspect, known)
    what = "has no Key" if is_blank(suspect.cells.get(fields.KEY)) else "has a damaged Key"
    sentence = (
        f"This row {what}, so it is not known which balance the edit was typed against: "
        "clear the edit, pull, and type it again."
    )
    return Interpreted(suspect, known, problem=sentence, trouble=Trouble.KEY)


def _overtyped(suspect: Suspect, known: Baseline, book: Book) -> bool:
    cells = [(unit, suspect.cells.get(fields.balance(unit))) for unit in book.units]
    return any(
        not is_blank(value) and not shows(value, known.balances.get(unit.code), unit) for unit, value in cells
    )


def _fits(suspect: Suspect, key: RowKey, book: Book) -> bool:
    email, name = (
        text_of(suspect.cells[name]) if name in suspect.cells else None
        for name in (fields.EMAIL, fields.NAME)
    )
    return book.maker.fits(key, suspect.account_id, email, name)


def _with_key(suspect: Suspect, known: Baseline, key: RowKey, book: Book, history: History) -> Interpreted:
    epochs = dict(zip(book.maker.units, key.epochs, strict=True))
    if key.basis > book.reading or any(epoch > known.epochs.get(code, 0) for code, epoch in epochs.items()):
        return Interpreted(suspect, known, problem=AHEAD, trouble=Trouble.AHEAD, key=key)
    shown = _shown(suspect, known, key, book, history)
    try:
        edit = read_edit(suspect.cells, book.rules, shown=shown, formulas=suspect.formulas)
    except EditProblem as problem:
        return Interpreted(suspect, known, problem=str(problem), trouble=Trouble.EDIT, key=key)
    if edit is None:
        return Interpreted(suspect, known, key=key)
    wanted = tuple(_wanted(edit, key, known, book=book, shown=shown))
    outdated = any(each.outdated(known) for each in wanted)
    return Interpreted(suspect, known, edit=edit, wanted=wanted, key=key, outdated=outdated, units=book.units)


def _shown(
    suspect: Suspect, known: Baseline, key: RowKey, book: Book, history: History
) -> dict[str, list[int | None]]:
    """Return per unit the balances that the cell may show: first that at the Key's basis, last the newest.

    A target that was typed over the balance may have been reached since. In a row that asks for something
    without an amount, it must then not pass for a balance that the service wrote.
    """
    reset_by_balance = not is_blank(suspect.cells.get(fields.ACTION)) and all(
        is_blank(suspect.cells.get(name)) for name in book.amounts
    )
    shown = {}
    for unit, epoch in zip(book.units, key.epochs, strict=True):
        balances = _since(history.get(unit.code, ()), known.balances.get(unit.code), key.basis)
        outdated = epoch < known.epochs.get(unit.code, 0)
        shown[unit.code] = balances[:1] if reset_by_balance and outdated else balances
    return shown


def _since(history: Sequence[tuple[int, int | None]], now: int | None, basis: int) -> list[int | None]:
    at_basis = [balance for reading, balance in history if reading <= basis][-1:]
    later = [balance for reading, balance in history if reading > basis]
    return [*at_basis, *later, now]


def _wanted(
    edit: Edit,
    key: RowKey,
    known: Baseline,
    *,
    book: Book,
    shown: Mapping[str, list[int | None]],
) -> Iterator[Wanted]:
    capabilities = book.rules.capabilities
    epochs = dict(zip(book.maker.units, key.epochs, strict=True))
    groups = [edit.changes] if capabilities.one_request else [(change,) for change in edit.changes]
    sent = dict(edit.extras)
    if capabilities.sends_reason:
        sent[fields.REASON] = edit.reason
    for changes in groups:
        touched = {change.unit: epochs[change.unit] for change in changes}
        yield Wanted(
            key=operation_key(book.system, known.account_id, edit.action, changes, epochs=touched, sent=sent),
            changes=changes,
            epochs=touched,
            basis=key.basis,
            at_pull={change.unit: shown[change.unit][0] for change in changes},
        )
