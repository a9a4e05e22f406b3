"""Lines of a list of changes, as from a CSV file: columns by header, amounts by the file's own mark. Pure.

A line is read as strictly as a row of the tab. Its operation key is a fingerprint of what it asks for, so
that the same line asks for the same operation for ever, in whatever file it comes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sheetsync.core import fields
from sheetsync.core.accounts import Action, Change, Unit
from sheetsync.core.amounts import AmountProblem, DecimalMark, decimal_mark, parse_cell, to_cell
from sheetsync.core.edits import Edit, EditProblem, Rules, read_edit
from sheetsync.core.keys import OPERATION_KEY_LENGTH, digest32
from sheetsync.core.tab import CellValue

CARD_NO = "card_no"
REFERENCE = "reference"

OPERATION = "operation"

RESULT_COLUMNS = ("status", "message", OPERATION, "evidence")
"""What a results file has behind the columns of the file that it tells about."""

REFERENCE_LIMIT = 200
"""Characters of a reference: an order number or a sentence, not a document."""

_SYNONYMS: Mapping[str, str] = {
    "user_id": fields.ACCOUNT_ID,
    "userid": fields.ACCOUNT_ID,
    "account_id": fields.ACCOUNT_ID,
    "email": fields.EMAIL,
    "e_mail": fields.EMAIL,
    "email_address": fields.EMAIL,
    "card_no": CARD_NO,
    "cardno": CARD_NO,
    "card_number": CARD_NO,
    "cardnumber": CARD_NO,
    "action": fields.ACTION,
    "amount": "amount",
    "reason": fields.REASON,
    "note": fields.NOTE,
    "reference": REFERENCE,
    "location_id": fields.LOCATION_ID,
    "subscription_id": fields.SUBSCRIPTION_ID,
    "plan_id": fields.PLAN_ID,
}
"""Header, in lower case with underscores → field."""

WHO = (fields.ACCOUNT_ID, fields.EMAIL, CARD_NO)
"""What may say whose line it is, the surest first."""


class HeaderProblem(ValueError):  # noqa: N818 - the field's word: a file has a problem
    """The file's header cannot be used; the text says what is missing or doubled, and what there is."""


_NO_CELLS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One line that asks for something.

    Attributes:
        number: as a text editor counts; the header's is 1.
        cells: field → text, of the columns that we know.
        problem: why the line itself cannot be read, or "".
    """

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def reference(self) -> str:
        """What tells it from a line that asks for the same."""
        return " ".join(self.text(REFERENCE).split())

    @property
    def told(self) -> tuple[str, ...]:
        """Return the operation keys that a results file names in this line."""
        return tuple(self.cells.get(OPERATION, "").split())

    @property
    def bare(self) -> "Line":
        """The line without the cells that an edit was read from: a long file has very many."""
        told = self.cells.get(OPERATION)
        return Line(self.number, {OPERATION: told} if told else _NO_CELLS, self.problem)

    def text(self, name: str) -> str:
        """Return a cell as it was before a results file guarded it against being taken for a formula."""
        return _text(self.cells.get(name, ""))


def known_headers(units: Sequence[Unit]) -> frozenset[str]:
    """Return every name that a column may have, as ``plain`` writes it."""
    return frozenset({**_SYNONYMS, **_unit_names(units)})


def columns_of(header: Sequence[str], units: Sequence[Unit], given: Mapping[str, str]) -> dict[str, int]:
    """Return field → index of its column.

    Args:
        header: the file's first line.
        units: of the credit system.
        given: header → field, as the person mapped them; counts before the usual names.

    Raises:
        HeaderProblem: a column is missing or there twice, or a mapping names what is not there.
    """
    known = {**_SYNONYMS, **_unit_names(units)}
    wanted = {plain(name): _field(value, known) for name, value in given.items()}
    found: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        code = wanted.get(plain(name)) or known.get(plain(name))
        if code is not None:
            found.setdefault(code, []).append(index)
    places = {code: _only(indexes, header) for code, indexes in found.items()}
    missing = [name for name in wanted if name not in {plain(each) for each in header}]
    if missing:
        raise HeaderProblem(f"The file has no column “{missing[0]}”: it has {_listed(header)}.")
    return _complete(_without_balances(places, units), header, units) | _told_in(header)


def _told_in(header: Sequence[str]) -> dict[str, int]:
    """Return where a results file names its operations; any other file's column of that name is its own."""
    places = {plain(name): index for index, name in enumerate(header)}
    return {OPERATION: places[OPERATION]} if set(RESULT_COLUMNS) <= set(places) else {}


def _field(value: str, known: Mapping[str, str]) -> str:
    found = known.get(plain(value))
    if found is None:
        names = ", ".join(sorted(known))
        raise HeaderProblem(f"“{value}” is no field of a change: map to one of {names}.")
    return found


def plain(name: str) -> str:
    """Return a header in lower case, with one underscore for spaces, hyphens and full stops."""
    return re.sub(r"[\s_\-.]+", "_", name.strip().casefold()).strip("_")


def _unit_names(units: Sequence[Unit]) -> dict[str, str]:
    """Return header → field of each unit, by code or header, with or without Change."""
    names = {}
    for unit in units:
        for name in (plain(unit.code), plain(unit.header)):
            names[f"change_{name}"] = fields.amount(unit, units)
            names[name] = _balance(unit)
    return names


def _balance(unit: Unit) -> str:
    return f"balance of {unit.code}"


def _only(indexes: Sequence[int], header: Sequence[str]) -> int:
    if len(indexes) > 1:
        both = " and ".join(f"“{header[index]}”" for index in indexes[:2])
        raise HeaderProblem(f"The columns {both} mean the same: leave or map only one of them.")
    return indexes[0]


def _without_balances(places: Mapping[str, int], units: Sequence[Unit]) -> dict[str, int]:
    """Take a unit's own column for its amount, unless the file has one for that: then it shows balances."""
    found = {code: index for code, index in places.items() if not code.startswith("balance of ")}
    for unit in units:
        amount = fields.amount(unit, units)
        if amount not in found and _balance(unit) in places:
            found[amount] = places[_balance(unit)]
    if len(units) > 1 and "amount" in found:
        raise HeaderProblem(
            "A column “amount” does not say which unit it means: name it after one, such as "
            f"“Change {units[0].header}”."
        )
    return found


def _complete(places: dict[str, int], header: Sequence[str], units: Sequence[Unit]) -> dict[str, int]:
    if not any(code in places for code in WHO):
        raise HeaderProblem(
            f"No column says whose line it is: name one user_id or email. The file has {_listed(header)}."
        )
    if fields.ACTION not in places:
        raise HeaderProblem(f"There is no column action. The file has {_listed(header)}.")
    if not any(fields.amount(unit, units) in places for unit in units):
        names = ", ".join("amount" if len(units) == 1 else f"Change {unit.header}" for unit in units)
        raise HeaderProblem(f"There is no column with amounts ({names}). The file has {_listed(header)}.")
    return places


def _listed(header: Sequence[str]) -> str:
    return ", ".join(f"“{name.strip()[:40]}”" for name in header[:20]) or "no columns"


def settled_mark(amounts: Iterable[str]) -> DecimalMark | None:
    """Return the decimal mark that a file's amounts prove, or None if they prove nothing, or both."""
    marks: set[DecimalMark] = set()
    for text in amounts:
        mark = decimal_mark(text)
        if mark is not None:
            marks.add(mark)
        if len(marks) > 1:
            return None
    return next(iter(marks), None)


def read_line(line: Line, rules: Rules, mark: DecimalMark | None) -> Edit:
    """Return what a line asks for.

    Args:
        line: the line.
        rules: what the tab would accept.
        mark: the file's decimal mark, where its lines or the person settle it.

    Raises:
        EditProblem: why it cannot be carried out.
    """
    units = rules.capabilities.units
    cells: dict[str, CellValue] = {name: line.text(name) for name in _TEXTS if name in line.cells}
    for unit in units:
        name = fields.amount(unit, units)
        try:
            cells[name] = to_cell(parse_cell(line.cells.get(name, ""), unit, decimal=mark), unit)
        except AmountProblem as problem:
            raise EditProblem(f"The amount cannot be read: {problem}.") from problem
    if len(line.reference) > REFERENCE_LIMIT:
        raise EditProblem(f"The reference is longer than {REFERENCE_LIMIT} characters: shorten it.")
    edit = read_edit(cells, rules, shown={})
    if edit is None:
        raise EditProblem("The line has neither action nor amount.")
    return edit


_TEXTS = (fields.ACTION, fields.REASON, fields.NOTE, *fields.EXTRAS)


def _text(value: str) -> str:
    """Return a text without the apostrophe that guards it against being taken for a formula."""
    text = value.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@", "\t", "\r"} else text


def line_key(system: str, account_id: str, action: Action, changes: Sequence[Change], reference: str) -> str:
    """Return the operation key of a line: a fingerprint of whom, what, how much, and its reference."""
    parts = [f"{change.unit}:{change.amount}" for change in sorted(changes, key=lambda each: each.unit)]
    return digest32(
        "line", system, account_id, action.value, *parts, "|", reference, length=OPERATION_KEY_LENGTH
    )


@dataclass(frozen=True, slots=True)
class Imported:
    """A line that was put into a row: what stands there is its edit, under its key.

    Attributes:
        epochs: unit code → epoch that the row's Key had.
    """

    key: str
    action: Action
    changes: tuple[Change, ...]
    epochs: Mapping[str, int]

    def fits(self, action: Action, changes: Sequence[Change], epochs: Mapping[str, int]) -> bool:
        """Whether an edit is still what the line put there."""
        return (self.action, self.changes, dict(self.epochs)) == (action, tuple(changes), dict(epochs))
