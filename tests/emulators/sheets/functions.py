"""The functions that formulas may call."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.emulators.sheets.formats import general
from tests.emulators.sheets.model import Failure, Value
from tests.emulators.sheets.parsing import EPOCH, typed


class Stop(Exception):  # noqa: N818 - an error value of the spreadsheet, not of the program
    """A formula that ends in an error value.

    Args:
        code: Such as `#VALUE!`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Grid:
    """A range as an argument.

    Attributes:
        box: Top, left, bottom, right.
        read: Gives the value of a cell.
    """

    box: tuple[int, int, int, int]
    read: Callable[[int, int], Value]

    def rows(self) -> Iterator[list[Value]]:
        """Its values, row by row."""
        top, left, bottom, right = self.box
        for row in range(top, bottom):
            yield [self.read(row, column) for column in range(left, right)]


Argument = Value | Grid


def scalar(argument: Argument) -> Value:
    """One value: of a range the first cell."""
    value = argument.read(argument.box[0], argument.box[1]) if isinstance(argument, Grid) else argument
    if isinstance(value, Failure):
        raise Stop(value.code)
    return value


def to_number(argument: Argument) -> float:
    """A number, also of a text that looks like one."""
    value = scalar(argument)
    if value is None:
        return 0
    if isinstance(value, str):
        parsed = typed(value)[0]
        if isinstance(parsed, bool) or not isinstance(parsed, (int, float)):
            raise Stop("#VALUE!")
        return parsed
    return float(value) if isinstance(value, (int, float)) else 0


def to_text(argument: Argument) -> str:
    """A text, as the cell would show it without a format."""
    value = scalar(argument)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return (
        value if isinstance(value, str) else general(value) if isinstance(value, (int, float)) else value.code
    )


def _true(argument: Argument) -> bool:
    value = scalar(argument)
    if isinstance(value, str):
        if value.upper() not in {"TRUE", "FALSE", ""}:
            raise Stop("#VALUE!")
        return value.upper() == "TRUE"
    return bool(value)


def compare(operator: str, left: Argument, right: Argument) -> bool:
    """Compare as cells are sorted: numbers before texts before booleans."""
    one, two = _rank(scalar(left), scalar(right)), _rank(scalar(right), scalar(left))
    if operator in {"=", "<>"}:
        return (one == two) == (operator == "=")
    return {"<": one < two, ">": one > two, "<=": one <= two, ">=": one >= two}[operator]


def _rank(value: Value, other: Value) -> tuple[int, float, str]:
    if value is None:
        return (1, 0, "") if isinstance(other, str) else (2, 0, "") if isinstance(other, bool) else (0, 0, "")
    if isinstance(value, bool):
        return 2, float(value), ""
    if isinstance(value, (int, float)):
        return 0, float(value), ""
    return 1, 0, str(value).casefold()


def _flat(arguments: list[Argument]) -> Iterator[tuple[Value, bool]]:
    """Every value, and whether it came from a range."""
    for argument in arguments:
        if isinstance(argument, Grid):
            for row in argument.rows():
                yield from ((value, True) for value in row)
        else:
            yield argument, False


def _numbers(arguments: list[Argument]) -> list[float]:
    found: list[float] = []
    for value, ranged in _flat(arguments):
        if isinstance(value, Failure):
            raise Stop(value.code)
        if not ranged:
            found.append(to_number(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(value)
    return found


def _average(arguments: list[Argument]) -> Argument:
    found = _numbers(arguments)
    if not found:
        raise Stop("#DIV/0!")
    return sum(found) / len(found)


def _if(arguments: list[Argument]) -> Argument:
    chosen = arguments[1:2] if _true(arguments[0]) else arguments[2:3]
    value = chosen[0] if chosen else False
    if isinstance(value, Failure):
        raise Stop(value.code)
    return value


def _if_error(arguments: list[Argument]) -> Argument:
    try:
        return scalar(arguments[0])
    except Stop:
        return arguments[1] if len(arguments) > 1 else ""


def _is_error(arguments: list[Argument]) -> Argument:
    try:
        scalar(arguments[0])
    except Stop:
        return True
    return False


def _round(arguments: list[Argument]) -> Argument:
    places = int(to_number(arguments[1])) if len(arguments) > 1 else 0
    exact = Decimal(repr(to_number(arguments[0])))
    return float(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _lookup(arguments: list[Argument]) -> Argument:
    grid = arguments[1]
    if not isinstance(grid, Grid):
        raise Stop("#VALUE!")
    column = int(to_number(arguments[2]))
    for row in grid.rows():
        if row[0] is not None and compare("=", row[0], arguments[0]):
            return row[column - 1]
    raise Stop("#N/A")


def _count_if(arguments: list[Argument]) -> Argument:
    wanted = scalar(arguments[1])
    return sum(1 for value, _ in _flat(arguments[:1]) if value is not None and compare("=", value, wanted))


def _part(arguments: list[Argument], *, left: bool) -> str:
    size = int(to_number(arguments[1])) if len(arguments) > 1 else 1
    text = to_text(arguments[0])
    return text[:size] if left else text[max(0, len(text) - size) :]


def _middle(arguments: list[Argument]) -> Argument:
    start = int(to_number(arguments[1])) - 1
    return to_text(arguments[0])[start : start + int(to_number(arguments[2]))]


def _today(_arguments: list[Argument]) -> Argument:
    return (datetime.now(UTC) - EPOCH).days


def _now(_arguments: list[Argument]) -> Argument:
    return (datetime.now(UTC) - EPOCH).total_seconds() / 86400


def _date(arguments: list[Argument]) -> Argument:
    year, month, day = (int(to_number(argument)) for argument in arguments)
    years, months = divmod(month - 1, 12)
    return (datetime(year + years, months + 1, 1, tzinfo=UTC) - EPOCH).days + day - 1


def _counted(arguments: list[Argument]) -> Argument:
    return sum(
        1 for value, _ in _flat(arguments) if isinstance(value, (int, float)) and not isinstance(value, bool)
    )


FUNCTIONS: dict[str, Callable[[list[Argument]], Argument]] = {
    "SUM": lambda arguments: math.fsum(_numbers(arguments)),
    "PRODUCT": lambda arguments: math.prod(_numbers(arguments)),
    "AVERAGE": _average,
    "MIN": lambda arguments: min(_numbers(arguments), default=0),
    "MAX": lambda arguments: max(_numbers(arguments), default=0),
    "COUNT": _counted,
    "COUNTA": lambda arguments: sum(1 for value, _ in _flat(arguments) if value is not None),
    "COUNTIF": _count_if,
    "IF": _if,
    "IFERROR": _if_error,
    "IFNA": _if_error,
    "ISERROR": _is_error,
    "ISNA": _is_error,
    "ISBLANK": lambda arguments: scalar(arguments[0]) is None,
    "AND": lambda arguments: all(_true(argument) for argument in arguments),
    "OR": lambda arguments: any(_true(argument) for argument in arguments),
    "NOT": lambda arguments: not _true(arguments[0]),
    "ABS": lambda arguments: abs(to_number(arguments[0])),
    "ROUND": _round,
    "INT": lambda arguments: math.floor(to_number(arguments[0])),
    "MOD": lambda arguments: to_number(arguments[0]) % to_number(arguments[1]),
    "VALUE": lambda arguments: to_number(arguments[0]),
    "CONCATENATE": lambda arguments: "".join(to_text(value) for value, _ in _flat(arguments)),
    "CONCAT": lambda arguments: "".join(to_text(value) for value, _ in _flat(arguments)),
    "LEN": lambda arguments: len(to_text(arguments[0])),
    "UPPER": lambda arguments: to_text(arguments[0]).upper(),
    "LOWER": lambda arguments: to_text(arguments[0]).lower(),
    "TRIM": lambda arguments: " ".join(to_text(arguments[0]).split()),
    "LEFT": lambda arguments: _part(arguments, left=True),
    "RIGHT": lambda arguments: _part(arguments, left=False),
    "MID": _middle,
    "HYPERLINK": lambda arguments: arguments[-1],
    "ARRAYFORMULA": lambda arguments: arguments[0],
    "VLOOKUP": _lookup,
    "TODAY": _today,
    "NOW": _now,
    "DATE": _date,
}
