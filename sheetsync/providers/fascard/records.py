"""FasCard's records: accounts and transactions out of JSON, value requests into it. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sheetsync.config.units import FASCARD_UNITS
from sheetsync.core import fields
from sheetsync.core.accounts import Account, Action, Operation, Transaction, Unit
from sheetsync.core.amounts import AmountProblem, format_amount, from_provider
from sheetsync.core.evidence import note_for
from sheetsync.core.words import unit_of
from sheetsync.errors import RejectedError
from sheetsync.providers.messages import clean

NOTE_LIMIT = 200
"""Characters of ``AdditionalInfo``. How much FasCard keeps is not documented; the key stands first."""

NAMES: Mapping[str, str] = {
    "balance": "Balance",
    "bonus": "Bonus",
    "loyalty_points": "LoyaltyPoints",
    "free_starts": "FreeStarts",
}
"""Unit code → field of an account and of a value request."""

CHANGES: Mapping[str, tuple[str, str]] = {
    "balance": ("BalanceAmount", "NewBalance"),
    "bonus": ("BonusAmount", "NewBonus"),
    "loyalty_points": ("LoyaltyPoints", "NewLoyaltyPoints"),
    "free_starts": ("FreeStarts", "NewFreeStarts"),
}
"""Unit code → fields of a transaction: signed change, and result."""

TYPES: Mapping[Action, tuple[int, int]] = {
    Action.ADD: (3, 0),
    Action.RESET: (3, 0),
    Action.ADJUST: (3, 0),
    Action.REFUND: (3, 3),
    Action.CASH: (2, 2),
}
"""Action → TransType and TransSubType: admin adjustment, refund, cash to employee."""

_SENT = frozenset(TYPES.values())
_LOCATION = re.compile(r"[0-9]{1,9}")


class MalformedError(ValueError):
    """A record is not as documented; the text says how, without personal data."""


@dataclass(frozen=True, slots=True)
class Location:
    """One location.

    Attributes:
        location_id: as in ``LocationID``.
        account_id: SysConfig id of its account, or "".
    """

    location_id: str
    name: str
    account_id: str


def id_of(record: object, name: str = "ID") -> int:
    """Return a record's id.

    Raises:
        MalformedError: it has none.
    """
    value = record.get(name) if isinstance(record, dict) else None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:
        return int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedError(f"a record without {name}")
    return value


def account_of(record: Mapping[str, Any]) -> Account:
    """Return an account; a unit that is null has no value, which is not 0.

    Raises:
        MalformedError: it is not as documented.
    """
    return Account(
        account_id=str(id_of(record)),
        email=_text(record, "EmailAddress"),
        name=_text(record, "Name"),
        balances={unit.code: _amount(record, NAMES[unit.code], unit) for unit in FASCARD_UNITS},
        details=_details(record),
    )


def _details(record: Mapping[str, Any]) -> dict[str, str]:
    found = {
        fields.EMPLOYEE: "yes" if record.get("Employee") is True else "",
        fields.LAST_ACTIVITY: _text(record, "LastActivityDate"),
        fields.MOBILE_PHONE: _text(record, "MobilePhone"),
        fields.DISCOUNT: _number_text(record.get("Discount")),
    }
    return {name: text for name, text in found.items() if text}


def transaction_of(record: Mapping[str, Any]) -> Transaction:
    """Return a transaction.

    Raises:
        MalformedError: it is not as documented.
    """
    changes, after = {}, {}
    for unit in FASCARD_UNITS:
        change, result = CHANGES[unit.code]
        changes[unit.code] = _amount(record, change, unit) or 0
        after[unit.code] = _amount(record, result, unit)
    kind = (record.get("TransType"), record.get("TransSubType"))
    note = record.get("AdditionalInfo")
    return Transaction(
        transaction_id=str(id_of(record)),
        account_id=str(id_of(record, "UserAccountID")),
        note=note if isinstance(note, str) else "",
        changes=changes,
        after=after,
        at=moment_of(record.get("DateTime")),
        like_ours=kind in _SENT,
    )


def location_of(record: Mapping[str, Any]) -> Location:
    """Return a location.

    Raises:
        MalformedError: it has no id.
    """
    account = record.get("AccountID")
    return Location(str(id_of(record)), _text(record, "Name"), "" if account is None else str(account))


def moment_of(value: object) -> datetime:
    """Return a documented time, which is UTC unless it says otherwise.

    Raises:
        MalformedError: it is none.
    """
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise MalformedError("a record whose time is none") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def value_request(operation: Operation) -> bytes:
    """Return the body of a value request: exactly the documented fields, amounts as exact JSON numbers.

    Raises:
        RejectedError: it cannot be asked for like this; nothing was sent.
    """
    kind, sub_kind = TYPES[operation.action]
    parts = {"TransType": str(kind), "TransSubType": str(sub_kind)}
    if operation.action is Action.CASH:
        parts |= _cash(operation)
    else:
        parts |= {NAMES[change.unit]: _number(change.amount, change.unit) for change in operation.changes}
    if (kind, sub_kind) == (3, 0):
        parts["SetExactValue"] = "true" if operation.action is Action.RESET else "false"
    parts["AdditionalInfo"] = json.dumps(note_of(operation))
    return ("{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}").encode()


def note_of(operation: Operation) -> str:
    """Return ``ss:KEY reason · note · person``, bounded."""
    parts = (operation.reason, operation.note, operation.actor)
    return note_for(operation.key, clean(" · ".join(part for part in parts if part)), NOTE_LIMIT)


def _cash(operation: Operation) -> dict[str, str]:
    units = [change.unit for change in operation.changes]
    location = operation.extras.get(fields.LOCATION_ID, "")
    if units != ["balance"]:
        raise RejectedError("Cash goes into the Balance only; nothing was sent.")
    if not _LOCATION.fullmatch(location):
        raise RejectedError("Cash needs a Location ID that is a number; nothing was sent.")
    return {"Cash": _number(operation.changes[0].amount, "balance"), "LocationID": str(int(location))}


def _number(minor: int, code: str) -> str:
    """Return an amount as a JSON number, without zeros at the end: ``25``, ``12.5``."""
    text = format_amount(minor, unit_of(code, FASCARD_UNITS))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(record: Mapping[str, Any], name: str, unit: Unit) -> int | None:
    try:
        return from_provider(record.get(name), unit)
    except AmountProblem as problem:
        raise MalformedError(f"{name}: {problem}") from None


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return clean(value) if isinstance(value, str) else ""


def _number_text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def records_in(data: object) -> Sequence[Mapping[str, Any]]:
    """Return the records of a list.

    Raises:
        MalformedError: it is no list of records.
    """
    if data is None:
        return ()
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        raise MalformedError("no list of records")
    return data
