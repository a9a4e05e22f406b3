"""What a credit system says a change would cost before it is asked for, and what such a change leaves. Pure.

A quote travels in the operation's ``extras``: through plan and ledger, so that whoever verifies it later
knows what was agreed, and what was there before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sheetsync.core.accounts import CREDIT_USED, Operation

CHARGE = "charge"
TERM, ALONG, MARK = "term:", "along:", "mark:"
"""How the extras of an operation name the parts of its quote."""

LAST_TRANSACTION = "last_transaction"
"""Mark: id of the account's newest transaction; what is newer came after the quote."""

PENDING, INVOICE, PLAN, QUANTITY = "pending", "invoice", "plan", "quantity"
"""Marks: what the subscription showed."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A price, and how it is to be asked for.

    Attributes:
        used: credit that would be used, in minor units of the operation's unit.
        charge: what the customer would be charged, with its currency: ``19.99 EUR``.
        terms: what the person agrees to; stands in the plan's digest.
        along: what is sent along so that the price stays the same; no part of the digest.
        marks: what was there at this moment; what turns up later is compared with it.
        free: nothing would be charged.
        words: for the Invoice preview cell.
    """

    used: int
    charge: str
    terms: Mapping[str, str]
    along: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a subscription shows now.

    Attributes:
        pending: id of an update that is not finished, or "".
        carries: amounts of credit that this update names.
        invoice, plan, quantity: as it stands.
    """

    pending: str
    carries: frozenset[int]
    invoice: str
    plan: str
    quantity: str

    @property
    def marks(self) -> dict[str, str]:
        """As marks of a quote."""
        return {PENDING: self.pending, INVOICE: self.invoice, PLAN: self.plan, QUANTITY: self.quantity}


def quoted(operation: Operation, quote: Quote) -> Operation:
    """Return the operation with its quote."""
    own = {name: value for name, value in operation.extras.items() if not _is_quotes(name)}
    parts = ((TERM, quote.terms), (ALONG, quote.along), (MARK, quote.marks))
    named = {prefix + name: value for prefix, found in parts for name, value in found.items()}
    free = {"free": "yes"} if quote.free else {}
    told = {CREDIT_USED: str(quote.used), CHARGE: quote.charge} | free
    return replace(operation, extras={**own, **named, **told})


def quote_of(extras: Mapping[str, str]) -> Quote | None:
    """Return the quote that stands in an operation's extras, without the words; None if there is none."""
    if CREDIT_USED not in extras:
        return None
    return Quote(
        used=int(extras[CREDIT_USED]),
        charge=extras.get(CHARGE, ""),
        terms=_part(extras, TERM),
        along=_part(extras, ALONG),
        marks=_part(extras, MARK),
        free="free" in extras,
    )


def agreed(extras: Mapping[str, str]) -> dict[str, str]:
    """Return what the digest of a plan covers of a quote."""
    return _part(extras, TERM)


def _part(extras: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in extras.items() if name.startswith(prefix)}


def _is_quotes(name: str) -> bool:
    return name in (CREDIT_USED, CHARGE, "free") or name.startswith((TERM, ALONG, MARK))
