"""Baseline × tab: which rows ask for something, and what exactly.

Two of the three steps of a diff are here, both pure:

1. ``scan`` compares raw cells and leaves out the rows that say nothing, which are nearly all of them.
2. ``interpret`` reads what is left: a problem in words, or an edit with its operation keys.

The third step, ``core.decide``, needs the ledger's operations and the live balances.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from sheetsync.core import fields
from sheetsync.core.accounts import Balances, Change, Unit
from sheetsync.core.edits import Edit, EditProblem, Rules, is_blank, read_edit
from sheetsync.core.keys import DamagedKeyError, KeyMaker, RowKey, operation_key
from sheetsync.core.tab import CellValue, Tab


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the ledger knows of one account.

    Attributes:
        balances: as last read.
        epochs: unit code → epoch; 0 where absent.
        basis: number of the reading that last changed a balance.
        key: the ``Key`` cell that belongs to this state.
        missing: the credit system no longer has the account.
    """

    account_id: str
    email: str
    name: str
    balances: Balances
    epochs: Mapping[str, int]
    basis: int
    key: str
    missing: bool = False


History = Mapping[str, Sequence[tuple[int, int | None]]]
"""Unit code → (reading, balance), oldest first: every balance that the account was seen with."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that may ask for something.

    Attributes:
        twins: numbers of other rows for the same account.
    """

    number: int
    account_id: str
    cells: Mapping[str, CellValue]
    formulas: frozenset[str]
    hidden: bool
    twins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """Attributes: rows with an id, rows without one (ignored), and the rows to look at."""

    rows: int
    ignored: int
    suspects: tuple[Suspect, ...]


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
    """

    suspect: Suspect
    baseline: Baseline | None
    problem: str = ""
    trouble: Trouble | None = None
    edit: Edit | None = None
    wanted: tuple[Wanted, ...] = ()
    key: RowKey | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """The ledger's side of a diff.

    Attributes:
        baselines: account id → state.
        reading: number of the newest reading.
        system: identity of the credit system.
    """

    baselines: Mapping[str, Baseline]
    reading: int
    system: str
    rules: Rules
    maker: KeyMaker = field(repr=False)

    @property
    def typed(self) -> tuple[str, ...]:
        """Fields whose content makes a row an edit; reason and note alone ask for nothing."""
        units = self.rules.capabilities.units
        return (fields.ACTION, *(fields.amount(unit, units) for unit in units))


def scan(tab: Tab, book: Book, *, marked: Collection[str] = ()) -> Scan:
    """Return the rows that differ from what the service wrote, compared as raw cells.

    Args:
        tab: the tab as read.
        book: the ledger's side.
        marked: accounts whose rows are wanted in any case, such as those with an unsettled operation.
    """
    place = {name: index for index, name in enumerate(tab.fields)}
    ids = [_id(row, place) for row in tab.values]
    twins = _twins(ids, tab.numbers)
    typed = tuple(place[name] for name in book.typed if name in place)
    suspects = []
    for index, account_id in enumerate(ids):
        if not account_id:
            continue
        row, number = tab.values[index], tab.numbers[index]
        if (
            account_id in twins
            or account_id in marked
            or number in tab.formulas
            or any(not is_blank(row[at]) for at in typed)
            or not _as_written(row, place, account_id, book)
        ):
            suspects.append(
                Suspect(
                    number=number,
                    account_id=account_id,
                    cells=dict(zip(tab.fields, row, strict=True)),
                    formulas=tab.formulas.get(number, frozenset()),
                    hidden=number in tab.hidden,
                    twins=tuple(other for other in twins.get(account_id, ()) if other != number),
                )
            )
    with_id = sum(1 for account_id in ids if account_id)
    return Scan(rows=with_id, ignored=len(ids) - with_id, suspects=tuple(suspects))


def _id(row: Sequence[CellValue], place: Mapping[str, int]) -> str:
    value = row[place[fields.ACCOUNT_ID]]
    return "" if is_blank(value) else str(value)


def _twins(ids: Sequence[str], numbers: Sequence[int]) -> dict[str, list[int]]:
    if len(set(ids)) == len(ids):
        return {}
    places = defaultdict(list)
    for account_id, number in zip(ids, numbers, strict=True):
        if account_id:
            places[account_id].append(number)
    return {account_id: found for account_id, found in places.items() if len(found) > 1}


def _as_written(row: Sequence[CellValue], place: Mapping[str, int], account_id: str, book: Book) -> bool:
    """Whether the service's cells still hold what the ledger would write there."""
    known = book.baselines.get(account_id)
    if known is None or row[place[fields.KEY]] != known.key:
        return False
    for name, text in ((fields.EMAIL, known.email), (fields.NAME, known.name)):
        if name in place and (row[place[name]] or "") != text:
            return False
    return all(
        _shows(row[place[fields.balance(unit)]], known.balances.get(unit.code), unit)
        for unit in book.rules.capabilities.units
        if fields.balance(unit) in place
    )


def _shows(value: CellValue, minor: int | None, unit: Unit) -> bool:
    """Whether a raw cell is the number that was written; the quotient is the double nearest to the amount."""
    if minor is None:
        return is_blank(value)
    return value == (minor / 10**unit.scale if unit.scale else minor) and not isinstance(value, bool)


def interpret(suspect: Suspect, book: Book, history: History) -> Interpreted:
    """Read one row: a problem in words, or an edit with its operation keys, or neither.

    Args:
        suspect: the row.
        book: the ledger's side.
        history: the account's balances since its Key was written; may hold older ones.
    """
    known = book.baselines.get(suspect.account_id)
    if suspect.twins:
        rows = " and ".join(str(number) for number in suspect.twins)
        return Interpreted(
            suspect,
            known,
            trouble=Trouble.TWINS,
            problem=f"User {suspect.account_id} also stands in row {rows}: leave only one row for each user; "
            "nothing of either is sent.",
        )
    asks = any(not is_blank(suspect.cells.get(name)) for name in book.typed)
    if known is None or known.missing:
        return _without_account(suspect, known, asks=asks)
    try:
        key = book.maker.read(str(suspect.cells.get(fields.KEY) or ""))
    except DamagedKeyError:
        return _without_key(suspect, known, book, asks=asks)
    return _with_key(suspect, known, key, book, history)


def _without_account(suspect: Suspect, known: Baseline | None, *, asks: bool) -> Interpreted:
    if not asks:
        return Interpreted(suspect=suspect, baseline=known)
    if known is not None:
        sentence = f"The credit system no longer has user {suspect.account_id}: nothing can be sent."
    else:
        sentence = (
            f"There is no user “{suspect.account_id}” in the last pull: pull again, or correct the User ID. "
            "No user is ever created."
        )
    return Interpreted(suspect, known, problem=sentence, trouble=Trouble.ACCOUNT)


def _without_key(suspect: Suspect, known: Baseline, book: Book, *, asks: bool) -> Interpreted:
    if not asks and not _overtyped(suspect, known, book):
        return Interpreted(suspect=suspect, baseline=known)
    blank = is_blank(suspect.cells.get(fields.KEY))
    what = "has no Key" if blank else "has a damaged Key"
    return Interpreted(
        suspect,
        known,
        trouble=Trouble.KEY,
        problem=f"This row {what}, so it is not known which balance the edit was typed against: "
        "clear the edit, pull, and type it again.",
    )


def _overtyped(suspect: Suspect, known: Baseline, book: Book) -> bool:
    return any(
        not is_blank(suspect.cells.get(fields.balance(unit)))
        and not _shows(suspect.cells.get(fields.balance(unit)), known.balances.get(unit.code), unit)
        for unit in book.rules.capabilities.units
    )


def _with_key(suspect: Suspect, known: Baseline, key: RowKey, book: Book, history: History) -> Interpreted:
    if not _fits(suspect, key, book):
        return Interpreted(
            suspect,
            known,
            trouble=Trouble.SHUFFLED,
            problem="The rows look shuffled: this row's Key belongs to another User ID, Email or Name, as after sorting "
            "some columns without the rest. Undo the sort, or clear the edit and pull; nothing is sent.",
        )
    units = book.rules.capabilities.units
    epochs = {unit.code: epoch for unit, epoch in zip(units, key.epochs, strict=True)}
    if key.basis > book.reading or any(epoch > known.epochs.get(code, 0) for code, epoch in epochs.items()):
        return Interpreted(
            suspect,
            known,
            trouble=Trouble.AHEAD,
            key=key,
            problem="This row's Key is newer than the ledger, as after restoring a backup: "
            "nothing is pushed before the accounts were pulled again.",
        )
    outdated = any(epoch < known.epochs.get(code, 0) for code, epoch in epochs.items())
    shown = {unit.code: _shown(history.get(unit.code, ()), known, unit.code, key.basis) for unit in units}
    if outdated and not any(not is_blank(suspect.cells.get(name)) for name in book.typed[1:]):
        # a target typed over the balance was reached since: it must not look as if the service had written it
        shown = {code: balances[:1] for code, balances in shown.items()}
    try:
        edit = read_edit(suspect.cells, book.rules, shown=shown, formulas=suspect.formulas)
    except EditProblem as problem:
        return Interpreted(suspect, known, problem=str(problem), trouble=Trouble.EDIT, key=key)
    if edit is None:
        return Interpreted(suspect, known, key=key)
    wanted = tuple(_wanted(edit, epochs, key.basis, known, book, shown))
    touched = {change.unit for each in wanted for change in each.changes}
    outdated = any(epochs[code] < known.epochs.get(code, 0) for code in touched)
    return Interpreted(suspect, known, edit=edit, wanted=wanted, key=key, outdated=outdated)


def _fits(suspect: Suspect, key: RowKey, book: Book) -> bool:
    texts = [
        str(suspect.cells[name] or "") if name in suspect.cells else None
        for name in (fields.EMAIL, fields.NAME)
    ]
    return book.maker.fits(key, suspect.account_id, texts[0], texts[1])


def _shown(
    history: Sequence[tuple[int, int | None]], known: Baseline, code: str, basis: int
) -> list[int | None]:
    """Return the balances that the cell may show, the one at the Key's basis first, the newest last."""
    at_basis = [balance for reading, balance in history if reading <= basis][-1:]
    since = [balance for reading, balance in history if reading > basis]
    return [*at_basis, *since, known.balances.get(code)]


def _wanted(
    edit: Edit,
    epochs: Mapping[str, int],
    basis: int,
    known: Baseline,
    book: Book,
    shown: Mapping[str, list[int | None]],
) -> Iterator[Wanted]:
    capabilities = book.rules.capabilities
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
            basis=basis,
            at_pull={change.unit: shown[change.unit][0] for change in changes},
        )
