"""The ``Key`` cell of a row, and the key under which an operation is known.

A ``Key`` ties a row to the state of the ledger that its edit was typed against::

    K1.0-2F-9GQ4T7M2X0B6ZD-RT
     │ │  │  │     │   │   └─ self-check: a damaged cell is refused
     │ │  │  │     │   └───── check of the name
     │ │  │  │     └───────── check of the e-mail
     │ │  │  └─────────────── check of system, units and user id: a Key sorted to another row is seen
     │ │  └────────────────── basis: the reading whose balances the person saw
     └─┴───────────────────── epoch of each unit: grows when an operation of ours on it is known to count

Only the epochs enter the operation key, so the same edit has the same key until it is known to have counted,
whatever was pulled, renamed or copied meanwhile.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sheetsync.core.accounts import Action, Change

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a key can be read out over the telephone."""

OPERATION_KEY_LENGTH = 20
"""Characters; 100 bits, so that two operations never share a key by accident. The contract allows 24."""

_NUMBER = "[0-9A-Z]{1,12}"  # 60 bits: what a ledger can count
_SHAPE = re.compile(
    rf"K({_NUMBER}(?:\.{_NUMBER})*)-({_NUMBER})-([0-9A-Z]{{6}})([0-9A-Z]{{4}})([0-9A-Z]{{4}})-([0-9A-Z]{{2}})"
)
_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)  # ten bits each
_PRIME = 1021  # the largest below 1024: a remainder fits one pair
_LONGEST_TEXT = 1_000  # characters of an e-mail or name that count


class DamagedKeyError(ValueError):
    """The cell does not hold a Key that was ever written."""


@dataclass(frozen=True, slots=True)
class RowKey:
    """A parsed ``Key`` cell.

    Attributes:
        epochs: one per unit, in the order of the tab's units.
        basis: number of the reading whose balances the person saw.
        account_check, email_check, name_check: to be compared with the row's identity cells.
    """

    epochs: tuple[int, ...]
    basis: int
    account_check: str
    email_check: str
    name_check: str


def digest32(*parts: str, length: int) -> str:
    """Return ``length`` characters of a hash over the parts; unambiguous because the parts go as JSON."""
    raw = hashlib.sha256(json.dumps(parts).encode()).digest()
    number = int.from_bytes(raw[:20])
    return "".join([ALPHABET[(number >> (5 * place)) & 31] for place in range(length)])


def _base32(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 32)
        digits = ALPHABET[rest] + digits
        if not number:
            return digits


def _number(text: str) -> int:
    total = 0
    for character in text:
        place = ALPHABET.find(character)
        if place < 0:
            raise DamagedKeyError(text)
        total = total * 32 + place
    return total


@dataclass(frozen=True, slots=True)
class KeyMaker:
    """Writes and reads the ``Key`` cells of one credit system.

    Attributes:
        system: identity of the credit system; a Key copied from another system's tab is refused.
        units: unit codes in the order of the tab.
    """

    system: str
    units: tuple[str, ...]

    def write(self, identity: tuple[str, str, str], epochs: Sequence[int], basis: int) -> str:
        """Return the cell for an account's (id, e-mail, name)."""
        account_id, email, name = identity
        body = (
            f"{_counted(tuple(epochs), basis)}"
            f"{self._account_check(account_id)}{_text_check(email)}{_text_check(name)}"
        )
        return f"{body}-{_self_check(body)}"

    def read(self, cell: str) -> RowKey:
        """Parse a cell.

        Raises:
            DamagedKeyError: it was never written like this, or for other units than these.
        """
        text = cell.strip()
        match = _SHAPE.fullmatch(text)
        if match is None or _self_check(text[:-3]) != match[6]:
            raise DamagedKeyError(cell)
        epochs = tuple(_number(part) for part in match[1].split("."))
        if len(epochs) != len(self.units):
            raise DamagedKeyError(cell)
        return RowKey(epochs, _number(match[2]), match[3], match[4], match[5])

    def fits(self, key: RowKey, account_id: str, email: str | None, name: str | None) -> bool:
        """Whether the key was written for these identity cells; None skips a column that the tab lacks."""
        return (
            key.account_check == self._account_check(account_id)
            and (email is None or key.email_check == _text_check(email))
            and (name is None or key.name_check == _text_check(name))
        )

    def _account_check(self, account_id: str) -> str:
        bits = _hashed("\0".join((self.system, *self.units, account_id)))
        return _PAIRS[bits & 1023] + _PAIRS[bits >> 10 & 1023] + _PAIRS[bits >> 20 & 1023]


@lru_cache(maxsize=4096)  # nearly all rows of a tab begin alike
def _counted(epochs: tuple[int, ...], basis: int) -> str:
    return f"K{'.'.join(map(_base32, epochs))}-{_base32(basis)}-"


def _text_check(text: str) -> str:
    bits = _hashed(_plain(text))
    return _PAIRS[bits & 1023] + _PAIRS[bits >> 10 & 1023]


def _plain(text: str) -> str:
    """Return the text without what a spreadsheet may change: spaces, line ends, control characters."""
    text = text[:_LONGEST_TEXT]
    if text.isascii() and text.isprintable():
        return text.replace(" ", "")
    return "".join(char for char in text if char.isprintable() and char not in " \N{REPLACEMENT CHARACTER}")


def _hashed(text: str) -> int:
    """Return 32 bits of a hash."""
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[4:8])


def _self_check(body: str) -> str:
    """Return two characters that change whenever one character does, or two neighbours change places.

    A remainder by a prime: the difference of two characters times a power of 256 is never its multiple.
    """
    return _PAIRS[int.from_bytes(body.encode()) % _PRIME]


def operation_key(
    system: str,
    account_id: str,
    action: Action,
    changes: Sequence[Change],
    *,
    epochs: Mapping[str, int],
    sent: Mapping[str, str],
) -> str:
    """Return the key of an edit: the same edit against the same epochs has the same key, for ever.

    Args:
        system: identity of the credit system.
        account_id: whose account.
        action: what is done.
        changes: unit and minor units of each change.
        epochs: unit code → epoch that the edit was typed against.
        sent: every other field that travels with the request, except the note.
    """
    parts = [f"{change.unit}:{epochs[change.unit]}:{change.amount}" for change in sorted(changes, key=_unit)]
    fields = [f"{name}={value}" for name, value in sorted(sent.items()) if value]
    return digest32(
        "operation", system, account_id, action.value, *parts, "|", *fields, length=OPERATION_KEY_LENGTH
    )


def _unit(change: Change) -> str:
    return change.unit
