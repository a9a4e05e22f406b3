"""UniBee's records: users, promo accounts and transactions out of JSON, requests into it. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sheetsync.core import fields
from sheetsync.core.accounts import Account, Action, Operation, Transaction, Unit
from sheetsync.core.amounts import AmountProblem, from_provider
from sheetsync.core.evidence import note_for
from sheetsync.errors import RejectedError
from sheetsync.providers.messages import clean

Record = Mapping[str, Any]

PROMO = 2
"""``accountType`` of promo credit; 1 is the main account, money that was paid in."""

PAYMENT, ADMIN_CHANGE = 2, 6
"""``transactionType``: paid out with an invoice; changed by an admin, hence by us."""

SUSPENDED = 2
"""``status`` of a suspended user; 0 is active."""

NOTE_LIMIT = 120
"""Characters of ``description``: longer ones are not known to be kept."""

PERSON_LIMIT = 60
"""Characters of the note that the person may take: UniBee records nobody, so the name has its place."""

MOST = 2**63 - 1
"""Largest ``int64``."""


class MalformedError(ValueError):
    """A record is not as documented; the text says how, without personal data."""


@dataclass(frozen=True, slots=True)
class Currencies:
    """The promo credit units of a connection, by the currency that UniBee names them by."""

    units: tuple[Unit, ...]

    def code(self, unit: str) -> str:
        """Return the currency of a unit, upper case: ``promo_eur`` → ``EUR``."""
        return unit.removeprefix("promo_").upper()

    @property
    def by_currency(self) -> dict[str, Unit]:
        """Currency → unit."""
        return {self.code(unit.code): unit for unit in self.units}


def whole(record: object, name: str) -> int:
    """Return a whole number of a record.

    Raises:
        MalformedError: there is none.
    """
    value = record.get(name) if isinstance(record, Mapping) else None
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedError(f"a record without {name}")
    return value


def text(record: object, name: str) -> str:
    """Return a text of a record on one line, "" where there is none."""
    value = record.get(name) if isinstance(record, Mapping) else None
    return clean(value) if isinstance(value, str) else ""


def records_in(data: object, name: str) -> Sequence[Record]:
    """Return the records of a list; UniBee writes an empty one as null.

    Raises:
        MalformedError: it is no list of records.
    """
    found = data.get(name) if isinstance(data, Mapping) else None
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise MalformedError(f"{name} is no list of records")
    return found


def account_of(record: Record, currencies: Currencies) -> Account:
    """Return a user; a currency without a promo account has no value, which is not 0.

    Raises:
        MalformedError: it is not as documented.
    """
    balances: dict[str, int | None] = {unit.code: None for unit in currencies.units}
    wanted = currencies.by_currency
    for each in records_in(record, "promoCreditAccounts"):
        unit = wanted.get(text(each, "currency").upper())
        if unit is None or each.get("type", PROMO) != PROMO:
            continue
        if balances[unit.code] is not None:
            raise MalformedError(f"a user with two promo accounts in {currencies.code(unit.code)}")
        balances[unit.code] = _amount(each, "amount", unit)
    name = " ".join(part for part in (text(record, "firstName"), text(record, "lastName")) if part)
    suspended = record.get("status") == SUSPENDED
    return Account(
        account_id=str(whole(record, "id")),
        email=text(record, "email"),
        name=name or text(record, "userName") or text(record, "companyName"),
        balances=balances,
        details={fields.ACCOUNT_STATUS: fields.SUSPENDED if suspended else "active"},
    )


def transaction_of(record: Record, currencies: Currencies, asked: str | None = None) -> Transaction | None:
    """Return a transaction of promo credit; None if it is of another account or currency.

    Resulting balances are left out: UniBee reads them without a lock, so they prove nothing.

    Args:
        record: as listed.
        currencies: of the connection.
        asked: whose transactions were asked for; None for everybody's.

    Raises:
        MalformedError: it is not as documented.
    """
    unit = currencies.by_currency.get(text(record, "currency").upper())
    if unit is None or record.get("accountType", PROMO) != PROMO:
        return None
    note = record.get("description")
    kind = record.get("transactionType")
    return Transaction(
        transaction_id=str(whole(record, "id")),
        account_id=_whose(record, asked),
        note=note if isinstance(note, str) else "",
        changes={unit.code: _amount(record, "deltaAmount", unit)},
        after={unit.code: None},
        at=moment_of(whole(record, "createTime")),
        like_ours=kind == ADMIN_CHANGE,
        pays=kind == PAYMENT,
    )


def _whose(record: Record, asked: str | None) -> str:
    for place in (record.get("user"), record.get("creditAccount"), record):
        for name in ("id", "userId") if place is record.get("user") else ("userId",):
            if isinstance(place, Mapping) and place.get(name):
                return str(whole(place, name))
    if asked is None:
        raise MalformedError("a transaction without a user")
    return asked


def moment_of(seconds: int) -> datetime:
    """Return a time of UniBee's: seconds since 1970.

    Raises:
        MalformedError: it is none.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise MalformedError("a record whose time is none") from None


def change_request(operation: Operation, delta: int, currencies: Currencies) -> bytes:
    """Return the body of an increment or a decrement: the amount without its sign, the key twice.

    Raises:
        RejectedError: it cannot be asked for like this; nothing was sent.
    """
    (change,) = operation.changes
    if not 0 < abs(delta) <= MOST:
        raise RejectedError("UniBee takes whole amounts above 0; nothing was sent.")
    return body(
        {
            "userId": user_number(operation.account_id),
            "currency": currencies.code(change.unit),
            "amount": abs(delta),
            "name": f"Sheetsync: {operation.action.label}",
            "description": note_of(operation),
            "idempotencyKey": operation.key,
        }
    )


def note_of(operation: Operation) -> str:
    """Return ``ss:KEY person · reason · note``, bounded: the person is never what is cut off."""
    parts = (operation.actor[:PERSON_LIMIT], operation.reason, operation.note)
    return note_for(operation.key, clean(" · ".join(part for part in parts if part)), NOTE_LIMIT)


def user_number(account_id: str) -> int:
    """Return a user id as the number that it is.

    Raises:
        RejectedError: it is none; nothing was sent.
    """
    if not account_id.isascii() or not account_id.isdecimal() or not 0 < int(account_id[:20]) <= MOST:
        raise RejectedError(
            f"“{account_id[:40]}” is no user id of UniBee: it takes digits.", account_gone=True
        )
    return int(account_id)


def change_of(operation: Operation, before: int) -> int:
    """Return the signed change that carries out an operation, given the balance read right before."""
    (change,) = operation.changes
    return change.amount - before if operation.action is Action.RESET else change.amount


def body(values: Mapping[str, object]) -> bytes:
    """Return JSON without what is not said."""
    return json.dumps({name: value for name, value in values.items() if value is not None}).encode()


def _amount(record: Record, name: str, unit: Unit) -> int:
    try:
        found = from_provider(record.get(name), unit)
    except AmountProblem as problem:
        raise MalformedError(f"{name}: {problem}") from None
    if found is None:
        raise MalformedError(f"a record without {name}")
    return found
