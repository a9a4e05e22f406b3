"""Amounts beyond cells: printing, JSON of credit systems, configuration, CSV files; and what always holds."""

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import (
    MAX_MINOR,
    MAX_STORED_MINOR,
    AmountProblem,
    decimal_mark,
    format_amount,
    from_provider,
    parse_cell,
    parse_decimal_text,
    to_cell,
)

CREDITS = Unit("credits", "Credits", 0)
BALANCE = Unit("balance", "Balance", 2)

UNITS = st.integers(0, 6).map(lambda scale: Unit("credits", "Credits", scale))
AMOUNTS = st.integers(-MAX_MINOR, MAX_MINOR)


@pytest.mark.parametrize(
    ("minor", "scale", "text"),
    [
        (0, 0, "0"),
        (25, 0, "25"),
        (-25, 0, "-25"),
        (2500, 2, "25.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (0, 2, "0.00"),
        (-123456, 2, "-1234.56"),
        (1, 6, "0.000001"),
        (MAX_STORED_MINOR, 2, "9999999999999999.99"),
    ],
)
def test_format(minor: int, scale: int, text: str) -> None:
    """All places of the unit, a minus sign, no grouping."""
    assert format_amount(minor, Unit("x", "X", scale)) == text


@pytest.mark.parametrize(
    ("minor", "scale", "cell"),
    [
        (None, 2, None),
        (25, 0, 25),
        (2500, 2, Decimal("25.00")),
        (-5, 2, Decimal("-0.05")),
        (MAX_MINOR, 0, MAX_MINOR),
        (MAX_MINOR + 1, 0, "1000000000000000"),
        (-MAX_MINOR - 1, 2, "-10000000000000.00"),
    ],
)
def test_cells(minor: int | None, scale: int, cell: int | Decimal | str | None) -> None:
    """Numbers while a spreadsheet holds them exactly, text beyond."""
    written = to_cell(minor, Unit("x", "X", scale))
    assert (cell, type(cell)) == (written, type(written))


@pytest.mark.parametrize(
    ("value", "minor"),
    [
        (None, None),
        (40, 4000),
        (-3, -300),
        (Decimal("40.5"), 4050),
        (Decimal("40.5000"), 4050),
        ("40", 4000),
        ("40.00", 4000),
        (" 40.000000 ", 4000),
        ("-1.5", -150),
        (Decimal(10**15), 10**17),
    ],
)
def test_from_provider(value: object, minor: int | None) -> None:
    """JSON numbers, and texts as PHP prints them."""
    assert from_provider(value, BALANCE) == minor


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        1.5,
        float("nan"),
        Decimal("NaN"),
        "",
        "abc",
        "1,234",
        "1e5",
        "1_0",
        "--1",
        [],
        {},
        "9" * 99,
    ],
)
def test_from_provider_refuses_what_is_no_number(value: object) -> None:
    """A reply that does not hold a balance where we look for it is noticed."""
    with pytest.raises(AmountProblem, match=r"the credit system's Balance is .*, which is not a number"):
        from_provider(value, BALANCE)


@pytest.mark.parametrize("value", [Decimal("40.5"), "40.5"])
def test_from_provider_with_too_many_places(value: object) -> None:
    """The sentence names the setting that mends it."""
    with pytest.raises(AmountProblem, match=r"is 40.5, but Credits takes whole numbers here: set decimals"):
        from_provider(value, CREDITS)


@pytest.mark.parametrize("value", [10**18, Decimal("1E+30"), "1000000000000000000"])
def test_from_provider_too_large(value: object) -> None:
    """The ledger's columns are 64-bit."""
    with pytest.raises(AmountProblem, match="too large"):
        from_provider(value, CREDITS)


@pytest.mark.parametrize(("text", "minor"), [("500", 50000), ("12.5", 1250), ("0", 0), ("1.100", 110)])
def test_configured_amounts(text: str, minor: int) -> None:
    """Digits and a point: a configuration has one spelling."""
    assert parse_decimal_text(text, BALANCE) == minor


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1,5", "1 000", "€5", "1e3", ".5", "nan", "0.001", "9" * 16, " 5"]
)
def test_configured_amounts_refused(text: str) -> None:
    """Nothing that could be meant otherwise."""
    with pytest.raises(AmountProblem):
        parse_decimal_text(text, BALANCE)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("25", None),
        ("1,234", None),
        ("1.234", None),
        ("12,50", ","),
        ("12.50", "."),
        ("1,234.50", "."),
        ("1.234,50", ","),
        ("1,234,567", "."),
        ("1.234.567", ","),
        ("€ 12,50", ","),
        ("1,2,3", None),
        ("abc", None),
        ("1e5,5", None),
        ("", None),
        ("9" * 99, None),
    ],
)
def test_what_a_text_proves_about_its_writer(text: str, mark: str | None) -> None:
    """A CSV file's clear rows settle what its unclear ones mean."""
    assert decimal_mark(text) == mark


@pytest.mark.parametrize(
    ("text", "mark", "minor"),
    [
        ("1,234", ".", 123400),
        ("1,234", ",", None),
        ("1.500", ",", 150000),
        ("1.50", ".", 150),
        ("1,234.50", ".", 123450),
        ("25", ",", 2500),
    ],
)
def test_a_settled_decimal_mark(text: str, mark: Literal[".", ","], minor: int | None) -> None:
    """With the mark settled a text has one reading, and is held to it."""
    if minor is None:
        with pytest.raises(AmountProblem, match="too many decimal places"):
            parse_cell(text, BALANCE, decimal=mark)
    else:
        assert parse_cell(text, BALANCE, decimal=mark) == minor


@pytest.mark.parametrize(("text", "mark"), [("12,50", "."), ("1.234,50", "."), ("1,234.50", ",")])
def test_a_row_against_the_settled_mark(text: str, mark: Literal[".", ","]) -> None:
    """A row that contradicts the others is refused, not read its own way."""
    with pytest.raises(AmountProblem, match="thousands"):
        parse_cell(text, BALANCE, decimal=mark)


def _read(text: str, unit: Unit) -> int | None:
    try:
        return parse_cell(text, unit)
    except AmountProblem:
        return None


@given(AMOUNTS, UNITS)
def test_what_is_printed_is_read_back(minor: int, unit: Unit) -> None:
    """Through text, cells, JSON and configuration, at every scale (text with three places is ambiguous)."""
    text = format_amount(minor, unit)
    assert parse_cell(to_cell(minor, unit), unit) == minor
    assert from_provider(text, unit) == minor
    assert parse_cell(text, unit, decimal=".") == minor
    assert unit.scale == 3 or parse_cell(text, unit) == minor
    assert minor < 0 or parse_decimal_text(text, unit) == minor


@given(st.integers(-(10**15), 10**15), UNITS)
def test_doubles_are_read_as_their_decimal(minor: int, unit: Unit) -> None:
    """The double nearest to a decimal of up to 15 digits is read as that decimal."""
    value = float(Decimal(minor).scaleb(-unit.scale))
    if abs(minor) <= MAX_MINOR:
        assert parse_cell(value, unit) == minor


@given(st.floats(), UNITS)
@example(0.1 + 0.2, BALANCE)
@example(2.675, BALANCE)
@example(-1e-320, BALANCE)
def test_no_double_is_rounded(value: float, unit: Unit) -> None:
    """A double is refused, or it is the very double of the amount that was read."""
    try:
        minor = parse_cell(value, unit)
    except AmountProblem:
        return
    assert minor is not None
    assert float(Decimal(format_amount(minor, unit))) == value


@given(st.decimals(allow_nan=True, allow_infinity=True), UNITS)
def test_no_decimal_is_rounded(value: Decimal, unit: Unit) -> None:
    """A decimal is refused, or equal to the amount that was read."""
    try:
        minor = parse_cell(value, unit)
    except AmountProblem:
        return
    assert minor is not None
    assert Decimal(format_amount(minor, unit)) == value


@given(st.text(alphabet="0123456789.,' -+€", max_size=14))
def test_nothing_that_is_accepted_is_ambiguous(text: str) -> None:
    """Whatever is accepted reads the same with whichever mark could be its decimal mark."""
    unit = Unit("credits", "Credits", 6)
    minor = _read(text, unit)
    if minor is None:
        return
    marks: tuple[Literal[".", ","], ...] = (".", ",")
    for mark in marks:
        try:
            other = parse_cell(text, unit, decimal=mark)
        except AmountProblem:
            continue
        assert other == minor


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    """No text makes anything but an amount, a blank or a sentence."""
    try:
        parse_cell(text, BALANCE)
    except AmountProblem as problem:
        assert str(problem).isprintable()  # noqa: PT017 - most texts raise, some do not
