"""Exact numbers and JSON of the sandbox.

Deliberately not shared with the service: a fake that used the code under test would agree with its mistakes.
"""

import json
import re
import secrets
from decimal import Decimal, InvalidOperation

MAX_MINOR = 10**15
_MAX_TEXT = 40
# Drawn anew by every process: no text in the book can look like it.
_MARK = f"decimal:{secrets.token_hex(8)}:"
_MARKED = re.compile(rf'"{_MARK}([^"]*)"')


def to_minor(value: object, scale: int) -> int:
    """Read a JSON value as an amount.

    Args:
        value: An integer, a `Decimal`, or text such as `"12.50"`.
        scale: Decimal places of the unit.

    Returns:
        The amount in minor units.

    Raises:
        ValueError: It is no number, too large, or has more decimals than the unit.
    """
    number = _to_decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > len(str(MAX_MINOR)):
        raise ValueError(f"{value!r} is out of range")
    minor = number.scaleb(scale)
    if minor != minor.to_integral_value():
        raise ValueError(f"{value!r} has more than {scale} decimals")
    if abs(minor) > MAX_MINOR:
        raise ValueError(f"{value!r} is out of range")
    return int(minor)


def _to_decimal(value: object) -> Decimal:
    # bool is an int to Python, but "true" is not an amount to anyone.
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError(f"{value!r} is not a number")  # noqa: TRY004 - callers refuse bad input as one kind
    text = str(value).strip()
    if len(text) > _MAX_TEXT or "_" in text or not text.isascii():
        raise ValueError(f"{value!r} is not a number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None


def to_decimal(minor: int, scale: int) -> Decimal:
    """Turn minor units into a decimal that prints all places of its scale."""
    return Decimal(minor).scaleb(-scale)


def to_text(minor: int | None, scale: int) -> str | None:
    """Print minor units as plain text: `1250` at scale 2 is `"12.50"`; no balance stays `None`."""
    return None if minor is None else format(to_decimal(minor, scale), "f")


def to_number(minor: int, scale: int) -> int | Decimal:
    """Turn minor units into what `encode` writes as a number: `40` at scale 0, `12.50` at scale 2."""
    return minor if scale == 0 else to_decimal(minor, scale)


def encode(value: object) -> str:
    """Write JSON in which a `Decimal` is a plain number with all its places, without a float in between."""
    text = json.dumps(value, default=_mark)
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def _mark(value: object) -> str:
    # The encoder writes no number for a Decimal; it writes text, which loses its quotes afterwards.
    if isinstance(value, Decimal):
        return f"{_MARK}{value:f}"
    raise TypeError(f"{value!r} is not JSON")


def decode(body: bytes) -> object:
    """Read JSON; numbers with a point become `Decimal`, `NaN` and `Infinity` are refused.

    Raises:
        ValueError: The body is not JSON.
    """
    return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
