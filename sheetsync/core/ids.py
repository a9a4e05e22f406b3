"""User IDs that a spreadsheet damaged: they match nothing, and the message says whose they may be. Pure."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice

from sheetsync.core.book import Book

ID_SHOWN = 40
"""Characters of a wrong id that a message repeats."""

NAMED = 3
"""Users that a message names; more say nothing."""

ZEROS = 30
"""Lost leading zeros that are looked for."""

DIGITS_KEPT = 15
"""Digits of a number that a spreadsheet keeps; the rest become zeros."""

_EXPONENT = re.compile(r"(\d)(?:[.,](\d+))?E\+?(\d{1,2})", re.IGNORECASE)
_DECIMALS = re.compile(r"^(\d+)[.,]0+$")


def meant(account_id: str, book: Book) -> str:
    """Return what seems to have happened to an id that no account has, and whose it may be; or nothing."""
    text = _DECIMALS.sub(r"\1", account_id.strip())
    exponent = _EXPONENT.fullmatch(text)
    if exponent is not None:
        likely = _named(_near(exponent[1] + (exponent[2] or ""), int(exponent[3]) + 1, book))
        return (
            f"The User ID looks damaged: a spreadsheet made the number {text} of it, and its last digits are "
            f"lost.{likely} Put the id in as text, or delete the row and pull."
        )
    if text.isdigit() and len(text) > DIGITS_KEPT and text[DIGITS_KEPT:].strip("0") == "":
        likely = _named(_near(text.rstrip("0") or "0", len(text), book))
        return (
            f"The User ID looks damaged: a spreadsheet keeps {DIGITS_KEPT} digits of a number and made the "
            f"rest 0.{likely} Put the id in as text, or delete the row and pull."
        )
    likely = _named(_padded(text, book))
    return (
        f"The User ID seems to have lost its leading zeros or its form.{likely} Ids are text."
        if likely
        else ""
    )


def _named(found: Iterator[str]) -> str:
    ids = list(islice(found, NAMED + 1))
    if not ids or len(ids) > NAMED:
        return ""
    return f" Did you mean {' or '.join(f'“{each}”' for each in ids)}?"


def _padded(text: str, book: Book) -> Iterator[str]:
    """Yield ids that differ by leading zeros, or by spaces around them."""
    bare = text.lstrip("0")
    if bare.isdigit():
        for zeros in range(ZEROS + 1):
            if "0" * zeros + bare in book.baselines:
                yield "0" * zeros + bare
    elif text in book.baselines:
        yield text


def _near(digits: str, length: int, book: Book) -> Iterator[str]:
    """Yield ids of so many digits that begin like this, or are rounded to it."""
    unknown = length - len(digits)
    if unknown < 0:
        return
    ids, number, half = book.digits.get(length, ()), int(digits) * 10**unknown, 10**unknown // 2
    first = bisect_left(ids, str(number - half).zfill(length))
    last = bisect_right(ids, str(number + 10**unknown - 1))
    yield from islice(ids, first, last)
