"""Formulas: enough of the language for what people put beside a list of balances."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from tests.emulators.sheets import a1
from tests.emulators.sheets.errors import ApiError
from tests.emulators.sheets.functions import (
    FUNCTIONS,
    Argument,
    Grid,
    Stop,
    compare,
    scalar,
    to_number,
    to_text,
)
from tests.emulators.sheets.model import Cell, Failure, Formula, Sheet, Spreadsheet, Value
from tests.emulators.sheets.parsing import number as tidy

# Formulas that refer to one another deeper than this count as circular.
MAX_DEPTH = 60

_TITLE = r"(?:'(?:[^']|'')+'|[A-Za-z_][A-Za-z0-9_]*)!"
_REFERENCE = rf"(?:{_TITLE})?\$?[A-Za-z]{{1,3}}\$?\d+(?::\$?[A-Za-z]{{1,3}}(?:\$?\d+)?)?"
_LINES = rf"(?:{_TITLE})?(?:\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}(?:\$?\d+)?|\$?\d+:\$?\d+)"
_TOKENS = re.compile(
    r"\s*(?:"
    r'(?P<text>"(?:[^"]|"")*")'
    r"|(?P<error>#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|ERROR!))"
    rf"|(?P<ref>{_LINES}(?![\w(])|{_REFERENCE}(?![\w(]))"
    r"|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)"
    r"|(?P<op><>|<=|>=|[-+*/^&=<>(),;%:])"
    r")"
)
_LEVELS = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 6}


def value_of(book: Spreadsheet, sheet: Sheet, row: int, column: int, *, depth: int = 0) -> Value:
    """What a cell is worth: its value, or that of its formula."""
    cell = sheet.value(row, column)
    return computed(book, sheet, (row, column), cell, depth) if isinstance(cell, Formula) else cell


def computed(book: Spreadsheet, sheet: Sheet, at: tuple[int, int], cell: Formula, depth: int = 0) -> Value:
    """The value of a formula in a cell."""
    key = (sheet.sheet_id, *at)
    if key in book.computed:
        return cast("Value", book.computed[key])
    if depth > MAX_DEPTH:
        return Failure("#REF!")
    # While it is being computed it refers to itself.
    book.computed[key] = Failure("#REF!")
    value = _evaluate(book, sheet, cell.text, at, depth)
    book.computed[key] = value
    return value


def _evaluate(book: Spreadsheet, sheet: Sheet, text: str, at: tuple[int, int], depth: int) -> Value:
    try:
        result = scalar(_Reader(book, sheet, text, at, depth).whole())
    except Stop as stop:
        return Failure(stop.code)
    except (OverflowError, ZeroDivisionError):
        return Failure("#NUM!")
    if isinstance(result, (int, float)) and not isinstance(result, bool):
        return tidy(result)
    return 0 if result is None else result


class _Reader:
    """Reads a formula and computes it on the way."""

    def __init__(self, book: Spreadsheet, sheet: Sheet, text: str, at: tuple[int, int], depth: int) -> None:
        self._book, self._sheet, self._at, self._depth = book, sheet, at, depth
        self._tokens = list(_tokens(text[1:]))
        self._next = 0

    def whole(self) -> Argument:
        result = self._expression(0)
        if self._next != len(self._tokens):
            raise Stop("#ERROR!")
        return result

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _expression(self, level: int) -> Argument:
        left = self._operand()
        while True:
            kind, text = self._peek()
            if kind == "op" and text == "%":
                self._take()
                left = to_number(left) / 100
                continue
            if kind != "op" or _LEVELS.get(text, 0) <= level:
                return left
            self._take()
            left = _apply(text, left, self._expression(_LEVELS[text]))

    def _operand(self) -> Argument:
        kind, text = self._take()
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "error":
            raise Stop(text)
        if kind == "ref":
            return self._reference(text.replace("$", ""))
        if kind == "name":
            return self._name(text.upper(), text)
        if text in {"-", "+"}:
            value = self._expression(5)
            return -to_number(value) if text == "-" else value
        if text == "(":
            value = self._expression(0)
            if self._take()[1] != ")":
                raise Stop("#ERROR!")
            return value
        raise Stop("#ERROR!")

    def _reference(self, text: str) -> Grid:
        title, cells = a1.split(text)
        sheet = self._sheet if title is None else self._book.titled(title)
        if sheet is None:
            raise Stop("#REF!")
        try:
            area = a1.parse(self._book, f"{a1.quote(sheet.title)}!{cells}").box()
        except ApiError as error:
            raise Stop("#REF!") from error
        return Grid(area, self._reading(sheet))

    def _reading(self, sheet: Sheet) -> Callable[[int, int], Value]:
        def read(row: int, column: int) -> Value:
            return value_of(self._book, sheet, row, column, depth=self._depth + 1)

        return read

    def _name(self, name: str, written: str) -> Argument:
        if self._peek() == ("op", "("):
            return self._call(name)
        if name in {"TRUE", "FALSE"}:
            return name == "TRUE"
        for named in self._book.named:
            if named["name"].casefold() == written.casefold():
                area = a1.parse(self._book, written)
                return Grid(area.box(), self._reading(area.sheet))
        raise Stop("#NAME?")

    def _call(self, name: str) -> Argument:
        self._take()
        arguments: list[Argument] = []
        while self._peek()[1] != ")":
            arguments.append(self._argument(name))
            if self._peek()[1] in {",", ";"}:
                self._take()
            elif self._peek()[1] != ")":
                raise Stop("#ERROR!")
        self._take()
        return self._carry_out(name, arguments)

    def _argument(self, name: str) -> Argument:
        if name not in {"IFERROR", "ISERROR", "ISNA", "IFNA", "IF"}:
            return self._expression(0)
        try:
            return self._expression(0)
        except Stop as stop:
            # Skip what is left of the argument; the function decides about the error.
            open_brackets = 0
            while self._peek()[0] != "end" and (open_brackets or self._peek()[1] not in {",", ";", ")"}):
                open_brackets += {"(": 1, ")": -1}.get(self._take()[1], 0)
            return Failure(stop.code)

    def _carry_out(self, name: str, arguments: list[Argument]) -> Argument:
        if name in {"ROW", "COLUMN"}:
            row, column = self._at
            if arguments and isinstance(arguments[0], Grid):
                row, column = arguments[0].box[0], arguments[0].box[1]
            return (row if name == "ROW" else column) + 1
        function = FUNCTIONS.get(name)
        if function is None:
            raise Stop("#NAME?")
        return function(arguments)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKENS.match(text, at)
        if not found:
            raise Stop("#ERROR!")
        at = found.end()
        yield str(found.lastgroup), found[found.lastgroup or 0]


def _apply(operator: str, left: Argument, right: Argument) -> Argument:
    if operator == "&":
        return to_text(left) + to_text(right)
    if _LEVELS[operator] == 1:
        return compare(operator, left, right)
    one, two = to_number(left), to_number(right)
    if operator == "/":
        if two == 0:
            raise Stop("#DIV/0!")
        return one / two
    if operator == "^":
        return cast("float", one**two)
    return {"+": one + two, "-": one - two, "*": one * two}[operator]


_CELL_REF = re.compile(
    r'"(?:[^"]|"")*"'
    rf"|(?P<title>{_TITLE})?(?<![A-Za-z0-9_$.:])(?P<first>\$?[A-Za-z]{{1,3}}\$?\d+)"
    r"(?::(?P<last>\$?[A-Za-z]{1,3}\$?\d+))?(?![\w(!])"
)
_PARTS = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)(\d+)")


@dataclass(frozen=True)
class Reference:
    """One cell that a formula names.

    Attributes:
        title: Of the tab, if the formula says it.
        row: From 0.
        column: From 0.
        fixed_row: Written with `$`.
        fixed_column: Written with `$`.
        edge: -1 for the first cell of a range, 1 for the last, 0 for a cell alone.
    """

    title: str | None
    row: int
    column: int
    fixed_row: bool
    fixed_column: bool
    edge: int


# Says where a cell is now, as row and column; None if it is gone.
Mover = Callable[[Reference], tuple[int, int] | None]


def rewritten(text: str, mover: Mover) -> str:
    """A formula after the cells that it refers to have moved."""

    def one(found: re.Match[str]) -> str:
        if found["first"] is None:
            return found[0]
        title = a1.split(found["title"] + "A1")[0] if found["title"] else None
        first = _moved(mover, title, found["first"], -1 if found["last"] else 0)
        last = _moved(mover, title, found["last"], 1) if found["last"] else ""
        if first is None or last is None:
            return "#REF!"
        return f"{found['title'] or ''}{first}{':' + last if last else ''}"

    return _CELL_REF.sub(one, text)


def _moved(mover: Mover, title: str | None, text: str, edge: int) -> str | None:
    found = _PARTS.fullmatch(text)
    if found is None:
        return text
    row, column = int(found[4]) - 1, a1.number(found[2])
    there = mover(Reference(title, row, column, bool(found[3]), bool(found[1]), edge))
    if there is None or min(there) < 0:
        return None
    return f"{found[1]}{a1.letters(there[1])}{found[3]}{there[0] + 1}"


def carried(cell: Cell, rows: int, columns: int) -> Cell:
    """A cell's content as copying it so many rows down and columns right writes it."""
    if not isinstance(cell, Formula) or (rows, columns) == (0, 0):
        return cell

    def mover(at: Reference) -> tuple[int, int]:
        return (
            at.row if at.fixed_row else at.row + rows,
            at.column if at.fixed_column else at.column + columns,
        )

    return Formula(rewritten(cell.text, mover))
