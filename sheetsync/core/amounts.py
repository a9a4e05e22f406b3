"""Amounts: read from cells, texts, JSON and configuration, and printed; nowhere else.

An amount is an integer of minor units, ``10 ** -scale`` of its unit. What can be read in two ways is refused:
a wrong reading is off by a factor of a thousand, and a question costs one cell.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal

from sheetsync.core.accounts import Unit
from sheetsync.core.tab import CellValue

MAX_MINOR = 10**15 - 1
"""Minor units; a spreadsheet number holds 15 decimal digits exactly."""

MAX_STORED_MINOR = 10**18 - 1
"""Minor units; what a credit system may report: the ledger's columns are 64-bit integers."""

MAX_TEXT = 60
"""Characters of a typed amount; 15 digits, their separators and some words."""

_SHOWN = 40  # characters of a wrong cell that a message repeats
_INVISIBLE = "".join(map(chr, (0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF)))
_SIGNS = {"+": 1, "-": -1, chr(0x2212): -1}  # the last is the typographic minus

DecimalMark = Literal[".", ","]

_WORDS = frozenset({"credits", "credit", "pts", "pt", "points", "point"})
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "BRL"})
_CURRENCIES: Mapping[str, frozenset[str]] = {
    "€": frozenset({"EUR"}),
    "$": _DOLLARS,
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
    "₺": frozenset({"TRY"}),
    "₩": frozenset({"KRW"}),
    "₪": frozenset({"ILS"}),
    "zł": frozenset({"PLN"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "fr": frozenset({"CHF"}),
    "euro": frozenset({"EUR"}),
    "euros": frozenset({"EUR"}),
} | {
    code.casefold(): frozenset({code})
    for code in (
        *_DOLLARS,
        *("EUR", "GBP", "CHF", "JPY", "CNY", "INR", "TRY", "KRW", "ILS", "PLN", "SEK", "NOK", "DKK", "ISK"),
        *("CZK", "HUF", "RON", "BGN", "UAH", "ZAR", "AED", "SAR", "THB"),
    )
}
"""What may stand beside a number as its currency → the currencies that it can mean."""

_GROUP_SIGNS = ".,' " + "".join(
    map(chr, (0x2019, 0xA0, 0x2007, 0x2009, 0x202F))
)  # an apostrophe and four spaces
_TYPED = re.compile(
    r"(?P<before>[^0-9]*?)(?P<number>[.,]?[0-9](?:.*[0-9])?[.,]?)(?P<after>[^0-9]*)", re.DOTALL
)
_NUMBER = re.compile(f"[0-9{_GROUP_SIGNS}]+")
_WHOLE = re.compile(f"[0-9]*|[1-9][0-9]{{0,2}}(?P<sign>[{_GROUP_SIGNS}])[0-9]{{3}}(?:(?P=sign)[0-9]{{3}})*")
_EXPONENT = re.compile(r"[0-9.,]+\s*[eE]\s*[+-]?[0-9]+")
_BESIDE = re.compile(r"[^\W\d_]+\.?|\S")
_PLAIN = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?")


class AmountProblem(ValueError):  # noqa: N818 - what a person has to mend, not a fault of the program
    """The value is not an amount of the unit; the text is one sentence for the person who typed it."""


def parse_cell(value: CellValue, unit: Unit, *, decimal: DecimalMark | None = None) -> int | None:
    """Return a cell's amount in minor units, or None for a blank cell.

    Args:
        value: what the cell holds, unformatted.
        unit: states the scale and the words that may stand beside the number.
        decimal: the decimal mark of texts where something else has settled it (a CSV file's other rows, or
            ``--decimal``); None where each text must be clear by itself.

    Raises:
        AmountProblem: why it is not an amount, and what to type.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _from_text(value, unit, decimal)
    if isinstance(value, bool):
        raise AmountProblem(f"the cell holds {str(value).upper()}, not an amount: type a number")
    if isinstance(value, int):
        return _bounded(value * 10**unit.scale, str(value), unit)
    if isinstance(value, float):
        return _from_float(value, unit)
    if isinstance(value, Decimal):
        return _from_decimal(value, unit)
    if isinstance(value, date | datetime | time):
        kind = "time" if isinstance(value, time) else "date"
        raise AmountProblem(
            f"the cell holds a {kind}, not an amount: format it as a number and type it again"
        )
    raise AmountProblem("the cell does not hold a number: type one")


def decimal_mark(text: str) -> DecimalMark | None:
    """Return the decimal mark that a text proves its writer to use, or None if it proves nothing.

    ``12,50`` and ``1.234.567`` prove the comma, ``1,234.50`` the point; ``25`` and ``1,234`` nothing.
    """
    match = _TYPED.fullmatch(_trimmed(text)) if len(text) <= MAX_TEXT else None
    if not match or not _NUMBER.fullmatch(match["number"]) or not set(".,") & set(match["number"]):
        return None
    mark = _mark_of(match["number"])
    return mark if mark and _split(match["number"], mark) else None


def format_amount(minor: int, unit: Unit) -> str:
    """Return the amount as canonical text: all decimal places of the unit, a minus sign, no grouping."""
    digits = str(abs(minor)).zfill(unit.scale + 1)
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[: -unit.scale]}.{digits[-unit.scale :]}" if unit.scale else f"{sign}{digits}"


def to_cell(minor: int | None, unit: Unit) -> int | Decimal | str | None:
    """Return what a cell is to hold: a number, or text beyond the digits that a spreadsheet keeps."""
    if minor is None:
        return None
    if abs(minor) > MAX_MINOR:
        return format_amount(minor, unit)
    return Decimal(format_amount(minor, unit)) if unit.scale else minor


def from_provider(value: object, unit: Unit) -> int | None:
    """Return a JSON value of a credit system in minor units; None (no value there) stays None.

    JSON is parsed with ``parse_float=Decimal``, so a float is a mistake of ours or a NaN.

    Raises:
        AmountProblem: it is not a number, or has more decimal places than the unit.
    """
    if value is None:
        return None
    number: Decimal | None = None
    if isinstance(value, str) and len(value) <= MAX_TEXT and _PLAIN.fullmatch(value.strip()):
        number = Decimal(value.strip())
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
    if number is None or not number.is_finite():
        raise AmountProblem(
            f"the credit system's {unit.header} is {_shown(repr(value))}, which is not a number"
        )
    minor = _scaled(number, unit.scale, MAX_STORED_MINOR)
    if minor is None:
        raise AmountProblem(
            f"the credit system's {unit.header} is {_shown(str(value))}, but {_places(unit)} here: "
            "set decimals of the connection"
        )
    if abs(minor) > MAX_STORED_MINOR:
        raise AmountProblem(f"the credit system's {unit.header} is {_shown(str(value))}, which is too large")
    return minor


def parse_decimal_text(text: str, unit: Unit) -> int:
    """Return an amount of the configuration in minor units: digits and a point, nothing else, not negative.

    Raises:
        AmountProblem: it is not such an amount.
    """
    match = _PLAIN.fullmatch(text)
    if not match or match["sign"] or len(text) > MAX_TEXT:
        raise AmountProblem(f'"{_shown(text)}" is not an amount: write digits, such as "500" or "12.50"')
    return _exact(match["whole"], match["fraction"] or "", text, unit)


def _from_text(text: str, unit: Unit, decimal: DecimalMark | None) -> int | None:
    if (
        text.isascii() and text.isdigit() and len(text) <= 15
    ):  # nearly all texts, without a regular expression
        return _exact(text, "", text, unit)
    trimmed = _trimmed(text)
    if not trimmed:
        return None
    match = _TYPED.fullmatch(trimmed) if len(trimmed) <= MAX_TEXT else None
    _refuse_at_sight(trimmed, found=match is not None)
    assert match is not None  # noqa: S101 - refused at sight otherwise
    sign = _sign(match["before"], match["number"], trimmed)
    _check_beside(match["before"].strip("".join(_SIGNS) + " "), match["after"], trimmed, unit)
    number = match["number"]
    mark = decimal or _mark_of(number)
    if mark is None:
        raise AmountProblem(_two_readings(number, trimmed, unit, negative=sign < 0))
    parts = _split(number, mark)
    if parts is None:
        raise AmountProblem(
            f"{_shown(trimmed)} is not a number that we can read: type it without separators for thousands"
        )
    return sign * _exact(*parts, trimmed, unit)


def _trimmed(text: str) -> str:
    """Return the text without spaces and invisible marks around it, and without a leading apostrophe."""
    bare = _stripped(text)
    return _stripped(bare[1:]) if bare.startswith("'") else bare


def _stripped(text: str) -> str:
    while text and (text[0].isspace() or text[0] in _INVISIBLE):
        text = text[1:]
    while text and (text[-1].isspace() or text[-1] in _INVISIBLE):
        text = text[:-1]
    return text


def _refuse_at_sight(text: str, *, found: bool) -> None:
    """Refuse what a person would not call a plain number, each with its own words."""
    shown = _shown(text)
    if text.startswith("="):
        raise AmountProblem(f"{shown} is a formula: type the number")
    if any(not char.isascii() and unicodedata.category(char)[0] == "N" for char in text):
        raise AmountProblem(f"{shown} holds digits or fractions that we do not read: type it with 0 to 9")
    if not found:
        raise AmountProblem(f"{shown} is not a number")
    if "%" in text:
        raise AmountProblem(f"{shown} is a percentage: type the amount itself")
    if _EXPONENT.search(text):
        raise AmountProblem(f"{shown} is written with an exponent: type all its digits")
    if "(" in text or text.endswith(tuple(_SIGNS)):
        raise AmountProblem(
            f"{shown} is not clear: for a negative amount type a minus sign before the number"
        )


def _sign(before: str, number: str, text: str) -> int:
    """Return 1 or -1: at most one sign, at the very start or right before the number."""
    signs = [char for char in before if char in _SIGNS]
    if before and before[-1].isalpha() and number[0] in ".,":  # "pts.5": 5 points, or half a point?
        raise AmountProblem(f"{_shown(text)} is not clear: type the number alone")
    if not signs:
        return 1
    if len(signs) > 1 or not (before[0] in _SIGNS or before[-1] in _SIGNS):
        raise AmountProblem(f"{_shown(text)} is not clear: type one sign, right before the number")
    return _SIGNS[signs[0]]


def _check_beside(before: str, after: str, text: str, unit: Unit) -> None:
    """Let currencies and the unit's own words stand beside the number, and nothing else."""
    words = _WORDS | _words_of(unit)
    meant = _currency_of(unit)
    for token in (*_BESIDE.findall(before), *_BESIDE.findall(after)):
        word = token.rstrip(".").casefold()
        if word in _CURRENCIES:
            meant = _CURRENCIES[word] if meant is None else meant & _CURRENCIES[word]
            if not meant:
                raise AmountProblem(
                    f"{_shown(text)} is in another currency than {unit.header}: type the number alone"
                )
        elif word not in words:
            raise AmountProblem(
                f'"{_shown(token)}" beside the amount is not understood: type the number alone'
            )


def _words_of(unit: Unit) -> set[str]:
    words = {*unit.header.casefold().split(), *unit.code.casefold().split("_")}
    return words | {word.removesuffix("s") for word in words}


def _currency_of(unit: Unit) -> frozenset[str] | None:
    """Return the currency that the unit's code names (``promo_eur``), or None where any may be typed."""
    kind, _, code = unit.code.partition("_")
    return frozenset({code.upper()}) if kind == "promo" and code else None


def _mark_of(number: str) -> DecimalMark | None:
    """Return the decimal mark in the number's only reading, or None if it has two."""
    if "." in number and "," in number:
        return "." if number.rfind(".") > number.rfind(",") else ","
    sign: DecimalMark = "," if "," in number else "."
    count = number.count(sign)
    if count > 1:
        return "." if sign == "," else ","
    whole, _, rest = number.partition(sign)
    grouped = re.fullmatch("[0-9]{3}", rest) and re.fullmatch("[0-9]{1,3}", whole) and whole != "0"
    return None if count and grouped else sign


def _split(number: str, mark: DecimalMark) -> tuple[str, str] | None:
    """Return the digits before and after the decimal mark, or None unless thousands are grouped properly."""
    whole, _, fraction = number.partition(mark)
    if not _NUMBER.fullmatch(number) or not _WHOLE.fullmatch(whole) or (fraction and not fraction.isdigit()):
        return None
    return "".join(filter(str.isdigit, whole)), fraction


def _two_readings(number: str, text: str, unit: Unit, *, negative: bool) -> str:
    minus = "-" if negative else ""
    whole, fraction = re.split("[.,]", number)
    large = f"{minus}{int(whole + fraction)}"
    places = fraction.rstrip("0")
    small = f"{minus}{int(whole)}" + (f".{places}" if places else "")
    clear = f"{minus}{int(whole)}." + (places.ljust(2, "0") if len(places) < 3 else f"{places}0")
    advice = (
        f"type {large} or {clear}"
        if len(places) <= unit.scale
        else f"type {large} if you mean that; {_places(unit)}"
    )
    return f"{_shown(text)} can be read as {large} or as {small}: {advice}"


def _exact(whole: str, fraction: str, text: str, unit: Unit) -> int:
    """Return the digits as minor units; zeros at the end of the fraction do not count."""
    places = fraction.rstrip("0")
    if len(places) > unit.scale:
        raise AmountProblem(f"{_shown(text)} has too many decimal places: {_places(unit)}")
    return _bounded(int((whole or "0") + places.ljust(unit.scale, "0")), text, unit)


def _from_float(value: float, unit: Unit) -> int:
    """Read a cell's double: exact if it is the double nearest to a decimal of the unit's scale."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - only NaN differs from itself
        raise AmountProblem(f"the cell holds {value}, not an amount: type a number")
    if abs(value) > MAX_MINOR:
        raise AmountProblem(_too_large(_shown(repr(value)), unit))
    if round(value, unit.scale) != value:  # rounds to the nearest double of the decimal, as Python promises
        raise AmountProblem(f"{_shown(repr(value))} has too many decimal places: {_places(unit)}")
    return _bounded(int(f"{value:.{unit.scale}f}".replace(".", "")), repr(value), unit)


def _from_decimal(value: Decimal, unit: Unit) -> int:
    if not value.is_finite():
        raise AmountProblem(f"the cell holds {value}, not an amount: type a number")
    minor = _scaled(value, unit.scale, MAX_MINOR)
    if minor is None:
        raise AmountProblem(f"{_shown(str(value))} has too many decimal places: {_places(unit)}")
    return _bounded(minor, str(value), unit)


def _scaled(value: Decimal, scale: int, largest: int) -> int | None:
    """Return ``value * 10**scale``, or None if that is not whole; something above ``largest`` if it is huge.

    Done on the digits: Decimal's arithmetic rounds to its context, and ``1E+999999`` must not fill memory.
    """
    sign, digits, exponent = value.as_tuple()
    if not any(digits):
        return 0
    factor = -1 if sign else 1
    if value.adjusted() + scale > len(str(largest)):
        return factor * (largest + 1)
    shift = int(exponent) + scale
    if shift >= 0:
        return factor * int("".join(map(str, digits)) + "0" * shift)
    if -shift >= len(digits) or any(digits[shift:]):
        return None
    return factor * int("".join(map(str, digits[:shift])))


def _bounded(minor: int, text: str, unit: Unit) -> int:
    if abs(minor) > MAX_MINOR:
        raise AmountProblem(_too_large(_shown(text), unit))
    return minor


def _too_large(shown: str, unit: Unit) -> str:
    digits = len(str(MAX_MINOR))
    return f"{shown} is too large: {unit.header} takes at most {digits} digits, decimal places included"


def _places(unit: Unit) -> str:
    if unit.scale == 0:
        return f"{unit.header} takes whole numbers"
    return f"{unit.header} takes at most {unit.scale} decimal place{'s' if unit.scale > 1 else ''}"


def _shown(text: str) -> str:
    """Return the text as a message repeats it: printable, and short."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return clean if len(clean) <= _SHOWN else f"{clean[: _SHOWN - 1]}…"
