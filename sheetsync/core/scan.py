"""The first step of a diff: leave out the rows that say nothing, which are nearly all of them.

Raw cells are compared with what the service wrote there; nothing is parsed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sheetsync.core import fields
from sheetsync.core.book import Baseline, Book
from sheetsync.core.cells import is_blank, shows, text_of
from sheetsync.core.tab import CellValue, Tab

NAMED_TWINS = 5
"""Rows that a message names; a tab filled down with one id must not cost the square of its rows."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that may ask for something.

    Attributes:
        twins: numbers of other rows for the same account; of many, a few more than are named.
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


def scan(tab: Tab, book: Book, *, marked: Collection[str] = ()) -> Scan:
    """Return the rows that differ from what the service wrote, compared as raw cells.

    Args:
        tab: the tab as read.
        book: the ledger's side.
        marked: accounts whose rows are wanted in any case, such as those with an unsettled operation.
    """
    place = {name: index for index, name in enumerate(tab.fields)}
    column = map(itemgetter(place[fields.ACCOUNT_ID]), tab.values)
    ids = [value if value.__class__ is str else text_of(value) for value in column]
    differing, unmatched = _differing(tab, place, book, ids)
    twins = _twins(ids, tab.numbers, unmatched, book)
    special, formulas = {*marked, *twins}, tab.formulas
    places = {*differing, *unmatched}
    if special:
        places.update(index for index, account_id in enumerate(ids) if account_id in special)
    if formulas:
        places.update(index for index, number in enumerate(tab.numbers) if number in formulas)
    suspects, ignored = [], 0
    for index in sorted(places):
        account_id, row, number = ids[index], tab.values[index], tab.numbers[index]
        known = book.baselines.get(account_id)
        if known is not None and account_id not in special and number not in formulas:
            if _says_nothing(row, place, known, book):
                continue
        elif is_blank(account_id):
            ignored += 1
            continue
        suspects.append(_suspect(tab, row, number, account_id, twins.get(account_id, ())))
    return Scan(rows=len(ids) - ignored, ignored=ignored, suspects=tuple(suspects))


def _suspect(
    tab: Tab, row: Sequence[CellValue], number: int, account_id: str, places: Sequence[int]
) -> Suspect:
    return Suspect(
        number=number,
        account_id=account_id,
        cells=dict(zip(tab.fields, row, strict=True)),
        formulas=tab.unread_formulas(number),
        hidden=number in tab.hidden,
        twins=tuple(other for other in places if other != number),
    )


def _differing(
    tab: Tab, place: Mapping[str, int], book: Book, ids: Sequence[str]
) -> tuple[list[int], list[int]]:
    """Return the places of rows that are not, cell for cell, what the service wrote.

    One tuple of cells against one tuple of the ledger's settles nearly every row. An account is taken out
    when its row was met, so that a second row for it finds none: cheaper than a look for doubles beforehand.

    Returns:
        rows that differ from their account, and rows that found no account: blank, unknown or a double.
    """
    needed = (*map(fields.balance, book.units), fields.KEY, fields.EMAIL, fields.NAME)
    take = book.baselines.expected([10**unit.scale for unit in book.units]).pop
    cells_of, typed_of = (_cells_of(place, names) for names in (needed, book.typed))
    nothing = (None,) * len(book.typed)
    differing, unmatched = [], []
    rows = zip(ids, map(cells_of, tab.values), map(typed_of, tab.values), strict=True)
    for index, (account_id, cells, typed) in enumerate(rows):
        expected = take(account_id, None)
        if expected is None:
            unmatched.append(index)
        elif cells != expected[0] or typed != nothing:
            differing.append(index)
    return [*differing, *_truths(tab, place, book)], unmatched


def _truths(tab: Tab, place: Mapping[str, int], book: Book) -> Iterator[int]:
    """Yield the places of rows with TRUE or FALSE for a balance, which Python takes for 1 and 0."""
    for name in map(fields.balance, book.units):
        if name in place:
            cell_of = itemgetter(place[name])
            if bool in set(map(type, map(cell_of, tab.values))):
                yield from (index for index, row in enumerate(tab.values) if isinstance(cell_of(row), bool))


def _twins(
    ids: Sequence[str], numbers: Sequence[int], unmatched: Sequence[int], book: Book
) -> dict[str, list[int]]:
    """Return id → the first numbers of its rows, of every id that stands in several.

    Args:
        ids: of all rows.
        numbers: of all rows.
        unmatched: places of rows that found no account, every second row for an account among them.
        book: the ledger's side.
    """
    found = Counter(ids[index] for index in unmatched)
    doubled = {each for each, count in found.items() if count > 1 or each in book.baselines}
    doubled = {each for each in doubled if not is_blank(each)}
    places: dict[str, list[int]] = defaultdict(list)
    if doubled:
        for account_id, number in zip(ids, numbers, strict=True):
            if account_id in doubled and len(places[account_id]) < NAMED_TWINS + 2:
                places[account_id].append(number)
    return places


def _cells_of(
    place: Mapping[str, int], names: Sequence[str]
) -> Callable[[Sequence[CellValue]], tuple[CellValue, ...]]:
    """Return the function from a row to these cells; to none, which equals nothing, if one has no column."""
    if not all(name in place for name in names):
        return lambda _: ()
    return itemgetter(*(place[name] for name in names))


def _says_nothing(row: Sequence[CellValue], place: Mapping[str, int], known: Baseline, book: Book) -> bool:
    """Whether the service's cells hold what it wrote, and the edit cells nothing."""
    if any(not is_blank(row[place[name]]) for name in book.typed if name in place):
        return False
    texts = ((fields.KEY, known.key), (fields.EMAIL, known.email), (fields.NAME, known.name))
    if any((row[place[name]] or "") != text for name, text in texts if name in place):
        return False
    return all(
        shows(row[place[fields.balance(unit)]], known.balances.get(unit.code), unit)
        for unit in book.units
        if fields.balance(unit) in place
    )
