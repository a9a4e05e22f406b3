"""What a cell of a tab may hold as an amount."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from sheetsync.core.accounts import Unit
from sheetsync.core.amounts import MAX_MINOR, AmountProblem, parse_cell
from sheetsync.core.tab import CellValue

CREDITS = Unit("credits", "Credits", 0)
BALANCE = Unit("balance", "Balance", 2)
POINTS = Unit("loyalty_points", "Loyalty Points", 0)
EURO = Unit("promo_eur", "Promo EUR", 0)
FINE = Unit("credits", "Credits", 6)

NBSP, NNBSP, THIN, FIGURE, MINUS, BOM = map(chr, (0xA0, 0x202F, 0x2009, 0x2007, 0x2212, 0xFEFF))


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("25", 2500),
        ("025", 2500),
        ("0", 0),
        ("-0", 0),
        ("+25", 2500),
        ("-25", -2500),
        ("- 25", -2500),
        (f"{MINUS}25", -2500),
        ("12.50", 1250),
        ("12,50", 1250),
        ("12.5", 1250),
        ("12,5000", 1250),
        ("1234,5", 123450),
        ("1234.500", 123450),
        ("1234,500", 123450),
        ("0,500", 50),
        ("0.500", 50),
        ("-0,500", -50),
        (".5", 50),
        (",5", 50),
        (".500", 50),
        ("5.", 500),
        ("5,", 500),
        ("1,234,567", 123456700),
        ("1.234.567", 123456700),
        ("1,234,567.8", 123456780),
        ("1.234.567,8", 123456780),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("-1.234,50", -123450),
        ("1,234.", 123400),
        ("1.234,500", 123450),
        ("1 500", 150000),
        ("1'500", 150000),
        ("1\N{RIGHT SINGLE QUOTATION MARK}500", 150000),
        (f"1{NBSP}500", 150000),
        (f"1{NNBSP}500,25", 150025),
        (f"1{THIN}500{THIN}000", 150000000),
        (f"12{FIGURE}500.250", 1250025),
        ("1 500,250", 150025),
    ],
)
def test_clear_numbers_are_read(text: str, minor: int) -> None:
    """Every text with one reading is read, whichever country its writer learned numbers in."""
    assert parse_cell(text, BALANCE) == minor


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("'25", 2500),
        ("25 ", 2500),
        (f"{NBSP}25{NNBSP}", 2500),
        (f"{BOM}25", 2500),
        ("\t25\n", 2500),
        ("€25", 2500),
        ("€ 25", 2500),
        ("25€", 2500),
        ("-€25", -2500),
        ("€-25", -2500),
        ("€ -25", -2500),
        ("$1,234.50", 123450),
        ("£12.50", 1250),
        ("¥25", 2500),
        ("CHF 1'500.50", 150050),
        ("EUR 25", 2500),
        ("25 eur", 2500),
        ("25 USD", 2500),
        ("$25 USD", 2500),
        ("25 euros", 2500),
        ("25 zł", 2500),
        ("25 pts", 2500),
        ("25 pts.", 2500),
        ("25pts", 2500),
        ("25 Points", 2500),
        ("1 point", 100),
        ("1 pt", 100),
        ("25 Credits", 2500),
        ("1 credit", 100),
        ("25 balance", 2500),
        ("Balance 25", 2500),
        ("Balance -25 EUR", -2500),
    ],
)
def test_currencies_and_the_units_words_may_stand_beside(text: str, minor: int) -> None:
    """What says only what the column says already is dropped."""
    assert parse_cell(text, BALANCE) == minor


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("25 loyalty points", POINTS, 25),
        ("25 Loyalty", POINTS, 25),
        ("25 EUR", EURO, 25),
        ("25 promo EUR", EURO, 25),
        ("€25", EURO, 25),
        ("$25", Unit("promo_cad", "Promo CAD", 0), 25),
        ("25 credits", EURO, 25),
    ],
)
def test_words_of_other_units(text: str, unit: Unit, amount: int) -> None:
    """A unit's own header and code are its words."""
    assert parse_cell(text, unit) == amount


@pytest.mark.parametrize("text", ["$25", "25 USD", "£25", "€25 USD", "CHF 25"])
def test_another_currency_is_refused(text: str) -> None:
    """Dollars typed into the column for euros are a slip, not an amount."""
    with pytest.raises(AmountProblem, match="in another currency than Promo EUR"):
        parse_cell(text, EURO)


def test_two_currencies_are_refused_in_any_column() -> None:
    """One amount has one currency."""
    with pytest.raises(AmountProblem, match="another currency"):
        parse_cell("€25 USD", BALANCE)


@pytest.mark.parametrize("blank", [None, "", " ", "'", f" {NBSP}\t", BOM, "' "])
def test_blank_is_nothing(blank: str | None) -> None:
    """A blank cell is no amount, which is not the same as 0."""
    assert parse_cell(blank, CREDITS) is None


@pytest.mark.parametrize("unit", [CREDITS, BALANCE, FINE])
@pytest.mark.parametrize(
    ("text", "large", "small"),
    [
        ("1,500", "1500", "1.5"),
        ("1.500", "1500", "1.5"),
        ("12.345", "12345", "12.345"),
        ("123,456", "123456", "123.456"),
        ("-1,500", "-1500", "-1.5"),
        ("€ 1,500", "1500", "1.5"),
        ("1.000 pts", "1000", "1"),
        ("01,500", "1500", "1.5"),
        ("00.500", "500", "0.5"),
    ],
)
def test_two_readings_are_refused_with_both(text: str, large: str, small: str, unit: Unit) -> None:
    """The sentence shows both readings, whatever the unit's scale."""
    with pytest.raises(AmountProblem) as caught:
        parse_cell(text, unit)
    assert f"{text} can be read as {large} or as {small}: type {large}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "unit", "advice"),
    [
        ("1,500", BALANCE, "type 1500 or 1.50"),
        ("1,000", BALANCE, "type 1000 or 1.00"),
        ("-1,500", BALANCE, "type -1500 or -1.50"),
        ("12.345", FINE, "type 12345 or 12.3450"),
        ("12.345", BALANCE, "type 12345 if you mean that; Balance takes at most 2 decimal places"),
        ("1,500", CREDITS, "type 1500 if you mean that; Credits takes whole numbers"),
    ],
)
def test_the_advice_can_be_typed(text: str, unit: Unit, advice: str) -> None:
    """What we tell a person to type is accepted."""
    with pytest.raises(AmountProblem) as caught:
        parse_cell(text, unit)
    assert str(caught.value).endswith(f": {advice}")
    for word in advice.partition(" if ")[0].removeprefix("type ").split(" or "):
        assert parse_cell(word, unit) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1E+15", "exponent"),
        ("1e5", "exponent"),
        ("1.5E3", "exponent"),
        ("nan", "not a number"),
        ("inf", "not a number"),
        ("-Infinity", "not a number"),
        ("abc", "not a number"),
        ("-", "not a number"),
        ("€", "not a number"),
        (".", "not a number"),
        ("TRUE", "not a number"),
        ("#N/A", "not a number"),
        ("#DIV/0!", "not understood"),
        ("25%", "percentage"),
        ("(25)", "minus sign before"),
        ("25-", "minus sign before"),
        ("25+", "minus sign before"),
        ("--5", "one sign"),
        ("+-5", "one sign"),
        ("-€-5", "one sign"),
        ("EUR - 5", "one sign"),
        ("pts.5", "number alone"),
        ("1,2,3", "thousands"),
        ("12,34,567", "thousands"),
        ("1,234,56", "thousands"),
        ("1234,567.5", "thousands"),
        ("0,123,456", "thousands"),
        ("1.234.567,8,9", "thousands"),
        ("1,234.567.890", "thousands"),
        ("1  500", "thousands"),
        ("1 50", "thousands"),
        ("1 500'000", "thousands"),
        ("1 234,567 890", "thousands"),
        ("1..5", "thousands"),
        ("1_000", "thousands"),
        ("1/2", "thousands"),
        ("12:30", "thousands"),
        ("2024-01-31", "thousands"),
        ("25 or 30", "thousands"),
        ("½", "0 to 9"),
        ("1½", "0 to 9"),
        ("5²", "0 to 9"),
        ("\N{ARABIC-INDIC DIGIT THREE}", "0 to 9"),
        ("\N{FULLWIDTH DIGIT TWO}5", "0 to 9"),
        ("0x1F", "not understood"),
        ("0x10", "thousands"),
        ("5k", "not understood"),
        ("25 dogs", '"dogs" beside'),
        ("about 25", '"about" beside'),
        ("25 bonus", '"bonus" beside'),
        ("25!", "not understood"),
        ("25 .", "not understood"),
        ("=1+1", "formula"),
        ("'=25", "formula"),
        ("\N{EN DASH}5", "not understood"),
        ("9" * 61, "not a number"),
    ],
)
@pytest.mark.parametrize("unit", [CREDITS, BALANCE])
def test_what_is_not_clearly_an_amount_is_refused(text: str, words: str, unit: Unit) -> None:
    """Each refusal says why in words that a clerk knows."""
    with pytest.raises(AmountProblem, match=words):
        parse_cell(text, unit)


@pytest.mark.parametrize(
    ("value", "unit", "places"),
    [
        ("12.5", CREDITS, "whole numbers"),
        ("12.345678", BALANCE, "at most 2 decimal places"),
        ("0.25", Unit("x", "X", 1), "at most 1 decimal place$"),
        (12.5, CREDITS, "whole numbers"),
        (0.125, BALANCE, "at most 2"),
        (Decimal("0.001"), BALANCE, "at most 2"),
        (Decimal("1E-999999"), BALANCE, "at most 2"),
    ],
)
def test_too_many_decimal_places(value: CellValue, unit: Unit, places: str) -> None:
    """Never rounded: the sentence says how many places the unit has."""
    with pytest.raises(AmountProblem, match=f"too many decimal places: {unit.header} takes .*{places}"):
        parse_cell(value, unit)


@pytest.mark.parametrize(
    ("value", "unit", "minor"),
    [
        (0, CREDITS, 0),
        (25, BALANCE, 2500),
        (-25, CREDITS, -25),
        (25.0, CREDITS, 25),
        (0.1, BALANCE, 10),
        (-0.0, BALANCE, 0),
        (1234.56, BALANCE, 123456),
        (9999999999999.99, BALANCE, MAX_MINOR),
        (1e3, CREDITS, 1000),
        (Decimal("12.50"), BALANCE, 1250),
        (Decimal("12.5000"), BALANCE, 1250),
        (Decimal("1E+3"), BALANCE, 100000),
        (Decimal("-0"), BALANCE, 0),
        (Decimal("0E-50"), CREDITS, 0),
        (MAX_MINOR, CREDITS, MAX_MINOR),
        (-MAX_MINOR, CREDITS, -MAX_MINOR),
        (str(MAX_MINOR), CREDITS, MAX_MINOR),
        ("9999999999999.99", BALANCE, MAX_MINOR),
    ],
)
def test_numbers_are_read_exactly(value: CellValue, unit: Unit, minor: int) -> None:
    """Integers, doubles that are exact at the unit's scale, and decimals."""
    assert parse_cell(value, unit) == minor


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "holds TRUE"),
        (False, "holds FALSE"),
        (date(2024, 1, 2), "holds a date, not an amount"),
        (datetime(2024, 1, 2, tzinfo=UTC), "holds a date, not an amount"),
        (time(1, 2), "holds a time, not an amount"),
        (0.1 + 0.2, "too many decimal places"),
        (float("nan"), "holds nan"),
        (float("inf"), "holds inf"),
        (float("-inf"), "holds -inf"),
        (Decimal("NaN"), "holds NaN"),
        (Decimal("-Infinity"), "holds -Infinity"),
    ],
)
def test_what_is_no_amount(value: CellValue, words: str) -> None:
    """Other kinds of cells are named."""
    with pytest.raises(AmountProblem, match=words):
        parse_cell(value, BALANCE)


def test_an_unknown_kind_of_value_is_refused() -> None:
    """A spreadsheet library's surprise is not an amount."""
    with pytest.raises(AmountProblem, match="does not hold a number"):
        parse_cell(b"25", BALANCE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (MAX_MINOR + 1, CREDITS),
        (-MAX_MINOR - 1, CREDITS),
        (10**13, BALANCE),
        (1e15, CREDITS),
        (1e300, CREDITS),
        (1e13, BALANCE),
        (Decimal("1E+999999"), CREDITS),
        (Decimal("-1E+999999"), CREDITS),
        ("1234567890123456", CREDITS),
        ("10000000000000", BALANCE),
        ("1 000 000 000 000 000", CREDITS),
    ],
)
def test_fifteen_digits_are_the_limit(value: CellValue, unit: Unit) -> None:
    """Beyond them a spreadsheet's number is not what was typed."""
    with pytest.raises(AmountProblem, match=r"too large: .* takes at most 15 digits"):
        parse_cell(value, unit)


def test_a_long_text_is_repeated_in_part() -> None:
    """A pasted paragraph, with line breaks, does not become the message."""
    with pytest.raises(AmountProblem) as caught:
        parse_cell("x\n" * 500, CREDITS)
    assert len(str(caught.value)) < 80
    assert str(caught.value).isprintable()
